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
    """AWS and a git repository, empty but for what a test makes; `renew` empties them for the next one."""

    def __init__(self, *arguments):
        self.base = tempfile.mkdtemp(prefix="perch-sweep-")
        atexit.register(shutil.rmtree, self.base, True)
        self.log = os.path.join(self.base, "calls")
        self.peer = peers.Peer("aws_peer.py", "--log", self.log, "--speed", 2000, *arguments)
        atexit.register(self.peer.process.kill)
        self.url, self.github_peer = self.peer.url, None
        given = self.peer.ready
        self.keys = (given["access_key"], given["secret_key"]) if "--auth" in arguments else ("testing", "testing")
        self.cfn, self.s3 = (self.client(s) for s in ("cloudformation", "s3"))
        self._repository()

    def client(self, service, region=REGION, keys=None):
        return peers.client(service, self.peer.url, *(keys or self.keys), region=region)

    def renew(self):
        self.peer.tell("reset")
        self.peer.tell("options", page_size=None, speed=2000)
        with open(self.log, "w", encoding="utf-8"):
            pass
        self._repository()

    def _repository(self):
        self.folder = tempfile.mkdtemp(dir=self.base)
        self.repository = os.path.join(self.folder, "shop.git")
        self.git("init", "-q", "--bare", "-b", "main", self.repository)
        self.tree = self.git("--git-dir", self.repository, "hash-object", "-t", "tree", "-w", "/dev/null")
        self.branch("main")

    def github(self, *branches, token="good"):
        """A GitHub with acme/shop that has `main` and these branches, for this test only."""
        words = [w for name in branches for w in ("--branch", name)]
        if self.github_peer:
            self.github_peer.stop()
        self.github_peer = peers.Peer("github_peer.py", "--repo", "acme/shop", *words, *(("--token", token) if token else ()))
        atexit.register(self.github_peer.process.kill)
        return self.github_peer

    def git(self, *words):
        who = {f"GIT_{w}_{p}": "a@b.c" for w in ("AUTHOR", "COMMITTER") for p in ("NAME", "EMAIL")}
        return subprocess.run(["git", *words], check=True, capture_output=True, text=True, env={**os.environ, **who}).stdout.strip()

    def branch(self, name):
        commit = self.git("--git-dir", self.repository, "commit-tree", self.tree, "-m", name)
        self.git("--git-dir", self.repository, "update-ref", f"refs/heads/{name}", commit)

    def branches(self, names):
        commit = self.git("--git-dir", self.repository, "commit-tree", self.tree, "-m", "many")
        orders = "".join(f"create refs/heads/{name} {commit}\n" for name in names)
        subprocess.run(["git", "--git-dir", self.repository, "update-ref", "--stdin"], input=orders, text=True, check=True)

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

    def seed(self, bucket, versions, markers=0):
        """The same without a call for each."""
        self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.peer.tell("seed", bucket=bucket, versions=versions, markers=markers)

    def calls(self, action=None, since=0):
        with open(self.log, encoding="utf-8") as file:
            found = [json.loads(line) for line in file][since:]
        return [c for c in found if action in (None, c["action"])]

    def environment(self, folder, **more):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GITHUB_", "GH_"))}
        given = {**clean, "HOME": folder, "AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": self.keys[0], "AWS_SECRET_ACCESS_KEY": self.keys[1], "AWS_EC2_METADATA_DISABLED": "true"}
        if self.github_peer:
            given |= {"GITHUB_API_URL": self.github_peer.url, "GITHUB_TOKEN": "good"}
        return {k: v for k, v in {**given, **more}.items() if v is not None}

    def command(self, *words, adopt=True, repository=True, yes=True, environment=None, config=None, region=True):
        """(argv, environment) of `perch sweep` in a folder of its own."""
        folder = tempfile.mkdtemp(dir=self.folder)
        if config:
            with open(os.path.join(folder, "perch.yaml"), "w", encoding="utf-8") as file:
                file.write(config)
        line = [PERCH, "-C", folder, "sweep", *([] if config or not region else ["--region", REGION]), *map(str, words)]
        line += ["--adopt"] * adopt + ["--yes"] * yes + (["--repository", self.repository] if repository else [])
        return line, self.environment(folder, **(environment or {}))

    def sweep(self, *words, **more):
        """(exit code, standard output, standard error)"""
        line, environment = self.command(*words, **more)
        done = subprocess.run(line, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout, done.stderr

    def stop(self):
        self.peer.stop()
        if self.github_peer:
            self.github_peer.stop()
        shutil.rmtree(self.base, True)


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}\n  got    {got!r}\n  wanted {wanted!r}")


def holds(text, part):
    if part not in text:
        raise AssertionError(f"not there: {part!r}\nin: {text}")


def run(cases):
    """Each case gets an empty world; those named on the command line, or all. `case.peer` are the peer's arguments."""
    failed, worlds = 0, {}
    for case in cases:
        if sys.argv[2:] and case.__name__ not in sys.argv[2:]:
            continue
        arguments = getattr(case, "peer", ())
        if "--auth" in arguments or arguments not in worlds:  # users outlive a reset
            worlds[arguments] = World(*arguments)
        else:
            worlds[arguments].renew()
        world = worlds[arguments]
        try:
            case(world)
            print(f"ok     {case.__name__}", flush=True)
        except Exception as error:  # the next case says as much as this one
            failed += 1
            print(f"FAILED {case.__name__}: {type(error).__name__}: {error}", flush=True)
        if world.github_peer:
            world.github_peer.stop()
            world.github_peer = None
    for world in worlds.values():
        world.stop()
    sys.exit(1 if failed else 0)


def cases_of(module):
    """The functions of a script that are tests: all whose name begins with a letter."""
    return [f for n, f in list(vars(module).items()) if n[0] != "_" and callable(f) and getattr(f, "__module__", "") == module.__name__]
