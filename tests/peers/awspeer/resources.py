"""Which kind of resource a type is, its name, its tags and what dynamic references hold."""

import json
import re

from moto.cloudformation import parsing
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends

from . import registry
from .kinds import Bucket, BucketPolicy, Database, Moto, Parameter, Repository, Role, Secret, SecurityGroup, Stub, reason_of, suffix
from .template import Failed

# Seconds that AWS takes, roughly; a life cycle divides them by --speed.
_SECONDS = {
    "AWS::ElasticBeanstalk::Environment": (240, 120, 120), "AWS::RDS::DBInstance": (300, 120, 120),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (120, 20, 20), "AWS::IAM::InstanceProfile": (60, 10, 5),
    "AWS::S3::Bucket": (20, 10, 10), "AWS::IAM::Role": (20, 15, 10), "AWS::Route53::RecordSet": (30, 30, 30),
}


def seconds(type_name, what):
    return _SECONDS.get(type_name, (5, 5, 5))[("create", "update", "delete").index(what)]


_OWN = {"AWS::S3::Bucket": Bucket, "AWS::S3::BucketPolicy": BucketPolicy, "AWS::SecretsManager::Secret": Secret, "AWS::RDS::DBInstance": Database}
_WRAPPED = {"AWS::EC2::SecurityGroup": SecurityGroup, "AWS::IAM::Role": Role, "AWS::SSM::Parameter": Parameter, "AWS::ECR::Repository": Repository}
_UPDATED_BY_MOTO = {"AWS::ElasticLoadBalancingV2::Listener", "AWS::Route53::RecordSet", "AWS::Logs::LogGroup", "AWS::SQS::Queue"}


def kind(type_name):
    if type_name in _OWN:
        return _OWN[type_name]()
    model = parsing.get_model_map().get(type_name)
    if model is None:
        return Stub()
    return _WRAPPED[type_name](model) if type_name in _WRAPPED else Moto(model, type_name in _UPDATED_BY_MOTO)


def register(type_name, cls):
    _OWN[type_name] = cls


def name_of(stack, logical, type_name, props):
    """The name a person gave, or the one that CloudFormation makes up."""
    key = registry.name_property(stack.region, type_name)
    if key and props.get(key):
        return props[key]
    if type_name in ("AWS::S3::Bucket", "AWS::RDS::DBInstance"):  # 63 bytes at most
        tail = f"-{logical}-{suffix()}".lower()
        return stack.name.lower()[: 63 - len(tail)] + tail
    if type_name.startswith("AWS::ElasticLoadBalancingV2::"):
        return f"{stack.name[:5]}-{logical[:5]}-{suffix()}"[:32]
    if type_name == "AWS::IAM::Role" or type_name == "AWS::IAM::InstanceProfile":
        return f"{stack.name[:24]}-{logical[:24]}-{suffix()}"
    return f"{stack.name}-{logical}-{suffix()}"


def with_tags(stack, logical, type_name, props):
    """The properties with the stack's tags added, as CloudFormation adds them to what can carry tags."""
    key, as_list = registry.tag_property(stack.region, type_name)
    if key is None or type_name.startswith("AWS::EC2::"):
        return props
    tags = stack.all_tags(logical)
    own = props.get(key) or ([] if as_list else {})
    if as_list:
        names = {t["Key"] for t in own}
        return {**props, key: own + [{"Key": k, "Value": v} for k, v in tags.items() if k not in names]}
    return {**props, key: {**tags, **own}}


def dynamic(stack, value):
    """The value with {{resolve:…}} replaced by what the secret or the parameter holds."""
    if isinstance(value, list):
        return [dynamic(stack, v) for v in value]
    if isinstance(value, dict):
        return {k: dynamic(stack, v) for k, v in value.items()}
    if isinstance(value, str) and "{{resolve:" in value:
        return re.sub(r"\{\{resolve:(secretsmanager|ssm|ssm-secure):(.*?)\}\}", lambda m: _resolved(stack, m[1], m[2]), value)
    return value


def _resolved(stack, service, rest):
    try:
        if service != "secretsmanager":
            name = rest.rsplit(":", 1)[0] if rest.rsplit(":", 1)[-1].isdigit() else rest
            return ssm_backends[stack.account][stack.region].get_parameter(name).value
        secret_id, _, tail = rest.partition(":SecretString")
        secret = secretsmanager_backends[stack.account][stack.region].get_secret_value(secret_id, "", "")
        text = secret["SecretString"] if isinstance(secret, dict) else json.loads(secret)["SecretString"]
        key = tail.removeprefix(":").split(":")[0]
        return json.loads(text)[key] if key else text
    except Exception as error:
        raise Failed(f"Could not resolve the dynamic reference {service}:{rest}: {reason_of(error)}") from error
