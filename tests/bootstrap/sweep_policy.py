"""`perch doctor --policy sweep`: a sweep with exactly these rights does all of it, and with any one of them less it does not."""

import json

from policies import User, equal, least, make_stack, narrow, new_world

REASON = "Access denied for the log group"


def swept(world, user):
    """Three sweeps: one records that a branch is gone, one meets a deletion that fails and tells why, one deletes. None, or what went otherwise."""
    name = make_stack(world, "gone")
    bucket = next(o["OutputValue"] for o in world.stack()["Outputs"] if o["OutputKey"] == "VersionsBucket")
    marks = [o["Key"] for o in world.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    for key in marks:
        world.s3.delete_object(Bucket=bucket, Key=key)

    def sweep():
        code, out, err = world.perch("sweep", "--platform", "aws", "--yes", "--grace", "1h", **user.keys)
        return code, out + err

    code, text = sweep()
    if code:
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
    return text if code or world.stack(name) else None


def main():
    world = new_world()
    make_stack(world, "main")
    code, out, err = world.perch("doctor", "--policy", "sweep")
    equal((code, err), (0, ""))
    policy = json.loads(out)
    narrow(world, policy)
    least(world, User(world, "sweeper"), policy, swept)
    return 1 if world.stop() else 0


if __name__ == "__main__":
    raise SystemExit(main())
