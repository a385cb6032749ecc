"""What the tests of printed policies share: a world with signatures and permissions on, a user with exactly one policy, the loop that takes one action away."""

import copy
import fnmatch
import json
import os
import subprocess

from world import World, equal, peers  # noqa: F401

TEMPLATE = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}, "Log": {"Type": "AWS::Logs::LogGroup"}}})


def new_world():
    """AWS with staging's application, and a repository that has only `main`."""
    world = World("--auth")
    repository = os.path.join(world.folder, "shop.git")
    who = {f"GIT_{w}_{p}": "a@b.c" for w in ("AUTHOR", "COMMITTER") for p in ("NAME", "EMAIL")}

    def git(*words):
        return subprocess.run(["git", "--git-dir", repository, *words], check=True, capture_output=True, text=True, env={**os.environ, **who}).stdout.strip()

    git("init", "-q", "--bare", "-b", "main")
    git("update-ref", "refs/heads/main", git("commit-tree", git("hash-object", "-t", "tree", "-w", "/dev/null"), "-m", "main"))
    with open(os.path.join(world.folder, "perch.yaml"), "a", encoding="utf-8") as file:
        file.write(f"repository: {repository}\n")
    code, out, err = world.perch("bootstrap", "--yes")
    equal(code, 0, out + err)
    return world


class User:
    def __init__(self, world, name):
        self.world, self.name = world, name
        world.iam.create_user(UserName=name)
        key = world.iam.create_access_key(UserName=name)["AccessKey"]
        self.keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def may(self, policy):
        self.world.iam.put_user_policy(UserName=self.name, PolicyName="only", PolicyDocument=json.dumps(policy).replace('"tag:', '"tagging:'))  # moto goes by the signature's name


def make_stack(world, branch):
    """A branch's stack with versions, a delete marker and a half upload in its bucket, made anew."""
    name = f"perch-shop-{branch}-2aaaaaaaaaaa"
    if world.stack(name):
        world.remove(name)
    tags = {"perch:app": "shop", "perch:branch": branch, "perch:owner": "perch", "perch:profile": "branch"}
    world.cfn.create_stack(StackName=name, TemplateBody=TEMPLATE, Tags=[{"Key": k, "Value": v} for k, v in tags.items()])
    peers.until(lambda: world.stack(name)["StackStatus"] == "CREATE_COMPLETE", name)
    bucket = world.cfn.describe_stack_resource(StackName=name, LogicalResourceId="Bucket")["StackResourceDetail"]["PhysicalResourceId"]
    world.s3.put_object(Bucket=bucket, Key="old", Body=b"x")
    world.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a", "a", "b"):
        world.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    world.s3.delete_object(Bucket=bucket, Key="a")
    world.s3.create_multipart_upload(Bucket=bucket, Key="half")
    return name


def narrow(world, policy):
    """What bootstrap made is within the policy's resources, and another app's is not: moto checks most calls by their action alone."""
    allowed = [r for s in policy["Statement"] for r in s["Resource"] if r != "*"]
    stack = world.stack()
    ours = [stack["StackId"]] + [f"arn:aws:s3:::{o['OutputValue']}" for o in stack["Outputs"] if o["OutputKey"] == "VersionsBucket"]
    for arn in ours:
        assert any(fnmatch.fnmatchcase(arn, a) for a in allowed), (arn, allowed)
        assert not any(fnmatch.fnmatchcase(arn.replace("perch-shop", "perch-other"), a) for a in allowed), (arn, allowed)


def without(policy, action):
    less = copy.deepcopy(policy)
    for statement in less["Statement"]:
        statement["Action"] = [a for a in statement["Action"] if a != action]
    less["Statement"] = [s for s in less["Statement"] if s["Action"]]
    return less


def some_of(actions, count):
    """`count` of them, spread over the list; all with PERCH_MATRIX=all."""
    if os.environ.get("PERCH_MATRIX") == "all" or len(actions) <= count:
        return list(actions)
    return [actions[i * len(actions) // count] for i in range(count)]


def least(world, user, policy, works, told=(), count=4):
    """`works(world, user)` gives None, or how it failed. Actions of `told` are needed at AWS but not asked for by the peer."""
    user.may(policy)
    equal(works(world, user), None, "with exactly the printed policy")
    actions = sorted({a for s in policy["Statement"] for a in s["Action"]})
    spare, tried = [], some_of([action for action in actions if action not in told], count)
    for action in tried:
        user.may(without(policy, action))
        if works(world, user) is None:
            spare.append(action)
    equal(spare, [], "actions that nothing needs")
    print(f"ok     {len(tried)} of {len(actions)} actions taken away one at a time, each run failed (all with PERCH_MATRIX=all)", flush=True)
