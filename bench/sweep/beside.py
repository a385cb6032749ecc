"""The origin's clean-up and perch on the same scenarios: what each deletes and leaves, and where it stops. Prints a table."""

import json
import time

from origins import World, origin, peers, template

OUTPUT = "PrivateAssetsBucketDomainName"


def body(domain="DomainName", buckets=1, policy=None, output=OUTPUT):
    made = json.loads(template(buckets, policy))
    if output:
        made["Outputs"] = {output: {"Value": {"Fn::GetAtt": ["Bucket0", domain]}}}
    return json.dumps(made)


def full(world, name, branch, text=None, **more):
    world.stack(name, branch, text or body(), **more)
    for i in range(text.count("AWS::S3::Bucket") if text else 1):
        world.seed(world.bucket(name, f"Bucket{i}"), 3)


def many(world):
    for i in range(60):
        world.stack(f"shop-b{i:02}", "gone" if i == 59 else "main", json.dumps({"Resources": {"L": {"Type": "AWS::Logs::LogGroup"}}}), wait=False)
    world.wait_for("shop-b59")
    full(world, "shop-late", "gone-too")


def busy(world):
    full(world, "shop-gone", "gone")
    world.peer.tell("hold", resource="Topic", on="create", stack="shop-busy", times=99)
    world.stack("shop-busy", "busy", body(), wait=False)


# name, what makes it, what should be left (None: everything)
SCENARIOS = [
    ("one branch gone, its bucket full", lambda w: full(w, "shop-gone", "gone"), ["shop-main"]),
    ("its output names the bucket with its region", lambda w: full(w, "shop-gone", "gone", body("RegionalDomainName")), ["shop-main"]),
    ("two buckets, one output", lambda w: full(w, "shop-gone", "gone", body(buckets=2)), ["shop-main"]),
    ("a stack without that output, and another", lambda w: (full(w, "shop-a", "a", body(output=None)), full(w, "shop-b", "b")), ["shop-main"]),
    ("two stacks of one branch", lambda w: (full(w, "shop-a", "gone"), full(w, "shop-b", "gone")), ["shop-main"]),
    ("GitHub's list is empty", lambda w: (full(w, "shop-a", "main"), w.github_peer.tell("mode", mode="empty")), None),
    ("GitHub answers 404", lambda w: (full(w, "shop-a", "main"), w.github_peer.tell("mode", mode="not-found")), None),
    ("60 stacks on two pages", many, ["shop-b…", "shop-main"]),
    ("Beanstalk's own stack with the branch's tag", lambda w: (full(w, "awseb-e-1-stack", "gone"), full(w, "shop-gone", "gone")), ["awseb-e-1-stack", "shop-main"]),
    ("a stack with termination protection", lambda w: full(w, "shop-gone", "gone", EnableTerminationProtection=True), None),
    ("a stack that is just being made", busy, ["shop-busy", "shop-main"]),
    ("a retained bucket", lambda w: full(w, "shop-gone", "gone", body(policy="Retain")), ["shop-main"]),
    ("an object that nobody may delete, and another branch", lambda w: (full(w, "shop-a", "a"), full(w, "shop-b", "b"), w.peer.tell("refuse-keys", bucket=w.bucket("shop-a"), key="*")), ["shop-a", "shop-main"]),
]


def left(world):
    stacks = ["shop-b…" if s.startswith("shop-b") and s[6:].isdigit() else s for s in world.stacks()]
    return sorted(set(stacks))


def emptied(world, before):
    """Of the stacks that are still there, those that lost what was in their buckets."""
    lost = []
    for name, buckets in before.items():
        for bucket in buckets:
            try:
                full_still = world.s3.list_object_versions(Bucket=bucket).get("Versions")
            except world.s3.exceptions.ClientError:
                continue
            if not full_still and name in world.stacks():
                lost.append(name)
    return sorted(set(lost))


def one(world, make, way):
    world.renew()
    hub = world.github()
    hub.tell("branches", only=["main"])
    world.stack("shop-main", "main", body())
    make(world)
    before = {s: [r["PhysicalResourceId"] for r in world.cfn.list_stack_resources(StackName=s)["StackResourceSummaries"] if r["ResourceType"] == "AWS::S3::Bucket" and r.get("PhysicalResourceId")]
              for s in world.stacks() if not s[6:].isdigit()}
    before = {s: [b for b in b_ if world.s3.list_object_versions(Bucket=b).get("Versions")] for s, b_ in before.items()}
    everything = left(world)
    if way == "origin":
        code, said = origin(world)
    else:
        code, out, err = world.sweep("--github", "acme/shop", "--max-deletes", 20, repository=False)
        said = (err or out).strip().split("\n")[0 if err else -1]
    end = time.monotonic() + 10
    while any(s["status"].endswith("DELETE_IN_PROGRESS") for s in world.peer.tell("stacks")) and time.monotonic() < end:
        time.sleep(0.05)
    after, lost = left(world), emptied(world, before)
    world.peer.tell("release")
    return everything, after, lost, code, said


def words(wanted, everything, after, lost, code, said):
    extra, missing = sorted(set(after) - set(wanted)), sorted(set(wanted) - set(after))
    parts = []
    if missing:
        parts.append("**deleted " + ", ".join(missing) + "**")
    if extra:
        parts.append("left " + ", ".join(extra))
    if lost:
        parts.append("emptied " + ", ".join(lost) + " all the same")
    if "Traceback" in said or "Error" in said.split(":")[0]:
        parts.append("crashed: " + said.split(":")[0].split(".")[-1])
    text = "as it should be" if not parts else "; ".join(parts)
    return f"{text} (exit {code})"


def main():
    world, right = World(), {"origin": 0, "perch": 0}
    print("| scenario | should be left | the origin's script | perch |\n|---|---|---|---|")
    for name, make, wanted in SCENARIOS:
        cells = []
        for way in ("origin", "perch"):
            everything, *result = one(world, make, way)
            goal = everything if wanted is None else wanted
            cells.append(words(goal, everything, *result))
            right[way] += cells[-1].startswith("as it should be")
        print(f"| {name} | {', '.join(goal) if wanted else 'everything'} | {cells[0]} | {cells[1]} |", flush=True)
    print(f"\nAs it should be: the origin's script {right['origin']}, perch {right['perch']}, of {len(SCENARIOS)}.")
    world.stop()


main()
