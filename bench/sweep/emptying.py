"""Emptying one bucket: one call a version (as the origin's script does), boto3's batches, and perch's whole sweep; calls and ratios of one run."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "sweep"))
from world import World  # noqa: E402

VERSIONS = int(sys.argv[2]) if len(sys.argv) > 2 else 3000


def one_by_one(world, bucket):
    for page in world.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", []) + page.get("DeleteMarkers", []):
            world.s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])


def batches(world, bucket):
    import boto3

    boto3.resource("s3", endpoint_url=world.peer.url, region_name="eu-central-1", aws_access_key_id="testing",
                   aws_secret_access_key="testing").Bucket(bucket).object_versions.delete()


def perch(world, _):
    code, out, err = world.sweep()
    assert code == 0, out + err


def main():
    took = {}
    for way in (one_by_one, batches, perch):
        world = World()
        world.stack("shop-main", "main")
        world.stack("shop-gone", "gone")
        bucket = world.bucket("shop-gone")
        world.fill(bucket, VERSIONS)
        since, began = len(world.calls()), time.monotonic()
        way(world, bucket)
        took[way.__name__] = time.monotonic() - began
        calls = len([c for c in world.calls(since=since) if c["service"] == "s3"])
        print(f"{way.__name__:12} {VERSIONS} versions: {took[way.__name__]:7.2f} s, {calls} calls to S3", flush=True)
        world.stop()
    print(f"one call a version / perch: {took['one_by_one'] / took['perch']:.1f}, boto3's batches / perch: {took['batches'] / took['perch']:.2f} (perch with its listing, deletion and waiting of the stack)")


main()
