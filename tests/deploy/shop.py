"""What these tests share: the world of ../bootstrap with the app's repository, its application made, and images that a CI made."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bootstrap"))
import world as base  # noqa: E402
from world import equal, holds, matches, peers, run  # noqa: E402,F401

STAGING = "perch-shop-staging"

CONFIG = """app: shop
platform: aws
repository: {repository}
domain: preview.example.com
build: {{dockerfile: Dockerfile}}
run: {{command: ./serve, port: 8000, health: /healthz, health_timeout: 10s}}
seed: {{command: ./seed}}
release: {{command: ./migrate}}
environments: {{main: production, staging: staging, "*": branch}}
aws: {{region: {region}, account: "{account}", certificate: "{certificate}", hosted_zone: example.com}}
"""


def digest(word):
    return "sha256:" + hashlib.sha256(word.encode()).hexdigest()


class Shop(base.World):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.origin = tempfile.mkdtemp(dir=self.base, prefix="origin-")
        self.work = tempfile.mkdtemp(dir=self.base, prefix="work-")
        self.git_in(self.origin, "init", "-q", "--bare", "-b", "main")
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", self.origin)
        self.operator()
        self.push("main", "first")
        code, out, err = self.perch("bootstrap", "--yes")
        assert code == 0, (code, out, err)
        self.repository = {o["OutputKey"]: o["OutputValue"] for o in self.stack(STAGING)["Outputs"]}["RepositoryUri"]
        self.bucket = {o["OutputKey"]: o["OutputValue"] for o in self.stack(STAGING)["Outputs"]}["VersionsBucket"]

    def operator(self, more="", **changes):
        """perch.yaml outside of any checkout."""
        given = dict(repository=self.origin, region=base.REGION, account="123456789012", certificate=self.certificate)
        self.config(CONFIG.format(**{**given, **changes}) + more)

    def git_in(self, folder, *words):
        env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "A",
               "GIT_COMMITTER_EMAIL": "a@example.com"}
        return subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True, text=True, env=env).stdout.strip()

    def git(self, *words):
        return self.git_in(self.work, *words)

    def push(self, branch, text, **files):
        """A commit on top of the branch; gives its hash."""
        self.git("checkout", "-q", "-B", branch, f"refs/remotes/origin/{branch}" if branch in self.heads() else "HEAD") if self.heads() else None
        for name, content in {"version.txt": text, "Dockerfile": "FROM scratch\n", **files}.items():
            with open(os.path.join(self.work, name), "w", encoding="utf-8") as file:
                file.write(content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", text)
        self.git("push", "-q", "-f", "origin", f"HEAD:refs/heads/{branch}")
        self.git("fetch", "-q", "origin")
        return self.git("rev-parse", "HEAD")

    def heads(self):
        return [line.split("refs/heads/")[1] for line in self.git_in(self.origin, "for-each-ref", "--format=%(refname)").splitlines()]

    def delete(self, branch):
        self.git("push", "-q", "origin", f":refs/heads/{branch}")

    def image(self, word):
        return f"{self.repository}@{digest(word)}"

    def environment(self, **changes):
        return super().environment(**{"PERCH_AWS_APPS": f"http://127.0.0.1:{self.peer.ready['web']}", **changes})

    def up(self, branch, image="one", *words, **changes):
        return self.perch("up", branch, "--image", self.image(image), *words, **changes)

    def environments(self):
        """Stacks of branches, by branch, as DescribeStacks tells them."""
        found = {}
        for page in self.cfn.get_paginator("describe_stacks").paginate():
            for stack in page["Stacks"]:
                tags = {t["Key"]: t["Value"] for t in stack.get("Tags", [])}
                if "perch:branch" in tags and stack["StackName"].startswith("perch-shop-"):
                    found[self.outputs(stack).get("Branch", tags["perch:branch"])] = stack
        return found

    @staticmethod
    def outputs(stack):
        return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}

    def record(self, branch):
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="branches/"):
            for item in page.get("Contents", []):
                record = json.loads(self.s3.get_object(Bucket=self.bucket, Key=item["Key"])["Body"].read())
                if urllib.parse.unquote(record["branch"]) == branch:
                    return record
        return None


__all__ = ["Shop", "STAGING", "digest", "equal", "holds", "matches", "peers", "run", "time"]
