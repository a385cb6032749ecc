"""CloudFormation's API: what is refused at once, what is answered, and which life cycle a call starts."""

import json
import re
import uuid

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.s3.models import s3_backends

from . import template
from .cfn_changes import ChangeSets
from .cfn_read import Reading
from .engine import Operation
from .stacks import Stack, changes, need_capabilities
from .template import NO_VALUE, Refused

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
_TOKEN = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*")
UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
DELETABLE_IN_PROGRESS = {"CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "REVIEW_IN_PROGRESS", "DELETE_IN_PROGRESS"}


class CloudFormationError(ServiceException):
    __module__ = "moto.cloudformation.exceptions"  # moto finds the service's error shapes by the module's name


class CloudFormationResponse(Reading, ChangeSets, BaseResponse):
    world = None  # set by the launcher

    def __init__(self):
        super().__init__(service_name="cloudformation")
        self.automated_parameter_parsing = True

    def call_action(self):
        with self.world.lock:
            return super().call_action()

    def p(self, name, default=None):
        return self._get_param(name, default)

    @property
    def all(self):
        return self.world.all_stacks(self.current_account, self.region)

    @staticmethod
    def refuse(message, code="ValidationError"):
        raise CloudFormationError(code, message)

    def find(self, name, deleted=False):
        """The live stack of a name, or any stack of an id; None when there is none."""
        for stack in reversed(self.all):
            if stack.id == name or (stack.name == name and (stack.live or deleted)):
                return stack
        return None

    def need(self, name):
        stack = self.find(name)
        if stack is None:
            self.refuse(f"Stack with id {name} does not exist")
        return stack

    # -- what every change goes through

    def _checked_name(self):
        name = self.p("StackName") or ""
        if not _NAME.fullmatch(name):
            self.refuse(f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
        if len(name) > 128:
            self.refuse(f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must have length less than or equal to 128")
        return name

    def token(self, stack, what, key="ClientRequestToken"):
        """Remembers a token; True when this very call was made before and is only delivered again."""
        token = self.p(key)
        if token is None:
            return False
        if not _TOKEN.fullmatch(token) or len(token) > 128:
            self.refuse(f"1 validation error detected: Value '{token}' at 'clientRequestToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*")
        if stack.tokens.get(token, what) != what:
            self.refuse(f"Stack operation with token {token} already exists", "TokenAlreadyExistsException")
        again = token in stack.tokens
        stack.tokens[token] = what
        return again

    def _body(self, stack):
        body, url = self.p("TemplateBody"), self.p("TemplateURL")
        if self.p("UsePreviousTemplate"):
            return stack.body
        if body is not None:
            if len(body.encode()) > 51200:
                self.refuse(f"1 validation error detected: Value '{body[:100]}...' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200")
            return body
        if url is None:
            self.refuse("Either Template URL or Template Body must be specified.")
        text = self._from_s3(url)
        if len(text.encode()) > 1_000_000:
            self.refuse("Template may not exceed 1000000 bytes in size.")
        return text

    def _from_s3(self, url):
        match = re.match(r"https?://(?:([^/]+?)\.s3[.-][^/]*|[^/]+)/(.*)$", url.split("?")[0])
        if not match:
            self.refuse("TemplateURL must be a supported URL.")
        bucket, key = (match[1], match[2]) if match[1] else tuple(match[2].partition("/")[::2])
        from urllib.parse import unquote

        found = s3_backends[self.current_account]["aws"].buckets.get(bucket)
        if found is None or unquote(key) not in found.keys:
            self.refuse("S3 error: The specified key does not exist.\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html")
        return found.keys[unquote(key)].value.decode()

    def wanted(self, stack):
        """What the request asks the stack to be; refused with CloudFormation's words."""
        try:
            body = self._body(stack)
            parsed = template.load(body)
            template.check(parsed, self.region)
            given = {}
            for row in self.p("Parameters") or []:
                given[row.get("ParameterKey")] = NO_VALUE if row.get("UsePreviousValue") else row.get("ParameterValue", "")
            values = template.parameters(parsed, given, stack.parameters)
            capabilities = list(self.p("Capabilities") or [])
            need_capabilities(parsed, capabilities)
        except Refused as error:
            self.refuse(error.message, error.code)
        tags = self.p("Tags")
        tags = stack.tags if tags is None else {t.get("Key"): t.get("Value") for t in tags}
        for key, value in tags.items():
            if key.lower().startswith("aws:"):
                self.refuse("aws: prefixed tag key names are not allowed for external use.")
            if not 1 <= len(value or "") <= 256 or not 1 <= len(key or "") <= 128:
                self.refuse(f"1 validation error detected: Value '{value}' at 'tags.1.member.value' failed to satisfy constraint: Member must have length between 1 and 256")
        if len(tags) > 50:
            self.refuse("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50")
        return {"body": body, "template": parsed, "parameters": values, "capabilities": capabilities, "tags": tags}

    def begin(self, stack, action, token=None):
        operation = Operation(stack)
        stack.token, stack.operation_id = token, str(uuid.uuid4())
        operation.start(lambda: action(operation))
        return operation

    def _policy_of_failure(self, stack):
        chosen = self.p("OnFailure") or self.p("OnStackFailure")
        if self.p("DisableRollback") and chosen:
            self.refuse("You must specify either DisableRollback or OnFailure, but not both.")
        stack.on_failure = "DO_NOTHING" if self.p("DisableRollback") else chosen or "ROLLBACK"

    # -- create, update, delete

    def create_stack(self):
        name = self._checked_name()
        old = self.find(name)
        if old is not None:
            if self.p("ClientRequestToken") in old.tokens and self.token(old, "create"):
                return ActionResult({"StackId": old.id, "OperationId": old.operation_id})
            self.refuse(f"Stack [{name}] already exists", "AlreadyExistsException")
        if len([s for s in self.all if s.live]) >= self.world.options.get("max_stacks", 2000):
            self.refuse("Limit for stack has been exceeded", "LimitExceededException")
        stack = Stack(self.world, self.current_account, self.region, name)
        for key, value in self.wanted(stack).items():
            setattr(stack, key, value)
        self._policy_of_failure(stack)
        stack.termination_protection = bool(self.p("EnableTerminationProtection"))
        stack.role_arn, stack.notifications = self.p("RoleARN"), list(self.p("NotificationARNs") or [])
        self.token(stack, "create")
        self.all.append(stack)
        stack.token = self.p("ClientRequestToken")
        stack.set("CREATE_IN_PROGRESS", "User Initiated")
        self.begin(stack, lambda op: op.create(), stack.token)
        return ActionResult({"StackId": stack.id, "OperationId": stack.operation_id})

    def updatable(self, stack):
        if stack.status not in UPDATABLE:
            self.refuse(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")

    def update_stack(self):
        stack = self.need(self.p("StackName"))
        if self.token(stack, "update"):
            return ActionResult({"StackId": stack.id})
        self.updatable(stack)
        wanted = self.wanted(stack)
        try:
            found = changes(stack, wanted["template"], wanted["parameters"], wanted["tags"])
        except Refused as error:
            self.refuse(error.message, error.code)
        if not found and not self.only_outputs_count(stack, wanted):
            self.refuse("No updates are to be performed.")
        for change_set in stack.change_sets.values():
            change_set["ExecutionStatus"] = "OBSOLETE"
        self.run_update(stack, wanted, self.p("ClientRequestToken"))
        return ActionResult({"StackId": stack.id, "OperationId": stack.operation_id})

    def only_outputs_count(self, stack, wanted):
        return self.world.options.get("outputs_are_changes") and wanted["template"].get("Outputs") != stack.template.get("Outputs")

    def run_update(self, stack, wanted, token):
        stack.token = token
        stack.role_arn = self.p("RoleARN") or stack.role_arn
        stack.set("UPDATE_IN_PROGRESS", "User Initiated")
        self.begin(stack, lambda op: op.update(wanted), token)

    def delete_stack(self):
        name = self.p("StackName")
        stack = self.find(name)
        if stack is None or not stack.live:
            return EmptyResult()
        if self.token(stack, "delete"):
            return EmptyResult()
        if stack.termination_protection:
            self.refuse(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        if stack.status == "DELETE_IN_PROGRESS":
            return EmptyResult()
        if stack.status.endswith("_IN_PROGRESS") and stack.status not in DELETABLE_IN_PROGRESS:
            self.refuse(f"Stack [{stack.id}] cannot be deleted while in status {stack.status}")
        retain, force = list(self.p("RetainResources") or []), self.p("DeletionMode") == "FORCE_DELETE_STACK"
        if (retain or force) and stack.status != "DELETE_FAILED":
            what = "specify resources to retain" if retain else "use FORCE_DELETE_STACK"
            self.refuse(f"Invalid operation on stack [{stack.id}]. You can only {what} when the stack is in DELETE_FAILED status.")
        before, running = stack.status, stack.operation
        if running is not None:
            running.cancelled = True
        stack.token = self.p("ClientRequestToken")
        stack.set("DELETE_IN_PROGRESS", "User Initiated")
        self.begin(stack, lambda op: op.delete(before, retain, force, running), stack.token)
        return EmptyResult()

    def update_termination_protection(self):
        stack = self.need(self.p("StackName"))
        if not stack.live:
            self.refuse(f"Stack [{stack.name}] does not exist")
        if stack.status == "DELETE_IN_PROGRESS":
            self.refuse(f"Stack [{stack.name}] is in DELETE_IN_PROGRESS state and termination protection can not be changed")
        stack.termination_protection = bool(self.p("EnableTerminationProtection"))
        return ActionResult({"StackId": stack.id})

    def cancel_update_stack(self):
        stack = self.need(self.p("StackName"))
        if stack.status != "UPDATE_IN_PROGRESS" or stack.operation is None:
            self.refuse("CancelUpdateStack cannot be called from current stack status")
        stack.operation.cancelled = True
        return EmptyResult()

    def continue_update_rollback(self):
        stack = self.need(self.p("StackName"))
        if self.token(stack, "continue"):
            return EmptyResult()
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            self.refuse(f"Stack:{stack.id} is in {stack.status} state and can not continue rolling back updates.")
        skip = list(self.p("ResourcesToSkip") or [])
        wrong = [n for n in skip if n not in stack.resources or stack.resources[n].status != "UPDATE_FAILED"]
        if wrong:
            self.refuse(f"ResourcesToSkip [{', '.join(wrong)}] are not in UPDATE_FAILED state and can not be skipped.")
        stack.token = self.p("ClientRequestToken")
        stack.set("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
        self.begin(stack, lambda op: op.continue_rollback(skip), stack.token)
        return EmptyResult()

    def rollback_stack(self):
        stack = self.need(self.p("StackName"))
        if stack.status not in ("CREATE_FAILED",):
            self.refuse(f"Stack:{stack.id} is in {stack.status} state and can not be rolled back.")
        stack.set("ROLLBACK_IN_PROGRESS", "User Initiated")

        def body(op):
            op.remove({n: r for n, r in stack.resources.items() if r.physical}, "rollback", creating=True)
            stack.set("ROLLBACK_FAILED" if op.failed else "ROLLBACK_COMPLETE")

        self.begin(stack, body, self.p("ClientRequestToken"))
        return ActionResult({"StackId": stack.id})

    def set_stack_policy(self):
        self.need(self.p("StackName")).policy = self.p("StackPolicyBody")
        return EmptyResult()

    def get_stack_policy(self):
        return ActionResult({"StackPolicyBody": self.need(self.p("StackName")).policy})

    def describe_account_limits(self):
        limits = self.world.options.get("cfn_limits", {"StackLimit": 2000, "StackOutputsLimit": 200, "ConcurrentResourcesLimit": 2500})
        return ActionResult({"AccountLimits": [{"Name": n, "Value": v} for n, v in limits.items()]})

    def validate_template(self):
        try:
            body = self._body(Stack(self.world, self.current_account, self.region, "x"))
            parsed = template.load(body)
            template.check(parsed, self.region)
        except Refused as error:
            self.refuse(error.message, error.code)
        return ActionResult({"Description": parsed.get("Description", ""), "Parameters": [{"ParameterKey": k} for k in parsed.get("Parameters", {})]})

    def get_template_summary(self):
        stack = self.find(self.p("StackName")) if self.p("StackName") else None
        parsed = stack.template if stack else template.load(self._body(Stack(self.world, self.current_account, self.region, "x")))
        kinds = sorted({d["Type"] for d in parsed.get("Resources", {}).values()})
        return ActionResult({"Description": parsed.get("Description"), "ResourceTypes": kinds, "Metadata": json.dumps(parsed.get("Metadata", {}))})
