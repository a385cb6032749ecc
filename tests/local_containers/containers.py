#!/usr/bin/env python3
"""Branches with a Dockerfile on this machine: the real binary, a real Docker Engine. containers.py PERCH_BINARY"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "image"), str(HERE.parent / "e2e")]
import docker_engine  # noqa: E402
import world as e2e  # noqa: E402

TOKEN = "tok-5f0c1d7e93"

CONFIG = """\
app: e2e
build: {{dockerfile: Dockerfile}}
test:
  command: echo "tests see [$TOKEN]"; test -d "$BUCKET_DIR" && ! grep -q untested /version.txt
release:
  command: echo release >> /data/steps
seed:
  command: echo seed >> /data/steps; echo a picture > "$BUCKET_DIR/picture"
run: {{health: /, stop_timeout: 3s}}
env: {{E2E_MARK: {mark}}}
secrets: {{TOKEN: {{env: E2E_TOKEN}}}}
"""

DOCKERFILE = """\
FROM scratch
COPY busybox /bin/sh
COPY busybox /bin/httpd
COPY version.txt start /
RUN ["/bin/sh", "-c", "! grep -q unbuildable /version.txt"]
ENTRYPOINT ["/bin/sh", "/start"]
"""

START = """\
cp /version.txt /tmp/index.html
echo "the app has [$TOKEN]"
trap 'exit 0' TERM
/bin/httpd -f -p "$HOST:$PORT" -h /tmp &
wait
"""


def docker(*words):
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


def containers(world, branch=None):
    """Ids by name of what there is of this state folder, running or not."""
    words = ["--filter", f"label=perch.state={world.state}"] + (["--filter", f"label=perch.branch={branch}"] if branch else [])
    lines = docker("ps", "--all", "--no-trunc", "--format", "{{.Names}} {{.ID}}", *words).splitlines()
    return dict(line.split() for line in lines)


def images():
    return sorted(line for line in docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").splitlines() if line.startswith("perch-"))


def state_of(world, branch):
    view = world.environments().get(branch) or {}
    return view.get("state"), view.get("reason", "")


def shows(world, slug, text):
    world.wait(lambda: world.get(slug) == (200, text), f"{slug} shows {text!r}, not {world.get(slug)}; {state_of(world, slug)}", 60)


def inside(world, branch, command):
    done = world.perch("exec", branch, "--", "/bin/sh", "-c", command)
    assert done.returncode == 0, done
    return done.stdout


def nobody_sees_the_secret(world):
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert TOKEN.encode() not in entry.read_bytes(), entry.read_bytes()
        except OSError:
            pass
    for path in world.state.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert TOKEN.encode() not in path.read_bytes(), path


def two_branches_have_a_container_each(world):
    world.push("cart", "cart 1")
    world.start()
    shows(world, "main", "main 0")
    shows(world, "cart", "cart 1")
    assert len(containers(world)) == 2 and len(images()) == 2, (containers(world), images())
    [name] = containers(world, "cart")
    facts = json.loads(docker("inspect", name))[0]
    [[published]] = facts["HostConfig"]["PortBindings"].values()
    assert published["HostIp"] == "127.0.0.1", published
    assert facts["HostConfig"]["CapDrop"] == ["ALL"] and facts["HostConfig"]["PidsLimit"] == 256, facts["HostConfig"]
    assert inside(world, "cart", "cat /data/steps /data/bucket/picture") == "release\nseed\na picture\n"
    assert int(inside(world, "cart", "id -u")) > 1000
    assert world.perch("exec", "cart", "--", "/bin/sh", "-c", "exit 7").returncode == 7
    assert "COPY version.txt" in world.perch("logs", "cart", "--stage", "build").stdout
    assert "tests see []" in world.perch("logs", "cart", "--stage", "test").stdout
    assert "the app has [***]" in world.perch("logs", "cart", "--stage", "start").stdout, world.perch("logs", "cart", "--stage", "start")
    nobody_sees_the_secret(world)


def a_push_replaces_the_container(world):
    before = containers(world, "cart")
    world.push("cart", "cart 2")
    shows(world, "cart", "cart 2")
    world.wait(lambda: len(containers(world, "cart")) == 1 and not containers(world, "cart").keys() & before.keys(), "the old container is gone")
    assert inside(world, "cart", "cat /data/steps") == "release\nseed\nrelease\n"
    checkouts = images()
    world.push("same", "cart 2")
    shows(world, "same", "cart 2")
    assert images() == checkouts, "equal files are built once"
    world.delete("same")
    world.wait(lambda: not containers(world, "same"), "its container goes")
    assert inside(world, "cart", "cat /data/steps") == "release\nseed\nrelease\n"


def what_fails_leaves_the_old_one_serving(world):
    before, kept = containers(world, "cart"), images()
    for version, reason in {"unbuildable": "the image's build failed: exit code", "untested": "the tests failed: exit code 1"}.items():
        world.push("cart", version)
        world.wait(lambda: reason in state_of(world, "cart")[1], f"{reason}, not {state_of(world, 'cart')}", 60)
        assert world.get("cart") == (200, "cart 2")
        assert containers(world, "cart") == before and images() == kept, (containers(world), images())


def a_killed_serve_finds_its_containers_again(world):
    before = containers(world)
    world.kill()
    stray = docker("run", "--detach", "--label", f"perch.state={world.state}", "--entrypoint", "/bin/sh", images()[0], "-c", "sleep 600")
    other = docker("run", "--detach", "--entrypoint", "/bin/sh", images()[0], "-c", "sleep 600")
    world.start()
    shows(world, "main", "main 0")
    world.wait(lambda: containers(world) == before, "they are adopted, and the stray one is removed")
    assert docker("ps", "--no-trunc", "--quiet", "--filter", f"id={stray}") == ""
    assert docker("ps", "--no-trunc", "--quiet", "--filter", f"id={other}") == other, "others' are left alone"
    docker("rm", "--force", other)


def a_killed_keeper_leaves_no_container(world):
    before = containers(world)
    world.kill()
    for pid in world.keepers():
        os.kill(pid, signal.SIGKILL)
    world.wait(lambda: not world.keepers(), "the keepers are gone")
    assert containers(world).keys() == before.keys(), "docker goes on without its program"
    world.start()
    shows(world, "main", "main 0")
    shows(world, "cart", "cart 2")
    world.wait(lambda: len(containers(world)) == 2 and not set(containers(world).values()) & set(before.values()), "they were started again")
    [pid, *_] = world.keepers()
    os.kill(pid, signal.SIGKILL)
    world.wait(lambda: len(containers(world)) == 1, "its container ends, though serve lives")
    for branch in ["main", "cart"]:
        world.perch("up", branch)
    shows(world, "main", "main 0")


def a_stopped_branch_has_no_container(world):
    assert world.perch("down", "cart").returncode == 0
    assert not containers(world, "cart")


def a_deleted_branch_leaves_nothing(world):
    world.delete("cart")
    world.wait(lambda: len(images()) == 1 and not containers(world, "cart") and world.folders() == ["main"], "nothing of it is left", 60)
    assert len(containers(world)) == 1


def without_an_engine_it_is_said_and_tried_again(world, engine):
    said = world.perch("doctor").stdout
    assert "docker" in said and "answers" in said, said
    engine.terminate()
    engine.wait()
    said = world.perch("doctor").stdout
    assert "no Docker engine answers" in said and "systemctl start docker" in said, said
    world.push("later", "later 1")
    world.wait(lambda: "no Docker engine answers" in state_of(world, "later")[1], "the branch says so", 60)
    docker_engine.run_engine(os.environ["HOME"])
    shows(world, "later", "later 1")
    shows(world, "main", "main 0")


def main():
    place = docker_engine.enter_namespaces()
    engine = docker_engine.start_engine(place)
    os.environ["E2E_TOKEN"] = TOKEN
    with e2e.World(sys.argv[1], CONFIG) as world:
        shutil.copy(docker_engine.BUSYBOX, world.work / "busybox")
        (world.work / "Dockerfile").write_text(DOCKERFILE)
        (world.work / "start").write_text(START)
        world.git("add", "-A")
        world.git("commit", "-qm", "A container")
        world.git("push", "-q", "origin", "main")
        for scenario in [two_branches_have_a_container_each, a_push_replaces_the_container, what_fails_leaves_the_old_one_serving,
                         a_killed_serve_finds_its_containers_again, a_killed_keeper_leaves_no_container,
                         a_stopped_branch_has_no_container, a_deleted_branch_leaves_nothing]:
            begun = time.monotonic()
            scenario(world)
            print(f"{scenario.__name__.replace('_', ' ')} ({time.monotonic() - begun:.1f} s)", flush=True)
        without_an_engine_it_is_said_and_tried_again(world, engine)
        world.stop()
        assert containers(world) == {}, "an ordinary end leaves no container"


main()
