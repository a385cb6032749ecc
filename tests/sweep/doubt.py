"""What could be somebody else's is neither emptied nor deleted."""

import json
import os
import subprocess
import sys

from world import REGION, cases_of, equal, holds, run, template


def _versions(world, bucket):
    return len(world.s3.list_object_versions(Bucket=bucket).get("Versions", []))


def a_bucket_that_another_stack_imports_is_not_emptied(world):
    """CloudFormation deletes no stack whose export is in use, but does not keep anybody from emptying its buckets."""
    giver = json.loads(template())
    giver["Outputs"] = {"Files": {"Value": {"Ref": "Bucket0"}, "Export": {"Name": "the-files"}}, "Free": {"Value": "x", "Export": {"Name": "nobodys"}}}
    taker = json.loads(template(0))
    taker["Outputs"] = {"Files": {"Value": {"Fn::ImportValue": "the-files"}}}
    world.stack("shop-gone", "gone", json.dumps(giver))
    world.stack("shop-main", "main", json.dumps(taker))
    bucket = world.bucket("shop-gone")
    world.fill(bucket, 3)
    code, out, err = world.sweep()
    equal((code, err, world.status("shop-gone"), _versions(world, bucket)), (1, "", "CREATE_COMPLETE", 3), out)
    holds(out, "shop-gone failed: the stack cannot be deleted: its export 'the-files' is used by shop-main. Delete or change that first.\n")
    equal(world.calls("PutBucketPolicy"), [])
    world.cfn.delete_stack(StackName="shop-main")
    world.wait_for("shop-main")
    world.stack("shop-other", "main")
    code, out, err = world.sweep()
    equal((code, err, world.stacks()), (0, "", ["shop-other"]), out)


def a_tag_that_may_mean_a_branch_in_another_spelling_is_doubted(world):
    world.branches(["feature/Cart", "fix/#12"])
    for i, tag in enumerate(["refs/heads/main", "origin/main", "feature/cart", "feature-cart", "fix/-12", "feature%2FCart ", "feature/cart2"]):
        world.stack(f"shop-{i}", tag, json.dumps({"Resources": {"L": {"Type": "AWS::Logs::LogGroup"}}}))
    code, out, err = world.sweep()
    equal((code, err, world.stacks()), (0, "", [f"shop-{i}" for i in range(6)]), out)
    holds(out, "shop-0  its tag 'refs/heads/main' may mean branch 'main'\n")


def a_bucket_that_another_stack_made_anew_is_not_emptied(world):
    """Names of buckets come back: this one was deleted by hand, and then made by another stack."""
    named = template(0, more={"Bucket0": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "acme-files"}}})
    world.stack("shop-gone", "gone", named)
    world.s3.delete_bucket(Bucket="acme-files")
    world.stack("shop-main", "main", named)
    world.fill("acme-files", 3)
    code, out, err = world.sweep()
    equal((code, err, world.stacks(), _versions(world, "acme-files")), (1, "", ["shop-gone", "shop-main"], 3), out)
    holds(out, "shop-gone failed: S3 did not do emptying of a bucket: acme-files: it is another stack's now: arn:aws:cloudformation:")
    equal(world.calls("PutBucketPolicy"), [])


def a_default_branch_that_was_renamed_keeps_its_stack(world):
    world.stack("shop-old", "master")
    code, out, err = world.sweep()
    equal((code, err, world.stacks()), (0, "", ["shop-old"]), out)
    holds(out, "protected  shop-old  branch 'master' is protected by 'master'\n")


def a_file_that_cannot_be_looked_at_is_not_taken_for_none(world):
    """It may protect what is to go."""
    world.stack("shop-gone", "gone")
    line, environment = world.command()
    os.symlink("perch.yaml", os.path.join(line[2], "perch.yaml"))
    done = subprocess.run(line, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    equal((done.returncode, world.stacks()), (2, ["shop-gone"]), done.stdout + done.stderr)
    holds(done.stderr, "perch.yaml")


def branches_of_a_fork_say_nothing_about_the_app(world):
    peer = world.github("feature/cart")
    world.stack("shop-gone", None, tags={"perch:app": "shop", "perch:branch": "gone", "perch:profile": "branch", "perch:owner": "perch"})
    config = "app: shop\nplatform: aws\nrepository: %s\nrun: {command: x, port: 8000}\naws: {region: " + REGION + "}\n"
    origin = f"https://127.0.0.1:{peer.port}/acme/SHOP.git"
    code, out, err = world.sweep("--github", "jane/shop", "--grace", "0", adopt=False, repository=False, config=config % origin)
    equal((code, out, world.stacks()), (3, "", ["shop-gone"]))
    holds(err, "`repository` is acme/SHOP, --github is jane/shop\n  Say --app too if these are the branches of that app.\n")
    code, out, err = world.sweep("--github", "acme/shop", "--grace", "0", adopt=False, repository=False, config=config % origin)
    equal((code, err, world.stacks()), (0, "", []))


run(cases_of(sys.modules["__main__"]))
