"""What the demo plays on: the local stand-in for AWS, an app's git repository, the operator's folder with perch.yaml, perch itself."""

import atexit
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "peers"))
import peer as peers  # noqa: E402

peers.need("moto", "boto3", "cfnlint")

DOMAIN = "preview.example.com"
CONFIG = """app: shop
platform: aws
repository: {repository}
domain: {domain}
build: {{dockerfile: Dockerfile}}
run: {{command: ./serve, port: 8000, health: /healthz, health_timeout: 10s}}
seed: {{command: ./seed}}
release: {{command: ./migrate}}
environments: {{main: production, staging: staging, "*": branch}}
aws: {{region: {region}, account: "{account}", certificate: "{certificate}", hosted_zone: example.com}}
"""
# Where a resource only begins: nothing that somebody who reads for the first time misses.
BEGINS = re.compile(r"^  \S+: (creating|updating|replacing|deleting)\b(?!.*: )")
CALL = re.compile(r"^\S+Z debug (.*)$")


class Stage:
    def __init__(self, perch, verbose=False, speed=600):
        self.perch_program, self.verbose = os.path.abspath(perch), verbose
        self.folder = tempfile.mkdtemp(prefix="perch-demo-aws-")
        atexit.register(shutil.rmtree, self.folder, True)
        self.peer = peers.Peer("aws_peer.py", "--speed", speed)
        atexit.register(self.peer.process.kill)
        self.origin, self.work, self.team = (os.path.join(self.folder, n) for n in ("shop.git", "shop", "team"))
        os.mkdir(self.team)
        self.git(self.folder, "init", "-q", "--bare", "-b", "main", self.origin)
        self.git(self.folder, "init", "-q", "-b", "main", self.work)
        self.git(self.work, "remote", "add", "origin", self.origin)
        with open(os.path.join(self.team, "perch.yaml"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(repository=self.origin, domain=DOMAIN, region=peers.REGION, account=self.peer.ready["account"],
                                     certificate=self.peer.ready["certificate"]))

    # -- what the reader sees

    def heading(self, text):
        print(f"\n== {text}", flush=True)

    def say(self, text):
        if text.startswith("\n"):
            print()
        print(textwrap.fill(" ".join(text.split()), 110), flush=True)

    # -- the app's repository

    def git(self, folder, *words):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        for who in ("AUTHOR", "COMMITTER"):
            environment.update({f"GIT_{who}_NAME": "Ada", f"GIT_{who}_EMAIL": "ada@example.com"})
        environment.update(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null")
        return subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True, text=True, env=environment).stdout.strip()

    def push(self, branch, title):
        """One more commit on a branch, which begins at main."""
        known = self.git(self.work, "for-each-ref", "--format=%(refname)", f"refs/heads/{branch}")
        self.git(self.work, "checkout", "-q", *([] if known or branch == "main" else ["-b"]), branch) if branch != "main" else None
        for name, text in (("Dockerfile", "FROM scratch\n"), ("version.txt", title + "\n")):
            with open(os.path.join(self.work, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.git(self.work, "add", "-A")
        self.git(self.work, "commit", "-q", "-m", title)
        self.git(self.work, "push", "-q", "origin", branch)
        print(f"\n$ git push origin {branch}    # {title}", flush=True)

    def delete(self, branch):
        self.git(self.work, "push", "-q", "origin", "--delete", branch)
        print(f"\n$ git push origin --delete {branch}", flush=True)

    # -- perch

    def variables(self):
        """What makes perch, boto3 and `aws` speak to the stand-in."""
        return {"AWS_ENDPOINT_URL": self.peer.url, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": peers.REGION,
                "AWS_EC2_METADATA_DISABLED": "true", "PERCH_AWS_APPS": f"http://127.0.0.1:{self.peer.ready['web']}", "PERCH_AWS_POLL": "250ms"}

    def perch(self, *words, shown=None, expect=0):
        """Runs perch and shows what it says, line by line; gives all of it. Another exit code than expected ends the demo."""
        print(f"\n$ perch {shown or shlex.join(words)}", flush=True)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GITHUB_", "GH_", "PERCH_"))}
        environment.update(self.variables(), HOME=self.folder)
        child = subprocess.Popen([self.perch_program, "-C", self.team, *(["-v"] if self.verbose else []), *words], env=environment,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = []
        for line in child.stdout:
            lines.append(line)
            call = CALL.match(line)
            if call:
                print(f"    -> {call[1]}", flush=True)
            elif self.verbose or not BEGINS.search(line):
                print(f"    {line}", end="", flush=True)
        if child.wait() != expect:
            raise SystemExit(f"perch: the demo ends here: `perch {shlex.join(words)}` ended with {child.returncode} instead of {expect}")
        return "".join(lines)

    def image(self, word):
        """An image in the app's repository, by a made-up digest: nothing is built, and the stand-in runs nothing."""
        name = self.peer.tell("left")["repositories"][0]
        digest = hashlib.sha256(word.encode()).hexdigest()
        return f"{self.peer.ready['account']}.dkr.ecr.{peers.REGION}.amazonaws.com/{name}@sha256:{digest}"

    def keys(self, bucket, prefix):
        client = peers.client("s3", self.peer.url)
        return [item["Key"] for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix) for item in page.get("Contents", [])]

    def visit(self, branch):
        """What a browser would get behind a branch's link."""
        host = branch.replace("/", "-") + "." + DOMAIN
        status, body = self.peer.web(host, "/healthz")
        shown = f"PERCH_BRANCH={json.loads(body)['PERCH_BRANCH']} PERCH_COMMIT={json.loads(body)['PERCH_COMMIT'][:7]}" if status == 200 else body
        print(f"\n$ curl https://{host}/healthz\n    {status} {shown}", flush=True)
