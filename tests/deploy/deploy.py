#!/usr/bin/env python3
"""`perch up` on the local AWS: what is made, what is shown, what is refused. deploy.py PERCH_BINARY [CASE...]"""

import signal

from shop import cases_of, digest, equal, holds, peers, plain, run_cases

import matrix  # of ../peers

ADDED = """  add AppGroup (AWS::EC2::SecurityGroup)
  add Bucket (AWS::S3::Bucket)
  add DatabaseGroup (AWS::EC2::SecurityGroup)
  add DatabaseSecret (AWS::SecretsManager::Secret)
  add Version (AWS::ElasticBeanstalk::ApplicationVersion)
  add AppIngress (AWS::EC2::SecurityGroupIngress)
  add BucketPolicy (AWS::S3::BucketPolicy)
  add Database (AWS::RDS::DBInstance)
  add DatabaseIngress (AWS::EC2::SecurityGroupIngress)
  add InstanceRole (AWS::IAM::Role)
  add InstanceProfile (AWS::IAM::InstanceProfile)
  add Environment (AWS::ElasticBeanstalk::Environment)
"""
MADE = ["AppGroup", "AppIngress", "Bucket", "BucketPolicy", "Database", "DatabaseGroup", "DatabaseIngress", "DatabaseSecret", "Environment",
        "InstanceProfile", "InstanceRole", "Version"]


def url(branch):
    return f"https://{branch}.preview.example.com"


def a_branch_comes_up(shop):
    commit = shop.push("made", "one")
    code, out, err = shop.up("made")
    equal((code, err), (0, ""))
    lines = plain(out).splitlines()
    equal("\n".join(lines[:13]) + "\n", "made: create, branch has no environment\n" + ADDED)
    equal(sorted(lines[13:-3]), sorted([f"  {r}: {w}" for r in MADE for w in ("creating", "created")] + ["  stack: created"]))
    equal(lines[-3:], ["made                     healthy", f"made                     ready at {commit[:7]}", url("made")])
    outputs = shop.outputs(shop.stack_of("made"))
    equal((outputs["Commit"], outputs["Generation"], outputs["Url"], outputs["Image"]), (commit, "1", url("made"), shop.image("one")))
    record = shop.record("made")
    equal((record["generation"], record["last_attempt"]["result"], record["deleting"]), (1, "succeeded", False))


def nothing_to_do_is_quick(shop):
    commit = shop.push("idle", "one")
    equal(shop.up("idle")[0], 0)
    for words in ((), ("--image", shop.image("one"))):
        (code, out, err), calls = shop.calls(lambda: shop.perch("up", "idle", *words))
        equal((code, out, err), (0, f"Nothing to do: {url('idle')} shows {commit[:7]}, the newest commit.\n", ""))
        equal(sum(calls.values()) <= 4, True, f"{words}: {calls}")
    code, out, err = shop.perch("up", "idle", "--json")
    equal((code, out, err), (0, f'{{"changed":false,"url":"{url("idle")}","commit":"{commit}"}}\n', ""))


def a_push_updates(shop):
    first = shop.push("pushed", "one")
    equal(shop.up("pushed")[0], 0)
    second = shop.push("pushed", "two")
    code, out, err = shop.up("pushed", "two")
    equal((code, err), (0, ""))
    lines = plain(out).splitlines()
    equal(lines[:3], [f"pushed: update, pushed is at {second[:7]}, the link shows {first[:7]}",
                      "  REPLACE Version (AWS::ElasticBeanstalk::ApplicationVersion): Description, SourceBundle",
                      "  change Environment (AWS::ElasticBeanstalk::Environment): OptionSettings, VersionLabel"])
    equal(lines[3:], ["  Version: replacing", "  Version: replaced", "  Environment: updating", "  Environment: updated", "  stack: updated",
                      "pushed                   healthy", f"pushed                   ready at {second[:7]}", url("pushed")])
    equal(shop.outputs(shop.stack_of("pushed"))["Image"], shop.image("two"))
    equal(shop.record("pushed")["generation"], 2)


def another_image_of_the_same_commit_is_deployed(shop):
    shop.push("rebuilt", "one")
    equal(shop.up("rebuilt")[0], 0)
    code, out, err = shop.up("rebuilt", "two")
    equal((code, err), (0, ""))
    holds(out, "Version: replaced")
    equal(shop.outputs(shop.stack_of("rebuilt"))["Image"], shop.image("two"))


def earlier_times_make_a_bar(shop):
    """The record says what the last update took."""
    shop.push("timed", "one")
    equal(shop.up("timed")[0], 0)
    key = shop.record_key("timed")
    record = shop.s3.get_object(Bucket=shop.bucket, Key=key)["Body"].read().decode()
    shop.s3.put_object(Bucket=shop.bucket, Key=key, Body=record.replace('"update_seconds":0', '"update_seconds":4'))
    shop.push("timed", "two")
    shop.peer.tell("options", speed=100)
    code, out, err = shop.up("timed", "two")
    equal((code, err), (0, ""))
    holds(out, " of about 4.0 s\n")


def an_image_by_tag_is_refused(shop):
    shop.push("tagged", "one")
    (code, out, err), calls = shop.calls(lambda: shop.perch("up", "tagged", "--image", f"{shop.repository}:latest"))
    equal((code, out, calls), (2, "", {}))
    holds(err, f"{shop.repository}:latest")
    equal(shop.record("tagged"), None)


def detached(shop):
    """CloudFormation has begun; the next `up` finds it done."""
    commit = shop.push("left", "one")
    code, out, err = shop.up("left", "one", "--detach")
    equal((code, err), (0, ""))
    equal(out.splitlines()[-1], "CloudFormation has begun. Watch it with `perch status left`.")
    shop.at("left", "CREATE_COMPLETE")
    code, out, err = shop.up("left")
    equal((code, err), (0, ""))
    equal(out.splitlines()[-1].split(" shows ")[-1] if "Nothing" in out else out.splitlines()[-1], f"{commit[:7]}, the newest commit." if "Nothing" in out else url("left"))
    equal(shop.status("left")["state"], "ready")


def stopped_in_the_middle(shop):
    """Ctrl-C leaves CloudFormation at it; a second `up` waits for that and ends well."""
    shop.push("stopped", "one")
    shop.peer.tell("hold", resource="Database", stack="perch-shop-stopped-*")
    running = shop.start_up("stopped")
    shop.at("stopped", "CREATE_IN_PROGRESS")
    shop.until(lambda: any(e["LogicalResourceId"] == "Database" for e in shop.cfn.describe_stack_events(StackName=shop.stack_of("stopped")["StackId"])["StackEvents"]), "the database is being made")
    running.process.send_signal(signal.SIGINT)
    code, out, err = running.end()
    equal((code, err), (1, "perch: stopped; what CloudFormation began goes on\n  Watch it with `perch status stopped`, or run `perch up stopped` again.\n"))
    equal((shop.status("stopped")["state"], shop.record("stopped")["last_attempt"]["stage"]), ("starting", "start"))
    again = shop.start_up("stopped")
    shop.until(lambda: shop.record("stopped")["generation"] == 2, "the second one began")
    shop.peer.tell("release")
    code, out, err = again.end()
    equal((code, err), (0, ""))
    equal(out.splitlines()[-1], url("stopped"))
    equal(shop.status("stopped")["state"], "ready")


def stopped_while_a_call_is_under_way(shop):
    """Nobody knows whether CloudFormation got it; what it says then is what is told."""
    shop.push("midway", "one")
    shop.peer.tell("hold", resource="Database", stack="perch-shop-midway-*")
    proxy = matrix.Proxy(shop.peer.url, hang=60)
    try:
        for fault, said in (("timeout", "stopped before CloudFormation began anything\n  Run `perch up midway` again."),
                            ("timeout-after", "stopped; what CloudFormation began goes on\n  Watch it with `perch status midway`, or run `perch up midway` again.")):
            proxy.peer.tell("arm", fault=fault, match="*ExecuteChangeSet*")
            running = shop.start_up("midway", AWS_ENDPOINT_URL=proxy.url)
            shop.until(lambda: proxy.peer.tell("count")["done"], "the call is under way")
            if fault == "timeout-after":
                shop.at("midway", "CREATE_IN_PROGRESS")
            running.process.send_signal(signal.SIGINT)
            code, out, err = running.end()
            equal((code, err), (1, f"perch: {said}\n"), fault)
            proxy.peer.tell("clear")
    finally:
        proxy.stop()
    shop.peer.tell("release")
    code, out, err = shop.up("midway")
    equal((code, err), (0, ""))


def the_first_real_cause_of_a_failed_creation(shop):
    shop.operator(more="profiles: {branch: {database: {mode: none}}}\n")
    shop.push("broken", "one")
    shop.peer.tell("options", speed=40)  # the instance is there for a while before it goes
    shop.peer.tell("fail", resource="Environment", stack="perch-shop-broken-*", reason="The instance profile does not exist", tail="[eb-hooks] migrate failed\nno such table: carts\n")
    code, out, err = shop.up("broken")
    shop.peer.tell("options", speed=20000)
    equal(code, 1)
    name = shop.stack_of("broken")["StackName"]
    equal(err, f"""perch: the stack {name} failed: Environment (AWS::ElasticBeanstalk::Environment): The instance profile does not exist
  The instance's log ends with:
    [eb-hooks] migrate failed
    no such table: carts
  Mend that and run it again: perch deletes what is left of the attempt and begins anew.
""")
    equal(shop.record("broken")["last_attempt"]["result"], "failed")
    equal(shop.status("broken")["state"], "failed")
    shop.push("broken", "two")
    code, out, err = shop.up("broken", "two")
    equal((code, err), (0, ""))
    equal(shop.status("broken")["state"], "ready")


def a_failed_update_leaves_the_old_release(shop):
    first = shop.push("worse", "one")
    equal(shop.up("worse")[0], 0)
    version = shop.peer.web("worse.preview.example.com")
    shop.push("worse", "two")
    shop.peer.tell("fail", resource="Environment", stack="perch-shop-worse-*", on="update", reason="Engine execution has encountered an error.", tail="no such table: carts\n")
    code, out, err = shop.up("worse", "two")
    equal(code, 1)
    name = shop.stack_of("worse")["StackName"]
    equal(err, f"""perch: the stack {name} failed: Environment (AWS::ElasticBeanstalk::Environment): Engine execution has encountered an error.
  The instance's log ends with:
    no such table: carts
  The stack is what it was before. Mend that and run it again.
""")
    holds(plain(out), "  Environment: failed: Engine execution has encountered an error.\n  stack: taking the update back")
    equal(shop.peer.web("worse.preview.example.com"), version)
    view = shop.status("worse")
    equal((view["state"], view["serving_commit"]), ("failed", first))


def a_bad_health_path_fails(shop):
    shop.operator(more="")
    shop.push("sick", "one", **{"perch.yaml": "run: {command: ./serve, port: 8000, health: /healthz, health_timeout: 3s}\n"})
    shop.peer.tell("app", environment="sick.preview.example.com", status=500, body="no")
    code, out, err = shop.up("sick")
    shop.peer.tell("app", environment="sick.preview.example.com", status=None)
    equal((code, err.splitlines()[0]), (1, "perch: the link does not answer as it should: https://sick.preview.example.com/healthz: it answers 500, for 3.0 s"))
    equal(err.splitlines()[-1], "  Look at the app's log with `perch logs`, and at `run.health` in perch.yaml.")
    equal(shop.status("sick")["state"], "failed")
    code, out, err = shop.up("sick")
    equal((code, err), (0, ""))
    equal(shop.status("sick")["state"], "ready")


if __name__ == "__main__":
    run_cases(cases_of(globals()))
