"""The origin's clean-up, by perch: what goes, what stays, and that doubt deletes nothing."""

import datetime
import json
import math
import sys

from world import REGION, cases_of, equal, holds, run, template


def deletes_what_has_no_branch_and_all_versions_in_its_bucket(world):
    world.stack("shop-main", "main")
    world.stack("shop-gone", "feature/gone")
    world.seed(world.bucket("shop-gone"), 5000, 1000)
    since = len(world.calls())
    code, out, err = world.sweep()
    equal((code, err), (0, ""), out)
    equal(world.stacks(), ["shop-main"])
    holds(out, "delete  shop-gone  branch 'feature/gone' is gone\n1 stack stays as a matter of course (-v lists them).\n")
    holds(out, "1 stack gone with 6000 versions in buckets, 1 stay, 0 failed.\n")
    equal(len(world.s3.list_buckets()["Buckets"]), 1)
    lists, deletes = len(world.calls("ListObjectVersions", since)), len(world.calls("DeleteObjects", since))
    assert lists <= math.ceil(6000 / 1000) + 1 and deletes <= math.ceil(6000 / 1000), (lists, deletes)
    print(f"       6,000 versions: {lists} lists, {deletes} deletes")


def reads_all_pages_and_asks_nothing_about_stacks_that_stay(world):
    for i in range(120):
        world.branch(f"b{i}")
        world.stack(f"shop-b{i}", f"b{i}", json.dumps({"Resources": {"L": {"Type": "AWS::Logs::LogGroup"}}}), wait=False)
    for i in range(120):
        world.wait_for(f"shop-b{i}") if i > 110 else None
    world.branch_gone("b117")
    world.branch_gone("b3")
    since = len(world.calls())
    code, out, err = world.sweep()
    equal((code, err), (0, ""), out)
    equal(len(world.stacks()), 118)
    assert "shop-b117" not in world.stacks() and "shop-b3" not in world.stacks()
    named = {c["parameters"].get("StackName", "") for c in world.calls(since=since)} - {""}
    assert all("shop-b117/" in n or "shop-b3/" in n for n in named), named
    again = world.sweep()
    equal(again[0], 0)
    holds(again[1], "Nothing to delete.\n")


def an_empty_branch_list_deletes_nothing(world):
    world.stack("shop-gone", "feature/gone")
    world.branch_gone("main")
    code, out, err = world.sweep("--max-deletes", 100)
    equal((code, out), (3, ""))
    holds(err, "perch: nothing was deleted: cannot list the branches: ")
    holds(err, "the repository has no branch with a commit")
    equal(world.stacks(), ["shop-gone"])


def a_region_without_stacks_is_doubted(world):
    code, out, err = world.sweep()
    equal((code, out), (3, ""))
    equal(err, "perch: nothing was deleted: the list of stacks is empty: eu-central-1\n  Check the region and the account.\n")


def a_repository_that_cannot_be_read_deletes_nothing(world):
    world.stack("shop-gone", "feature/gone")
    code, _, err = world.sweep("--repository", "http://127.0.0.1:1/shop.git", repository=False)
    equal(code, 3, err)
    holds(err, "perch: nothing was deleted: ")
    equal(world.stacks(), ["shop-gone"])


def more_than_the_limit_is_refused(world):
    for i in range(4):
        world.stack(f"shop-{i}", f"gone-{i}")
    code, out, err = world.sweep()
    equal(code, 3)
    equal(err, "perch: nothing was deleted: 4 stacks would go at once, more than the limit of 3 (4 of the listed ones are not protected)\n"
               "  If all of them shall go, say --max-deletes 4.\n")
    equal(len(world.stacks()), 4)
    code, out, err = world.sweep("--max-deletes", 4)
    equal((code, world.stacks()), (0, []), out + err)


def without_a_terminal_nothing_happens_unless_yes(world):
    world.stack("shop-gone", "gone")
    code, out, err = world.sweep(yes=False)
    equal(code, 3)
    equal(err, "perch: nothing was deleted: there is no terminal to ask\n  Say --yes to delete without asking.\n")
    equal(world.stacks(), ["shop-gone"])


def protected_nested_and_unmarked_stacks_stay(world):
    world.stack("shop-main", "main")
    world.stack("shop-production", "production")
    world.stack("shop-kept", "keep/this")
    world.stack("shop-locked", "locked", EnableTerminationProtection=True)
    world.stack("awseb-e-abc-stack", "gone")
    world.stack("others", None, tags={"team": "other"})
    before = world.stacks()
    code, out, err = world.sweep("--protect-stack", "*-production", "--protect-branch", "keep/*", "--json")
    equal((code, err), (0, ""))
    verdicts = {s["stack"]: (s["verdict"], s["reason"]) for s in json.loads(out)["stacks"]}
    equal(verdicts, {
        "shop-main": ("keep", "branch 'main' is there"),
        "shop-production": ("protected", "stack is protected by '*-production'"),
        "shop-kept": ("protected", "branch 'keep/this' is protected by 'keep/*'"),
        "shop-locked": ("termination-protected", "it has termination protection in CloudFormation"),
        "awseb-e-abc-stack": ("nested", "Elastic Beanstalk made it for an environment, and deletes it"),
        "others": ("no-mark", "it has no tag 'branch'")})
    equal(world.stacks(), before)


def two_stacks_of_one_branch_go_together_or_not_at_all(world):
    world.stack("shop-a", "gone")
    world.stack("shop-b", "gone", EnableTerminationProtection=True)
    code, out, _ = world.sweep("--json")
    equal(code, 0, out)
    equal({s["stack"]: s["verdict"] for s in json.loads(out)["stacks"]}, {"shop-a": "held-back", "shop-b": "termination-protected"})
    world.cfn.update_termination_protection(StackName="shop-b", EnableTerminationProtection=False)
    code, out, err = world.sweep()
    equal((code, world.stacks()), (0, []), out + err)


def stacks_that_perch_did_not_make_need_adopt(world):
    world.stack("shop-gone", "gone")
    code, out, err = world.sweep("--app", "shop", adopt=False)
    equal((code, err, world.stacks()), (0, "", ["shop-gone"]), out)
    code, _, err = world.sweep(adopt=False)
    equal((code, world.stacks()), (2, ["shop-gone"]), err)
    holds(err, "cannot tell which stacks may go")


def an_app_that_still_writes_is_emptied_again(world):
    world.stack("shop-gone", "gone", template(2))
    world.peer.tell("fail", resource="Bucket0", on="delete", reason="The bucket you tried to delete is not empty", times=1)
    code, out, err = world.sweep()
    equal((code, world.stacks()), (0, []), out + err)
    holds(out, "shop-gone: something was written into its bucket meanwhile; emptying it again\nshop-gone: deleting again\nshop-gone: gone\n")


def one_that_fails_does_not_keep_the_others(world):
    world.stack("shop-main", "main")
    world.stack("shop-one", "one")
    world.stack("shop-two", "two")
    world.peer.tell("fail", resource="AWS::Logs::LogGroup", on="delete", reason="Access denied for the log group", times=9, stack="shop-one")
    code, out, err = world.sweep()
    equal((code, err), (1, ""), out)
    equal(world.stacks(), ["shop-main", "shop-one"])
    holds(out, "shop-one failed: its deletion failed: Topic (AWS::Logs::LogGroup, ")
    holds(out, "Access denied for the log group")
    holds(out, "1 stack gone, 1 stay, 1 failed.\n")


def an_object_lock_is_told_and_the_stack_stays(world):
    world.stack("shop-gone", "gone")
    bucket = world.bucket("shop-gone")
    world.fill(bucket, 3)
    world.peer.tell("refuse-keys", bucket=bucket, key="k/1*", times=99)
    code, out, err = world.sweep()
    equal((code, world.status("shop-gone")), (1, "CREATE_COMPLETE"), out + err)
    holds(out, f"shop-gone failed: bucket {bucket} cannot be emptied: 1 version could not be deleted; the first is k/1 ü&+: AccessDenied")


def a_retained_bucket_keeps_what_is_in_it(world):
    world.stack("shop-gone", "gone", template(policy="Retain"))
    bucket = world.bucket("shop-gone")
    world.fill(bucket, 2)
    code, out, err = world.sweep()
    equal((code, world.stacks()), (0, []), out + err)
    holds(out, f"May still cost: bucket {bucket}: its template retains it, of shop-gone\n")
    equal(len(world.s3.list_object_versions(Bucket=bucket)["Versions"]), 2)


def a_bucket_that_is_gone_already_is_no_trouble(world):
    world.stack("shop-gone", "gone")
    world.s3.delete_bucket(Bucket=world.bucket("shop-gone"))
    code, out, err = world.sweep()
    equal((code, world.stacks()), (0, []), out + err)


def a_failed_creation_without_outputs_goes_too(world):
    world.peer.tell("fail", resource="Topic", on="create", reason="no")
    world.stack("shop-gone", "gone")
    equal(world.status("shop-gone"), "ROLLBACK_COMPLETE")
    code, out, err = world.sweep()
    equal((code, world.stacks()), (0, []), out + err)


def grace_is_counted_from_the_first_sighting(world):
    world.s3.create_bucket(Bucket="marks", CreateBucketConfiguration={"LocationConstraint": REGION})
    world.stack("shop-main", "main")
    world.stack("shop-gone", "gone")
    marks = ("--marks", "s3://marks/sweep.json")
    code, out, err = world.sweep("--grace", "1h", *marks)
    equal((code, err), (0, ""), out)
    holds(out, "wait  shop-gone  branch 'gone' is gone, first seen now; it may go after ")
    recorded = json.loads(world.s3.get_object(Bucket="marks", Key="sweep.json")["Body"].read())
    equal([m["branch"] for m in recorded["marks"]], ["gone"])
    world.branch("gone")  # it is back: the sighting is forgotten
    equal(world.sweep("--grace", "1h", *marks)[0], 0)
    equal(json.loads(world.s3.get_object(Bucket="marks", Key="sweep.json")["Body"].read())["marks"], [])
    world.branch_gone("gone")
    recorded["marks"][0]["first_seen"] = "2020-01-01T00:00:00.000Z"
    world.s3.put_object(Bucket="marks", Key="sweep.json", Body=json.dumps(recorded))
    code, out, err = world.sweep("--grace", "1h", *marks)
    equal((code, world.stacks()), (0, ["shop-main"]), out + err)
    holds(out, "branch 'gone' is gone, first seen 2020-01-01T00:00:00.000Z\n")


def the_grace_is_counted_by_awss_clock(world):
    """However wrong this machine's is, and whoever saw first that a branch is gone."""
    world.s3.create_bucket(Bucket="marks", CreateBucketConfiguration={"LocationConstraint": REGION})
    world.stack("shop-main", "main")
    world.stack("shop-gone", "gone")
    wanted = ("--grace", "1h", "--marks", "s3://marks/sweep.json")
    mark = {"stack": world.cfn.describe_stacks(StackName="shop-gone")["Stacks"][0]["StackId"], "branch": "gone"}

    def sweep(clock_off, first_seen=None):
        """This machine is so many seconds behind AWS; somebody saw it so many minutes ago. Gives the new mark's age in minutes too."""
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=clock_off)
        if first_seen is not None:
            at = (now - datetime.timedelta(minutes=first_seen)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            world.s3.put_object(Bucket="marks", Key="sweep.json", Body=json.dumps({"format": "perch-sweep-marks-1", "marks": [{**mark, "first_seen": at}]}))
        since = len(world.calls())
        world.peer.tell("options", clock_off=clock_off)
        code, out, err = world.sweep(*wanted)
        world.peer.tell("options", clock_off=0)
        equal((code, err), (0, ""), out)
        equal([n for n, c in enumerate(world.calls(since=since)) if c["status"] == 403], [0])
        marks = json.loads(world.s3.get_object(Bucket="marks", Key="sweep.json")["Body"].read())["marks"]
        return out, [round((now - datetime.datetime.fromisoformat(m["first_seen"])).total_seconds() / 60, -1) for m in marks]

    for clock_off in (3600, -3600):
        world.s3.delete_object(Bucket="marks", Key="sweep.json")
        equal(sweep(clock_off)[1], [0], "seen for the first time")
        out, marks = sweep(clock_off, first_seen=10)
        equal((marks, world.stacks()), ([10], ["shop-gone", "shop-main"]), out)
        holds(out, "wait  shop-gone  branch 'gone' is gone, first seen ")
    out, _ = sweep(3600, first_seen=70)
    equal(world.stacks(), ["shop-main"], out)


the_grace_is_counted_by_awss_clock.peer = ("--auth",)


def a_grace_without_a_place_for_marks_is_refused(world):
    world.stack("shop-gone", "gone")
    code, out, err = world.sweep("--grace", "1h")
    equal(code, 3)
    holds(err, "there is a grace, but nowhere to record when a branch was first missed\n  Say --marks s3://BUCKET/KEY, or --grace 0.\n")
    code, _, err = world.sweep("--grace", "1h", "--marks", "s3://nobodys/sweep.json")
    equal((code, world.stacks()), (3, ["shop-gone"]), err)
    holds(err, "NoSuchBucket")
    world.s3.create_bucket(Bucket="marks", CreateBucketConfiguration={"LocationConstraint": REGION})
    world.s3.put_object(Bucket="marks", Key="sweep.json", Body=b"{}")
    code, _, err = world.sweep("--grace", "1h", "--marks", "s3://marks/sweep.json")
    equal((code, world.stacks()), (3, ["shop-gone"]), err)
    holds(err, "cannot use the marks of earlier sweeps: s3://marks/sweep.json: it is not what a sweep writes")


def a_clone_is_no_source_of_branches(world):
    world.stack("shop-gone", "gone")
    clone = world.folder + "/clone"
    world.git("clone", "-q", "--bare", world.repository, clone)
    code, _, err = world.sweep("--repository", clone, repository=False)
    equal((code, world.stacks()), (3, ["shop-gone"]))
    holds(err, "it is a clone, which need not have every branch")


def a_missing_permission_is_named_and_deletes_nothing(world):
    given = world.peer.ready
    import peer as peers
    iam = peers.client("iam", world.peer.url, given["access_key"], given["secret_key"])
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    code, _, err = world.sweep(environment={"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]})
    equal(code, 3, err)
    holds(err, "perch: nothing was deleted: CloudFormation did not do DescribeStacks: ")
    holds(err, "Allow cloudformation:DescribeStacks")


a_missing_permission_is_named_and_deletes_nothing.peer = ("--auth",)


def credentials_of_another_account_are_refused(world):
    world.stack("shop-gone", "gone")
    config = f"app: shop\nplatform: aws\nrepository: {world.repository}\nrun: {{command: x, port: 8000}}\naws: {{account: '999988887777', region: {REGION}}}\n"
    code, _, err = world.sweep("--grace", "0", config=config, repository=False)
    equal((code, world.stacks()), (3, ["shop-gone"]), err)
    holds(err, "nothing was deleted: these credentials are of another account: ")
    holds(err, "they are of 123456789012, `account` is 999988887777")


run(cases_of(sys.modules["__main__"]))
