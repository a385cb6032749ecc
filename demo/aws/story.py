#!/usr/bin/env python3
"""perch on AWS from nothing to nothing, against a stand-in for AWS on this machine: story.py PERCH_BINARY [-v] [--keep]"""

import argparse
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stage import Stage  # noqa: E402

VERSIONS, MARKERS = 5000, 1000


def introduce(stage):
    stage.say("""This is perch on AWS. Nothing leaves this machine: a stand-in answers instead of AWS (moto, and what moto lacks: tests/peers), about
              600 times faster. perch itself is the real one, and so is every call it makes.""")
    stage.say("""Not real: no image is built, since the stand-in runs none; CI's `perch up` without --image builds, tests and pushes one, here a
              made-up digest stands for it. The app behind a link is the stand-in's.""")
    if not stage.verbose:
        stage.say("Lines of a resource that only begins are left out; -v shows them, and each call that AWS gets.")


def bootstrap(stage):
    stage.heading("1. Once for each app: what all branches share")
    stage.say("""A network, a load balancer with the certificate, a Beanstalk application, a repository for images, a bucket for versions, and the
              role that CloudFormation works with. Without --yes perch shows the changes and asks.""")
    stage.perch("bootstrap", "--yes")


def two_branches(stage):
    stage.heading("2. Two branches get a place each")
    stage.say("""CI runs `perch up` at each push. A branch is one CloudFormation stack: its own instance, database, bucket, role and link. perch
              shows what will change, follows the stack's events, and then asks the link until it answers.""")
    for branch, title in (("feature/cart", "A cart"), ("fix/rounding", "Round as the tax office does")):
        stage.push(branch, title)
        up(stage, branch, title)
    stage.say("\nEverybody who has the link sees the branch:")
    stage.visit("feature/cart")
    stage.perch("ls")


def up(stage, branch, title, expect=0):
    return stage.perch("up", branch, "--image", stage.image(title), shown=f"up {branch} --image …@sha256:…", expect=expect)


def push(stage):
    stage.heading("3. A push")
    stage.say("Only what differs changes: the version and the environment's pointer to it. Database and bucket stay as they are.")
    stage.push("feature/cart", "A cart with gift wrap")
    up(stage, "feature/cart", "A cart with gift wrap")
    stage.say("\nThe same once more, as when a CI job is started again, is nothing to do:")
    up(stage, "feature/cart", "A cart with gift wrap")


def failure(stage):
    stage.heading("4. A deployment that fails, and its repair")
    stage.say("""The next push crashes on its instance. To make it worse, AWS's own way back fails too, which leaves a stack that CloudFormation
              refuses to update (UPDATE_ROLLBACK_FAILED).""")
    stage.peer.tell("fail", resource="Environment", on="update", reason="Command failed on instance. An unexpected error has occurred [ErrorCode: 0000000001].",
                    tail="Traceback (most recent call last):\n  File \"serve\", line 7\nKeyError: 'STRIPE_KEY'\n")
    stage.peer.tell("fail", resource="Environment", on="rollback", reason="The environment is in an invalid state for this operation.")
    stage.push("feature/cart", "Pay by card")
    up(stage, "feature/cart", "Pay by card", expect=1)
    stage.say("\nThe first real cause is named, with the end of the instance's log. `perch status` tells the same later:")
    stage.perch("status", "feature/cart")
    stage.say("\nThe author pushes a fix. perch first brings the stack to where it can be changed again, and then deploys:")
    stage.push("feature/cart", "Pay by card, with the key")
    up(stage, "feature/cart", "Pay by card, with the key")
    stage.visit("feature/cart")


def sweep(stage):
    stage.heading("5. The branch is merged and deleted")
    bucket = next(b for b in stage.peer.tell("left")["buckets"] if b.startswith("perch-shop-feature-cart-"))
    stage.peer.tell("seed", bucket=bucket, versions=VERSIONS, markers=MARKERS)
    stage.say(f"""Meanwhile its bucket has {VERSIONS:,} versions of objects and {MARKERS:,} delete markers. AWS does not delete a bucket that is not
              empty: this is where clean-up scripts break.""")
    stage.delete("feature/cart")
    stage.say("\nThe hourly job. Without --yes, and with nobody at a terminal, perch says what it would do and does nothing:")
    stage.perch("sweep", "--grace", "0", expect=3)
    stage.perch("sweep", "--grace", "0", "--yes")
    stage.say("""\n--grace 0 takes what is gone at once; without it, a branch must have been gone for an hour, seen twice. Had the list of branches
              come back empty, cut short or with an error, nothing at all would be deleted.""")


def ledger(stage):
    stage.heading("6. What is left")
    stage.perch("ls")
    stage.delete("fix/rounding")
    stage.say("\nNobody has to wait for the hourly job; a branch can be taken down by hand, also while it is still there:")
    stage.perch("down", "fix/rounding", "--yes")
    stage.say("\nperch looks for what environments that are gone may have left, by perch's marks on it:")
    stage.perch("doctor", "--leaks")
    stage.calls = stage.peer.tell("calls")  # before the looks that are not perch's
    left = stage.peer.tell("left")
    own = [b for b in left["buckets"] if not b.startswith("elasticbeanstalk-")]
    kept = {"stacks": ["perch-shop-staging"], "applications": left["applications"][:1], "buckets": [b for b in own if "-versionsbucket-" in b], "repositories": left["repositories"][:1]}
    left["records and bundles"] = stage.keys(kept["buckets"][0], "branches/") + stage.keys(kept["buckets"][0], "bundles/")
    print("\nAsked behind perch's back, the stand-in has:")
    leaks = 0
    for kind, names in left.items():
        names = own if kind == "buckets" else names
        shared, more = [n for n in names if n in kept.get(kind, [])], [n for n in names if n not in kept.get(kind, [])]
        leaks += len(more)
        print(f"    {kind.replace('_', ' '):19} {len(more)} of branches" + (f", {len(shared)} that all share" if shared else ""))
    if leaks:
        raise SystemExit(f"perch: the demo ends here: {leaks} things of deleted branches are still there: {left}")
    print("Nothing of a branch is left.", flush=True)


def count_calls(stage):
    calls = {name: count for name, count in stage.calls.items() if not name.startswith("None")}
    most = sorted(calls.items(), key=lambda item: -item[1])[:6]
    stage.heading(f"What AWS was asked: {sum(calls.values())} calls")
    print("    " + ", ".join(f"{name} {count}" for name, count in most) + ", …")
    print("\nNext: docs/aws.md does the same with a real account; `./dev demo-aws -v` shows each call; `./dev demo-aws --keep` stays for you to try.", flush=True)


def keep(stage):
    print("\nThe stand-in goes on until Ctrl-C. In another terminal:\n")
    print(f"    cd {stage.team}")
    print("    export " + " ".join(f"{name}={value}" for name, value in stage.variables().items()))
    print(f"    export PATH={os.path.dirname(stage.perch_program)}:$PATH")
    print(f"    perch ls\n    perch up main --image {stage.image('main')}")
    print(f"\nThe app's code is in {stage.work}: commit and push as you like. What else the stand-in can do: tests/peers/README.md.", flush=True)
    signal.pause()


def main():
    parser = argparse.ArgumentParser(prog="./dev demo-aws", description="perch on AWS from nothing to nothing, against a stand-in for AWS on this machine")
    parser.add_argument("perch", help=argparse.SUPPRESS)
    parser.add_argument("-v", "--verbose", action="store_true", help="show each call that AWS gets, and every event")
    parser.add_argument("--keep", action="store_true", help="then leave the stand-in running, for you to try commands")
    given = parser.parse_args()
    began = time.monotonic()
    stage = Stage(given.perch, given.verbose)
    introduce(stage)
    stage.push("main", "The shop")
    for part in (bootstrap, two_branches, push, failure, sweep, ledger, count_calls):
        part(stage)
    print(f"Took {time.monotonic() - began:.0f} s.", flush=True)
    if given.keep:
        keep(stage)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
