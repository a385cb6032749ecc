#!/usr/bin/env python3
"""`perch down`, and what only looks: ls, status, open, logs, plan, on the local AWS. down.py PERCH_BINARY [CASE...]"""

import json
import os
import time

from shop import cases_of, equal, holds, matches, plain, run_cases


def url(branch):
    return f"https://{branch}.preview.example.com"


def asks_first(shop):
    shop.push("asked", "one")
    equal(shop.up("asked")[0], 0)
    code, out, err = shop.perch("down", "asked")
    equal((code, out, err), (3, "", "perch: nothing was deleted: there is no terminal to ask\n  Say --yes to delete without asking.\n"))
    code, shown = shop.on_terminal("down", "asked", answer=b"n\n")
    equal((code, shown), (3, "Delete the environment of asked on AWS, with its database and its files? [y/N] n\nperch: nothing was deleted: you did not agree\n"))
    equal(shop.status("asked")["state"], "ready")
    code, shown = shop.on_terminal("down", "asked", answer=b"y\n")
    equal((code, shown.splitlines()[-1]), (0, "asked                    gone"))
    equal(shop.stack_of("asked"), None)


def takes_everything_along(shop):
    shop.push("gone", "one")
    before = shop.peer.tell("left")
    equal(shop.up("gone")[0], 0)
    bucket = shop.outputs(shop.stack_of("gone"))["Bucket"]
    shop.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    shop.s3.put_object(Bucket=bucket, Key="a", Body=b"2")
    code, out, err = shop.perch("down", "gone", "--yes")
    equal((code, err), (0, ""))
    text = plain(out)
    holds(text, "\n  Database: deleting\n")
    holds(text, "\n  Database: deleted\n")
    holds(text, f"gone                     emptied the bucket {bucket}: 2 versions\n")
    equal(text.splitlines()[-4:], ["  stack: deleted", "gone                     source bundles: 1",
                                   "gone                     stays: an image in 123456789012.dkr.ecr.eu-central-1.amazonaws.com/perch-shop-staging-repository-X, "
                                   "which other branches may run too; its life-cycle rule takes old ones", "gone                     gone"])
    equal(shop.peer.tell("left"), before)


def stays_away_until_a_push(shop):
    shop.push("away", "one")
    equal(shop.up("away")[0], 0)
    code, out, err = shop.perch("down", "away", "--yes", "--json")
    equal((code, out, err), (0, '{"branch":"away","state":"stopped"}\n', ""))
    equal(shop.status("away")["state"], "stopped")
    code, out, err = shop.perch("plan", "--json")
    equal([s["action"] for s in json.loads(out)["steps"] if s["branch"] == "away"], ["leave stopped"])
    shop.push("away", "two")
    code, out, err = shop.perch("plan", "--json")
    equal([s["action"] for s in json.loads(out)["steps"] if s["branch"] == "away"], ["update"])
    equal(shop.up("away", "two")[0], 0)
    equal(shop.status("away")["state"], "ready")


def a_person_may_bring_it_back_at_once(shop):
    shop.push("back", "one")
    equal(shop.up("back")[0], 0)
    equal(shop.perch("down", "back", "--yes")[0], 0)
    code, out, err = shop.up("back")
    equal((code, err), (0, ""))
    equal(shop.status("back")["state"], "ready")


def of_a_branch_that_is_gone(shop):
    """Nothing stays, not even the record."""
    shop.push("orphan", "one")
    equal(shop.up("orphan")[0], 0)
    shop.delete("orphan")
    equal(shop.status("orphan")["state"], "deleting")
    code, out, err = shop.up("orphan")
    equal((code, err), (1, "perch: there is no branch 'orphan': the git host does not have it; its environment is still there\n  Push the branch, or run `perch sweep`.\n"))
    code, out, err = shop.perch("down", "orphan", "--yes")
    equal((code, err), (0, ""))
    equal((shop.record("orphan"), shop.stack_of("orphan")), (None, None))
    code, out, err = shop.perch("down", "orphan", "--yes")
    equal((code, err), (1, "perch: there is no branch 'orphan': neither the git host nor the platform has it\n  `perch ls` shows all; is it pushed?\n"))


def what_is_protected_stays(shop):
    for branch in ("staging", "precious"):
        shop.push(branch, "one")
        equal(shop.up(branch)[0], 0)
    shop.operator(more="branches: {protect: [precious]}\n")
    code, out, err = shop.perch("down", "precious", "--yes")
    equal((code, out), (3, ""))
    matches(err, "perch: nothing was deleted: precious: .*'precious' protects it\n  Take it out of `branches.protect` first, if it really shall go.\n")
    code, out, err = shop.perch("down", "staging", "--yes")
    equal((code, out, err), (3, "", "perch: nothing was deleted: staging: it is the app's staging\n"
                             "  Delete its stack by hand in the CloudFormation console, if it really shall go.\n"))
    equal((shop.status("precious")["state"], shop.status("staging")["state"]), ("ready", "ready"))


def what_is_for_good_stays_under_any_profile_and_without_being_protected(shop):
    """Also when its branch is gone, and when a setting would take making it anew."""
    live = "profiles: {live: {extends: staging}, sites: {extends: staging}}\nenvironments: {moved: live, 'site/*': sites, '*': branch}\n"
    shop.operator()
    config = open(os.path.join(shop.folder, "perch.yaml"), encoding="utf-8").read().replace('environments: {main: production, staging: staging, moved: branch, "*": branch}\n', live)
    shop.config(config)
    for branch in ("moved", "site/one"):
        shop.push(branch, "one")
        equal(shop.up(branch)[0], 0)
    code, out, err = shop.perch("down", "moved", "--yes")
    equal((code, out, err), (3, "", "perch: nothing was deleted: moved: it is the app's live\n"
                             "  Delete its stack by hand in the CloudFormation console, if it really shall go.\n"))
    shop.config(config.replace("live: {extends: staging}", "live: {extends: staging, host: other.preview.example.com}"))
    code, out, err = shop.up("moved", "one", "--yes")
    equal((code, out), (3, ""))
    holds(err, "which takes deleting the environment, and 'moved' protects it")
    shop.config(config)
    stacks = [shop.stack_of(branch)["StackId"] for branch in ("moved", "site/one")]
    shop.delete("moved")
    shop.delete("site/one")
    code, out, err = shop.perch("plan", "--json")
    steps = {s["branch"]: (s["action"], s["reason"]) for s in json.loads(out)["steps"]}
    equal(steps["moved"], ("protect", "branch is gone; 'moved' protects it"))
    code, out, err = shop.perch("down", "site/one", "--yes")
    equal((code, out, err), (3, "", "perch: nothing was deleted: site/one: it is the app's sites\n"
                             "  Delete its stack by hand in the CloudFormation console, if it really shall go.\n"))
    equal([shop.stack_of(branch)["StackId"] for branch in ("moved", "site/one")], stacks)


def with_termination_protection_it_stays_and_is_not_recorded_as_going(shop):
    shop.push("switched", "one")
    equal(shop.up("switched")[0], 0)
    stack = shop.stack_of("switched")["StackName"]
    shop.cfn.update_termination_protection(StackName=stack, EnableTerminationProtection=True)
    code, out, err = shop.perch("down", "switched", "--yes")
    equal((code, err), (3, f"perch: perch does not delete this environment: switched: its stack {stack} has termination protection in CloudFormation\n"
                        "  Take that off first, if it really shall go.\n"))
    equal((shop.status("switched")["state"], shop.record("switched")["deleting"]), ("ready", False))
    shop.cfn.update_termination_protection(StackName=stack, EnableTerminationProtection=False)


def a_bucket_that_cannot_be_emptied(shop):
    """Nothing is called gone; the next try ends it."""
    shop.push("locked", "one")
    equal(shop.up("locked")[0], 0)
    bucket = shop.outputs(shop.stack_of("locked"))["Bucket"]
    shop.s3.put_object(Bucket=bucket, Key="held", Body=b"1")
    shop.peer.tell("refuse-keys", bucket=bucket, key="held", times=1)
    code, out, err = shop.perch("down", "locked", "--yes")
    equal(code, 1)
    holds(err, f"s3://{bucket}/held")
    equal(shop.status("locked")["state"], "deleting")
    code, out, err = shop.perch("down", "locked", "--yes")
    equal((code, err), (0, ""))
    equal(shop.stack_of("locked"), None)


def the_contract_of_ls_and_status(shop):
    commit = shop.push("shown", "a title")
    equal(shop.up("shown")[0], 0)
    view = shop.ls()["shown"]
    wanted = {"branch": "shown", "slug": "shown", "profile": "branch", "state": "ready", "reason": f"the link shows {commit[:7]}, the newest commit",
              "url": url("shown"), "commit": commit, "serving_commit": commit}
    equal({key: view[key] for key in wanted}, wanted)
    matches(view["updated_at"], r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
    status = shop.status("shown")
    equal({key: status[key] for key in wanted}, wanted)
    equal((status["image"], "image" in view), (shop.image("one"), False))
    code, out, err = shop.perch("status", "shown")
    equal((code, err), (0, ""))
    holds(out, "title    a title\n")
    equal(shop.perch("open", "shown", "--json"), (0, f'{{"url":"{url("shown")}"}}\n', ""))
    shop.push("it/shows", "one")
    equal(shop.up("it/shows")[0], 0)
    for word in ("it/shows", shop.ls()["it/shows"]["slug"]):
        equal(shop.perch("open", word, "--json"), (0, f'{{"url":"{url(shop.ls()["it/shows"]["slug"])}"}}\n', ""))
    shop.push("quiet", "one")
    code, out, err = shop.perch("open", "quiet")
    equal((code, err), (1, "perch: nothing serves for 'quiet'\n  `perch status quiet` says why.\n"))
    equal(shop.perch("status", "nowhere")[::2], (1, "perch: there is no branch 'nowhere': neither the git host nor the platform has it\n  `perch ls` shows all; is it pushed?\n"))


def logs_of_the_instance_and_of_cloudwatch(shop):
    shop.push("talks", "one")
    equal(shop.up("talks")[0], 0)
    code, out, err = shop.perch("logs", "talks")
    equal((code, err), (0, ""))
    matches(out, r".*listening, version \S+\n")
    logs = shop.client("logs")
    group = f"/aws/elasticbeanstalk/{shop.outputs(shop.stack_of('talks'))['Environment']}/var/log/eb-docker/containers/eb-current-app/stdouterr.log"
    logs.create_log_stream(logGroupName=group, logStreamName="i-1")

    def say(text):
        logs.put_log_events(logGroupName=group, logStreamName="i-1", logEvents=[{"timestamp": int(time.time() * 1000), "message": text}])

    say("GET / 200")
    code, out, err = shop.perch("logs", "talks")
    equal((code, out.splitlines()[-1], err), (0, "GET / 200", ""))
    following = shop.start("logs", "talks", "-f")
    while following.process.stdout.readline() != "GET / 200\n":
        pass
    say("GET /cart 500")
    equal(following.process.stdout.readline(), "GET /cart 500\n")
    following.process.terminate()
    code, out, err = following.end()
    equal((code, out, err), (0, "", ""))
    code, out, err = shop.perch("down", "talks", "--yes")
    equal((code, err), (0, ""))
    equal([g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]], [])


if __name__ == "__main__":
    run_cases(cases_of(globals()))
