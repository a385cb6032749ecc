"""What these tests share: the world of ../bootstrap with the app's repository, its application made, and images that a CI made."""

import atexit
import contextlib
import hashlib
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bootstrap"))
import world as base  # noqa: E402
from world import equal, holds, matches, peers  # noqa: E402,F401

STAGING = "perch-shop-staging"

CONFIG = """app: shop
platform: aws
repository: {repository}
domain: preview.example.com
build: {{dockerfile: Dockerfile}}
run: {{command: ./serve, port: 8000, health: /healthz, health_timeout: 10s}}
seed: {{command: ./seed}}
release: {{command: ./migrate}}
environments: {{main: production, staging: staging, moved: {moved}, "*": branch}}
aws: {{region: {region}, account: "{account}", certificate: "{certificate}", hosted_zone: example.com}}
"""


def digest(word):
    return "sha256:" + hashlib.sha256(word.encode()).hexdigest()


class Running:
    """A perch that goes on while the test does something else."""

    def __init__(self, words, environment):
        self.process = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)

    def end(self):
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err

    def ended(self):
        return self.process.poll() is not None


def plain(text):
    """Without what differs from run to run: durations, and the ends of names that CloudFormation makes."""
    text = re.sub(r" \(\d[\d.]* (ms|s|min|h)( \d+ (s|min))?\)", "", text)
    text = re.sub(r", \d[\d.]* (ms|s|min)( \d+ s)? after it was noticed", "", text)
    return re.sub(r"(perch-shop-[a-z-]+-(?:repository|versionsbucket)|perc-Envi)-\w+", r"\1-X", text)


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
        given = dict(repository=self.origin, region=base.REGION, account="123456789012", certificate=self.certificate, moved="branch")
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

    def start(self, *words, **changes):
        return Running([base.PERCH, "-C", self.folder, *map(str, words)], self.environment(**changes))

    def start_raw(self, *words, **changes):
        """Words may be bytes."""
        return Running([os.fsencode(w) for w in (base.PERCH, "-C", self.folder, *words)], self.environment(**changes))

    def start_up(self, branch, image="one", *words, **changes):
        return self.start("up", branch, "--image", self.image(image), *words, **changes)

    def stack_of(self, branch):
        return self.environments().get(branch)

    def until(self, condition, what):
        return peers.until(condition, what, 60)

    def at(self, branch, status):
        """Waits until the branch's stack is in a status."""
        self.until(lambda: any(s["status"] == status for s in self.peer.tell("stacks") if s["name"].startswith(f"perch-shop-{branch}-")), f"{branch} is {status}")

    def status(self, branch, **changes):
        code, out, err = self.perch("status", branch, "--json", **changes)
        assert code == 0, (code, out, err)
        return json.loads(out)

    def ls(self):
        code, out, err = self.perch("ls", "--json")
        assert code == 0, (code, out, err)
        return {view["branch"]: view for view in json.loads(out)}

    def calls(self, work):
        """What `work` gives, and the calls that were made for it."""
        self.peer.tell("forget-calls")
        given = work()
        return given, self.peer.tell("calls")

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

    def records(self):
        """Key and content of all; one that is deleted meanwhile is none."""
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="branches/"):
            for item in page.get("Contents", []):
                with contextlib.suppress(self.s3.exceptions.NoSuchKey):
                    yield item["Key"], json.loads(self.s3.get_object(Bucket=self.bucket, Key=item["Key"])["Body"].read())

    def record_key(self, branch):
        return next((key for key, record in self.records() if urllib.parse.unquote(record["branch"]) == branch), None)

    def record(self, branch):
        return next((record for _, record in self.records() if urllib.parse.unquote(record["branch"]) == branch), None)


def run_cases(names, *arguments, make=None):
    """All cases in one shop, each with a branch of its own; those named on the command line, or all."""
    shop, failed = (make or Shop)(*arguments), 0
    for case in names:
        if sys.argv[2:] and case.__name__ not in sys.argv[2:]:
            continue
        shop.peer.tell("release")
        shop.peer.tell("options", page_size=None, speed=20000)
        shop.operator()
        try:
            case(shop)
            print(f"ok     {case.__name__}", flush=True)
        except Exception as error:  # the next case says as much as this one
            failed += 1
            line = traceback.extract_tb(error.__traceback__)[1].lineno
            print(f"FAILED {case.__name__}, line {line}: {type(error).__name__}: {error}", flush=True)
    if shop.stop():
        failed += 1
        print("FAILED some requests do not fit AWS's models")
    sys.exit(1 if failed else 0)


def cases_of(names):
    """The script's functions that take nothing but a shop."""
    return [f for f in names.values() if getattr(f, "__module__", "") == "__main__" and inspect.getfullargspec(f).args == ["shop"]]


__all__ = ["Running", "Shop", "STAGING", "cases_of", "digest", "equal", "holds", "matches", "peers", "plain", "run_cases", "time"]
