"""`perch serve` with environments on AWS: pushes, a failing build, reset, a deleted branch, and what a kill -9 leaves. A program in docker's place
builds: no registry of ECR's is on this machine. The real Docker Engine is in ../image."""

import json
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request

from shop import Shop, base, cases_of, digest, equal, holds, run_cases

DOCKER = """#!/usr/bin/python3
import hashlib, sys
words = sys.argv[1:]
def file_of(name): return "HERE/" + hashlib.sha256(name.encode()).hexdigest()
def image_of(name): return name if name.startswith("sha256:") else open(file_of(name)).read()
if words[:1] == ["buildx"]: sys.exit(1)
if words[:1] == ["version"]: print("20.10.24")
if words[:1] == ["build"]:
    code = open(words[-1] + "/version.txt").read()
    print("building " + code)
    if "broken" in code: sys.exit("the build is broken")
    image = "sha256:" + hashlib.sha256(code.encode()).hexdigest()
    open(words[words.index("--iidfile") + 1], "w").write(image)
    if "--tag" in words: open(file_of(words[words.index("--tag") + 1]), "w").write(image)
if words[:1] == ["tag"]: open(file_of(words[2]), "w").write(image_of(words[1]))
if words[:2] == ["image", "inspect"]:
    image = image_of(words[-1])
    print('["' + words[-1].rsplit(":", 1)[0] + "@" + image + '"]' if "RepoDigests" in " ".join(words) else image + " amd64")
"""


class Served(Shop):
    """With a serve of its own."""

    def __init__(self):
        super().__init__()
        code, out, err = self.perch("bootstrap", "production", "--yes")
        assert code == 0, (code, out, err)
        self.tools = os.path.join(self.base, "tools")
        os.makedirs(self.tools)
        with open(os.path.join(self.tools, "docker"), "w", encoding="utf-8") as file:
            file.write(DOCKER.replace("HERE", self.tools))
        os.chmod(os.path.join(self.tools, "docker"), 0o755)
        self.process, self.home = None, None

    def begin(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.home = self.home or self.folder  # each case has another
        self.log = open(os.path.join(self.base, "serve.log"), "a", encoding="utf-8")
        env = self.environment(PATH=self.tools + ":" + os.environ["PATH"])
        self.process = subprocess.Popen([base.PERCH, "-C", self.home, "serve", "--listen", f"127.0.0.1:{self.port}"], env=env, stdout=self.log,
                                        stderr=subprocess.STDOUT)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(60)

    def api(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return json.loads(answer.read())
        except OSError:
            return None

    def view(self, branch):
        views = {v["branch"]: v for v in self.api("/api/environments") or []}
        return views.get(branch)

    def shows(self, branch, commit):
        def so():
            view = self.view(branch)
            return view and view["state"] == "ready" and view["serving_commit"] == commit

        try:
            self.until(so, f"{branch} shows {commit}")
        except Exception:
            print(open(os.path.join(self.base, "serve.log"), encoding="utf-8").read(), self.view(branch))
            raise


def a_push_brings_a_branch_up_and_a_deletion_takes_it_down(shop):
    first = shop.push("feature/cart", "cart 1")
    shop.begin()
    shop.shows("feature/cart", first)
    equal(shop.outputs(shop.stack_of("feature/cart"))["Image"], f"{shop.repository}@{digest('cart 1')}")
    second = shop.push("feature/cart", "cart 2")
    shop.shows("feature/cart", second)
    plan = {step["branch"]: step["action"] for step in shop.api("/api/plan")["steps"]}
    equal(plan["feature/cart"], "keep")
    shop.delete("feature/cart")
    shop.until(lambda: "feature/cart" not in shop.environments(), "its stack is gone")
    shop.until(lambda: shop.record("feature/cart") is None, "its record is gone")


def a_broken_build_leaves_what_serves(shop):
    good = shop.push("cart", "fine")
    shop.shows("cart", good)
    shop.push("cart", "broken")
    shop.until(lambda: shop.view("cart")["state"] == "failed", "it failed")
    view = shop.view("cart")
    equal((view["serving_commit"], view["last_attempt"]["result"]), (good, "failed"))
    with urllib.request.urlopen(f"http://127.0.0.1:{shop.port}/api/environments/cart/log?stage=build", timeout=10) as answer:
        holds(answer.read().decode(), "building broken\nthe build is broken")
    fixed = shop.push("cart", "fine again")
    shop.shows("cart", fixed)


def a_reset_makes_the_data_anew(shop):
    head = shop.push("reset-me", "data")
    shop.shows("reset-me", head)
    before = shop.stack_of("reset-me")["StackId"]
    code, out, err = shop.perch("reset", "reset-me")
    equal((code, out.splitlines()[-1:], err), (3, ["reset-me is deleted, with its data, and made again: you asked for fresh data"],
                                               "perch: nothing was deployed: there is no terminal to ask\n  Say --yes to replace without asking.\n"))
    code, out, err = shop.perch("reset", "reset-me", "--yes")
    equal((code, err), (0, ""), out)
    after = shop.stack_of("reset-me")
    assert after["StackId"] != before
    equal(shop.outputs(after)["Image"], f"{shop.repository}@{digest('data')}", "the same image, not another build")
    shop.shows("reset-me", head)
    code, out, err = shop.perch("reset", "staging", "--yes")
    assert code in (1, 3), (code, out, err)


def stopping_is_refused_with_what_to_do(shop):
    token = open(os.path.join(shop.home, ".perch", "token"), encoding="utf-8").read().strip()
    request = urllib.request.Request(f"http://127.0.0.1:{shop.port}/api/branches/cart/stop", b"", {"Authorization": f"Bearer {token}"})
    try:
        urllib.request.urlopen(request, timeout=10)
        raise AssertionError("it was stopped")
    except urllib.error.HTTPError as error:
        holds(error.read().decode(), "an environment on AWS cannot be stopped and kept")


def stagings_environment_stays_without_its_branch(shop):
    """Though `branches.protect` does not name it."""
    head = shop.push("staging", "for good")
    shop.shows("staging", head)
    stack = shop.stack_of("staging")["StackId"]
    shop.delete("staging")

    def step():
        return {s["branch"]: s for s in shop.api("/api/plan")["steps"]}.get("staging", {})

    shop.until(lambda: "branch is gone" in step().get("reason", ""), "it was noticed")
    equal((step()["action"], step()["reason"]), ("protect", "branch is gone; 'staging' protects it"))
    passing = shop.push("passing", "by")
    shop.shows("passing", passing)  # another round went by
    equal((shop.stack_of("staging")["StackId"], shop.record("staging")["deleting"]), (stack, False))


def a_kill_in_the_middle_is_picked_up(shop):
    shop.peer.tell("options", speed=100)
    head = shop.push("killed", "slow")
    shop.until(lambda: "killed" in shop.environments(), "CloudFormation began")
    shop.end(signal.SIGKILL)
    shop.peer.tell("options", speed=20000)
    shop.begin()
    shop.shows("killed", head)
    equal(shop.end(), 0)


if __name__ == "__main__":
    run_cases(cases_of(globals()), make=Served)
