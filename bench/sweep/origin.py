#!/usr/bin/env python3
"""The baseline: a clean-up as the article of 2019 describes it, in our own words, for bench/ only.

It keeps the published algorithm's shape: one unpaged look at the stacks, the branches, one bucket per stack found through an output, one
DeleteObject per version, no waiting and no look at what became of the delete. Two of its defects are mended because it could not run at all
with them: the delete goes to CloudFormation, and protection compares stack names with stack names.
"""

import argparse
import json
import os
import re
import sys
import urllib.request

import boto3

PROTECTED = ("perch-shop-production", "perch-shop-staging")


def branches(repository):
    """All branch names of a GitHub repository."""
    url = f"{os.environ.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{repository}/branches?per_page=100"
    names = set()
    while url:
        request = urllib.request.Request(url, headers={"Accept": "application/vnd.github+json"})
        if os.environ.get("GITHUB_TOKEN"):
            request.add_header("Authorization", "Bearer " + os.environ["GITHUB_TOKEN"])
        with urllib.request.urlopen(request, timeout=30) as answer:
            names |= {row["name"] for row in json.loads(answer.read())}
            following = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        url = following[1] if following else None
    return names


def tagged_stacks(cloudformation, tag):
    """Branch -> stack, of the first page of stacks: what lies behind it is never seen, and of two stacks of a branch the last counts."""
    found = {}
    for stack in cloudformation.describe_stacks()["Stacks"]:
        for row in stack["Tags"]:
            if row["Key"] == tag:
                found[row["Value"]] = stack["StackName"]
    return found


def bucket_of(cloudformation, stack, output):
    outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return {o["OutputKey"]: o["OutputValue"] for o in outputs}[output].replace(".s3.amazonaws.com", "")


def empty(s3, bucket):
    """One call for each version and each delete marker."""
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in page.get("Versions", []) + page.get("DeleteMarkers", []):
                s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    except s3.exceptions.NoSuchBucket:
        print(f"no bucket {bucket}; going on with the stack")


def sweep(given, empty_bucket):
    cloudformation = boto3.client("cloudformation", region_name=given.region)
    s3 = boto3.client("s3")
    stacks, wanted = tagged_stacks(cloudformation, given.tag), branches(given.repository)
    doomed = sorted(stack for branch, stack in stacks.items() if branch not in wanted and stack not in PROTECTED)
    for stack in doomed:  # first every bucket, then every stack
        empty_bucket(s3, bucket_of(cloudformation, stack, given.output))
    for stack in doomed:
        cloudformation.delete_stack(StackName=stack)
    print(f"{len(doomed)} stacks deleted: {' '.join(doomed)}" if doomed else "nothing to delete")
    return 0


def arguments(text):
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("repository", help="OWNER/NAME")
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--tag", default="branch")
    parser.add_argument("--output", default="PrivateAssetsBucketDomainName", help="the stack's output that names its bucket")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(sweep(arguments(__doc__), empty))
