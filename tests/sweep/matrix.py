"""The sweep under faults: at each of its calls in turn each fault, and kill -9; then again clean. Nothing that a branch wants goes, and all else does.

`matrix.py PERCH [github]`: the faults are AWS's, or GitHub's. A subset by default, all with PERCH_MATRIX=all."""

import json
import os
import sys

from world import REGION, World, equal, peers, template

import matrix

CONFIG = f"app: shop\nplatform: aws\nrun: {{command: x, port: 8000}}\nbranches: {{protect: [main, staging]}}\nenvironments: {{main: production, staging: staging, '*': branch}}\naws: {{region: {REGION}}}\n"
WANTED = ["shop-cart", "shop-main", "shop-staging"]
LONG_AGO = "2020-01-01T00:00:00.000Z"


class Spoiled(World):
    """Three stacks that stay, with something in their buckets, and two that go; AWS and GitHub behind proxies."""

    def __init__(self):
        super().__init__()
        self.github("feature/cart")
        self.aws, self.hub = matrix.Proxy(self.peer.url), matrix.Proxy(self.github_peer.url)

    def fill_anew(self):
        self.renew()
        self.s3.create_bucket(Bucket="marks", CreateBucketConfiguration={"LocationConstraint": REGION})
        for name, branch in (("cart", "feature/cart"), ("main", "main"), ("staging", "staging"), ("gone", "gone"), ("lost", "lost")):
            self.stack(f"shop-{name}", branch, template(2 if name == "gone" else 1), wait=False)
        for name in ("cart", "main", "staging", "gone", "lost"):
            self.wait_for(f"shop-{name}")
        self.buckets = {n: self.bucket(n) for n in WANTED}
        for bucket in (*self.buckets.values(), self.bucket("shop-gone"), self.bucket("shop-lost")):
            self.seed(bucket, 2, 1)
        ids = {s["StackName"]: s["StackId"] for s in self.cfn.describe_stacks()["Stacks"]}
        marks = [{"stack": ids[f"shop-{b}"], "branch": b, "first_seen": LONG_AGO} for b in ("gone", "lost", "staging")] + [{"stack": ids["shop-cart"], "branch": "feature%2Fcart", "first_seen": LONG_AGO}]
        self.s3.put_object(Bucket="marks", Key="m", Body=json.dumps({"format": "perch-sweep-marks-1", "marks": sorted(marks, key=lambda m: m["stack"])}))

    def line(self):
        hub = {"GITHUB_API_URL": self.hub.url}
        return self.command("--github", "acme/shop", "--grace", "1h", "--marks", "s3://marks/m", repository=False, config=CONFIG, environment={"AWS_ENDPOINT_URL": self.aws.url, **hub})

    def settle(self):
        peers.until(lambda: not any(s["status"].endswith("_IN_PROGRESS") for s in self.peer.tell("stacks")), "nothing is in progress")

    def check_wanted(self, what):
        """Stacks that a branch wants, or that are protected, are as they were, each version of theirs too."""
        there = self.stacks()
        assert set(WANTED) <= set(there), f"{what}: only {there} left"
        for name, bucket in self.buckets.items():
            listed = self.s3.list_object_versions(Bucket=bucket)
            equal((len(listed.get("Versions", [])), len(listed.get("DeleteMarkers", []))), (2, 1), f"{what}: bucket of {name}")
            self.s3.put_object(Bucket=bucket, Key="still", Body=b"x")
            self.s3.delete_object(Bucket=bucket, Key="still", VersionId=self.s3.list_object_versions(Bucket=bucket, Prefix="still")["Versions"][0]["VersionId"])

    def stop(self):
        self.aws.stop()
        self.hub.stop()
        super().stop()


def count(which):
    """The calls of a clean run, up to the first poll of what is being deleted (later ones depend on the clock)."""
    world = Spoiled()
    world.fill_anew()
    code, text, calls = getattr(world, which).clean(*world.line())
    equal((code, world.stacks()), (0, WANTED), text)
    world.check_wanted("a clean run")
    world.stop()
    return calls


def case(which):
    def one(world, nth, action, fault):
        world.fill_anew()
        code, text, made = getattr(world, which).spoiled(*world.line(), fault, nth)
        equal(made, True, f"call {nth} was never made\n{text}")
        assert code in ((-9,) if fault in matrix.KILLS else (0, 1, 3)), (code, text)
        if code == 3:
            equal(len(world.stacks()), 5, text)
            assert "nothing was deleted" in text, text
        world.settle()
        world.check_wanted("after the fault")
        again, text, _ = getattr(world, which).clean(*world.line())
        equal((again, world.stacks()), (0, WANTED), text)
        equal(sorted(b["Name"] for b in world.s3.list_buckets()["Buckets"]), sorted(["marks", *world.buckets.values()]))
        world.check_wanted("after the clean run")
        return {0: "did all the same", 1: "failed in part", 3: "deleted nothing", -9: "killed"}[code]

    return one


if __name__ == "__main__":
    side = "hub" if sys.argv[2:] == ["github"] else "aws"
    matrix.run(f"sweep, {'GitHub' if side == 'hub' else 'AWS'}", count(side), Spoiled, case(side), some=7 if side == "hub" else 15)
