"""What environments cause is settled when they go, and found when it was not. leaks.py PERCH_BINARY [CASE...]"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "deploy"))
from shop import STAGING, base, cases_of, equal, holds, matches, run_cases  # noqa: E402

NOTHING = "Nothing is left of environments that are gone.\n"


def _leaks(shop, certain=True):
    """What `perch doctor --leaks` names, each with its whole line."""
    code, out, err = shop.perch("doctor", "--leaks", "--json")
    found = {leak["what"]: leak for leak in json.loads(out)}
    equal((code, err), (1 if any(leak["certain"] for leak in found.values()) else 0, ""), out)
    return {what: leak for what, leak in found.items() if leak["certain"] or not certain}


def _sweep(shop, *words):
    return shop.perch("sweep", "--grace", "0", "--yes", *words)


def _left(shop):
    """What there is of branches, besides what environments share."""
    found = {kind: sorted(names) for kind, names in shop.peer.tell("left").items() if kind not in ("applications", "repositories")}
    found["stacks"] = [name for name in found["stacks"] if name != STAGING]
    found["buckets"] = [name for name in found["buckets"] if name != shop.bucket and "lb-logs" not in name and not name.startswith("elasticbeanstalk-")]
    pages = shop.s3.get_paginator("list_objects_v2").paginate(Bucket=shop.bucket)
    found["keys"] = [item["Key"] for page in pages for item in page.get("Contents", []) if item["Key"] != "perch/sweep-marks.json"]
    return found


def _some_life(shop, branch):
    """Up, a push, and a deployment that fails."""
    shop.push(branch, "one")
    code, out, err = shop.up(branch)
    equal(code, 0, out + err)
    shop.push(branch, "two")
    equal(shop.up(branch, "two")[0], 0)
    shop.peer.tell("fail", resource="AWS::ElasticBeanstalk::Environment", on="update", reason="it broke", times=1)
    shop.push(branch, "three")
    equal(shop.up(branch, "three")[0], 1)
    shop.peer.tell("release")


def a_sweep_settles_what_it_deletes(shop):
    before = _left(shop)
    _some_life(shop, "swept")
    shop.delete("swept")
    code, out, err = _sweep(shop)
    equal((code, err), (0, ""), out)
    holds(out, "Also gone: source bundles: 3, of perch-shop-swept-")
    holds(out, "May still cost: 3 images in ")
    holds(out, ", 0 failed.\n")
    equal(_left(shop), before)
    equal(_leaks(shop), {})
    code, out, err = shop.perch("doctor", "--leaks")
    equal((code, out.splitlines()[-1] + "\n", err), (0, NOTHING, ""))


def down_settles_too(shop):
    before = _left(shop)
    shop.push("downed", "one")
    equal(shop.up("downed")[0], 0)
    code, out, err = shop.perch("down", "downed", "--yes")
    equal(code, 0, out + err)
    shop.delete("downed")
    (what, leak), = _leaks(shop).items()  # that a person took it down is still recorded
    matches(what, f"record s3://{shop.bucket}/branches/perch-shop-downed-\\w+.json")
    equal((leak["why"], leak["costs"], leak["remove"]),
          ("its branch 'downed' is gone and has no stack; `perch sweep` deletes what it tells of, and then it", "",
           f"aws s3 rm {what.split()[1]} --region {base.REGION}"))
    code, out, err = _sweep(shop)
    equal((code, err), (0, ""), out)
    holds(out, "1 record settled, 0 stacks gone")
    equal(_left(shop), before)
    equal(_leaks(shop), {})


def what_could_not_be_settled_is_told_and_settled_next_time(shop):
    before = _left(shop)
    for branch in ("halfway", "other"):
        shop.push(branch, "one")
        equal(shop.up(branch)[0], 0)
    shop.delete("halfway")
    shop.delete("other")
    environment = shop.outputs(shop.stack_of("halfway"))["Environment"]
    key = shop.record_key("halfway")
    record = json.loads(shop.s3.get_object(Bucket=shop.bucket, Key=key)["Body"].read())
    record["caused"].append({"kind": "bundles", "name": "nowhere"})
    shop.s3.put_object(Bucket=shop.bucket, Key=key, Body=json.dumps(record))
    code, out, err = _sweep(shop, "--json")
    equal((code, err), (1, ""), out)
    ends = {r["branch"]: (r["end"], r["reason"]) for r in json.loads(out)["results"]}
    equal(ends["other"], ("gone", ""))
    equal(ends["halfway"][0], "failed")
    holds(ends["halfway"][1], "the stack is gone, but not all that it caused: cannot tell whether this is gone: bundles nowhere")
    holds(ends["halfway"][1], "; the next sweep looks again")
    late = f"/aws/elasticbeanstalk/{environment}/var/log/late.log"
    shop.client("logs").create_log_group(logGroupName=late)
    equal(sorted(_leaks(shop)), ["log group " + late, f"record s3://{shop.bucket}/{key}"])
    record = json.loads(shop.s3.get_object(Bucket=shop.bucket, Key=key)["Body"].read())
    equal(record["deleting"], True)
    record["caused"] = [c for c in record["caused"] if c["name"] != "nowhere"]
    shop.s3.put_object(Bucket=shop.bucket, Key=key, Body=json.dumps(record))
    code, out, err = shop.perch("sweep", "--grace", "1h", "--yes")  # decided already: no second grace
    equal((code, err), (0, ""), out)
    holds(out, f"Also gone: log group {late}, of perch-shop-halfway-")
    holds(out, "1 record settled, 0 stacks gone, ")
    equal(_left(shop), before)
    equal(_leaks(shop), {})


def records_of_branches_that_are_there_and_protected_ones_stay(shop):
    shop.push("taken", "one")
    equal(shop.up("taken")[0], 0)
    equal(shop.perch("down", "taken", "--yes")[0], 0)
    key = shop.record_key("taken")
    code, out, err = _sweep(shop)
    equal((code, out.splitlines()[-1], err), (0, "Nothing to delete.", ""))
    equal(shop.record_key("taken"), key)
    equal(_leaks(shop), {})
    shop.delete("taken")
    code, out, err = _sweep(shop, "--protect-branch", "tak*")
    equal((code, out.splitlines()[-1], err), (0, "Nothing to delete.", ""))
    code, out, err = shop.perch("sweep", "--grace", "1h", "--yes")
    equal(code, 0, out + err)
    holds(out, "is gone, first seen now; it may go after ")
    equal(shop.record_key("taken"), key)
    code, out, err = _sweep(shop)
    equal((code, err), (0, ""), out)
    equal(shop.record_key("taken"), None)


def each_kind_of_orphan_is_found(shop):
    tags = {"perch:app": "shop", "perch:branch": "long-gone", "perch:owner": "perch", "perch:profile": "branch"}
    listed = [{"Key": k, "Value": v} for k, v in tags.items()]
    shop.push("alive", "one")
    equal(shop.up("alive")[0], 0)
    equal(_leaks(shop), {})
    shop.s3.create_bucket(Bucket="orphan-bucket", CreateBucketConfiguration={"LocationConstraint": base.REGION})
    shop.s3.put_bucket_tagging(Bucket="orphan-bucket", Tagging={"TagSet": listed})
    rds = shop.client("rds")
    rds.create_db_instance(DBInstanceIdentifier="orphan-db", DBInstanceClass="db.t4g.micro", Engine="postgres", AllocatedStorage=20, MasterUsername="u",
                           MasterUserPassword="pppppppp", Tags=listed)
    rds.create_db_snapshot(DBInstanceIdentifier="orphan-db", DBSnapshotIdentifier="orphan-snapshot", Tags=listed)
    secrets = shop.client("secretsmanager")
    secret = secrets.create_secret(Name="orphan-secret", SecretString="x", Tags=listed)["ARN"]
    logs = shop.client("logs")
    logs.create_log_group(logGroupName="/aws/elasticbeanstalk/gone-env/var/log/it's.log")
    logs.create_log_group(logGroupName="/perch/shop/orphan", tags=tags)
    shop.s3.put_object(Bucket=shop.bucket, Key="bundles/shop/long-gone-2abc/x.zip", Body=b"12345")
    beanstalk = shop.client("elasticbeanstalk")
    application = beanstalk.describe_applications()["Applications"][0]["ApplicationName"]
    beanstalk.create_application_version(ApplicationName=application, VersionLabel="orphan-version",
                                         SourceBundle={"S3Bucket": shop.bucket, "S3Key": "bundles/shop/long-gone-2abc/x.zip"})
    found = _leaks(shop)
    region = f" --region {base.REGION}"
    gone = "it is of branch 'long-gone', which is gone and has neither stack nor record"
    environment = "there is no Beanstalk environment gone-env any more"
    equal({what: (leak["why"], leak["costs"], leak["remove"]) for what, leak in found.items()}, {
        "bucket orphan-bucket": (gone, "", "aws s3 rb --force s3://orphan-bucket" + region),
        "database orphan-db": (gone, "a db.t4g.micro, by the hour", "aws rds delete-db-instance --skip-final-snapshot --db-instance-identifier orphan-db" + region),
        "database snapshot orphan-snapshot": (gone, "a database snapshot of 20 GiB", "aws rds delete-db-snapshot --db-snapshot-identifier orphan-snapshot" + region),
        "secret orphan-secret": (gone, "a secret, by the month", f"aws secretsmanager delete-secret --force-delete-without-recovery --secret-id {secret}" + region),
        "log group /aws/elasticbeanstalk/gone-env/var/log/it's.log":
            (environment, "0 bytes of logs, kept for ever", "aws logs delete-log-group --log-group-name '/aws/elasticbeanstalk/gone-env/var/log/it'\\''s.log'" + region),
        "log group /perch/shop/orphan": (gone, "0 bytes of logs, kept for ever", "aws logs delete-log-group --log-group-name /perch/shop/orphan" + region),
        f"source bundles s3://{shop.bucket}/bundles/shop/long-gone-2abc/":
            ("no branch has this folder", "1 object of 5 bytes", f"aws s3 rm --recursive s3://{shop.bucket}/bundles/shop/long-gone-2abc/" + region),
        f"application version orphan-version of {application}":
            ("no stack runs it", "one of the 1000 that Beanstalk allows",
             f"aws elasticbeanstalk delete-application-version --application-name {application} --version-label orphan-version" + region)})
    code, out, err = shop.perch("doctor", "--leaks")
    equal((code, err), (1, ""))
    holds(out, f"database snapshot orphan-snapshot: {gone} (a database snapshot of 20 GiB)\n  aws rds delete-db-snapshot --db-snapshot-identifier orphan-snapshot{region}\n")
    holds(out, "8 left of environments that are gone; nothing was deleted.\n")
    shop.peer.tell("options", page_size=2)
    equal(sorted(_leaks(shop)), sorted(found))
    rds.delete_db_snapshot(DBSnapshotIdentifier="orphan-snapshot")
    rds.delete_db_instance(DBInstanceIdentifier="orphan-db", SkipFinalSnapshot=True)
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    shop.s3.delete_bucket(Bucket="orphan-bucket")
    for group in ("/aws/elasticbeanstalk/gone-env/var/log/it's.log", "/perch/shop/orphan"):
        logs.delete_log_group(logGroupName=group)
    beanstalk.delete_application_version(ApplicationName=application, VersionLabel="orphan-version")
    shop.s3.delete_object(Bucket=shop.bucket, Key="bundles/shop/long-gone-2abc/x.zip")
    equal(_leaks(shop), {})


if __name__ == "__main__":
    run_cases([case for case in cases_of(globals()) if case.__name__[0] != "_"])
