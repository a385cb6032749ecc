"""`perch doctor --policy sweep`: a sweep with exactly these rights does all of it, and with any one of them less it does not."""

import json

from policies import User, equal, least, make_stack, narrow, new_world

REASON = "Access denied for the log group"
RECORD = "branches/perch-shop-swept-247x5eomnhoa.json"
# Sparing calls, not needed for the result.
TOLD = {"cloudformation:ListStacks", "cloudformation:ListImports"}


def make_record(world, bucket):
    """What a branch without a stack left: each kind of thing that is looked for."""
    caused = {"bundles": f"s3://{bucket}/bundles/shop/swept-x/", "log groups": "/aws/elasticbeanstalk/swept/", "AWS::RDS::DBInstance": "swept",
              "AWS::SecretsManager::Secret": "DatabaseSecret-swept", "AWS::ElasticBeanstalk::ApplicationVersion": "swept",
              "AWS::ElasticBeanstalk::Environment": "swept"}
    record = {"format": "perch-branch-1", "app": "shop", "branch": "swept", "profile": "branch", "owner": "perch", "generation": 1, "deleting": True,
              "stopped_commit": "", "stopped_settings_hash": "", "fixed": {}, "caused": [{"kind": k, "name": n} for k, n in caused.items()],
              "create_seconds": 0, "update_seconds": 0, "created_at": "2026-11-22T12:00:00.000Z", "updated_at": "2026-11-22T12:00:00.000Z"}
    world.s3.put_object(Bucket=bucket, Key=RECORD, Body=json.dumps(record))
    world.s3.put_object(Bucket=bucket, Key="bundles/shop/swept-x/one.zip", Body=b"x")
    logs = world.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix="/aws/elasticbeanstalk/swept/")["logGroups"]:
        logs.create_log_group(logGroupName="/aws/elasticbeanstalk/swept/app.log")


def swept(world, user):
    """Three sweeps: one records that a branch is gone, one meets a deletion that fails and tells why, one deletes, and a look for leaks. None, or
    what went otherwise."""
    name = make_stack(world, "gone")
    bucket = next(o["OutputValue"] for o in world.stack()["Outputs"] if o["OutputKey"] == "VersionsBucket")
    make_record(world, bucket)
    marks = [o["Key"] for o in world.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    for key in marks:
        if key.startswith(("branches/", "bundles/")):
            continue
        world.s3.delete_object(Bucket=bucket, Key=key)

    def sweep():
        code, out, err = world.perch("sweep", "--platform", "aws", "--yes", "--grace", "1h", **user.keys)
        return code, out + err

    code, text = sweep()
    if code:
        return text
    if "1 record settled" not in text or [o for o in world.s3.list_objects_v2(Bucket=bucket)["Contents"] if o["Key"] == RECORD]:
        return text
    for found in world.s3.list_objects_v2(Bucket=bucket)["Contents"]:
        recorded = json.loads(world.s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
        for mark in recorded["marks"]:
            mark["first_seen"] = "2020-01-01T00:00:00.000Z"
        world.s3.put_object(Bucket=bucket, Key=found["Key"], Body=json.dumps(recorded))
    world.peer.tell("fail", resource="Log", on="delete", reason=REASON, times=1, stack=name)
    code, text = sweep()
    world.peer.tell("release")
    if code != 1 or REASON not in text or "cannot be closed" in text:
        return text
    code, text = sweep()
    if code or world.stack(name):
        return text
    code, out, err = world.perch("doctor", "--leaks", **user.keys)
    return None if code in (0, 1) and err == "" else out + err  # it finds the test's own made-up stacks


def main():
    world = new_world()
    make_stack(world, "main")
    code, out, err = world.perch("doctor", "--policy", "sweep")
    equal((code, err), (0, ""))
    policy = json.loads(out)
    narrow(world, policy)
    least(world, User(world, "sweeper"), policy, swept, TOLD)
    return 1 if world.stop() else 0


if __name__ == "__main__":
    raise SystemExit(main())
