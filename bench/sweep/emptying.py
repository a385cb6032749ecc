"""Emptying one bucket: a call for each version (the origin's script), boto3's batches, and perch; calls and times between the first and the last
call to S3 as the peer saw them, so that none pays for its start, and perch not for waiting until CloudFormation is done."""

import sys

from origins import World

VERSIONS = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
ROUNDS = 3


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
    world, took, calls = World(), {}, {}
    for turn in range(ROUNDS):
        for way in (batches, perch) if turn else (one_by_one, batches, perch):
            world.renew()
            world.stack("shop-main", "main")
            world.stack("shop-gone", "gone")
            bucket = world.bucket("shop-gone")
            world.seed(bucket, VERSIONS)
            since = len(world.calls())
            way(world, bucket)
            seen = [c for c in world.calls(since=since) if c["service"] == "s3"]
            took.setdefault(way.__name__, []).append(seen[-1]["time"] + seen[-1]["seconds"] - seen[0]["time"])
            calls[way.__name__] = len(seen)
            assert way is perch or not world.s3.list_object_versions(Bucket=bucket).get("Versions")
    world.stop()
    middle = {name: sorted(times)[len(times) // 2] for name, times in took.items()}
    print(f"| emptying {VERSIONS:,} versions | calls to S3 | time | perch against it |\n|---|--:|--:|--:|")
    for name, words in (("one_by_one", "one call a version"), ("batches", "boto3's batches"), ("perch", "perch")):
        ratio = "" if name == "perch" else f"**{middle[name] / middle['perch']:.2f} ×**"
        print(f"| {words} | {calls[name]:,} | {middle[name]:.2f} s | {ratio} |")


main()
