"""The model proxy itself: good requests pass, and each of these bad ones is caught."""
import sys, urllib.parse

try:
    import botocore  # noqa: F401
except ImportError:
    print("skipped: botocore is not installed")
    sys.exit(77)
from model_proxy import Wrong, judge


def query(service, **form):
    return ("POST", "/", {"authorization": f"Credential=A/20260101/x/{service}/aws4_request", "content-type": "application/x-www-form-urlencoded; charset=utf-8"}, urllib.parse.urlencode(form).encode())


def rest(service, method, target, body=b"", **headers):
    return (method, target, {"authorization": f"Credential=A/20260101/x/{service}/aws4_request", **{k.replace("_", "-"): v for k, v in headers.items()}}, body)


def jsons(target, body):
    return ("POST", "/", {"authorization": "Credential=A/20260101/x/ssm/aws4_request", "content-type": "application/x-amz-json-1.1", "x-amz-target": target}, body)


V = {"Version": "2010-05-15"}
GOOD = {
    "CreateChangeSet": query("cloudformation", Action="CreateChangeSet", StackName="a", ChangeSetName="b", **{"Tags.member.1.Key": "k", "Tags.member.1.Value": "v"}, **V),
    "DeleteStack": query("cloudformation", Action="DeleteStack", StackName="a", **V),
    "ListObjectVersions": rest("s3", "GET", "/bucket?versions&encoding-type=url"),
    "PutObject": rest("s3", "PUT", "/bucket/a/b", b"x", if_none_match="*"),
    "DeleteParameters": jsons("AmazonSSM.DeleteParameters", b'{"Names": ["a"]}'),
    "ListResourceRecordSets": rest("route53", "GET", "/2013-04-01/hostedzone/Z1/rrset?name=a"),
}
BAD = {
    "an operation that is none": query("cloudformation", Action="DeleteStacks", StackName="a", **V),
    "a wrong version": query("cloudformation", Action="DeleteStack", StackName="a", Version="2011-01-01"),
    "an unknown parameter": query("cloudformation", Action="DeleteStack", StackName="a", Force="true", **V),
    "a missing parameter": query("cloudformation", Action="DeleteStack", **V),
    "a list without member": query("cloudformation", Action="DeleteStack", StackName="a", **{"RetainResources.1": "x"}, **V),
    "a list from 2": query("cloudformation", Action="DeleteStack", StackName="a", **{"RetainResources.member.2": "x"}, **V),
    "a bad enum": query("cloudformation", Action="CreateChangeSet", StackName="a", ChangeSetName="b", ChangeSetType="UPSERT", **V),
    "a bad boolean": query("cloudformation", Action="UpdateTerminationProtection", StackName="a", EnableTerminationProtection="yes", **V),
    "an unknown target": jsons("AmazonSSM.DropParameters", b"{}"),
    "a wrong type": jsons("AmazonSSM.DeleteParameters", b'{"Names": "a"}'),
    "an unknown member": jsons("AmazonSSM.DeleteParameters", b'{"Names": ["a"], "Force": true}'),
    "an unknown query name": rest("s3", "GET", "/bucket?versions&encoding=url"),
    "an unknown header": rest("s3", "PUT", "/bucket/a", b"x", x_amz_nothing="1"),
    "a wrong XML element": rest("s3", "POST", "/bucket?delete", b"<Delete><Item/></Delete>"),
    "a wrong path": rest("route53", "GET", "/2013-04-01/hostedzones/Z1/rrset"),
}
failed = []
for name, request in GOOD.items():
    try:
        if judge(*request)[1] != name: failed.append(f"{name}: taken for {judge(*request)}")
    except Exception as e:
        failed.append(f"{name}: {e!r}")
for name, request in BAD.items():
    try:
        failed.append(f"{name}: passed as {judge(*request)}")
    except Wrong:
        pass
    except Exception as e:
        failed.append(f"{name}: {e!r}")
print(f"{len(GOOD)} good and {len(BAD)} bad requests judged, {len(failed)} wrongly")
for text in failed: print("  ", text)
sys.exit(bool(failed))
