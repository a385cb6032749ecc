#!/usr/bin/env python3
"""A creation, an update and a deletion with each call spoiled in each way, then again without: what was wanted is there, nothing
else is. Some cells by default, all with PERCH_MATRIX=all (an hour). matrix.py PERCH_BINARY [SOME]"""

import hashlib
import itertools
import os
import sys

import shop as shops
from shop import equal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import matrix  # noqa: E402

SOME = int(sys.argv[2]) if len(sys.argv) > 2 else 8
KINDS = ("stacks", "environments", "versions", "buckets", "databases", "log_groups", "secrets", "snapshots")


class World(shops.Shop):
    """A shop behind a proxy that spoils calls, with a branch that nobody works on."""

    numbers = itertools.count()

    def __init__(self):
        super().__init__()
        self.proxy = matrix.Proxy(self.peer.url)
        self.push("kept", "kept")
        assert self.up("kept")[0] == 0
        self.kept = (self.stack_of("kept")["StackId"], self.peer.web("kept.preview.example.com"))
        self.before = self.left()

    def left(self):
        left = self.peer.tell("left")
        return {kind: sorted(left[kind]) for kind in KINDS}

    def command(self, *words):
        return [shops.base.PERCH, "-C", self.folder, *words], self.environment(AWS_ENDPOINT_URL=self.proxy.url)

    def stop(self):
        self.proxy.stop()
        super().stop()

    # -- the three operations: what is there before, the command, what is there after it went well

    def begin(self, operation):
        branch = f"c{next(World.numbers)}"
        commit = self.push(branch, "one")
        if operation != "create":
            code, out, err = self.up(branch)
            equal((code, err), (0, ""), "before")
        if operation == "update":
            commit = self.push(branch, "two")
        words = ("down", branch, "--yes") if operation == "down" else ("up", branch, "--image", self.image("two" if operation == "update" else "one"))
        return branch, commit, words

    def check(self, operation, branch, commit, text=""):
        equal((self.stack_of("kept")["StackId"], self.peer.web("kept.preview.example.com")), self.kept, "the branch that nobody works on")
        record = self.record(branch)
        if operation == "down":
            equal((record["stopped_commit"], record["deleting"], record["caused"]), (commit, False, []), "record")
            equal(self.left(), self.before, "left")
            bundles = self.s3.list_object_versions(Bucket=self.bucket, Prefix="bundles/shop/" + branch)
            equal(bundles.get("Versions", []) + bundles.get("DeleteMarkers", []), [], "bundles")
            return
        stack = self.stack_of(branch)
        equal(stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), True, stack["StackStatus"])
        outputs = self.outputs(stack)
        equal((outputs["Commit"], outputs["Image"]), (commit, self.image("two" if operation == "update" else "one")), "outputs")
        equal((record["last_attempt"]["result"], record["last_attempt"]["commit"], record["deleting"]), ("succeeded", commit, False), "record")
        if "did not do ListStackResources" not in text:  # it served already; `end` sees that nothing of it is left all the same
            equal([c["kind"] for c in record["caused"] if c["kind"] == "log groups"], ["log groups"], "caused")
        equal(self.peer.web(f"{branch}.preview.example.com")[0], 200, "the link")
        self.until(lambda: len([v for v in self.left()["versions"] if f"-{branch}-" in v]) == 1, "one version is left")

    def end(self, operation, branch):
        if operation != "down":
            code, out, err = self.perch("down", branch, "--yes")
            equal((code, err), (0, ""), "down")
            equal(self.left(), self.before, "left after down")


def clean_calls():
    """The calls of each operation when nothing goes wrong."""
    world, calls = World(), []
    try:
        for operation in ("create", "update", "down"):
            branch, commit, words = world.begin(operation)
            code, text, made = world.proxy.clean(*world.command(*words))
            equal(code, 0, text)
            world.check(operation, branch, commit)
            world.end(operation, branch)
            calls += [(operation, nth + 1, name) for nth, name in enumerate(made)]
    finally:
        world.stop()
    return calls


def case(calls):
    def one(world, nth, action, fault):
        operation, at, _ = calls[nth - 1]
        branch, commit, words = world.begin(operation)
        code, text, made = world.proxy.spoiled(*world.command(*words), fault, at)
        again, out, err = world.perch(*words)
        if operation == "down" and again == 1 and f"'{branch}' has no environment" in err:
            again = 0
        equal(again, 0, f"again, after {code}: {text}\n{out}{err}")
        world.check(operation, branch, commit, text)
        world.end(operation, branch)
        return f"{operation} {'killed' if code < 0 else code}" if made else f"{operation} not reached"

    return one


if __name__ == "__main__":
    found = clean_calls()
    print("deploy: " + ", ".join(f"{operation} {sum(1 for o, _, _ in found if o == operation)} calls" for operation in ("create", "update", "down")), flush=True)
    found.sort(key=lambda call: hashlib.sha256(str(call).encode()).digest())  # so that the first few are of all three
    matrix.run("deploy", [f"{operation}: {name}" for operation, _, name in found], World, case(found), SOME)
