"""Elastic Beanstalk's API over the state in beanstalk.py."""

import uuid

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.elasticbeanstalk.responses import SOLUTION_STACK_DETAILS

from . import beanstalk, clock
from .template import Refused


class BeanstalkError(ServiceException):
    __module__ = "moto.elasticbeanstalk.exceptions"  # moto finds the service's error shapes by the module's name


class BeanstalkResponse(BaseResponse):
    world = None  # set by the launcher

    def __init__(self):
        super().__init__(service_name="elasticbeanstalk")
        self.automated_parameter_parsing = True

    @property
    def store(self):
        return self.world.beanstalk(self.current_account, self.region)

    def call_action(self):
        with self.world.lock:
            return super().call_action()

    def p(self, name, default=None):
        return self._get_param(name, default)

    def _do(self, action, *arguments, **more):
        try:
            return action(*arguments, **more)
        except Refused as error:
            raise BeanstalkError(error.code, error.message) from error

    def _env(self):
        return self._do(self.store.find, self.p("EnvironmentName"), self.p("EnvironmentId"))

    def _page(self, items, key, size_key="MaxRecords"):
        size = min(self.p(size_key) or 100, self.world.page("beanstalk", 100))
        start = int(self.p("NextToken") or 0)
        out = {key: items[start:start + size]}
        if start + size < len(items):
            out["NextToken"] = str(start + size)
        return ActionResult(out)

    def create_application(self):
        return ActionResult({"Application": self._do(self.store.create_application, self.p("ApplicationName"), self.p("Description"), self.p("ResourceLifecycleConfig"))})

    def describe_applications(self):
        wanted = self.p("ApplicationNames")
        found = [a for n, a in self.store.applications.items() if not wanted or n in wanted]
        for app in found:
            app["Versions"] = [k[1] for k in self.store.versions if k[0] == app["ApplicationName"]]
        return ActionResult({"Applications": found})

    def delete_application(self):
        self._do(self.store.delete_application, self.p("ApplicationName"), bool(self.p("TerminateEnvByForce")))
        return EmptyResult()

    def create_application_version(self):
        label, application = self.p("VersionLabel"), self.p("ApplicationName")
        if (application, label) in self.store.versions:
            raise BeanstalkError("InvalidParameterValue", f"Application Version {label} already exists.")
        bundle = self.p("SourceBundle") or {}
        made = self._do(self.store.create_version, application, label, {"S3Bucket": bundle.get("S3Bucket"), "S3Key": bundle.get("S3Key")}, self.p("Description"))
        return ActionResult({"ApplicationVersion": made})

    def describe_application_versions(self):
        name, labels = self.p("ApplicationName"), self.p("VersionLabels")
        found = [v for k, v in self.store.versions.items() if (not name or k[0] == name) and (not labels or k[1] in labels)]
        return self._page(sorted(found, key=lambda v: v["DateCreated"], reverse=True), "ApplicationVersions")

    def delete_application_version(self):
        self._do(self.store.delete_version, self.p("ApplicationName"), self.p("VersionLabel"), bool(self.p("DeleteSourceBundle")))
        return EmptyResult()

    def create_environment(self):
        settings = beanstalk.as_settings(self.p("OptionSettings"))
        tags = {t["Key"]: t["Value"] for t in self.p("Tags") or []}
        env = self._do(self.store.launch, self.p("ApplicationName"), self.p("EnvironmentName"), settings, self.p("VersionLabel"), tags,
                       self.p("CNAMEPrefix"), self.p("Description"), self.p("PlatformArn"), self.p("SolutionStackName"))
        self.world.later(240, lambda: self.store_ready(env))
        return ActionResult(env)

    def store_ready(self, env):
        if env["Status"] in ("Launching", "Updating"):
            text = None if env["Status"] == "Launching" else "Environment update completed successfully."
            self.store.ready(env, text)

    def update_environment(self):
        env = self._env()
        self._do(self.store.change, env, beanstalk.as_settings(self.p("OptionSettings")), self.p("VersionLabel"))
        self.world.later(120, lambda: self.store_ready(env))
        return ActionResult(env)

    def terminate_environment(self):
        env, store = self._env(), self.store
        store.terminating(env)
        self.world.later(120, lambda: store.terminated(env))
        return ActionResult(env)

    def restart_app_server(self):
        self.store.event(self._env(), "restartAppServer is starting.")
        return EmptyResult()

    def describe_environments(self):
        app, version = self.p("ApplicationName"), self.p("VersionLabel")
        ids, names = self.p("EnvironmentIds"), self.p("EnvironmentNames")
        found = [e for e in self.store.environments
                 if (not app or e["ApplicationName"] == app) and (not version or e["VersionLabel"] == version)
                 and (not ids or e["EnvironmentId"] in ids) and (not names or e["EnvironmentName"] in names)
                 and (e["Status"] != "Terminated" or self.p("IncludeDeleted") is not False)]
        return self._page(found, "Environments")

    def describe_events(self):
        name, app, severity = self.p("EnvironmentName"), self.p("ApplicationName"), self.p("Severity")
        identity, start = self.p("EnvironmentId"), self.p("StartTime")
        if identity:
            name = next((e["EnvironmentName"] for e in self.store.environments if e["EnvironmentId"] == identity), identity)
        order = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
        found = [e for e in reversed(self.store.events)
                 if (not name or e["EnvironmentName"] == name) and (not app or e["ApplicationName"] == app)
                 and (not severity or order.index(e["Severity"]) >= order.index(severity)) and (not start or e["EventDate"] >= _aware(start))]
        return self._page(found, "Events")

    def describe_configuration_settings(self):
        env = self._env()
        options = [{"Namespace": n, "OptionName": o, "Value": v} for (n, o), v in sorted(env["settings"].items())]
        return ActionResult({"ConfigurationSettings": [{**env, "OptionSettings": options, "DeploymentStatus": "deployed"}]})

    def describe_environment_resources(self):
        env = self._env()
        return ActionResult({"EnvironmentResources": {"EnvironmentName": env["EnvironmentName"], "Instances": [{"Id": "i-0abc"}],
                                                      "LoadBalancers": [{"Name": env["settings"].get(("aws:elbv2:loadbalancer", "SharedLoadBalancer"), env["EndpointURL"])}]}})

    def describe_environment_health(self):
        env = self._env()
        causes = [e["Message"] for e in self.store.events if e["EnvironmentName"] == env["EnvironmentName"] and e["Severity"] == "ERROR"][-3:]
        return ActionResult({"EnvironmentName": env["EnvironmentName"], "HealthStatus": env["HealthStatus"], "Status": env["Status"], "Color": env["Health"],
                             "Causes": causes if env["Health"] == "Red" else []})

    def request_environment_info(self):
        env = self._env()
        self.store.tails.setdefault(env["EnvironmentId"], f"----------------------------------------\n/var/log/{beanstalk.LOG_FILES[0]}\n----------------------------------------\nlistening, version {env['VersionLabel']}\n")
        env["requested"] = clock.now()
        return EmptyResult()

    def retrieve_environment_info(self):
        env = self._env()
        if "requested" not in env:
            return ActionResult({"EnvironmentInfo": []})
        url = f"{self.world.url}/perch-peer/tail/{env['EnvironmentId']}"
        return ActionResult({"EnvironmentInfo": [{"InfoType": self.p("InfoType"), "Ec2InstanceId": "i-0abc", "SampleTimestamp": env["requested"], "Message": url}]})

    def list_platform_versions(self):
        found = [{"PlatformArn": beanstalk.platform_arn(self.region, v), "PlatformOwner": "AWSElasticBeanstalk", "PlatformStatus": "Ready",
                  "PlatformCategory": "Docker", "OperatingSystemName": "Amazon Linux", "OperatingSystemVersion": "2023", "PlatformVersion": v,
                  "PlatformLifecycleState": "recommended" if v == "4.10.0" else "", "PlatformBranchName": beanstalk.PLATFORM,
                  "PlatformBranchLifecycleState": "supported"} for v in beanstalk.PLATFORM_VERSIONS]
        for wanted in self.p("Filters") or []:
            key, values = wanted.get("Type"), wanted.get("Values") or [None]
            compare = {"=": lambda a, b: a == b, "!=": lambda a, b: a != b, "contains": lambda a, b: b in a,
                       "begins_with": lambda a, b: a.startswith(b), "ends_with": lambda a, b: a.endswith(b)}[wanted.get("Operator") or "="]
            key = {"PlatformName": "PlatformBranchName"}.get(key, key)
            found = [f for f in found if compare(f.get(key, ""), values[0])]
        return self._page(found, "PlatformSummaryList")

    def describe_platform_version(self):
        arn = self.p("PlatformArn") or ""
        version = arn.rsplit("/", 1)[-1]
        if version not in beanstalk.PLATFORM_VERSIONS:
            raise BeanstalkError("InvalidParameterValue", f"No Platform named '{arn}' found.")
        return ActionResult({"PlatformDescription": {"PlatformArn": arn, "PlatformVersion": version, "PlatformStatus": "Ready", "PlatformBranchName": beanstalk.PLATFORM,
                                                     "SolutionStackName": f"64bit Amazon Linux 2023 v{version} running Docker"}})

    def list_available_solution_stacks(self):
        return ActionResult({"SolutionStacks": [s["SolutionStackName"] for s in SOLUTION_STACK_DETAILS], "SolutionStackDetails": SOLUTION_STACK_DETAILS})

    def describe_account_attributes(self):
        quota = self.world.options.get("eb_quotas", {})
        names = {"ApplicationQuota": 75, "ApplicationVersionQuota": 1000, "EnvironmentQuota": 200, "ConfigurationTemplateQuota": 2000, "CustomPlatformQuota": 50}
        return ActionResult({"ResourceQuotas": {n: {"Maximum": quota.get(n, m)} for n, m in names.items()}})

    def check_d_n_s_availability(self):
        cname = f"{self.p('CNAMEPrefix')}.{self.region}.elasticbeanstalk.com".lower()
        taken = any(e["CNAME"] == cname and e["Status"] != "Terminated" for e in self.store.environments)
        return ActionResult({"Available": not taken, "FullyQualifiedCNAME": cname})

    def _by_arn(self):
        arn = self.p("ResourceArn")
        for env in self.store.environments:
            if env["EnvironmentArn"] == arn and env["Status"] != "Terminated":
                return env
        raise BeanstalkError("ResourceNotFoundException", f"Resource not found for ARN '{arn}'.")

    def list_tags_for_resource(self):
        return ActionResult({"ResourceArn": self.p("ResourceArn"), "ResourceTags": [{"Key": k, "Value": v} for k, v in self._by_arn()["tags"].items()]})

    def update_tags_for_resource(self):
        tags = self._by_arn()["tags"]
        tags.update({t["Key"]: t["Value"] for t in self.p("TagsToAdd") or []})
        for key in self.p("TagsToRemove") or []:
            tags.pop(key, None)
        return EmptyResult()

    def create_storage_location(self):
        return ActionResult({"S3Bucket": self.store._storage_bucket(), "request": str(uuid.uuid4())})


def _aware(moment):
    import datetime

    if isinstance(moment, str):
        moment = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
