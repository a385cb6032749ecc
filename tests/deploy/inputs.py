#!/usr/bin/env python3
"""Bad input for up, status and ls on the local AWS, which checks signatures: what, where, why, what to do. inputs.py PERCH_BINARY [CASE...]"""

import datetime
import json
import tempfile

from shop import cases_of, equal, holds, matches, plain, run_cases

LOG = tempfile.NamedTemporaryFile("r", prefix="perch-calls-", encoding="utf-8")
COMMANDS = (("up", "feature"), ("status", "feature"), ("ls",))


def calls():
    """All that the peer was asked, in order."""
    LOG.seek(0)
    return [json.loads(line) for line in LOG]


def each_says(shop, code, pattern, commands=COMMANDS, **changes):
    """Every command ends like this, and changes nothing."""
    for words in commands:
        given, out, err = shop.perch(*words, **changes)
        equal((given, out), (code, ""), f"{words}: {err}")
        matches(err, pattern)


def user(shop, name, actions):
    """Somebody who may do only this."""
    shop.iam.create_user(UserName=name)
    shop.iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}))
    key = shop.iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def of_another_region(shop):
    shop.operator(region="eu-west-1", certificate=shop.certificate.replace("eu-central-1", "eu-west-1"))
    each_says(shop, 2, r"perch: the application that staging's environments share is not there: perch-shop-staging: there is no such stack\n  Make it once with `perch bootstrap staging`.\n",
              COMMANDS[:2])


def no_credentials(shop):
    each_says(shop, 1, r"perch: nothing (was deployed|can be told): .*there are no AWS credentials: .*\n.*", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)


def credentials_that_are_over(shop):
    each_says(shop, 1, r"perch: nothing (was deployed|can be told): .*\n.*", AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="wrong")


def of_another_account(shop):
    shop.operator(account="999999999999")
    each_says(shop, 3, r"perch: nothing (was deployed|can be told): these credentials are of another account: \S+perch.yaml: they are of 123456789012, `account` is 999999999999\n"
              r"  Use other credentials \(AWS_PROFILE\), or change `aws.account`.\n")


def without_permission(shop):
    """It says which action, on what."""
    keys = user(shop, "reader", ["sts:GetCallerIdentity", "cloudformation:DescribeStacks"])
    each_says(shop, 1, r"perch: .*s3:(GetObject|ListBucket).*", **keys)
    shop.push("denied", "one")
    keys = user(shop, "describer", ["sts:GetCallerIdentity", "cloudformation:Describe*", "cloudformation:List*", "s3:*", "elasticbeanstalk:*", "rds:*"])
    code, out, err = shop.up("denied", **keys)
    equal(code, 1)
    matches(err, r"perch: CloudFormation did not do CreateChangeSet: \S+: AccessDenied: User: arn:aws:iam::123456789012:user/describer is not authorized to perform: "
            r"cloudformation:CreateChangeSet .*\n  Allow cloudformation:CreateChangeSet; `perch doctor --policy` prints what perch needs.\n")
    equal(shop.up("denied")[0], 0)


def a_clock_that_is_an_hour_off(shop):
    """Slow or fast: AWS refuses one call and tells the time, and what is recorded is AWS's time."""
    try:
        for branch, seconds in (("slow", 3600), ("fast", -3600)):
            commit = shop.push(branch, "one")
            shop.peer.tell("options", clock_off=seconds)
            since = len(calls())
            code, out, err = shop.up(branch)
            equal((code, err), (0, ""), out)
            equal(plain(out).splitlines()[-1:] + [f"{branch} ready at {commit[:7]}" in " ".join(out.split())], [f"https://{branch}.preview.example.com", True], out)
            made = calls()[since:]
            equal([(n, c["action"]) for n, c in enumerate(made) if c["status"] == 403], [(0, made[1]["action"])])
            shop.peer.tell("options", clock_off=0)
            off = datetime.datetime.fromisoformat(shop.record(branch)["updated_at"]) - datetime.datetime.now(datetime.timezone.utc)
            equal(round(off.total_seconds() / 3600), seconds // 3600)
    finally:
        shop.peer.tell("options", clock_off=0)


def a_repository_that_is_not_there(shop):
    shop.operator(repository="/nowhere/shop.git")
    for words in COMMANDS:
        code, out, err = shop.perch(*words)
        equal((code != 0, out), (True, ""), err)
        holds(err, "/nowhere/shop.git")


def an_empty_repository(shop):
    """No branch is no reason to think that all are gone."""
    empty = shop.origin + "-empty"
    shop.git_in("/", "init", "-q", "--bare", empty)
    shop.operator(repository=empty)
    code, out, err = shop.up("feature")
    equal((code, out, err), (1, "", f"perch: cannot list the branches: {empty}: the repository has no branch with a commit\n  Make a first commit there, or push one.\n"))


def an_application_that_is_not_bootstrapped(shop):
    code, out, err = shop.up("main")
    equal((code, out, err), (2, "", "perch: the application that production's environments share is not there: perch-shop-production: there is no such stack\n"
                             "  Make it once with `perch bootstrap production`.\n"))


def a_stack_of_somebody_else(shop):
    """It has the name that the branch's would get; it is left alone."""
    shop.push("theirs", "one")
    equal(shop.up("theirs")[0], 0)
    name = shop.stack_of("theirs")["StackName"]
    equal(shop.perch("down", "theirs", "--yes")[0], 0)
    shop.until(lambda: shop.stack_of("theirs") is None, "it is gone")
    shop.cfn.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}))
    shop.at("theirs", "CREATE_COMPLETE")
    for words in (("up", "theirs", "--image", shop.image("one")), ("status", "theirs"), ("down", "theirs", "--yes")):
        code, out, err = shop.perch(*words)
        equal((code, out, err), (3, "", f"perch: a stack that perch did not make has the name of this branch's: {name}: its tags do not say that it is 'theirs' of shop\n"
                                 "  Rename or delete that stack.\n"))
    equal("theirs" in [b for b, v in shop.ls().items() if v["state"] == "ready"], False)
    equal(shop.cfn.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"], "CREATE_COMPLETE")
    shop.cfn.delete_stack(StackName=name)


def a_stack_without_outputs(shop):
    """Under our name and with our tags, but it says nothing: it is brought to what it should be."""
    shop.push("mute", "one")
    equal(shop.up("mute")[0], 0)
    stack = shop.stack_of("mute")
    body = shop.cfn.get_template(StackName=stack["StackId"])["TemplateBody"]
    body = body if isinstance(body, dict) else json.loads(body)
    body["Outputs"] = {}
    body["Resources"]["AppGroup"]["Properties"]["GroupDescription"] += "."
    shop.cfn.update_stack(StackName=stack["StackId"], TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_IAM"])
    shop.at("mute", "UPDATE_COMPLETE")
    equal(shop.ls()["mute"]["serving_commit"], "")
    code, out, err = shop.up("mute")
    equal((code, err), (0, ""))
    equal(shop.status("mute")["state"], "ready")


def a_damaged_record(shop):
    """Nothing is done until a person looked at it; others are not kept from their work."""
    shop.push("damaged", "one")
    shop.push("sound", "one")
    equal(shop.up("damaged")[0], 0)
    key = shop.record_key("damaged")
    whole = shop.s3.get_object(Bucket=shop.bucket, Key=key)["Body"].read()
    shop.s3.put_object(Bucket=shop.bucket, Key=key, Body=whole[:100])
    told = f"perch: cannot use what is recorded of a branch: s3://{shop.bucket}/{key}: it is no JSON: incomplete JSON\n  Look at the object's earlier versions, and put a whole one back.\n"
    for words in (("up", "damaged", "--image", shop.image("two")), ("status", "damaged"), ("down", "damaged", "--yes"), ("ls",)):
        equal(shop.perch(*words), (3, "", told), words)
    equal(shop.up("sound")[0], 0)
    shop.s3.put_object(Bucket=shop.bucket, Key=key, Body=whole)
    equal(shop.status("damaged")["state"], "ready")


if __name__ == "__main__":
    run_cases(cases_of(globals()), "--auth", "--log", LOG.name)
