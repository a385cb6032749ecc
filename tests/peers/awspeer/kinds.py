"""The resource types themselves: moto's own models where it has them, ours where it lacks or ignores something."""

import json
import random
import re
import string
import warnings

from moto.ec2.models.core import TaggedEC2Resource
from moto.rds.models import rds_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends

from . import deletions
from .template import Failed


def suffix(count=12):
    return "".join(random.choices(string.ascii_uppercase + string.digits, k=count))


def reason_of(error):
    """The text of an error that a backend raised, as an event shows it."""
    text = getattr(error, "message", None) or getattr(error, "description", None) or str(error)
    found = re.search(r"<Message>(.*?)</Message>", str(text), re.S)
    return handler_message(found[1] if found else str(text))


def handler_message(text, code="GeneralServiceException"):
    token = "-".join("".join(random.choices("0123456789abcdef", k=k)) for k in (8, 4, 4, 4, 12))
    return f'Resource handler returned message: "{text}" (RequestToken: {token}, HandlerErrorCode: {code})'


class Kind:
    """One resource type. `res` has logical, type, physical, props, handle; `stack` has account, region, name, id, world."""

    def create(self, stack, res, name):
        raise NotImplementedError

    def finish(self, stack, res, what):
        """When the operation's time is over: may still fail."""

    def update(self, stack, res, old):
        """In place; res.props are the new ones."""

    def delete(self, stack, res):
        pass

    def snapshot(self, stack, res):
        """What DeletionPolicy Snapshot leaves behind."""

    def attribute(self, stack, res, name):
        raise Failed(f"Template error: resource {res.logical} does not support attribute type {name} in Fn::GetAtt")


class Stub(Kind):
    """A type that neither moto nor this peer has: a name and invented attributes."""

    def create(self, stack, res, name):
        res.physical = name

    def attribute(self, stack, res, name):
        if name.lower().endswith("arn"):
            return f"arn:aws:{res.type.split('::')[1].lower()}:{stack.region}:{stack.account}:{res.physical}"
        return f"{res.physical}.{name}".lower()


class Moto(Kind):
    def __init__(self, model, update_in_moto=False):
        self._model = model
        self._update_in_moto = update_in_moto

    def create(self, stack, res, name):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            res.handle = self._model.create_from_cloudformation_json(
                name, _json(res), stack.account, stack.region, LogicalId=res.logical, StackId=stack.id, ResourceType=res.type)
        if isinstance(res.handle, TaggedEC2Resource):
            for key, value in stack.all_tags(res.logical).items():
                res.handle.add_tag(key, value)
        res.physical = str(getattr(res.handle, "physical_resource_id", name))

    def update(self, stack, res, old):
        if self._update_in_moto:
            res.handle = self._model.update_from_cloudformation_json(
                original_resource=res.handle, new_resource_name=res.physical, cloudformation_json=_json(res),
                account_id=stack.account, region_name=stack.region)
            res.physical = str(getattr(res.handle, "physical_resource_id", res.physical))

    def delete(self, stack, res):
        if not hasattr(self._model.delete_from_cloudformation_json, "__isabstractmethod__"):
            self._model.delete_from_cloudformation_json(res.physical, _json(res), stack.account, stack.region)
        elif hasattr(res.handle, "delete"):
            res.handle.delete(stack.account, stack.region)
        elif res.type in deletions.BY_TYPE:
            deletions.BY_TYPE[res.type](stack, res)

    def attribute(self, stack, res, name):
        try:
            return res.handle.get_cfn_attribute(name)
        except Exception as error:
            return _more_attributes(stack, res, name, error)


def _json(res):
    return {"Type": res.type, "Properties": dict(res.props)}


def _more_attributes(stack, res, name, error):
    handle = res.handle
    if res.type == "AWS::ElasticLoadBalancingV2::LoadBalancer" and name == "CanonicalHostedZoneID":
        return "Z215JYRZR1TBD5"
    for candidate in (re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), name.lower(), "id" if name.endswith("Id") else name):
        if isinstance(getattr(handle, candidate, None), str):
            return getattr(handle, candidate)
    if name in ("GroupId", "VpcId", "Id"):
        return res.physical
    raise Failed(f"Template error: resource {res.logical} does not support attribute type {name} in Fn::GetAtt") from error


class SecurityGroup(Moto):
    """moto's update makes a new group; AWS changes rules in place."""

    def update(self, stack, res, old):
        backend = res.handle.ec2_backend
        for key, add, remove in (("SecurityGroupIngress", backend.authorize_security_group_ingress, backend.revoke_security_group_ingress),
                                 ("SecurityGroupEgress", backend.authorize_security_group_egress, backend.revoke_security_group_egress)):
            before, after = old.get(key, []), res.props.get(key, [])
            for change, rules in ((remove, [r for r in before if r not in after]), (add, [r for r in after if r not in before])):
                for rule in rules:
                    ranges = [{"CidrIp": rule["CidrIp"]}] if "CidrIp" in rule else []
                    sources = [{"GroupId": rule["SourceSecurityGroupId"]}] if "SourceSecurityGroupId" in rule else []
                    change(res.physical, str(rule.get("IpProtocol")), rule.get("FromPort"), rule.get("ToPort"), ranges, sources)

    def create(self, stack, res, name):
        super().create(stack, res, name)
        if not res.physical.startswith("sg-"):
            res.physical = res.handle.id


class Role(Moto):
    def update(self, stack, res, old):
        role = res.handle
        role.policies = {}
        for policy in res.props.get("Policies", []):
            role.put_policy(policy["PolicyName"], json.dumps(policy["PolicyDocument"]))
        role.assume_role_policy_document = json.dumps(res.props["AssumeRolePolicyDocument"])
        role.description = res.props.get("Description", "")
        role.permissions_boundary_arn = res.props.get("PermissionsBoundary")


class Parameter(Moto):
    """moto needs a name and wants the tags as a list."""

    def create(self, stack, res, name):
        res.physical = res.props.get("Name", name)
        self._put(stack, res, False)

    def _put(self, stack, res, overwrite):
        tags = [{"Key": k, "Value": v} for k, v in res.props.get("Tags", {}).items()]
        props = res.props
        res.handle = ssm_backends[stack.account][stack.region].put_parameter(
            name=res.physical, description=props.get("Description", ""), value=props["Value"], parameter_type=props["Type"],
            allowed_pattern=props.get("AllowedPattern"), keyid=None, overwrite=overwrite, tags=[] if overwrite else tags,
            data_type=props.get("DataType", "text"), tier=props.get("Tier"), policies=None)

    def update(self, stack, res, old):
        self._put(stack, res, True)

    def attribute(self, stack, res, name):
        return {"Type": res.props["Type"], "Value": res.props["Value"]}[name]


class Bucket(Kind):
    """moto ignores versioning, the public access block and life cycles in a template, and lets a full bucket pass a delete."""

    def create(self, stack, res, name):
        res.physical = name = res.props.get("BucketName", name.lower())
        backend = s3_backends[stack.account]["aws"]
        if name in s3_backends.bucket_accounts:
            raise Failed(f"{name} already exists")
        res.handle = backend.create_bucket(name, stack.region)
        self.update(stack, res, {})

    def update(self, stack, res, old):
        backend, name, props = s3_backends[stack.account]["aws"], res.physical, res.props
        bucket = backend.get_bucket(name)
        status = props.get("VersioningConfiguration", {}).get("Status")
        if status or old.get("VersioningConfiguration"):
            bucket.versioning_status = status or "Suspended"
        if props.get("PublicAccessBlockConfiguration"):
            backend.put_public_access_block(name, {k: str(v).lower() for k, v in props["PublicAccessBlockConfiguration"].items()})
        if props.get("OwnershipControls"):
            rules = props["OwnershipControls"]["Rules"]
            backend.put_bucket_ownership_controls(name, {"Rule": rules[0] if len(rules) == 1 else rules})
        if props.get("BucketEncryption"):
            rule = props["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
            default = {"ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault", {})}
            backend.put_bucket_encryption(name, {"Rule": default})
        bucket.set_lifecycle([_life_cycle_rule(r) for r in props.get("LifecycleConfiguration", {}).get("Rules", [])])
        if props.get("ObjectLockEnabled"):
            bucket.object_lock_enabled = True
            bucket.versioning_status = "Enabled"
        backend.put_bucket_tagging(name, {t["Key"]: t["Value"] for t in props.get("Tags", [])})

    def delete(self, stack, res):
        backend = s3_backends[stack.account]["aws"]
        if res.physical not in backend.buckets:
            return
        bucket = backend.get_bucket(res.physical)
        if any(bucket.keys.getlist(key) for key in list(bucket.keys)):
            raise Failed(handler_message(
                "The bucket you tried to delete is not empty. You must delete all versions in the bucket. "
                f"(Service: S3, Status Code: 409, Request ID: {suffix(16)}, Extended Request ID: {suffix(32)})"))
        s3_backends.bucket_accounts.pop(res.physical, None)
        backend.buckets.pop(res.physical)

    def attribute(self, stack, res, name):
        return res.handle.get_cfn_attribute(name)


def _life_cycle_rule(rule):
    out = {"ID": rule.get("Id", suffix()), "Status": rule["Status"], "Prefix": rule.get("Prefix", "")}
    for key in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if key in rule:
            out[key] = rule[key]
    if "ExpiredObjectDeleteMarker" in rule:
        out["Expiration"] = {"ExpiredObjectDeleteMarker": str(rule["ExpiredObjectDeleteMarker"]).lower()}
    elif "ExpirationInDays" in rule:
        out["Expiration"] = {"Days": str(rule["ExpirationInDays"])}
    return out


class BucketPolicy(Kind):
    """moto enforces a policy but not its conditions; statements with one are kept and not enforced."""

    def create(self, stack, res, name):
        res.physical = res.props["Bucket"]
        self.update(stack, res, {})

    def update(self, stack, res, old):
        backend = s3_backends[stack.account]["aws"]
        if res.physical not in backend.buckets:
            raise Failed(handler_message("The specified bucket does not exist"))
        document = res.props["PolicyDocument"]
        bucket = backend.get_bucket(res.physical)
        bucket.policy = json.dumps(document).encode()
        plain = [s for s in document.get("Statement", []) if "Condition" not in s]
        bucket.get_permission = lambda action, resource: _permission(plain, action, resource)

    def delete(self, stack, res):
        bucket = s3_backends[stack.account]["aws"].buckets.get(res.physical)
        if bucket:
            bucket.policy = None


def _permission(statements, action, resource):
    from moto.iam.access_control import IAMPolicy, PermissionResult

    if not statements:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps({"Version": "2012-10-17", "Statement": statements})).is_action_permitted(action, resource)


class Secret(Kind):
    def create(self, stack, res, name):
        backend = secretsmanager_backends[stack.account][stack.region]
        text = res.props.get("SecretString", "")
        wanted = res.props.get("GenerateSecretString")
        if wanted is not None:
            password = backend.get_random_password(
                int(wanted.get("PasswordLength", 32)), wanted.get("ExcludeCharacters", ""), bool(wanted.get("ExcludeNumbers")),
                bool(wanted.get("ExcludePunctuation")), bool(wanted.get("ExcludeUppercase")), bool(wanted.get("ExcludeLowercase")),
                bool(wanted.get("IncludeSpace")), bool(wanted.get("RequireEachIncludedType", True)))
            text = json.loads(password)["RandomPassword"]
            if "GenerateStringKey" in wanted:
                text = json.dumps({**json.loads(wanted.get("SecretStringTemplate", "{}")), wanted["GenerateStringKey"]: text})
        made = backend.create_secret(res.props.get("Name", f"{res.logical}-{suffix()}"), text, None, res.props.get("Description"),
                                     res.props.get("Tags", []), res.props.get("KmsKeyId"), None, [], False)
        res.physical = (json.loads(made) if isinstance(made, str) else made)["ARN"]

    def delete(self, stack, res):
        secretsmanager_backends[stack.account][stack.region].delete_secret(res.physical, None, True)

    def attribute(self, stack, res, name):
        return res.physical if name == "Id" else super().attribute(stack, res, name)


class Database(Kind):
    """moto ignores DeletionProtection, MultiAZ and the master user's secret in a template."""

    def _arguments(self, res):
        props = res.props
        yes = {"AutoMinorVersionUpgrade": "auto_minor_version_upgrade", "MultiAZ": "multi_az", "StorageEncrypted": "storage_encrypted",
               "PubliclyAccessible": "publicly_accessible", "CopyTagsToSnapshot": "copy_tags_to_snapshot",
               "DeletionProtection": "deletion_protection", "ManageMasterUserPassword": "manage_master_user_password"}
        plain = {"DBInstanceClass": "db_instance_class", "Engine": "engine", "EngineVersion": "engine_version", "DBName": "db_name",
                 "MasterUsername": "master_username", "MasterUserPassword": "master_user_password", "StorageType": "storage_type",
                 "DBSubnetGroupName": "db_subnet_group_name", "KmsKeyId": "kms_key_id", "DBParameterGroupName": "db_parameter_group_name"}
        number = {"AllocatedStorage": "allocated_storage", "Iops": "iops", "BackupRetentionPeriod": "backup_retention_period", "Port": "port"}
        out = {to: str(props[key]).lower() == "true" for key, to in yes.items() if key in props}
        out.update({to: props[key] for key, to in plain.items() if key in props})
        out.update({to: int(props[key]) for key, to in number.items() if key in props})
        return out

    def create(self, stack, res, name):
        res.physical = res.props.get("DBInstanceIdentifier", name).lower()[:63]
        backend = rds_backends[stack.account][stack.region]
        arguments = {**self._arguments(res), "db_instance_identifier": res.physical, "tags": res.props.get("Tags", []),
                     "vpc_security_group_ids": res.props.get("VPCSecurityGroups", [])}
        snapshot = res.props.get("DBSnapshotIdentifier")
        if snapshot:
            wanted = {k: v for k, v in arguments.items() if k not in ("db_name", "master_username", "engine", "storage_encrypted", "kms_key_id", "allocated_storage")}
            res.handle = backend.restore_db_instance_from_db_snapshot(snapshot.rpartition(":snapshot:")[2], wanted)
        else:
            res.handle = backend.create_db_instance(arguments)

    def update(self, stack, res, old):
        changed = self._arguments(res)
        for key in ("db_subnet_group_name", "master_username", "db_name", "storage_encrypted", "engine"):
            changed.pop(key, None)
        for key, value in changed.items():
            setattr(res.handle, key, value)

    def delete(self, stack, res):
        backend = rds_backends[stack.account][stack.region]
        if res.physical not in backend.databases:
            return
        if backend.databases[res.physical].deletion_protection:
            raise Failed(handler_message(
                "Cannot delete protected DB Instance, please disable deletion protection and try again. "
                f"(Service: Rds, Status Code: 400, Request ID: {suffix(16)})", "InvalidRequest"))
        backend.delete_db_instance(res.physical, skip_final_snapshot=True)

    def snapshot(self, stack, res):
        backend = rds_backends[stack.account][stack.region]
        if backend.databases[res.physical].deletion_protection:
            return  # the delete will fail, nothing is kept yet
        backend.create_db_snapshot(res.physical, f"{stack.name}-snapshot-{res.logical}-{suffix()}".lower(), tags=list(res.props.get("Tags", [])))

    def attribute(self, stack, res, name):
        database = res.handle
        if name == "MasterUserSecret.SecretArn":
            return database.master_user_secret.secret.arn if hasattr(database.master_user_secret, "secret") else database.master_user_secret["SecretArn"]
        found = {"Endpoint.Address": lambda: database.address, "Endpoint.Port": lambda: str(database.port),
                 "Endpoint.HostedZoneId": lambda: "Z1RLNUO7B9Q6NB", "DBInstanceArn": lambda: database.arn,
                 "DbiResourceId": lambda: database.dbi_resource_id}.get(name)
        return found() if found else super().attribute(stack, res, name)


class Repository(Moto):
    """EmptyOnDelete, and the life cycle policy that moto leaves out."""

    def create(self, stack, res, name):
        super().create(stack, res, res.props.get("RepositoryName", name.lower()))
        self._policy(stack, res)

    def update(self, stack, res, old):
        self._policy(stack, res)

    def _policy(self, stack, res):
        text = res.props.get("LifecyclePolicy", {}).get("LifecyclePolicyText")
        res.handle.lifecycle_policy = text

    def delete(self, stack, res):
        if res.handle.images and not res.props.get("EmptyOnDelete"):
            raise Failed(handler_message(f"The repository with name '{res.physical}' in registry with id '{stack.account}' cannot be deleted because it still contains images"))
        from moto.ecr.models import ecr_backends

        ecr_backends[stack.account][stack.region].repositories.pop(res.physical, None)
