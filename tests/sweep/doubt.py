"""What could be somebody else's is neither emptied nor deleted."""

import json
import sys

from world import cases_of, equal, holds, run, template


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


run(cases_of(sys.modules["__main__"]))
