"""`perch doctor --policy ci`: `up`, `ls`, `logs` and `down` with exactly these rights do all of it, and with any one of them less one of them does not."""

import itertools
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "deploy"))
from policies import User, equal, narrow, some_of, without  # noqa: E402
from shop import Shop  # noqa: E402

NUMBERS = itertools.count()
# Asked for by AWS, not by the peer: passing a role, the registry's own calls (a push needs a Docker Engine), and what only a change that is not wanted needs.
TOLD = {"iam:PassRole", "ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage", "cloudformation:DeleteChangeSet",
        "cloudformation:ListImports",  # only for a stack of an own template that exports something
        "logs:DeleteLogGroup",  # the peer's Beanstalk takes the groups along itself
        "elasticbeanstalk:DescribeEvents"}  # told only where an instance has no log


def text(got):
    return None if got[0] == 0 else got[1] + got[2]


def new_branch(shop):
    branch = f"b{next(NUMBERS)}"
    shop.push(branch, branch)
    return branch


def deployed(shop):
    branch = new_branch(shop)
    code, out, err = shop.up(branch)
    equal(code, 0, out + err)
    return branch


def up(shop, keys):
    return text(shop.up(new_branch(shop), **keys))


def failing_up(shop, keys):
    """The instance's log is shown."""
    shop.peer.tell("fail", resource="AWS::ElasticBeanstalk::Environment", on="update", reason="it broke", times=1, tail="a line of the log")
    shop.push("broken", str(next(NUMBERS)))
    code, out, err = shop.up("broken", f"image {next(NUMBERS)}", **keys)
    shop.peer.tell("release")
    return None if code == 1 and "it broke" in err and "a line of the log" in err else out + err


def mending_up(shop, keys):
    """From a rollback that failed."""
    shop.peer.tell("fail", resource="AWS::ElasticBeanstalk::Environment", on="update", reason="it broke", times=1)
    shop.peer.tell("fail", resource="AWS::ElasticBeanstalk::Environment", on="rollback", reason="no way back", times=1)
    shop.push("broken", str(next(NUMBERS)))
    equal(shop.up("broken", f"image {next(NUMBERS)}")[0], 1)
    shop.peer.tell("release")
    equal(shop.environments()["broken"]["StackStatus"], "UPDATE_ROLLBACK_FAILED")
    shop.push("broken", str(next(NUMBERS)))
    got = text(shop.up("broken", f"image {next(NUMBERS)}", **keys))
    if got:
        equal(shop.up("broken", f"image {next(NUMBERS)}")[0], 0)
    return got


def logs(shop, keys):
    code, out, err = shop.perch("logs", "broken", **keys)
    return None if code == 0 and "listening" in out else f"{code}" + out + err


def down(shop, keys):
    branch = deployed(shop)
    bucket = shop.outputs(shop.environments()[branch])["Bucket"]
    for _ in range(2):
        shop.s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    shop.s3.create_multipart_upload(Bucket=bucket, Key="half")
    code, out, err = shop.perch("down", branch, "--yes", **keys)
    return None if code == 0 and out.endswith(" gone\n") and "could not" not in out else f"{code}" + out + err


CASES = {
    up: ["cloudformation:DescribeStacks", "cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet", "cloudformation:ExecuteChangeSet",
         "cloudformation:DescribeStackEvents", "elasticbeanstalk:ListPlatformVersions", "s3:GetObject", "s3:PutObject", "s3:ListBucket"],
    failing_up: ["elasticbeanstalk:RequestEnvironmentInfo", "elasticbeanstalk:RetrieveEnvironmentInfo"],
    mending_up: ["cloudformation:ContinueUpdateRollback"],
    logs: ["logs:DescribeLogGroups", "logs:FilterLogEvents"],
    down: ["cloudformation:DeleteStack", "cloudformation:GetTemplate", "cloudformation:ListStackResources", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketTagging",
           "s3:DeleteObjectVersion", "s3:AbortMultipartUpload", "elasticbeanstalk:DeleteApplicationVersion", "elasticbeanstalk:DescribeEnvironments",
           "rds:DescribeDBInstances", "rds:DescribeDBSnapshots", "secretsmanager:DescribeSecret"],
}


def main():
    shop = Shop("--auth")
    code, out, err = shop.perch("doctor", "--policy", "ci")
    equal((code, err), (0, ""))
    policy = json.loads(out)
    equal(out, shop.perch("doctor", "--policy")[1], "ci is what --policy alone means")
    narrow(shop, policy)
    actions = {a for s in policy["Statement"] for a in s["Action"]}
    equal(sorted(actions), sorted(TOLD | {a for named in CASES.values() for a in named}), "each action is tried, or told to be untried")
    user = User(shop, "ci")
    shop.push("broken", "first")
    equal(shop.up("broken")[0], 0)
    spare, tried = [], 0
    for case, named in CASES.items():
        if sys.argv[2:] and case.__name__ not in sys.argv[2:]:
            continue
        user.may(policy)
        equal(case(shop, user.keys), None, f"{case.__name__} with exactly the printed policy")
        for action in some_of(named, 1):
            user.may(without(policy, action))
            tried += 1
            if case(shop, user.keys) is None:
                spare.append((case.__name__, action))
    user.may(policy)
    for words in (("ls",), ("status", "broken")):
        code, out, err = shop.perch(*words, **user.keys)
        equal((code, err), (0, ""), out)
    equal(spare, [], "actions that nothing needs")
    print(f"ok     {tried} of {len(actions)} actions taken away one at a time, each run failed (all with PERCH_MATRIX=all); {len(TOLD)} the peer does not ask for")
    return 1 if shop.stop() else 0


if __name__ == "__main__":
    raise SystemExit(main())
