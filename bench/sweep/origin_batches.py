#!/usr/bin/env python3
"""The same baseline with boto3's best: buckets are emptied by 1,000 versions a call, the first page until there is none."""

import sys

import origin


def empty(s3, bucket):
    while True:
        page = s3.list_object_versions(Bucket=bucket, MaxKeys=1000)
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        if not found:
            return
        answer = s3.delete_objects(Bucket=bucket, Delete={"Quiet": True, "Objects": [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in found]})
        if answer.get("Errors"):
            raise RuntimeError(f"{bucket}: {answer['Errors'][0]}")


if __name__ == "__main__":
    sys.exit(origin.sweep(origin.arguments(__doc__), empty))
