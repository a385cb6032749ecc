"""What a sweep costs in calls, counted by the peer: emptying by 1,000, one look at all stacks, nothing about those that stay."""

import json
import math
import sys

from world import cases_of, equal, run

LOG_GROUP = json.dumps({"Resources": {"L": {"Type": "AWS::Logs::LogGroup"}}})


def emptying_costs_a_list_and_a_delete_for_each_thousand(world):
    world.stack("shop-main", "main")
    for versions, markers in ((0, 0), (1, 0), (999, 1), (1000, 1), (5000, 1000)):
        world.stack("shop-gone", "gone")
        bucket, count = world.bucket("shop-gone"), versions + markers
        world.seed(bucket, versions, markers)
        since = len(world.calls())
        code, out, err = world.sweep()
        equal((code, err, world.stacks()), (0, "", ["shop-main"]), out)
        asked = {a: len(world.calls(a, since)) for a in ("PutBucketPolicy", "ListObjectVersions", "DeleteObjects", "ListMultipartUploads")}
        equal(asked, {"PutBucketPolicy": 1, "ListObjectVersions": math.ceil(count / 1000) + 1, "DeleteObjects": math.ceil(count / 1000), "ListMultipartUploads": 1})
        assert bucket not in [b["Name"] for b in world.s3.list_buckets()["Buckets"]]
        print(f"       {count} versions and markers: {asked['ListObjectVersions']} lists, {asked['DeleteObjects']} deletes, 0 left")


def of_500_stacks_only_the_40_that_go_are_asked_about(world):
    for i in range(500):
        world.stack(f"shop-b{i}", f"b{i}", LOG_GROUP, wait=False)
    world.branches(f"b{i}" for i in range(460))
    for i in range(490, 500):
        world.wait_for(f"shop-b{i}")
    pages = math.ceil(500 / 50)
    since = len(world.calls())
    code, out, err = world.sweep("--max-deletes", 40)
    calls = [c for c in world.calls(since=since) if c["service"] == "cloudformation"]
    equal((code, err, len(world.stacks())), (0, "", 460), out)
    listings = [c for c in calls if c["action"] == "DescribeStacks" and "StackName" not in c["parameters"]]
    equal(len(listings), pages)
    named = {c["parameters"]["StackName"].split("/")[1] for c in calls if "StackName" in c["parameters"]}
    equal(named, {f"shop-b{i}" for i in range(460, 500)})
    each = {a: len([c for c in calls if c["action"] == a and "StackName" in c["parameters"]]) for a in ("ListStackResources", "GetTemplate", "DeleteStack")}
    equal(each, {"ListStackResources": 40, "GetTemplate": 40, "DeleteStack": 40})
    print(f"       500 stacks, 40 gone: {len(listings)} pages of DescribeStacks, {len(calls)} calls to CloudFormation in all, none about the 460")


run(cases_of(sys.modules["__main__"]))
