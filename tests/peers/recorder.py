#!/usr/bin/env python3
"""A recording proxy that holds every AWS request against botocore's service models, and every template against cfn-lint."""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
import threading
import time

import relay
from shapes import Violations


class State:
    def __init__(self):
        self.lock = threading.Lock()
        self.calls, self.violations, self.templates, self.queue, self.linting = 0, [], {}, [], 0
        self.log, self.lint, self.folder = None, True, None


STATE = State()


class Recorder(relay.Relay):
    def controls(self, what):
        return what in ("violations", "recorded")

    def control(self, what, given):
        if what == "violations":
            wait_for_lint()
        with STATE.lock:
            return {"calls": STATE.calls, "templates": len(STATE.templates), "violations": STATE.violations}

    def handle_call(self, request):
        found = Violations(request)
        began = time.time()
        answer = self.forward()
        entry = {"time": round(began, 4), "service": request.service, "operation": request.operation, "region": request.region, "status": answer[0],
                 "parameters": found.shown(), "violations": found.texts}
        with STATE.lock:
            STATE.calls += 1
            STATE.violations += [{"call": STATE.calls, "service": request.service, "operation": request.operation, "what": t} for t in found.texts]
            if STATE.log:
                STATE.log.write(json.dumps(entry, default=str) + "\n")
                STATE.log.flush()
        for text in templates(request, found.parameters):
            lint_once(text, request.operation, found.parameters.get("StackName", ""), request.region)
        self.reply(*answer)


def templates(request, parameters):
    """The texts of templates that a call carries; a large one goes to S3 first and is seen there."""
    if request.service == "cloudformation" and isinstance(parameters, dict) and parameters.get("TemplateBody"):
        yield parameters["TemplateBody"]
    if request.service == "s3" and request.operation == "PutObject" and b"AWSTemplateFormatVersion" in request.body[:4096]:
        yield request.body.decode("utf-8", "replace")


def shape(text, stack):
    """A template without what differs from push to push and from branch to branch: commits, digests, the generation, the branch's name."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{7,}", "#", text)
    text = re.sub(r'("Generation":\{[^{}]*"Value":|"generation":)"\d+"', r"\1#", text)
    slug = re.search(r"(?:^|/)perch-[a-z0-9]+-([a-z0-9-]*[a-z0-9])-[a-z0-9]+(?:/|$)", stack or "")
    return re.sub(rf"\b{re.escape(slug.group(1))}(-[a-z0-9]{{5,}})?\b", "#", text) if slug else text


def lint_once(text, operation, stack, region):
    """Puts a template in the queue, unless one of the same shape was: cfn-lint takes a second."""
    digest, where = hashlib.sha256(shape(text, stack).encode()).hexdigest(), f"{operation} {stack}".strip()
    with STATE.lock:
        if not STATE.lint or digest in STATE.templates:
            return
        STATE.templates[digest] = where
        STATE.queue.append((digest, text, where, region or "eu-central-1"))


def lint_loop():
    while True:
        with STATE.lock:
            job = STATE.queue.pop(0) if STATE.queue else None
            STATE.linting = 1 if job else 0
        if job is None:
            time.sleep(0.05)
            continue
        problems = lint(*job)
        with STATE.lock:
            STATE.violations += [{"service": "cloudformation", "operation": job[2], "what": p} for p in problems]
            STATE.linting = 0


def wait_for_lint():
    while True:
        with STATE.lock:
            if not STATE.queue and not STATE.linting:
                return
        time.sleep(0.02)


def lint(digest, text, where, region):
    """cfn-lint's errors of one template."""
    from cfnlint import core  # slow to load
    from cfnlint.api import ManualArgs, lint as check

    del core
    try:
        found = check(text, config=ManualArgs(regions=[region]))
    except Exception as error:
        return [f"template of {where}: cfn-lint can't read it: {error}"]
    return [f"template of {where}: {m.rule.id} {m.message} (line {m.linenumber})" for m in found if m.rule.id.startswith("E")]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True, help="URL of the peer (or of the fault proxy) behind")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", help="a file: one JSON line a call")
    parser.add_argument("--no-lint", action="store_true")
    given = parser.parse_args()
    try:
        import botocore  # noqa: F401

        if not given.no_lint:
            import cfnlint  # noqa: F401
    except ImportError as error:
        print(f"recorder: skipped, {error}", file=sys.stderr)
        return 77
    STATE.log = open(given.log, "a", encoding="utf-8") if given.log else None
    STATE.lint = not given.no_lint
    threading.Thread(target=lint_loop, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="perch-recorder-") as folder:
        STATE.folder = folder
        os.environ.setdefault("HOME", folder)
        relay.serve(Recorder, given.upstream, given.port)
    wait_for_lint()
    for violation in STATE.violations:
        print(f"{violation['service']} {violation['operation']}: {violation['what']}", file=sys.stderr)
    return 1 if STATE.violations else 0


if __name__ == "__main__":
    sys.exit(main())
