"""What the sweep's tests share: a peer, stacks with full buckets, a git repository that tells the branches, and perch itself."""

import atexit
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peer as peers  # noqa: E402

peers.need("moto", "boto3")

PERCH = os.path.abspath(sys.argv[1])
REGION = peers.REGION


def template(buckets=1, policy=None, more=None):
    resources = {f"Bucket{i}": {"Type": "AWS::S3::Bucket", **({"DeletionPolicy": policy} if policy else {})} for i in range(buckets)}
    resources["Topic"] = {"Type": "AWS::Logs::LogGroup"}
    resources.update(more or {})
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})


class World:
    """One test's own: AWS is empty but for what it makes."""

    def __init__(self, *arguments):
        self.folder = tempfile.mkdtemp(prefix="perch-sweep-")
        atexit.register(shutil.rmtree, self.folder, True)
        self.log = os.path.join(self.folder, "calls")
        self.peer = peers.Peer("aws_peer.py", "--log", self.log, "--speed", 2000, *arguments)
        atexit.register(self.peer.process.kill)
        self.cfn, self.s3 = (peers.client(s, self.peer.url) for s in ("cloudformation", "s3"))
        self.repository = os.path.join(self.folder, "shop.git")
        self.git("init", "-q", "--bare", "-b", "main", self.repository)
        self.tree = self.git("--git-dir", self.repository, "hash-object", "-t", "tree", "-w", "/dev/null")
        self.branch("main")

    def git(self, *words):
        who = {f"GIT_{w}_{p}": "a@b.c" for w in ("AUTHOR", "COMMITTER") for p in ("NAME", "EMAIL")}
        return subprocess.run(["git", *words], check=True, capture_output=True, text=True, env={**os.environ, **who}).stdout.strip()

    def branch(self, name):
        commit = self.git("--git-dir", self.repository, "commit-tree", self.tree, "-m", name)
        self.git("--git-dir", self.repository, "update-ref", f"refs/heads/{name}", commit)

    def branch_gone(self, name):
        self.git("--git-dir", self.repository, "update-ref", "-d", f"refs/heads/{name}")

    def stack(self, name, branch, body=None, wait=True, tags=None, **more):
        tags = tags if tags is not None else {"branch": branch}
        self.cfn.create_stack(StackName=name, TemplateBody=body or template(), Tags=[{"Key": k, "Value": v} for k, v in tags.items()], **more)
        if wait:
            self.wait_for(name)

    def status(self, name):
        return {s["StackName"]: s["StackStatus"] for page in self.cfn.get_paginator("describe_stacks").paginate() for s in page["Stacks"]}.get(name)

    def wait_for(self, name):
        peers.until(lambda: not (self.status(name) or "").endswith("_IN_PROGRESS"), f"{name} is done")

    def stacks(self):
        return sorted(s["StackName"] for page in self.cfn.get_paginator("describe_stacks").paginate() for s in page["Stacks"])

    def bucket(self, stack, logical="Bucket0"):
        return self.cfn.describe_stack_resource(StackName=stack, LogicalResourceId=logical)["StackResourceDetail"]["PhysicalResourceId"]

    def fill(self, bucket, versions, markers=0):
        self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: self.s3.put_object(Bucket=bucket, Key=f"k/{i % 1500} ü&+", Body=b"x"), range(versions)))
            list(pool.map(lambda i: self.s3.delete_object(Bucket=bucket, Key=f"k/{i % 1500} ü&+"), range(markers)))

    def calls(self, action=None, since=0):
        with open(self.log, encoding="utf-8") as file:
            found = [json.loads(line) for line in file][since:]
        return [c for c in found if action in (None, c["action"])]

    def sweep(self, *words, adopt=True, repository=True, yes=True, environment=None, config=None, command=None):
        """(exit code, standard output, standard error)"""
        folder = tempfile.mkdtemp(dir=self.folder)
        if config:
            with open(os.path.join(folder, "perch.yaml"), "w", encoding="utf-8") as file:
                file.write(config)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GITHUB_", "GH_"))}
        given = {**clean, "HOME": folder, "AWS_ENDPOINT_URL": self.peer.url, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true", **(environment or {})}
        line = [PERCH, "-C", folder, "sweep", *([] if config else ["--region", REGION]), *map(str, words)]
        line += ["--adopt"] * adopt + ["--yes"] * yes + (["--repository", self.repository] if repository else [])
        done = subprocess.run(line, env=given, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout, done.stderr

    def stop(self):
        self.peer.stop()
        shutil.rmtree(self.folder, True)


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}\n  got    {got!r}\n  wanted {wanted!r}")


def holds(text, part):
    if part not in text:
        raise AssertionError(f"not there: {part!r}\nin: {text}")


def run(cases):
    """Each case gets a world of its own; those named on the command line, or all."""
    failed = 0
    for case in cases:
        if sys.argv[2:] and case.__name__ not in sys.argv[2:]:
            continue
        world = World(*getattr(case, "peer", ()))
        try:
            case(world)
            print(f"ok     {case.__name__}", flush=True)
        except Exception as error:  # the next case says as much as this one
            failed += 1
            print(f"FAILED {case.__name__}: {type(error).__name__}: {error}", flush=True)
        world.stop()
    sys.exit(1 if failed else 0)
