"""What these tests share: the local AWS behind the judging proxy, a folder with perch.yaml, perch itself with or without a terminal."""

import atexit
import inspect
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peer as peers  # noqa: E402

peers.need("moto", "boto3", "cfnlint")

PERCH = os.path.abspath(sys.argv[1])
REGION = peers.REGION

CONFIG = """app: shop
platform: aws
domain: preview.example.com
run: {{command: ./serve, port: 8000}}
environments: {{main: production, staging: staging, "*": branch}}
aws: {{region: {region}, account: "{account}", certificate: "{certificate}", hosted_zone: example.com}}
"""


class World:
    """AWS with nothing in it, each request judged; `renew` empties it for the next case."""

    def __init__(self, *arguments):
        self.base = tempfile.mkdtemp(prefix="perch-bootstrap-")
        atexit.register(shutil.rmtree, self.base, True)
        self.peer = peers.Peer("aws_peer.py", "--speed", 20000, *arguments)
        self.recorder = peers.Peer("recorder.py", "--upstream", self.peer.url)
        for process in (self.peer.process, self.recorder.process):
            atexit.register(process.kill)
        given = self.peer.ready
        self.keys = (given["access_key"], given["secret_key"]) if "--auth" in arguments else ("testing", "testing")
        self.cfn, self.s3, self.iam = (self.client(s) for s in ("cloudformation", "s3", "iam"))
        self.certificate = given["certificate"]
        self.folder = None
        self.config()

    def client(self, service, region=REGION):
        return peers.client(service, self.peer.url, *self.keys, region=region)

    def config(self, text=None, region=REGION, account="123456789012", certificate=None, more=""):
        self.folder = tempfile.mkdtemp(dir=self.base)
        text = text or CONFIG.format(region=region, account=account, certificate=certificate or self.certificate) + more
        with open(os.path.join(self.folder, "perch.yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    def environment(self, **changes):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GITHUB_", "GH_", "PERCH_", "XDG_"))}
        given = {"HOME": self.folder, "AWS_ENDPOINT_URL": self.recorder.url, "AWS_ACCESS_KEY_ID": self.keys[0], "AWS_SECRET_ACCESS_KEY": self.keys[1],
                 "AWS_EC2_METADATA_DISABLED": "true", "PERCH_AWS_POLL": "20ms", "NO_COLOR": "1"}
        return {k: v for k, v in {**clean, **given, **changes}.items() if v is not None}

    def perch(self, *words, **changes):
        """(exit code, standard output, standard error), without a terminal"""
        done = subprocess.run([PERCH, "-C", self.folder, *map(str, words)], env=self.environment(**changes), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def on_terminal(self, *words, answer, changes=None):
        """(exit code, all that the terminal showed); `answer` is typed when perch asks, or a signal sent"""
        child, terminal = pty.fork()
        if child == 0:
            os.execve(PERCH, [PERCH, "-C", self.folder, *words], self.environment(**(changes or {})))
        shown, asked = b"", False
        while select.select([terminal], [], [], 60)[0]:
            try:
                part = os.read(terminal, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
            if not asked and b"[y/N] " in shown:
                asked = True
                os.write(terminal, answer)
        status = os.waitpid(child, 0)[1]
        os.close(terminal)
        return os.waitstatus_to_exitcode(status), shown.decode().replace("\r\n", "\n")

    def stack(self, name="perch-shop-staging"):
        found = [s for page in self.cfn.get_paginator("describe_stacks").paginate() for s in page["Stacks"] if s["StackName"] == name]
        return found[0] if found else None

    def renew(self):
        """Without the last case's stacks; a reset would take the certificate and the hosted zone along."""
        self.peer.tell("release")
        self.peer.tell("options", page_size=None, speed=20000, eb_quotas={}, quotas={})
        for page in self.cfn.get_paginator("describe_stacks").paginate():
            for stack in page["Stacks"]:
                self.remove(stack["StackName"])
        self.config()

    def remove(self, name):
        """An administrator's deletion, whatever protects the stack."""
        self.cfn.update_termination_protection(StackName=name, EnableTerminationProtection=False)
        for found in self.cfn.list_stack_resources(StackName=name)["StackResourceSummaries"]:
            if found["ResourceType"] == "AWS::S3::Bucket" and found["ResourceStatus"] != "DELETE_COMPLETE":
                self.empty(found["PhysicalResourceId"])
        self.cfn.delete_stack(StackName=name)
        peers.until(lambda: not self.stack(name), f"{name} is gone")

    def empty(self, bucket):
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in page.get("Versions", []) + page.get("DeleteMarkers", []):
                self.s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])

    def stop(self):
        self.peer.stop()
        self.recorder.process.terminate()
        self.recorder.process.stdout.close()
        wrong = self.recorder.process.wait(120)  # cfn-lint may still be at it
        shutil.rmtree(self.base, True)
        return wrong


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}\n  got    {got!r}\n  wanted {wanted!r}")


def holds(text, part):
    if part not in text:
        raise AssertionError(f"not there: {part!r}\nin: {text}")


def matches(text, pattern):
    if not re.fullmatch(pattern, text, re.S):
        raise AssertionError(f"does not match: {pattern!r}\n{text}")


def run(cases, *arguments):
    """Each case gets an empty world; those named on the command line, or all. Every request must fit botocore's models."""
    failed, world = 0, None
    for case in cases:
        if sys.argv[2:] and case.__name__ not in sys.argv[2:]:
            continue
        if world is None:
            world = World(*arguments)
        else:
            world.renew()
        try:
            case(world)
            print(f"ok     {case.__name__}", flush=True)
        except Exception as error:  # the next case says as much as this one
            failed += 1
            print(f"FAILED {case.__name__}: {type(error).__name__}: {error}", flush=True)
    if world and world.stop():
        failed += 1
        print("FAILED some requests do not fit AWS's models")
    sys.exit(1 if failed else 0)


def cases_of(names):
    """The script's functions that take nothing but a world."""
    return [f for f in names.values() if getattr(f, "__module__", "") == "__main__" and str(inspect.signature(f)) == "(world)"]
