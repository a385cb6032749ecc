"""What a stack is: its resources, events, outputs and exports, and what a new template would change in it."""

import copy
import json
import uuid

from . import registry, resources, template
from .clock import now
from .template import Failed, NO_VALUE, Refused, Values

IAM_NAMES = {"AWS::IAM::Role": "RoleName", "AWS::IAM::ManagedPolicy": "ManagedPolicyName", "AWS::IAM::User": "UserName",
             "AWS::IAM::Group": "GroupName", "AWS::IAM::InstanceProfile": "InstanceProfileName", "AWS::IAM::Policy": None,
             "AWS::IAM::AccessKey": None, "AWS::IAM::UserToGroupAddition": None}


class Resource:
    """One resource of a stack; copied before it changes, so that a rollback knows what was."""

    def __init__(self, logical, type_name, definition):
        self.logical, self.type, self.definition = logical, type_name, definition
        self.physical, self.props, self.handle = None, {}, None
        self.status, self.reason, self.changed = None, None, now()

    def copy(self):
        return copy.copy(self)

    @property
    def kind(self):
        return resources.kind(self.type)


class Stack:
    def __init__(self, world, account, region, name):
        self.world, self.account, self.region, self.name = world, account, region, name
        self.id = f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{uuid.uuid1()}"
        self.status, self.reason = None, None
        self.created, self.updated, self.deleted = now(), None, None
        self.body, self.template, self.parameters, self.tags = "", {}, {}, {}
        self.capabilities, self.role_arn, self.notifications = [], None, []
        self.termination_protection, self.on_failure, self.timeout, self.policy = False, "ROLLBACK", None, None
        self.resources, self.outputs, self.exports, self.imports = {}, [], {}, set()
        self.events, self.tokens, self.change_sets = [], {}, {}
        self.operation, self.token, self.inner = None, None, False
        self.change_set_id, self.operation_id = None, None

    @property
    def beanstalk(self):
        return self.world.beanstalk(self.account, self.region)

    @property
    def live(self):
        return self.status != "DELETE_COMPLETE"

    def all_tags(self, logical):
        return {"aws:cloudformation:stack-name": self.name, "aws:cloudformation:stack-id": self.id, "aws:cloudformation:logical-id": logical, **self.tags}

    def event(self, status, reason=None, resource=None):
        """Adds an event of the stack itself or of one resource, newest last."""
        made = {"StackId": self.id, "StackName": self.name, "EventId": str(uuid.uuid4()), "Timestamp": now(), "ResourceStatus": status,
                "LogicalResourceId": self.name, "PhysicalResourceId": self.id, "ResourceType": "AWS::CloudFormation::Stack",
                "OperationId": self.operation_id}
        if resource is not None:
            made.update(LogicalResourceId=resource.logical, PhysicalResourceId=resource.physical or "", ResourceType=resource.type,
                        EventId=f"{resource.logical}-{status}-{uuid.uuid4()}", ResourceProperties=json.dumps(resource.props, default=str))
            resource.status, resource.reason, resource.changed = status, reason, made["Timestamp"]
        if reason:
            made["ResourceStatusReason"] = reason
        if self.token:
            made["ClientRequestToken"] = self.token
        self.events.append(made)

    def set(self, status, reason=None):
        self.status, self.reason = status, reason
        self.event(status, reason)

    def pseudo(self):
        return {"AWS::AccountId": self.account, "AWS::Region": self.region, "AWS::StackId": self.id, "AWS::StackName": self.name,
                "AWS::URLSuffix": "amazonaws.com", "AWS::Partition": "aws", "AWS::NotificationARNs": self.notifications}

    def values(self, of=None, parameters=None, found=None):
        """Resolves functions of a template against the resources that are there."""
        found = self.resources if found is None else found

        def ref(name):
            if name not in found or found[name].physical is None:
                raise Failed(f"Unresolved resource dependency {name}")
            return found[name].physical

        def attribute(name, key):
            if name not in found:
                raise Failed(f"Template error: instance of Fn::GetAtt references undefined resource {name}")
            return found[name].kind.attribute(self, found[name], key)

        return Values(self.template if of is None else of, self.pseudo(), self.parameters if parameters is None else parameters, ref, attribute, self.export)

    def export(self, name):
        for other in self.world.live_stacks(self.account, self.region):
            if name in other.exports:
                return other.exports[name]
        raise Refused(f"No export named {name} found.")

    def still(self, of, parameters):
        """Resolves all but what only running resources know: these become marks that compare equal when unchanged."""
        return Values(of, self.pseudo(), parameters, lambda name: {"Ref": name}, lambda name, key: {"Fn::GetAtt": [name, str(key)]}, self.export)

    def imported(self, of, parameters):
        """The names of exports that a template imports."""
        still = self.still(of, parameters)
        parts = [still.active("Resources"), still.active("Outputs")]
        return {still.resolve(argument) for argument in template.imports(parts)}

    def importers(self, name):
        return sorted(other.name for other in self.world.live_stacks(self.account, self.region) if other is not self and name in other.imports)

    def publish(self):
        """Outputs and exports of the template as it now runs."""
        values, outputs, exports = self.values(), [], {}
        for key, definition in values.active("Outputs").items():
            value = resources.dynamic(self, values.resolve(definition["Value"]))
            row = {"OutputKey": key, "OutputValue": ",".join(map(str, value)) if isinstance(value, list) else _text(value)}
            if "Description" in definition:
                row["Description"] = definition["Description"]
            if "Export" in definition:
                row["ExportName"] = values.resolve(definition["Export"]["Name"])
                exports[row["ExportName"]] = row["OutputValue"]
            outputs.append(row)
        for name in exports:
            owner = next((o for o in self.world.live_stacks(self.account, self.region) if o is not self and name in o.exports), None)
            if owner:
                raise Failed(f"Export with name {name} is already exported by stack {owner.name}. Rename your export and try again.")
        for name, value in self.exports.items():
            if exports.get(name) != value and self.importers(name):
                verb = "updated" if name in exports else "deleted"
                raise Failed(f"Export {name} cannot be {verb} as it is in use by {' and '.join(self.importers(name))}")
        self.outputs, self.exports = outputs, exports
        self.imports = self.imported(self.template, self.parameters)

    def active(self, of=None, parameters=None):
        return self.values(of, parameters).active("Resources")

    def properties(self, logical, definition, values, tags=True):
        """A resource's properties as its handler gets them."""
        props = values.resolve(definition.get("Properties", {}))
        props = {k: v for k, v in props.items() if v is not NO_VALUE}
        found = registry.complaint(self.region, definition["Type"], props)
        if found:
            raise Failed(f"Properties validation failed for resource {logical} with message:\n{found}")
        props = resources.dynamic(self, props)
        return resources.with_tags(self, logical, definition["Type"], props) if tags else props


def _text(value):
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def need_capabilities(parsed, given):
    kinds = {d["Type"]: d for d in parsed["Resources"].values() if d["Type"] in IAM_NAMES}
    if not kinds:
        return
    named = any(IAM_NAMES[d["Type"]] and IAM_NAMES[d["Type"]] in d.get("Properties", {})
                for d in parsed["Resources"].values() if d["Type"] in IAM_NAMES)
    wanted = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
    if not {wanted, "CAPABILITY_NAMED_IAM"} & set(given):
        raise Refused(f"Requires capabilities : [{wanted}]", "InsufficientCapabilitiesException")


def changes(stack, new, parameters, tags):
    """What an update would do, as DescribeChangeSet lists it; empty when there is nothing to do."""
    before, after = stack.still(stack.template, stack.parameters), stack.still(new, parameters)
    old_parts = before.active("Resources") if stack.template else {}
    new_parts = after.active("Resources")
    found, touched = {}, {}
    for logical in template.order(new_parts):
        definition = new_parts[logical]
        if logical not in old_parts or logical not in stack.resources:
            found[logical] = _change("Add", logical, definition["Type"])
            continue
        old = old_parts[logical]
        if old["Type"] != definition["Type"]:
            raise Refused(f"Update of resource type is not permitted. The new template modifies resource type of the following resources: [{logical}]")
        details = _static(stack, old, definition, before, after, tags) + _dynamic(stack, definition, touched)
        if details:
            always = [d for d in details if d["Target"]["RequiresRecreation"] == "Always" and d["Evaluation"] == "Static"]
            maybe = [d for d in details if d["Target"]["RequiresRecreation"] != "Never"]
            replacement = "True" if always else "Conditional" if maybe else "False"
            # what is only shaken by others counts when something else really changes
            found[logical] = _change("Modify", logical, definition["Type"], stack.resources[logical].physical, replacement, details)
            touched[logical] = replacement
    for logical, old in old_parts.items():
        if logical not in new_parts and logical in stack.resources:
            found[logical] = _change("Remove", logical, old["Type"], stack.resources[logical].physical)
            found[logical]["PolicyAction"] = {"Retain": "Retain", "Snapshot": "Snapshot"}.get(old.get("DeletionPolicy"), "Delete")
    return list(found.values())


def _change(action, logical, type_name, physical=None, replacement=None, details=None):
    made = {"Action": action, "LogicalResourceId": logical, "ResourceType": type_name, "Scope": [], "Details": details or []}
    if physical:
        made["PhysicalResourceId"] = physical
    if replacement:
        made["Replacement"] = replacement
        made["Scope"] = sorted({d["Target"]["Attribute"] for d in details})
    return made


def _static(stack, old, new, before, after, tags):
    was, will = before.resolve(old.get("Properties", {})), after.resolve(new.get("Properties", {}))
    details = []
    for key in sorted(set(was) | set(will)):
        if _plain(was.get(key)) != _plain(will.get(key)):
            again = registry.recreation(stack.region, new["Type"], key, was.get(key), will.get(key))
            details.append(_detail("Properties", key, again, "Static", "DirectModification", was.get(key), will.get(key)))
    if old.get("Metadata") != new.get("Metadata"):
        details.append(_detail("Metadata", None, "Never", "Static", "DirectModification"))
    if tags != stack.tags and registry.tag_property(stack.region, new["Type"])[0]:
        details.append(_detail("Tags", None, "Never", "Static", "DirectModification"))
    return details


def _plain(value):
    """Equal for what CloudFormation coerces to the same: true and "true", 20 and "20"."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if value is None else _text(value)


def _dynamic(stack, definition, touched):
    details = []
    for key, value in definition.get("Properties", {}).items():
        for name, attribute in template.references(value):
            if name in touched and (attribute is not None or touched[name] != "False"):
                again = registry.recreation(stack.region, definition["Type"], key, None, {"changed": True})
                source = "ResourceReference" if attribute is None else "ResourceAttribute"
                details.append({**_detail("Properties", key, again, "Dynamic", source), "CausingEntity": name if attribute is None else f"{name}.{attribute}"})
    return details


def _detail(attribute, name, again, evaluation, source, was=None, will=None):
    target = {"Attribute": attribute, "RequiresRecreation": again}
    if name:
        target["Name"] = name
    if was is not None:
        target["BeforeValue"] = was if isinstance(was, str) else json.dumps(was)
    if will is not None:
        target["AfterValue"] = will if isinstance(will, str) else json.dumps(will)
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": source}
