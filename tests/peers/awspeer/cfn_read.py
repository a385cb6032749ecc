"""CloudFormation's answers about what is there: stacks, resources, events, templates, exports."""

from moto.core.responses import ActionResult


class Reading:
    def paged(self, items, key, what, usual, **more):
        start = self.p("NextToken")
        if start is not None and not str(start).isdigit():
            self.refuse("The specified NextToken is invalid.")
        start, size = int(start or 0), self.world.page(what, usual)
        out = {key: items[start:start + size], **more}
        if start + size < len(items):
            out["NextToken"] = str(start + size)
        return ActionResult(out)

    @staticmethod
    def _described(stack):
        row = {"StackId": stack.id, "StackName": stack.name, "CreationTime": stack.created, "StackStatus": stack.status,
               "DisableRollback": stack.on_failure == "DO_NOTHING", "NotificationARNs": stack.notifications,
               "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in stack.parameters.items()],
               "Capabilities": stack.capabilities, "Outputs": stack.outputs if stack.live else [],
               "Tags": [{"Key": k, "Value": v} for k, v in stack.tags.items()],
               "EnableTerminationProtection": stack.termination_protection, "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"}}
        for key, value in (("Description", stack.template.get("Description")), ("LastUpdatedTime", stack.updated), ("DeletionTime", stack.deleted),
                           ("StackStatusReason", stack.reason), ("RoleARN", stack.role_arn), ("ChangeSetId", stack.change_set_id)):
            if value:
                row[key] = value
        if stack.inner:
            row["Outputs"] = []
        return row

    def describe_stacks(self):
        name = self.p("StackName")
        if name:
            return ActionResult({"Stacks": [self._described(self.need(name))]})
        return self.paged([self._described(s) for s in reversed(self.all) if s.live], "Stacks", "stacks", 50)

    def list_stacks(self):
        wanted = self.p("StackStatusFilter")
        rows = []
        for stack in reversed(self.all):
            if not wanted or stack.status in wanted:
                row = {"StackId": stack.id, "StackName": stack.name, "CreationTime": stack.created, "StackStatus": stack.status,
                       "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"}}
                for key, value in (("TemplateDescription", stack.template.get("Description")), ("LastUpdatedTime", stack.updated),
                                   ("DeletionTime", stack.deleted), ("StackStatusReason", stack.reason)):
                    if value:
                        row[key] = value
                rows.append(row)
        return self.paged(rows, "StackSummaries", "stacks", 100)

    @staticmethod
    def _resource(stack, resource, stamp="Timestamp"):
        row = {"LogicalResourceId": resource.logical, "ResourceType": resource.type, "ResourceStatus": resource.status,
               stamp: resource.changed, "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"}}
        if resource.physical:
            row["PhysicalResourceId"] = resource.physical
        if resource.reason:
            row["ResourceStatusReason"] = resource.reason
        if stamp == "Timestamp":
            row.update(StackId=stack.id, StackName=stack.name)
        return row

    def list_stack_resources(self):
        stack = self.need(self.p("StackName"))
        rows = [self._resource(stack, r, "LastUpdatedTimestamp") for r in stack.resources.values()]
        return self.paged(rows, "StackResourceSummaries", "resources", 100)

    def describe_stack_resources(self):
        name, logical, physical = self.p("StackName"), self.p("LogicalResourceId"), self.p("PhysicalResourceId")
        if physical and not name:
            stack = next((s for s in self.all if any(r.physical == physical for r in s.resources.values()) and s.live), None)
            if stack is None:
                self.refuse(f"Stack for {physical} does not exist")
        else:
            stack = self.need(name)
        rows = [self._resource(stack, r) for r in stack.resources.values() if not logical or r.logical == logical]
        return ActionResult({"StackResources": rows[:100]})

    def describe_stack_resource(self):
        stack, logical = self.need(self.p("StackName")), self.p("LogicalResourceId")
        if logical not in stack.resources:
            self.refuse(f"Resource {logical} does not exist for stack {stack.name}")
        import json

        resource = stack.resources[logical]
        row = self._resource(stack, resource, "LastUpdatedTimestamp")
        row.update(StackId=stack.id, StackName=stack.name, Metadata=json.dumps(resource.definition.get("Metadata", {})))
        return ActionResult({"StackResourceDetail": row})

    def describe_stack_events(self):
        return self.paged(list(reversed(self.need(self.p("StackName")).events)), "StackEvents", "events", 100)

    def describe_events(self):
        stack = self.need(self.p("StackName")) if self.p("StackName") else None
        events = list(reversed(stack.events)) if stack else []
        if self.p("OperationId"):
            events = [e for s in self.all for e in reversed(s.events) if e["OperationId"] == self.p("OperationId")]
        rows = [{**e, "EventType": "STACK_EVENT" if e["LogicalResourceId"] == e["StackName"] else "RESOURCE_EVENT"} for e in events]
        if (self.p("Filters") or {}).get("FailedEvents"):
            rows = [r for r in rows if r["ResourceStatus"].endswith("_FAILED")]
        return self.paged(rows, "OperationEvents", "events", 100)

    def get_template(self):
        if self.p("ChangeSetName"):
            _, change_set = self.need_change_set()
            return ActionResult({"TemplateBody": change_set["wanted"]["body"], "StagesAvailable": ["Original", "Processed"]})
        return ActionResult({"TemplateBody": self.need(self.p("StackName")).body, "StagesAvailable": ["Original", "Processed"]})

    def list_exports(self):
        rows = [{"ExportingStackId": s.id, "Name": n, "Value": v} for s in self.all if s.live for n, v in sorted(s.exports.items())]
        return self.paged(rows, "Exports", "exports", 100)

    def list_imports(self):
        name = self.p("ExportName")
        if not any(name in s.exports for s in self.all if s.live):
            self.refuse(f"Export '{name}' does not exist")
        found = [s.name for s in self.all if s.live and name in s.imports]
        if not found:
            self.refuse(f"Export '{name}' is not imported by any stack.")
        return self.paged(found, "Imports", "exports", 100)
