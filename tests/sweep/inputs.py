"""Bad input: accounts, regions, permissions, buckets and stacks that are not as they should be. Whole texts where perch writes them."""

import json
import re
import sys
import threading

from world import REGION, cases_of, equal, holds, peers, run, template

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def _user(world, *statements):
    """Environment variables of a user who may do exactly this."""
    iam = world.client("iam")
    iam.create_user(UserName="sweeper")
    iam.put_user_policy(UserName="sweeper", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    key = iam.create_access_key(UserName="sweeper")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def an_app_that_writes_all_the_time_is_kept_out_of_its_bucket(world):
    world.stack("shop-main", "main")
    world.stack("shop-gone", "gone")
    bucket, main = world.bucket("shop-gone"), world.bucket("shop-main")
    world.fill(bucket, 20)
    world.peer.tell("options", speed=100)  # the deletion takes long enough for a write
    app, ended, seen = world.client("s3"), threading.Event(), []

    def write():
        while not ended.is_set():
            try:
                app.put_object(Bucket=bucket, Key=f"late/{len(seen)}", Body=b"x")
                seen.append("")
            except app.exceptions.ClientError as error:
                seen.append(error.response["Error"]["Code"])

    writer = threading.Thread(target=write)
    writer.start()
    code, out, err = world.sweep()
    ended.set()
    writer.join()
    equal((code, err, world.stacks()), (0, "", ["shop-main"]), out)
    assert "again" not in out, out
    assert seen[0] == "" and ("403" in seen or "AccessDenied" in seen), seen[:3] + seen[-3:]
    order = [c["action"] for c in world.calls() if c["service"] == "s3" and c["parameters"].get("Bucket") == bucket and c["action"] not in ("PutObject", "PutBucketVersioning")]
    equal(order[:4], ["GetBucketTagging", "GetBucketPolicy", "PutBucketPolicy", "ListObjectVersions"])
    app.put_object(Bucket=main, Key="still", Body=b"x")


def a_bucket_that_cannot_be_closed_is_emptied_all_the_same(world):
    world.stack("shop-gone", "gone")
    bucket = world.bucket("shop-gone")
    world.fill(bucket, 3)
    key = _user(world, ALL, {"Effect": "Deny", "Action": "s3:PutBucketPolicy", "Resource": "*"})
    code, out, err = world.sweep(environment=key)
    equal((code, err, world.stacks()), (0, "", []), out)
    equal(re.sub(r" \(request \S+\)|(?<=127.0.0.1):\d+", "", out),
          f"delete  shop-gone  branch 'gone' is gone\nshop-gone: bucket {bucket} cannot be closed to writes, and is emptied all the same: "
          "S3 did not do PutBucketPolicy: 127.0.0.1: AccessDenied: Access Denied. "
          f"Allow s3:PutBucketPolicy on arn:aws:s3:::{bucket}; `perch doctor --policy` prints what perch needs.\n"
          f"shop-gone: emptied bucket {bucket}: 3 versions\nshop-gone: deleting\nshop-gone: gone\n1 stack gone with 3 versions in buckets, 0 stay, 0 failed.\n")


def a_bucket_of_another_region_is_found_there(world):
    world.stack("shop-gone", "gone")
    bucket = world.bucket("shop-gone")
    world.s3.delete_bucket(Bucket=bucket)
    far = world.client("s3", region="eu-west-1")
    far.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    far.put_object(Bucket=bucket, Key="k", Body=b"x")
    code, out, err = world.sweep()
    equal((code, err, world.stacks()), (0, "", []), out)
    holds(out, f"shop-gone: emptied bucket {bucket}: 1 version\n")


def a_wrong_region_is_named(world):
    world.stack("shop-gone", "gone")
    code, out, err = world.sweep("--region", "eu-west-3", region=False)
    equal((code, out, err), (3, "", "perch: nothing was deleted: the list of stacks is empty: eu-west-3\n  Check the region and the account.\n"))
    code, out, err = world.sweep(region=False)
    equal((code, out), (2, ""))
    holds(err, "perch: cannot tell which AWS region to use: there is no --region, no AWS_REGION and no region in ")
    equal(world.stacks(), ["shop-gone"])


def every_request_is_as_botocore_knows_it(world):
    world.stack("shop-main", "main")
    world.stack("shop-gone", "gone", template(2))
    world.fill(world.bucket("shop-gone"), 3, 2)
    world.s3.create_multipart_upload(Bucket=world.bucket("shop-gone", "Bucket1"), Key="half")
    world.s3.create_bucket(Bucket="marks", CreateBucketConfiguration={"LocationConstraint": REGION})
    recorder = peers.Peer("recorder.py", "--upstream", world.peer.url)
    code, out, err = world.sweep("--grace", "1ms", "--marks", "s3://marks/m", environment={"AWS_ENDPOINT_URL": recorder.url})
    equal((code, err), (0, ""), out)
    code, out, err = world.sweep("--grace", "1ms", "--marks", "s3://marks/m", environment={"AWS_ENDPOINT_URL": recorder.url})
    recorder.process.terminate()
    equal((code, err, world.stacks(), recorder.process.wait(10)), (0, "", ["shop-main"], 0), out)


def expired_credentials_delete_nothing(world):
    world.stack("shop-gone", "gone")
    faults = peers.Peer("faults.py", "--upstream", world.peer.url, "--fault", "expired", "--times", 99)
    code, out, err = world.sweep(environment={"AWS_ENDPOINT_URL": faults.url})
    faults.stop()
    equal((code, out, re.sub(r" \(request \S+\)|(?<=127.0.0.1):\d+", "", err)),
          (3, "", "perch: nothing was deleted: CloudFormation did not do DescribeStacks: 127.0.0.1: ExpiredToken: The security token included in the request is expired (tried 2 times)\n"
                  "  Get new credentials (for example `aws sso login`) and run it again.\n"))
    equal(world.stacks(), ["shop-gone"])


def no_credentials_delete_nothing(world):
    world.stack("shop-gone", "gone")
    code, out, err = world.sweep(environment={"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None})
    equal((code, out), (3, ""))
    holds(err, "perch: nothing was deleted: CloudFormation did not do DescribeStacks: eu-central-1: there are no AWS credentials: looked at the environment: AWS_ACCESS_KEY_ID is not set; ")
    holds(err, "\n  Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`.\n")
    equal(world.stacks(), ["shop-gone"])


def credentials_that_expire_in_the_middle_leave_the_rest(world):
    world.stack("shop-a", "a")
    world.stack("shop-b", "b")
    faults = peers.Peer("faults.py", "--upstream", world.peer.url, "--fault", "expired", "--times", 99, "--match", "*:DeleteStack")
    code, out, err = world.sweep(environment={"AWS_ENDPOINT_URL": faults.url})
    faults.stop()
    equal((code, err, world.stacks()), (1, "", ["shop-a", "shop-b"]), out)
    holds(out, "0 stacks gone, 0 stay, 2 failed.\n")


def no_permission_to_delete_stacks_is_named(world):
    world.stack("shop-a", "a", template(0))
    world.stack("shop-b", "b", template(0))
    key = _user(world, ALL, {"Effect": "Deny", "Action": "cloudformation:DeleteStack", "Resource": "*"})
    code, out, err = world.sweep(environment=key)
    equal((code, err, world.stacks()), (1, "", ["shop-a", "shop-b"]), out)
    holds(out, "shop-a failed: ")
    holds(out, "Allow cloudformation:DeleteStack")


def no_permission_to_delete_one_stack_leaves_the_others_to_go(world):
    world.stack("shop-main", "main")
    world.stack("shop-a", "a", template(0))
    world.stack("shop-b", "b", template(0))
    faults = peers.Peer("faults.py", "--upstream", world.peer.url, "--fault", "denied", "--match", "*:DeleteStack")
    code, out, err = world.sweep(environment={"AWS_ENDPOINT_URL": faults.url})
    faults.stop()
    equal((code, err, len(world.stacks())), (1, "", 2), out)
    holds(out, "failed: CloudFormation did not do DeleteStack: ")
    holds(out, "Allow cloudformation:DeleteStack; `perch doctor --policy` prints what perch needs.\n1 stack gone, 1 stay, 1 failed.\n")


def a_bucket_whose_policy_forbids_deletes_keeps_its_stack_and_no_other(world):
    world.stack("shop-main", "main")
    world.stack("shop-a", "a")
    world.stack("shop-b", "b")
    bucket = world.bucket("shop-a")
    world.fill(bucket, 2)
    world.fill(world.bucket("shop-b"), 2)
    theirs = {"Sid": "Keep", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    world.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    code, out, err = world.sweep()
    equal((code, err, world.stacks()), (1, "", ["shop-a", "shop-main"]), out)
    holds(out, f"shop-a failed: bucket {bucket} cannot be emptied: 2 versions could not be deleted; the first is k/0 ü&+: AccessDenied: Access Denied. "
               "An object lock, a bucket policy or a missing s3:DeleteObjectVersion does that; what is left of its buckets stays closed to writes, by the statement PerchSweep in their policy\n")
    equal([s["Sid"] for s in json.loads(world.s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]], ["Keep", "PerchSweep"])


for _case in (a_bucket_that_cannot_be_closed_is_emptied_all_the_same, no_permission_to_delete_stacks_is_named):
    _case.peer = ("--auth",)


def a_stack_in_progress_is_left(world):
    world.peer.tell("hold", resource="Topic", on="create", stack="shop-busy", times=99)
    world.stack("shop-busy", "busy", wait=False)
    peers.until(lambda: world.status("shop-busy") == "CREATE_IN_PROGRESS", "it begins")
    code, out, err = world.sweep()
    equal((code, out, err), (0, "in-progress  shop-busy  it is in CREATE_IN_PROGRESS\nNothing to delete.\n", ""))
    world.peer.tell("release")
    world.wait_for("shop-busy")


def beanstalks_own_stack_goes_with_its_environment(world):
    parts = {"App": {"Type": "AWS::ElasticBeanstalk::Application", "Properties": {"ApplicationName": "shop"}},
             "Env": {"Type": "AWS::ElasticBeanstalk::Environment", "Properties": {"ApplicationName": {"Ref": "App"}, "EnvironmentName": "shop-gone",
                     "SolutionStackName": "64bit Amazon Linux 2023 v4.6.0 running Docker"}}}
    world.stack("shop-gone", "gone", template(more=parts))
    inner = [s for s in world.stacks() if s.startswith("awseb-")]
    equal(len(inner), 1)
    since = len(world.calls())
    code, out, err = world.sweep("-v")
    equal((code, world.stacks()), (0, []), out + err)
    holds(out, f"nested  {inner[0]}  Elastic Beanstalk made it for an environment, and deletes it\n")
    equal(len(world.calls("DeleteStack", since)), 1)


def production_and_staging_stay_whatever_the_branches_are(world):
    config = ("app: shop\nplatform: aws\nrun: {command: x, port: 8000}\nenvironments: {main: production, next: staging, '*': branch}\n"
              f"aws: {{region: {REGION}}}\n")

    def tags(branch, profile):
        return {"perch:app": "shop", "perch:branch": branch, "perch:owner": "perch", "perch:profile": profile}

    world.stack("shop-main", None, tags=tags("main", "production"))
    world.stack("shop-next", None, tags=tags("next", "branch"))  # by an older perch.yaml
    world.stack("shop-old", None, tags=tags("old", "staging"))
    world.stack("shop-adopted", "main")
    world.stack("shop-origins", "production")
    world.stack("shop-gone", None, tags=tags("gone", "branch"))
    world.branch("other")
    world.branch_gone("main")
    code, out, err = world.sweep("--grace", "0", "--max-deletes", 100, "--json", config=config)
    equal((code, err), (0, ""), out)
    equal({s["stack"]: s["reason"] for s in json.loads(out)["stacks"]}, {
        "shop-main": "branch 'main' is protected by 'main'",
        "shop-next": "branch 'next' is protected by 'next'",
        "shop-old": "environments of profile 'staging' are never swept",
        "shop-adopted": "branch 'main' is protected by 'main'",
        "shop-origins": "branch 'production' is protected by 'production'",
        "shop-gone": "branch 'gone' is gone"})
    equal(len(world.stacks()), 5)


run(cases_of(sys.modules["__main__"]))
