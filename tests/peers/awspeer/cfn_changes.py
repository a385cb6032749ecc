"""Change sets: made against what the stack is, voided when it becomes something else, executed by name or ARN."""

import re
import uuid

from moto.core.responses import ActionResult, EmptyResult

from .clock import now
from .stacks import Stack, changes
from .template import Refused

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


class ChangeSets:
    def create_change_set(self):
        kind, name = self.p("ChangeSetType") or "UPDATE", self.p("ChangeSetName") or ""
        if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]*", name) or len(name) > 128:
            self.refuse(f"1 validation error detected: Value '{name}' at 'changeSetName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
        given = self.p("StackName") or ""
        stack = self.find(given)
        if not given.startswith("arn:"):
            self._checked_name()
        if kind == "UPDATE":
            if stack is None or not stack.live or stack.status == "REVIEW_IN_PROGRESS":
                self.refuse(f"Stack [{given}] does not exist")
            if name not in stack.change_sets:
                self.updatable(stack)
        elif stack is not None and stack.live and stack.status != "REVIEW_IN_PROGRESS":
            self.refuse(f"Stack [{stack.name}] already exists and cannot be created again with the changeSet [{name}].")
        fresh = stack is None or not stack.live
        if fresh:
            if given.startswith("arn:"):
                self.refuse(f"Stack [{given}] does not exist")
            stack = Stack(self.world, self.current_account, self.region, given)
        wanted = self.wanted(stack)
        if name in stack.change_sets:
            old = stack.change_sets[name]
            if self.p("ClientToken") and old["ClientToken"] == self.p("ClientToken"):
                return ActionResult({"Id": old["ChangeSetId"], "StackId": stack.id})
            self.refuse(f"ChangeSet {name} cannot be created due to a mismatch with existing attribute Template", "AlreadyExistsException")
        if fresh:
            stack.tags = wanted["tags"]
            stack.set("REVIEW_IN_PROGRESS", "User Initiated")
            self.all.append(stack)
        change_set = {"ChangeSetName": name, "ChangeSetId": f"arn:aws:cloudformation:{self.region}:{self.current_account}:changeSet/{name}/{uuid.uuid4()}",
                      "StackId": stack.id, "StackName": stack.name, "CreationTime": now(), "Status": "CREATE_PENDING", "ExecutionStatus": "UNAVAILABLE",
                      "Description": self.p("Description"), "OnStackFailure": self.p("OnStackFailure"), "Tags": [{"Key": k, "Value": v} for k, v in wanted["tags"].items()],
                      "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in wanted["parameters"].items()], "Capabilities": wanted["capabilities"],
                      "wanted": wanted, "kind": kind, "ClientToken": self.p("ClientToken"), "found": [], "RoleARN": self.p("RoleARN"),
                      "NotificationARNs": list(self.p("NotificationARNs") or []), "IncludeNestedStacks": False}
        stack.change_sets[name] = change_set
        self.world.later(1, lambda: self._progress(change_set))
        self.world.later(3, lambda: self._computed(stack, change_set))
        return ActionResult({"Id": change_set["ChangeSetId"], "StackId": stack.id})

    @staticmethod
    def _progress(change_set):
        if change_set["Status"] == "CREATE_PENDING":
            change_set["Status"] = "CREATE_IN_PROGRESS"

    def _computed(self, stack, change_set):
        if change_set["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            return
        wanted = change_set["wanted"]
        try:
            found = changes(stack, wanted["template"], wanted["parameters"], wanted["tags"])
        except Refused as error:
            change_set.update(Status="FAILED", StatusReason=error.message)
            return
        if not found and not self.only_outputs_count(stack, wanted):
            change_set.update(Status="FAILED", StatusReason=NO_CHANGES)
            return
        change_set["found"] = [{"Type": "Resource", "ResourceChange": c} for c in found]
        change_set.update(Status="CREATE_COMPLETE", ExecutionStatus="OBSOLETE" if change_set["ExecutionStatus"] == "OBSOLETE" else "AVAILABLE")

    def need_change_set(self):
        name, stack_name = self.p("ChangeSetName"), self.p("StackName")
        if not (name or "").startswith("arn:") and not stack_name:
            self.refuse("StackName must be specified if ChangeSetName is not specified as an ARN.")
        for stack in self.all:
            if not stack.live or (stack_name and stack_name not in (stack.name, stack.id)):
                continue
            for change_set in stack.change_sets.values():
                if name in (change_set["ChangeSetId"], change_set["ChangeSetName"]):
                    return stack, change_set
        if stack_name and self.find(stack_name) is None:
            self.refuse(f"Stack [{stack_name}] does not exist")
        self.refuse(f"ChangeSet [{name}] does not exist", "ChangeSetNotFound")

    def describe_change_set(self):
        _, change_set = self.need_change_set()
        shown = {k: v for k, v in change_set.items() if k not in ("wanted", "kind", "ClientToken", "found") and v is not None}
        return self.paged(change_set["found"], "Changes", "changes", 100, **shown)

    def list_change_sets(self):
        stack = self.need(self.p("StackName"))
        keys = ("StackId", "StackName", "ChangeSetId", "ChangeSetName", "ExecutionStatus", "Status", "StatusReason", "CreationTime", "Description")
        return self.paged([{k: c[k] for k in keys if c.get(k) is not None} for c in stack.change_sets.values()], "Summaries", "changes", 100)

    def delete_change_set(self):
        name, stack_name = self.p("ChangeSetName"), self.p("StackName")
        for stack in self.all:
            if stack_name and stack_name not in (stack.name, stack.id):
                continue
            for key, change_set in list(stack.change_sets.items()):
                if name in (key, change_set["ChangeSetId"]):
                    if change_set["Status"] == "CREATE_IN_PROGRESS" and self.world.options.get("strict_change_sets"):
                        self.refuse(f"ChangeSet [{name}] cannot be deleted in its current status of [CREATE_IN_PROGRESS]", "InvalidChangeSetStatus")
                    change_set["Status"] = "DELETE_COMPLETE"
                    del stack.change_sets[key]
        return ActionResult({})

    def execute_change_set(self):
        token, name = self.p("ClientRequestToken"), self.p("ChangeSetName")
        if token:  # delivered twice: the change set is gone, the operation runs
            for stack in self.all:
                if stack.tokens.get(token) == "execute " + name:
                    return EmptyResult()
        stack, change_set = self.need_change_set()
        if change_set["Status"] != "CREATE_COMPLETE":
            self.refuse(f"ChangeSet [{change_set['ChangeSetId']}] cannot be executed in its current status of [{change_set['Status']}]", "InvalidChangeSetStatus")
        if change_set["ExecutionStatus"] != "AVAILABLE":
            self.refuse(f"ChangeSet [{change_set['ChangeSetId']}] cannot be executed in its current execution status of [{change_set['ExecutionStatus']}]", "InvalidChangeSetStatus")
        if change_set["kind"] == "UPDATE":
            self.updatable(stack)
        self.token(stack, "execute " + name)
        stack.change_sets.clear()
        stack.change_set_id = change_set["ChangeSetId"]
        wanted = change_set["wanted"]
        stack.role_arn = change_set["RoleARN"] or stack.role_arn
        if change_set["kind"] == "UPDATE":
            self.run_update(stack, wanted, token)
            return EmptyResult()
        for key, value in wanted.items():
            setattr(stack, key, value)
        stack.on_failure = "DO_NOTHING" if self.p("DisableRollback") else change_set["OnStackFailure"] or "ROLLBACK"
        stack.notifications = change_set["NotificationARNs"]
        stack.token = token
        stack.set("CREATE_IN_PROGRESS", "User Initiated")
        self.begin(stack, lambda op: op.create(), token)
        return EmptyResult()
