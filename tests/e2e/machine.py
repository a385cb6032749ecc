#!/usr/bin/env python3
"""A machine, a configuration and a repository that fail perch: full disk, taken port, broken repository. machine.py PERCH_BINARY"""

import os
import pathlib
import shutil
import socket
import subprocess
import sys

from world import World

CONFIG = """\
app: e2e
poll: 1s
run: {{command: [python3, -S, -E, app.py], health: /}}
env: {{E2E_MARK: {mark}}}
"""


def is_up(world, slug, body):
    return lambda: world.get(slug) == (200, body)


def running(world):
    world.start()
    world.wait_for_serve()
    world.wait(is_up(world, "main", "main 0"), "main shows")


def a_taken_port_is_named(world):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = subprocess.run([world.binary, "-C", str(world.home), "serve", "--listen", f"127.0.0.1:{port}"], env=world.env, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1 and str(port) in result.stderr and "--listen" in result.stderr, result
    assert world.guests() == []


def a_state_folder_that_cannot_be_written_is_named(world):
    file = world.folder / "a-file"
    file.write_text("")
    for place in (file, file / "state", pathlib.Path("/proc/perch-state")):
        result = subprocess.run([world.binary, "-C", str(world.home), "serve", "--listen", "127.0.0.1:0"], env=dict(world.env, PERCH_STATE=str(place)), capture_output=True, text=True, timeout=60)
        assert result.returncode in (1, 2) and str(place) in result.stderr and "Traceback" not in result.stderr, result
    if os.geteuid() != 0:
        return
    mount(world, "read-only", "size=1m,ro")
    result = subprocess.run([world.binary, "-C", str(world.home), "serve", "--listen", "127.0.0.1:0"], env=dict(world.env, PERCH_STATE=str(world.folder / "read-only")), capture_output=True, text=True, timeout=60)
    subprocess.run(["umount", str(world.folder / "read-only")], check=True)
    assert result.returncode == 1 and "Read-only file system" in result.stderr, result


def mount(world, name, options):
    folder = world.folder / name
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "perch-e2e", str(folder)], check=True)
    return folder


def perch_yaml_changes_while_serving(world):
    file = world.home / "perch.yaml"
    right = file.read_text()
    running(world)
    serving = world.keepers()
    for wrong, complaint in ((right.replace("run:", "rnu:"), "Did you mean"), ("", "perch.yaml"), (right.replace("app: e2e", "app: other"), "`app` or `repository` changed"),
                             (right + "secrets: {X: {file: absent}}\n", "absent"), (None, "perch.yaml")):
        at = (world.folder / "serve.log").stat().st_size
        if wrong is None:
            file.unlink()
        else:
            file.write_text(wrong)
        world.perch("hook")
        world.wait(lambda: complaint in (world.folder / "serve.log").read_text()[at:], f"{complaint!r} is told")
        assert world.get("main") == (200, "main 0") and world.keepers() == serving
    file.write_text(right.replace("run:", "branches: {skip: [x*]}\nrun:").replace("python3, -S, -E, app.py", "sh, -c, 'echo new > /tmp/v; cat version.txt >> /tmp/v; cp app.py /tmp; cd /tmp; mv v version.txt; exec python3 app.py'"))
    world.wait(is_up(world, "main", "new\nmain 0"), "the right change counts")
    file.write_text(right)
    world.wait(is_up(world, "main", "main 0"), "and back")


def a_broken_repository_deletes_nothing(world):
    world.push("other", "other 1")
    world.wait(is_up(world, "other", "other 1"), "other shows")
    kept = world.folders()

    def breaks(what, undo):
        world.perch("hook")
        result = world.perch("plan")
        swept = world.perch("sweep", "--yes", "--max-deletes", "100", stdin=subprocess.DEVNULL)
        assert result.returncode != 0 and swept.returncode != 0, (what, result, swept)
        assert world.folders() == kept and world.get("main") == (200, "main 0") and world.get("other") == (200, "other 1"), what
        undo()
        world.perch("hook")
        world.wait(lambda: world.perch("plan").returncode == 0, f"{what}: all is well again")
        assert world.folders() == kept, what

    def swapped(path, make):
        hidden = path.with_name(path.name + ".hidden")
        path.rename(hidden)
        make(path)

        def undo():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            hidden.rename(path)

        return undo

    origin = world.origin
    breaks("gone", swapped(origin, lambda path: None))
    breaks("a file", swapped(origin, lambda path: path.write_text("")))
    breaks("an empty folder", swapped(origin, lambda path: path.mkdir()))
    breaks("an empty repository", swapped(origin, lambda path: subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True, env=world.env)))
    breaks("no HEAD", swapped(origin / "HEAD", lambda path: None))
    breaks("no objects", swapped(origin / "objects", lambda path: path.mkdir()))
    breaks("no refs", swapped(origin / "refs", lambda path: path.mkdir()))
    breaks("a loop", swapped(origin, lambda path: path.symlink_to(path)))
    subprocess.run(["git", "--git-dir", str(origin), "pack-refs", "--all"], check=True, env=world.env)
    for name, text in (("garbage", "\0\1garbage\n"), ("cut", (origin / "packed-refs").read_text()[:70]), ("empty", ""), ("nonsense", "# pack-refs with: peeled\nzzz refs/heads/main\n")):
        breaks(f"packed-refs: {name}", swapped(origin / "packed-refs", lambda path, text=text: path.write_text(text)))
    loose = origin / "refs" / "heads" / "other"
    for name, text in (("cut", "1234"), ("empty", ""), ("dangling", "1" * 40 + "\n")):
        loose.write_text(text)
        world.perch("hook")
        world.perch("plan")
        world.perch("sweep", "--yes", "--max-deletes", "100", stdin=subprocess.DEVNULL)
        assert world.folders() == kept and world.get("other") == (200, "other 1"), name
        loose.unlink()
    world.push("other", "other 2")
    world.perch("hook")
    world.wait(is_up(world, "other", "other 2"), "pushes count again")


def another_repository_in_its_place_is_not_swept_blindly(world):
    for number in range(4):
        world.push(f"more-{number}", f"more {number}")
    world.wait(lambda: sum(view["state"] == "ready" for view in world.environments().values()) == 6, "all run")
    hidden = world.origin.with_name("hidden.git")
    world.origin.rename(hidden)
    subprocess.run(["git", "clone", "-q", "--bare", "--single-branch", "-b", "main", str(hidden), str(world.origin)], check=True, env=world.env)
    world.perch("hook")
    world.wait(lambda: "--max-deletes" in world.perch("plan").stdout, "so many deletions at once are refused")
    assert len(world.folders()) == 6
    shutil.rmtree(world.origin)
    hidden.rename(world.origin)
    world.perch("hook")
    world.wait(lambda: "refuse" not in world.perch("plan").stdout, "all is well again")
    assert len(world.folders()) == 6 and world.get("more-3") == (200, "more 3")


def a_hanging_remote_is_an_error_and_deletes_nothing(world):
    """First a real server, then one that takes the connection and says nothing."""
    if world.serve_process and world.serve_process.poll() is None:
        world.stop()
    file = world.home / "perch.yaml"
    right = file.read_text()
    with socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        file.write_text(right.replace(f"repository: {world.origin}", f"repository: git://127.0.0.1:{port}/origin.git"))
        daemon = subprocess.Popen(["git", "daemon", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}", "--export-all", f"--base-path={world.folder}"],
                                  env=world.env, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            running(world)
            world.push("far", "far 1")
            world.perch("hook")
            world.wait(is_up(world, "far", "far 1"), "a push to the server shows")
        finally:
            os.killpg(daemon.pid, 15)
            daemon.wait()
        kept = world.folders()
        silent.listen()
        world.stop()
        world.start()
        world.wait_for_serve()
        world.wait(lambda: is_up(world, "main", "main 0")() and is_up(world, "far", "far 1")(), "what was there comes back")
        plan = subprocess.Popen([world.binary, "-C", str(world.home), "plan"], env=world.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        world.stop()
        plan.kill()
        plan.wait()
    world.start()
    world.wait_for_serve()
    refused = world.perch("plan")
    assert refused.returncode != 0 and "git://127.0.0.1" in refused.stderr, refused
    world.wait(is_up(world, "far", "far 1"), "what was there comes back")
    assert world.folders() == kept
    world.stop()
    assert world.guests() == []
    file.write_text(right)


def a_full_disk_fails_the_push_and_loses_nothing(world):
    if os.geteuid() != 0:
        return
    world.state = mount(world, "full", "size=24m,mode=0755")
    world.env["PERCH_STATE"] = str(world.state)
    try:
        running(world)
        filler = world.state / "filler"
        for round_ in range(2):
            fill(filler)
            if round_ == 1:
                os.truncate(filler, filler.stat().st_size - (32 << 10))  # enough to begin, not to end
            world.push("main", f"main {round_ + 1}", files={"big": os.urandom(1 << 20).hex()})
            world.wait(lambda: "No space left on device" in json_of(world), "the full disk is told")
            assert world.get("main") == (200, f"main {round_}"), world.get("main")
            assert world.perch("ls").returncode == 0
            if round_ == 0:
                world.kill()
                world.start()
                world.wait_for_serve()
                world.wait(is_up(world, "main", f"main {round_}"), "a restart on the full disk brings the old release back")
            filler.unlink()
            world.wait(is_up(world, "main", f"main {round_ + 1}"), "with space the push comes up by itself")
        leftovers = [path for path in (world.state / "releases").iterdir() if ".tmp" in path.name]
        assert leftovers == [], leftovers
        world.stop()
        assert world.guests() == []
    finally:
        if world.serve_process.poll() is None:
            world.stop()
        subprocess.run(["umount", "-l", str(world.state)], check=True)


def fill(file):
    """Until the disk is full."""
    fd = os.open(file, os.O_CREAT | os.O_WRONLY)
    try:
        while os.write(fd, b"x" * 4096):
            pass
    except OSError:
        os.close(fd)


def json_of(world):
    return str(world.api("/api/environments")) + str(world.api("/api/status")) + (world.folder / "serve.log").read_text()


if __name__ == "__main__":
    wanted = sys.argv[2:]
    with World(sys.argv[1], config=CONFIG) as world:
        for function in (a_taken_port_is_named, a_state_folder_that_cannot_be_written_is_named, perch_yaml_changes_while_serving, a_broken_repository_deletes_nothing,
                         another_repository_in_its_place_is_not_swept_blindly, a_hanging_remote_is_an_error_and_deletes_nothing, a_full_disk_fails_the_push_and_loses_nothing):
            if not wanted or any(word in function.__name__ for word in wanted):
                print(function.__name__.replace("_", " "), flush=True)
                function(world)
