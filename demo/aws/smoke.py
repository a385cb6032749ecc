#!/usr/bin/env python3
"""perch in a real AWS account, once through: smoke.py PERCH_BINARY [OPTIONS]. Needs perch, git and Python's standard library."""

import argparse
import atexit
import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

REFUSED = 3
# US dollars an hour, eu-central-1, from memory of AWS's price lists of 2025: estimates, to be checked at https://calculator.aws.
PRICES = [("load balancer, with little traffic", 0.030, 1), ("public IPv4 addresses, 2 of the load balancer", 0.010, 1), ("t3.micro, a branch", 0.012, 2),
          ("public IPv4 address, a branch", 0.005, 2), ("16 GiB disk, a branch", 0.002, 2), ("db.t4g.micro with 20 GiB, a branch", 0.023, 2)]
HOURS, MOST = 1.0, 1.0

CONFIG = """app: {app}
platform: aws
repository: {repository}
domain: {domain}
build: {{dockerfile: Dockerfile}}
run: {{command: python3 /smoke.py serve, port: 8000, health: /healthz, health_timeout: 120s}}
release: {{command: python3 /smoke.py release}}
seed: {{command: python3 /smoke.py seed}}
environments: {{"*": branch}}
aws: {{region: {region}, account: "{account}", certificate: "{certificate}", hosted_zone: {hosted_zone}}}
"""
DOCKERFILE = "FROM public.ecr.aws/docker/library/python:3.12-alpine\nCOPY smoke.py /smoke.py\nCMD [\"python3\", \"/smoke.py\", \"serve\"]\n"
APP = '''import http.server, json, os, socket, sys, urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({k: v for k, v in os.environ.items() if k.startswith("PERCH_")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if sys.argv[1] == "serve":
    http.server.ThreadingHTTPServer(("", int(os.environ.get("PORT", 8000))), Handler).serve_forever()
place = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
socket.create_connection((place.hostname, place.port or 5432), 10).close()
print(sys.argv[1], "reached the database")
'''


class Smoke:
    def __init__(self, given):
        self.given, self.perch_program = given, os.path.abspath(given.perch)
        self.app = "smoke-" + secrets.token_hex(2)
        self.folder = tempfile.mkdtemp(prefix="perch-aws-smoke-")
        atexit.register(shutil.rmtree, self.folder, True)
        self.origin, self.work, self.team = (os.path.join(self.folder, n) for n in ("app.git", "app", "team"))
        os.mkdir(self.team)
        self.made = False  # whether anything may exist in the account

    # -- small things

    def refuse(self, what, hint=""):
        print(f"perch: nothing was done: {what}" + (f"\n  {hint}" if hint else ""), file=sys.stderr)
        sys.exit(REFUSED)

    def write_config(self, account):
        with open(os.path.join(self.team, "perch.yaml"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(app=self.app, repository=self.origin, account=account, domain=self.given.domain, region=self.given.region,
                                     certificate=self.given.certificate, hosted_zone=self.given.hosted_zone))

    def git(self, folder, *words):
        who = {f"GIT_{kind}_{what}": value for kind in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "perch"), ("EMAIL", "perch@example.com"))}
        subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True, env={**os.environ, **who, "GIT_CONFIG_GLOBAL": "/dev/null"})

    def push(self, branch, text):
        for name, content in (("Dockerfile", DOCKERFILE), ("smoke.py", APP), ("version.txt", text)):
            with open(os.path.join(self.work, name), "w", encoding="utf-8") as file:
                file.write(content)
        self.git(self.work, "add", "-A")
        self.git(self.work, "commit", "-q", "--allow-empty", "-m", text)
        self.git(self.work, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")

    def perch(self, *words, quiet=False):
        """What perch said; its failure ends the run."""
        environment = dict(os.environ)
        if self.given.endpoint:
            environment["AWS_ENDPOINT_URL"] = self.given.endpoint
        if not quiet:
            print(f"$ perch {shlex.join(words)}", flush=True)
        child = subprocess.Popen([self.perch_program, "-C", self.team, *words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=None if not quiet else subprocess.PIPE, text=True)
        lines = []
        for line in child.stdout:
            lines.append(line)
            if not quiet:
                print(f"    {line}", end="", flush=True)
        complaint = child.stderr.read() if quiet else ""
        if child.wait() != 0 and not quiet:
            raise Failed(f"`perch {shlex.join(words)}` ended with {child.returncode}")
        return "".join(lines) or complaint

    # -- what is done, in this order

    def who(self):
        """Credentials, told by perch itself. Refuses without them."""
        self.write_config("")
        said = self.perch("doctor", "--json", quiet=True)
        try:
            found = {finding["check"]: finding for finding in json.loads(said)}
            account = found["account"]
        except (ValueError, KeyError):
            self.refuse("perch cannot tell whose account this is", said.strip())
        if account["grade"] == "bad":
            self.refuse("no AWS account answers: " + account["text"], account["hint"])
        number = account["text"].split(",")[0]
        self.write_config(number)
        bad = [finding for name, finding in found.items() if name in ("certificate", "hosted zone", "region", "configuration") and finding["grade"] == "bad"]
        if bad:
            self.refuse(f"{bad[0]['check']}: {bad[0]['text']}", bad[0]["hint"])
        return number, account["text"].split(";")[0]

    def agree(self):
        number, text = self.who()
        print(f"This makes real things in the account {text}, region {self.given.region}, for the app {self.app}.\n{cost()}\n", flush=True)
        if self.given.endpoint:
            return
        if not sys.stdin.isatty():
            self.refuse("there is no terminal to ask", "It costs money, so no option goes on without asking.")
        if input("Type the account's number to go on: ").strip() != number:
            self.refuse("that is not the account's number")

    def prepare(self):
        self.git(self.folder, "init", "-q", "--bare", "-b", "main", self.origin)
        self.git(self.folder, "init", "-q", "-b", "main", self.work)
        self.git(self.work, "remote", "add", "origin", self.origin)
        for branch in ("main", "smoke/one", "smoke/two"):
            self.push(branch, "1")

    def bootstrap(self):
        self.made = True
        self.perch("bootstrap", "staging", "--yes")

    def up(self, branch):
        image = self.given.image
        if not image and self.given.endpoint:  # nothing runs there
            outputs = json.loads(self.perch("bootstrap", "--yes", "--json", quiet=True))["outputs"]
            image = outputs["RepositoryUri"] + "@sha256:" + "0" * 64
        self.perch("up", branch, *(["--image", image] if image else []))

    def visit(self, branch):
        link = json.loads(self.perch("status", branch, "--json", quiet=True))["url"]
        host = link.removeprefix("https://")
        apps = os.environ.get("PERCH_AWS_APPS") if self.given.endpoint else None
        request = urllib.request.Request(f"{apps or link}/healthz", headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                body = answer.read().decode()
        except (urllib.error.URLError, OSError) as error:
            raise Failed(f"{link}/healthz: {error}") from error
        head = subprocess.run(["git", "-C", self.origin, "rev-parse", f"refs/heads/{branch}"], check=True, capture_output=True, text=True).stdout.strip()
        if head not in body and not self.given.image:
            raise Failed(f"{link}/healthz does not show the commit {head[:7]}: {body}")
        print(f"{link}/healthz answers 200 and shows {head[:7]}", flush=True)

    def change(self):
        self.push("smoke/one", "2")
        self.up("smoke/one")
        self.visit("smoke/one")

    def sweep(self):
        self.git(self.work, "push", "-q", "origin", "--delete", "smoke/two")
        print("$ git push origin --delete smoke/two", flush=True)
        self.perch("sweep", "--grace", "0", "--yes")

    def verify(self):
        views = json.loads(self.perch("ls", "--json", quiet=True))
        left = [view["branch"] for view in views if view["serving_commit"] or view["state"] in ("building", "starting", "ready", "failed", "deleting")]
        if left:
            raise Failed(f"there is still something of {', '.join(left)}: {json.dumps(views)}")
        print("perch sees no environment of the app any more.", flush=True)
        self.perch("doctor", "--leaks")

    def steps(self):
        """(what, the command, minutes at AWS, how)"""
        return [("what both branches share", "perch bootstrap staging --yes", 5, self.bootstrap),
                ("a first branch, built, tested and deployed", "perch up smoke/one", 14, lambda: self.up("smoke/one")),
                ("its link", "GET …/healthz", 0, lambda: self.visit("smoke/one")),
                ("a push", "perch up smoke/one", 4, self.change),
                ("the branch taken down", "perch down smoke/one --yes", 10, lambda: self.perch("down", "smoke/one", "--yes")),
                ("a second branch, of the image that is there already", "perch up smoke/two", 12, lambda: self.up("smoke/two")),
                ("that branch deleted in git, and swept", "perch sweep --grace 0 --yes", 10, self.sweep),
                ("nothing of either is left", "perch ls, perch doctor --leaks", 0, self.verify)]

    def dry_run(self):
        print(f"Would do, in an AWS account of yours, with an app that is called smoke-XXXX:\n\n{cost()}\n")
        for number, (what, command, minutes, _) in enumerate(self.steps(), 1):
            print(f"{number}. {what}" + (f" (about {minutes} min)" if minutes else "") + f"\n     {command}")
        print("\nNothing was asked of AWS.")

    def ending(self):
        stack = f"perch-{self.app}-staging"
        print(f"""
What the branches shared is still there and costs about {sum(p for _, p, times in PRICES if times == 1):.2f} dollars an hour. To delete it:
  1. in the S3 console, empty the bucket that begins with {stack}-versionsbucket (it has versions, so `aws s3 rb --force` is not enough)
  2. aws cloudformation delete-stack --region {self.given.region} --stack-name {stack}
Then look whether anything has the app's tag (deleted things may be listed for some hours):
  aws resourcegroupstaggingapi get-resources --region {self.given.region} --tag-filters Key=perch:app,Values={self.app}""", flush=True)

    def run(self):
        if self.given.dry_run:
            self.dry_run()
            return 0
        self.agree()
        self.prepare()
        began = time.monotonic()
        try:
            for number, (what, _, _, act) in enumerate(self.steps(), 1):
                print(f"\n== {number}. {what}", flush=True)
                since = time.monotonic()
                act()
                print(f"(took {(time.monotonic() - since) / 60:.1f} min)", flush=True)
        except (Failed, KeyboardInterrupt, subprocess.CalledProcessError) as error:
            print(f"\nperch: the smoke test FAILED: {error or 'interrupted'}\n  Please report it with all of the above, as docs/aws-fidelity.md asks.\n"
                  f"  Stacks that may be left: those that begin with perch-{self.app}-; delete the branches' before the shared one.", file=sys.stderr)
            self.ending()
            return 1
        print(f"\nAll of it worked, in {(time.monotonic() - began) / 60:.0f} min.", flush=True)
        self.ending()
        return 0


class Failed(Exception):
    pass


def cost():
    lines = [f"    {price * times:.3f}  {what}" + (f", {times} of them" if times > 1 else "") for what, price, times in PRICES]
    total = sum(price * times for _, price, times in PRICES)
    return (f"It takes about {HOURS:.0f} hour. Estimated cost in US dollars an hour, if both branches were there all the time (prices of eu-central-1 from memory; check them):\n"
            + "\n".join(lines) + f"\n    {total:.3f}  together: well under {MOST:.0f} dollar, as long as the last step (deleting what is shared) is done too.")


def main():
    parser = argparse.ArgumentParser(prog="./dev aws-smoke", description="perch in a real AWS account, once through: what the local stand-in cannot show",
                                     epilog="Credentials as AWS's own tools find them (AWS_PROFILE, ...). A Docker engine builds the app's image, unless --image names one.")
    parser.add_argument("perch", help=argparse.SUPPRESS)
    parser.add_argument("--domain", help="branches answer at https://smoke-one.DOMAIN")
    parser.add_argument("--certificate", metavar="ARN", help="of a certificate for *.DOMAIN in the region")
    parser.add_argument("--hosted-zone", metavar="NAME", help="the public Route 53 zone that DOMAIN is in")
    parser.add_argument("--region", default="eu-central-1", help="default: %(default)s")
    parser.add_argument("--image", metavar="REPOSITORY@sha256:...", help="use this image, which serves /healthz on port 8000 and has /smoke.py, instead of building one")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done and what it costs, and do nothing")
    parser.add_argument("--endpoint", metavar="URL", help="the local stand-in for AWS instead (tests/peers); asks nothing")
    given = parser.parse_args()
    if given.endpoint and not given.endpoint.startswith("http://127.0.0.1:"):
        parser.error("--endpoint is for a stand-in on this machine: http://127.0.0.1:PORT")
    if not given.dry_run:
        for name in ("domain", "certificate", "hosted_zone"):
            if not getattr(given, name):
                parser.error(f"--{name.replace('_', '-')} is needed (or --dry-run)")
    given.domain = given.domain or "DOMAIN"
    return Smoke(given).run()


if __name__ == "__main__":
    sys.exit(main())
