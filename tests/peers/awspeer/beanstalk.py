"""Elastic Beanstalk's state: applications, versions, environments, their events, logs and what a load balancer would send them."""

import random
import re
import string

from moto.logs.models import logs_backends
from moto.s3.models import s3_backends

from .clock import now
from .kinds import Kind, suffix
from .resources import register
from .template import Failed, Refused

PLATFORM_VERSIONS = ["4.6.0", "4.5.2", "4.10.0", "4.9.3", "3.9.9"]  # 4.10.0 is the newest: text order is the wrong order
PLATFORM = "Docker running on 64bit Amazon Linux 2023"
LOG_FILES = ("eb-docker/containers/eb-current-app/stdouterr.log", "eb-engine.log", "eb-hooks.log", "nginx/access.log", "nginx/error.log")
_TAG = re.compile(r"[\w\s.:/=+\-@]*")


def platform_arn(region, version):
    return f"arn:aws:elasticbeanstalk:{region}::platform/{PLATFORM}/{version}"


class Store:
    """One account's Beanstalk in one region."""

    def __init__(self, world, account, region):
        self.world, self.account, self.region = world, account, region
        self.applications = {}
        self.versions = {}      # (application, label) -> dict
        self.environments = []  # also terminated ones
        self.events = []
        self.tails = {}         # environment id -> text of the last tail

    def arn(self, what, rest):
        return f"arn:aws:elasticbeanstalk:{self.region}:{self.account}:{what}/{rest}"

    def event(self, env, text, severity="INFO"):
        self.events.append({"EventDate": now(), "Message": text, "ApplicationName": env["ApplicationName"],
                            "EnvironmentName": env["EnvironmentName"], "VersionLabel": env.get("VersionLabel"),
                            "PlatformArn": env.get("PlatformArn"), "Severity": severity})

    def create_application(self, name, description=None, life_cycle=None):
        if name in self.applications:
            raise Refused(f"Application {name} already exists.", "InvalidParameterValue")
        self.applications[name] = {"ApplicationName": name, "Description": description, "DateCreated": now(), "DateUpdated": now(),
                                   "ApplicationArn": self.arn("application", name), "ResourceLifecycleConfig": life_cycle or {}}
        return self.applications[name]

    def delete_application(self, name, force=False):
        running = [e for e in self.environments if e["ApplicationName"] == name and e["Status"] != "Terminated"]
        if running and not force:
            raise Refused("Unable to delete application " + name + " because it has a version that is deployed to a running environment.", "OperationInProgressFailure")
        for env in running:
            self.terminated(env)
        self.applications.pop(name, None)
        for key in [k for k in self.versions if k[0] == name]:
            del self.versions[key]

    def create_version(self, application, label, bundle, description=None, tags=()):
        if application not in self.applications:
            raise Refused(f"No Application named '{application}' found.", "InvalidParameterValue")
        if len(self.versions) >= self.world.options.get("max_versions", 1000):
            raise Refused("You cannot have more than 1000 application versions. Either remove some Application Versions or request a limit increase.", "TooManyApplicationVersionsException")
        if description and len(description) > 200:
            raise Refused("Value for Description is too long (max 200).", "InvalidParameterValue")
        keys = s3_backends[self.account]["aws"].buckets
        bucket = keys.get(bundle["S3Bucket"])
        if bucket is None or bundle["S3Key"] not in bucket.keys:
            raise Refused(f"Unable to download from S3 location (Bucket: {bundle['S3Bucket']}  Key: {bundle['S3Key']}). Reason: Not Found", "InvalidParameterCombination")
        version = {"ApplicationName": application, "VersionLabel": label, "SourceBundle": bundle, "Description": description,
                   "ApplicationVersionArn": self.arn("applicationversion", f"{application}/{label}"), "DateCreated": now(),
                   "DateUpdated": now(), "Status": "UNPROCESSED"}
        self.versions[application, label] = version
        return version

    def delete_version(self, application, label, delete_bundle=False):
        if (application, label) not in self.versions:
            return
        if any(e["VersionLabel"] == label and e["ApplicationName"] == application and e["Status"] != "Terminated" for e in self.environments):
            raise Refused(f"Unable to delete application version '{label}' because it is deployed to a running environment.", "OperationInProgressFailure")
        version = self.versions.pop((application, label))
        bundle = version["SourceBundle"]
        bucket = s3_backends[self.account]["aws"].buckets.get(bundle["S3Bucket"])
        if delete_bundle and bucket is not None and bundle["S3Key"] in bucket.keys:
            s3_backends[self.account]["aws"].delete_object(bundle["S3Bucket"], bundle["S3Key"])

    def launch(self, application, name, settings, version=None, tags=None, cname=None, description=None, platform=None, solution=None):
        tags = tags or {}
        self._check(application, name, settings, version, tags)
        identity = "e-" + "".join(random.choices(string.ascii_lowercase + string.digits, k=10))
        env = {"EnvironmentName": name, "EnvironmentId": identity, "ApplicationName": application, "VersionLabel": version,
               "EnvironmentArn": self.arn("environment", f"{application}/{name}"), "DateCreated": now(), "DateUpdated": now(),
               "Status": "Launching", "Health": "Grey", "HealthStatus": "Pending", "Description": description, "AbortableOperationInProgress": False,
               "PlatformArn": platform or platform_arn(self.region, "4.6.0"), "SolutionStackName": solution,
               "CNAME": f"{(cname or name).lower()}.{self.region}.elasticbeanstalk.com", "Tier": {"Name": "WebServer", "Type": "Standard", "Version": "1.0"},
               "settings": dict(settings), "tags": tags, "answer": None}
        env["EndpointURL"] = self._endpoint(env)
        self.environments.append(env)
        self._storage_bucket()
        self.world.inner_stack(self, env)
        self.event(env, "createEnvironment is starting.")
        self.event(env, f"Using elasticbeanstalk-{self.region}-{self.account} as Amazon S3 storage bucket for environment data.")
        self._log_groups(env)
        return env

    def _check(self, application, name, settings, version, tags):
        if application not in self.applications:
            raise Refused(f"No Application named '{application}' found.", "InvalidParameterValue")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{2,38}[A-Za-z0-9]", name):
            raise Refused(f"Value {name} at 'EnvironmentName' failed to satisfy constraint: Member must contain only letters, digits, and the dash character and be from 4 to 40 characters long", "InvalidParameterValue")
        if any(e["EnvironmentName"] == name and e["Status"] != "Terminated" for e in self.environments):
            raise Refused(f"Environment {name} already exists.", "InvalidParameterValue")
        if version is not None and (application, version) not in self.versions:
            raise Refused(f"No Application Version named '{version}' found.", "InvalidParameterValue")
        if len(tags) > 47 + sum(k.startswith("aws:") for k in tags):
            raise Refused("Too many tags", "TooManyTagsException")
        for key, value in tags.items():
            if not _TAG.fullmatch(key) or not _TAG.fullmatch(value) or len(value) > 255 or len(key) > 127:
                raise Refused(f"Tag '{key}' has an invalid value. Tags can contain letters, digits, white space and _ . : / = + - @ only.", "InvalidParameterValue")
        self.check_settings(settings)

    def check_settings(self, settings):
        variables = {k[1]: v for k, v in settings.items() if k[0] == "aws:elasticbeanstalk:application:environment"}
        if sum(len(f"{k}={v}".encode()) for k, v in variables.items()) > 4096:
            raise Refused("Environment variables: the combined size of all properties can't exceed 4,096 bytes.", "InvalidParameterValue")

    def _endpoint(self, env):
        shared = env["settings"].get(("aws:elbv2:loadbalancer", "SharedLoadBalancer"))
        if shared:
            from moto.elbv2.models import elbv2_backends

            balancer = elbv2_backends[self.account][self.region].load_balancers.get(shared)
            if balancer is not None:
                return balancer.dns_name
        if env["settings"].get(("aws:elasticbeanstalk:environment", "EnvironmentType")) == "SingleInstance":
            return f"203.0.113.{random.randrange(1, 255)}"
        return f"awseb-{env['EnvironmentId']}-{random.randrange(10**9)}.{self.region}.elb.amazonaws.com"

    def _storage_bucket(self):
        name = f"elasticbeanstalk-{self.region}-{self.account}"
        backend = s3_backends[self.account]["aws"]
        if name not in backend.buckets:
            backend.create_bucket(name, self.region)
        return name

    def hosts(self, env):
        names = {env["CNAME"], env["EndpointURL"]} if not env["settings"].get(("aws:elbv2:loadbalancer", "SharedLoadBalancer")) else {env["CNAME"]}
        for (namespace, option), value in env["settings"].items():
            if namespace.startswith("aws:elbv2:listenerrule:") and option == "HostHeaders":
                names |= {h.strip() for h in value.split(",")}
        return {n.lower() for n in names}

    def ready(self, env, text=None):
        env.update(Status="Ready", Health="Green", HealthStatus="Ok", DateUpdated=now())
        if env.get("pending_version"):
            env["VersionLabel"] = env.pop("pending_version")
        self.event(env, text or f"Successfully launched environment: {env['EnvironmentName']}")
        self.log(env, LOG_FILES[0], f"listening, version {env['VersionLabel']}")

    def broken(self, env, reason, tail=None):
        env.update(Status="Ready", Health="Red", HealthStatus="Severe", DateUpdated=now())
        env.pop("pending_version", None)
        self.event(env, f"[Instance: i-{suffix(17).lower()}] Command failed on instance. Return code: 1 Output: {reason}", "ERROR")
        self.event(env, "Failed to deploy application.", "ERROR")
        for line in (tail or reason).splitlines():
            self.log(env, LOG_FILES[2] if tail else LOG_FILES[1], line)
        self.tails[env["EnvironmentId"]] = tail or f"----------------------------------------\n/var/log/eb-engine.log\n----------------------------------------\n{reason}\n"

    def change(self, env, settings=None, version=None):
        if env["Status"] != "Ready":
            raise Refused(f"Environment named {env['EnvironmentName']} is in an invalid state for this operation. Must be Ready.", "InvalidParameterValue")
        if version is not None and (env["ApplicationName"], version) not in self.versions:
            raise Refused(f"No Application Version named '{version}' found.", "InvalidParameterValue")
        if settings:
            self.check_settings({**env["settings"], **settings})
            env["settings"].update(settings)  # an option that is left out keeps its value
        env.update(Status="Updating", Health="Grey", HealthStatus="Info", DateUpdated=now())
        self.event(env, "Environment update is starting.")
        if version is not None and version != env["VersionLabel"]:
            env["pending_version"] = version
            self.event(env, "Deploying new version to instance(s).")

    def terminating(self, env):
        env.update(Status="Terminating", Health="Grey", HealthStatus="Info", DateUpdated=now())
        self.event(env, "terminateEnvironment is starting.")

    def terminated(self, env):
        env.update(Status="Terminated", DateUpdated=now())
        self.event(env, "terminateEnvironment completed successfully.")
        self.world.inner_stack_gone(self, env)
        if env["settings"].get((_LOGS, "DeleteOnTerminate")) == "true":
            groups = logs_backends[self.account][self.region].groups
            for name in [n for n in groups if n.startswith(f"/aws/elasticbeanstalk/{env['EnvironmentName']}/")]:
                del groups[name]

    def _log_groups(self, env):
        if env["settings"].get((_LOGS, "StreamLogs")) != "true":
            return
        backend = logs_backends[self.account][self.region]
        for file_name in LOG_FILES:
            group = f"/aws/elasticbeanstalk/{env['EnvironmentName']}/var/log/{file_name}"
            if group not in backend.groups:
                backend.create_log_group(group, {})
                backend.put_retention_policy(group, env["settings"].get((_LOGS, "RetentionInDays"), "7"))
                backend.create_log_stream(group, "i-0abc")

    def log(self, env, file_name, line):
        group = f"/aws/elasticbeanstalk/{env['EnvironmentName']}/var/log/{file_name}"
        backend = logs_backends[self.account][self.region]
        if group in backend.groups:
            backend.put_log_events(group, "i-0abc", [{"timestamp": int(now().timestamp() * 1000), "message": line}])

    def find(self, name=None, identity=None):
        for env in reversed(self.environments):
            if env["Status"] != "Terminated" and (env["EnvironmentName"] == name or env["EnvironmentId"] == identity):
                return env
        raise Refused(f"No Environment found for EnvironmentName = '{name or identity}'.", "InvalidParameterValue")


_LOGS = "aws:elasticbeanstalk:cloudwatch:logs"


def as_settings(option_settings):
    return {(o["Namespace"], o["OptionName"]): str(o.get("Value", "")) for o in option_settings or []}


def _or_failed(action, *arguments, **more):
    try:
        return action(*arguments, **more)
    except Refused as error:
        raise Failed(f"{error.message} (Service: ElasticBeanstalk, Status Code: 400, Request ID: {suffix(16)})") from error


class Application(Kind):
    def create(self, stack, res, name):
        res.physical = res.props.get("ApplicationName", f"{stack.name}-{res.logical}-{suffix()}"[:100])
        _or_failed(stack.beanstalk.create_application, res.physical, res.props.get("Description"), res.props.get("ResourceLifecycleConfig"))

    def update(self, stack, res, old):
        stack.beanstalk.applications[res.physical]["Description"] = res.props.get("Description")

    def delete(self, stack, res):
        _or_failed(stack.beanstalk.delete_application, res.physical)


class Version(Kind):
    def create(self, stack, res, name):
        res.physical = f"{stack.name.lower()[:80]}-version-{suffix(10).lower()}"
        _or_failed(stack.beanstalk.create_version, res.props["ApplicationName"], res.physical, res.props["SourceBundle"], res.props.get("Description"))

    def update(self, stack, res, old):
        stack.beanstalk.versions[res.props["ApplicationName"], res.physical]["Description"] = res.props.get("Description")

    def delete(self, stack, res):
        _or_failed(stack.beanstalk.delete_version, res.props["ApplicationName"], res.physical)

    def attribute(self, stack, res, name):
        return res.physical if name == "Id" else super().attribute(stack, res, name)


class Environment(Kind):
    def create(self, stack, res, name):
        props = res.props
        res.physical = props.get("EnvironmentName", f"{stack.name[:4]}-{res.logical[:4]}-{suffix()}")
        tags = {t["Key"]: t["Value"] for t in props.get("Tags", [])}
        res.handle = _or_failed(stack.beanstalk.launch, props["ApplicationName"], res.physical, as_settings(props.get("OptionSettings")),
                                props.get("VersionLabel"), tags, props.get("CNAMEPrefix"), props.get("Description"),
                                props.get("PlatformArn"), props.get("SolutionStackName"))

    def finish(self, stack, res, what):
        if what == "create":
            stack.beanstalk.ready(res.handle)
        elif what == "update":
            stack.beanstalk.ready(res.handle, "Environment update completed successfully.")
        elif res.handle and res.handle["Status"] != "Terminated":
            stack.beanstalk.terminated(res.handle)

    def update(self, stack, res, old):
        env = res.handle
        if env["Status"] == "Terminated":
            raise Failed(f"No Environment found for EnvironmentName = '{res.physical}'. (Service: ElasticBeanstalk, Status Code: 400)")
        env["tags"] = {t["Key"]: t["Value"] for t in res.props.get("Tags", [])}
        env["PlatformArn"] = res.props.get("PlatformArn", env["PlatformArn"])
        env["Status"] = "Ready"
        _or_failed(stack.beanstalk.change, env, as_settings(res.props.get("OptionSettings")), res.props.get("VersionLabel"))

    def delete(self, stack, res):
        if res.handle and res.handle["Status"] != "Terminated":
            stack.beanstalk.terminating(res.handle)

    def attribute(self, stack, res, name):
        return res.handle["EndpointURL"] if name == "EndpointURL" else super().attribute(stack, res, name)


register("AWS::ElasticBeanstalk::Application", Application)
register("AWS::ElasticBeanstalk::ApplicationVersion", Version)
register("AWS::ElasticBeanstalk::Environment", Environment)
