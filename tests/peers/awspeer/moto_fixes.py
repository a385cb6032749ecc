"""Where moto itself answers differently from AWS: signatures of special keys, IAM on named resources, S3's pages and limits."""

import json
import threading
from xml.etree import ElementTree

from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.iam import access_control
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend
from moto.s3.exceptions import AccessDeniedByLock
from moto.s3.models import S3Backend, s3_backends
from moto.s3.responses import S3Response

raw = threading.local()  # .target, .body: the request as it came


def apply(world):
    _unsigned()
    _signatures()
    _permissions()
    _pages(world)
    _refused_keys(world)
    _tagged(world)


def require_auth():
    """From now on every call needs a good signature and a permission."""
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    ActionAuthenticatorMixin.request_count = 0


def _unsigned():
    """Web identities come without a signature; so do presigned URLs, which are taken as they are."""
    check = ActionAuthenticatorMixin._authenticate_and_authorize_action

    def checked(self, iam_request_cls, resource="*"):
        if "Authorization" in self.headers:
            check(self, iam_request_cls, resource)

    ActionAuthenticatorMixin._authenticate_and_authorize_action = checked


def _signatures():
    made = access_control.IAMRequestBase._create_aws_request

    def create(self):
        target = getattr(raw, "target", None)
        if target:
            self._path = "http://" + self._headers.get("Host", "localhost") + target
        request = made(self)
        if target:
            request.data = raw.body  # moto signs what it parsed, AWS what was sent
        return request

    access_control.IAMRequestBase._create_aws_request = create


def _permissions():
    check = access_control.IAMRequestBase.check_action_permitted

    def permitted(self, resource):
        """Where moto doesn't know the resource ("*"), only the action counts."""
        if resource != "*":
            for self._action, resource in _s3_needs(self, resource):
                check(self, resource)
            return None
        collect = self._access_key.collect_policies
        self._access_key.collect_policies = lambda: [_any_resource(p) for p in collect()]
        return check(self, resource)

    access_control.IAMRequestBase.check_action_permitted = permitted


def _s3_needs(request, resource):
    """The actions that AWS asks for where moto asks for another one (S3 user guide, "Required permissions for API operations")."""
    bucket, _, key = resource.partition("/")
    if request._action == "s3:HeadBucket":
        return [("s3:ListBucket", bucket)]
    if request._action == "s3:DeleteObject" and not key:
        objects = ElementTree.fromstring(request._body).findall("{*}Object")
        named = {"s3:DeleteObjectVersion" if o.find("{*}VersionId") is not None else "s3:DeleteObject": o.find("{*}Key").text for o in objects}
        return [(action, f"{bucket}/{key}") for action, key in named.items()]
    needs = [(request._action, resource)]
    if request._action == "s3:GetObject" and key and not _has_key(request.account_id, bucket.rpartition(":")[2], key):
        needs.append(("s3:ListBucket", bucket))  # else AWS doesn't tell that there is none
    return needs


def _has_key(account, bucket, key):
    found = s3_backends[account]["aws"].buckets.get(bucket)
    return found is None or type(found.keys.get(key)).__name__ == "FakeKey"


def _any_resource(policy):
    document = access_control.IAMPolicy(policy)._policy_json
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    kept = []
    for statement in statements:
        statement = {k: v for k, v in statement.items() if k != "Condition"}
        if statement["Effect"] == "Allow":
            statement["Resource"] = "*"
        kept.append(statement)
    return json.dumps({**document, "Statement": kept})


def _pages(world):
    for name in ("list_objects", "list_objects_v2", "list_object_versions"):
        setattr(S3Response, name, _with_page(world, getattr(S3Response, name)))
    S3Backend.list_object_versions = _list_object_versions


def _with_page(world, action):
    def smaller(self):
        asked = int(self.querystring.get("max-keys", [1000])[0])
        self.querystring["max-keys"] = [str(min(asked, world.page("s3", 1000)))]
        return action(self)

    return smaller


def _list_object_versions(self, bucket_name, delimiter=None, key_marker=None, max_keys=1000, prefix="", version_id_marker=None):
    """Lexical paging as AWS does it: a marker whose object is gone still says where to go on."""
    bucket, versions, markers, common = self.get_bucket(bucket_name), [], [], set()
    last, full = None, False
    for name in sorted(k for k in list(bucket.keys) if k.startswith(prefix) and (key_marker is None or k >= key_marker)):
        listed = list(reversed(bucket.keys.getlist(name)))
        for index, version in enumerate(listed):
            version.is_latest = index == 0
        if name == key_marker:
            identities = [v.version_id for v in listed]
            if not version_id_marker:
                continue
            if version_id_marker in identities:
                listed = listed[identities.index(version_id_marker) + 1:]
        rest = name[len(prefix):]
        group = prefix + rest[: rest.index(delimiter) + len(delimiter)] if delimiter and delimiter in rest else None
        if group in common or (group and key_marker and group <= key_marker):
            continue
        for version in [None] if group else listed:
            if len(versions) + len(markers) + len(common) >= max_keys:
                full = True
                break
            if group:
                common.add(group)
                last = (group, None)
                continue
            (markers if type(version).__name__ == "FakeDeleteMarker" else versions).append(version)
            last = (version.name, version.version_id)
        if full:
            break
    next_key, next_version = last if full and last else (None, None)
    return versions, sorted(common), markers, next_key, next_version


def _tagged(world):
    """moto's GetResources knows neither stacks nor Beanstalk's environments."""
    others = ResourceGroupsTaggingAPIBackend._get_resources_generator

    def every(self, tag_filters=None, resource_type_filters=None):
        yield from others(self, tag_filters=tag_filters, resource_type_filters=resource_type_filters)
        rows = [("elasticbeanstalk:environment", e["EnvironmentArn"], e["tags"]) for e in world.beanstalk(self.account_id, self.region_name).environments if e["Status"] != "Terminated"]
        rows += [("cloudformation:stack", s.id, s.tags) for s in world.live_stacks(self.account_id, self.region_name)]
        for kind, arn, tags in rows:
            typed = not resource_type_filters or kind in resource_type_filters or kind.split(":")[0] in resource_type_filters
            wanted = all(f["Key"] in tags and (not f.get("Values") or tags[f["Key"]] in f["Values"]) for f in tag_filters or [])
            if typed and wanted and tags:
                yield {"ResourceARN": arn, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}

    ResourceGroupsTaggingAPIBackend._get_resources_generator = every


def _refused_keys(world):
    delete = S3Backend.delete_object

    def refusing(self, bucket_name, key_name, version_id=None, bypass=False):
        if world.refusal_of_key(bucket_name, key_name):
            raise AccessDeniedByLock
        return delete(self, bucket_name, key_name, version_id=version_id, bypass=bypass)

    S3Backend.delete_object = refusing
