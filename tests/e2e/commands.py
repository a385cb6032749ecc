#!/usr/bin/env python3
"""Every command, used right and wrong, against the real binary. commands.py PERCH_BINARY"""

import json
import os
import subprocess
import sys

from world import World


def expect(result, code, *texts):
    everything = result.stdout + result.stderr
    assert result.returncode == code, f"{result.args}: exit {result.returncode}, wanted {code}\n{everything}"
    for text in texts:
        assert text in everything, f"{result.args}: no {text!r} in\n{everything}"
    return result


def without_serve(world):
    for command in (["ls"], ["status"], ["logs", "main"], ["up", "main"], ["down", "main"], ["reset", "main", "--yes"], ["exec", "main", "--", "true"], ["sweep"], ["hook"], ["open"]):
        expect(world.perch(*command), 1, "perch serve")
    expect(world.perch("plan"), 0, "create", "main", "branch has no environment")
    expect(world.perch("config", "check"), 0)
    expect(world.perch("config", "explain", "main"), 0, "perch.yaml:")
    expect(world.perch("nonsense"), 2, "unknown command")
    expect(world.perch("--config", "absent.yaml", "plan"), 2, "absent.yaml", "perch init")
    (world.home / "bad.yaml").write_text("app: x\nrnu: {command: y}\nbuild: 7\n")
    expect(world.perch("--config", "bad.yaml", "serve"), 2, "bad.yaml:2:1", "Did you mean 'run'", "bad.yaml:3:8")
    expect(world.perch("serve", "--listen", "0.0.0.0:0"), 3, "--password-file")
    expect(world.perch("serve", "--listen", "nonsense"), 2, "HOST:PORT")


def with_serve(world):
    world.start()
    world.wait(lambda: world.get("main") == (200, "main 0"), "main shows")
    views = json.loads(expect(world.perch("ls", "--json"), 0).stdout)
    assert [view["branch"] for view in views] == ["main"] and views[0]["state"] == "ready", views
    expect(world.perch("ls"), 0, "main", "ready", views[0]["url"])
    expect(world.perch("status", "main"), 0, "The beginning")
    expect(world.perch("status"), 0)
    expect(world.perch("status", "mian"), 1, "main")
    expect(world.perch("logs", "main", "--stage", "checkout"), 0)
    expect(world.perch("logs", "main", "--stage", "nonsense"), 2)
    expect(world.perch("exec", "main", "--", "cat", "version.txt"), 0, "main 0")
    expect(world.perch("exec", "main", "--", "sh", "-c", "exit 7"), 7)
    expect(world.perch("exec", "main", "--", "sh", "-c", "ls ~root /root 2>&1; env; true"), 0, "PERCH_BRANCH=main", "DATABASE_URL=sqlite:")
    expect(world.perch("open", "main", "--json"), 0, views[0]["url"])
    expect(world.perch("open", "--json"), 0, "token=")
    expect(world.perch("hook"), 0)
    expect(world.perch("plan"), 0, "keep")
    expect(world.perch("sweep", "--json", "--yes"), 0)
    second = subprocess.run([world.binary, "-C", str(world.home), "serve", "--listen", "127.0.0.1:0"], env=world.env, capture_output=True, text=True, timeout=60)
    expect(second, 1, "another", "serve")


def resetting(world):
    written = "echo mine > /data/note && echo file > /data/bucket/file"
    expect(world.perch("exec", "main", "--", "sh", "-c", written), 0)
    expect(world.perch("up", "main"), 0)
    expect(world.perch("exec", "main", "--", "cat", "/data/note", "/data/bucket/file"), 0, "mine", "file")
    expect(world.perch("reset", "main"), 3, "there is no terminal to ask")
    expect(world.perch("exec", "main", "--", "cat", "/data/note"), 0, "mine")
    expect(world.perch("reset", "main", "--yes"), 0, "ready at")
    assert world.get("main") == (200, "main 0")
    expect(world.perch("exec", "main", "--", "sh", "-c", "ls /data /data/bucket"), 0)
    for path in ("/data/note", "/data/bucket/file"):
        expect(world.perch("exec", "main", "--", "cat", path), 1, "No such file")
    expect(world.perch("reset", "mian", "--yes"), 1, "main")


def stopping_and_starting(world):
    expect(world.perch("down", "main"), 0, "stopped")
    world.wait(lambda: world.keepers() == [], "its processes end")
    assert world.get("main")[0] == 503, world.get("main")
    expect(world.perch("plan"), 0, "leave stopped")
    expect(world.perch("exec", "main", "--", "true"), 3, "perch up")
    expect(world.perch("up", "main"), 0, "ready")
    assert world.get("main") == (200, "main 0")


def sweeping(world):
    for number in range(4):
        world.push(f"gone/{number}", f"gone {number}")
    world.wait(lambda: sum(v["state"] == "ready" for v in world.environments().values()) == 5, "all run")
    world.stop()
    for number in range(4):
        world.delete(f"gone/{number}")
    world.start()
    world.wait(lambda: world.api("/api/status") and len(world.folders()) == 5 and world.get("main") == (200, "main 0"), "serve is back")
    expect(world.perch("plan"), 0, "refuse", "--max-deletes")
    expect(world.perch("sweep", stdin=subprocess.DEVNULL), 3, "--max-deletes")
    expect(world.perch("sweep", "--max-deletes", "4", stdin=subprocess.DEVNULL), 3, "--yes")
    assert len(world.folders()) == 5
    expect(world.perch("sweep", "--max-deletes", "4", "--yes"), 0, "gone/3")
    world.wait(lambda: world.folders() == ["main"], "they go")


def files_are_private(world):
    assert os.stat(world.state).st_mode & 0o077 == 0
    assert os.stat(world.state / "control.sock").st_mode & 0o777 == 0o600
    assert os.stat(world.state / "token").st_mode & 0o777 == 0o600


def initialising(world):
    folder = world.folder / "fresh"
    folder.mkdir()

    def perch(*args):
        return subprocess.run([world.binary, "-C", str(folder), *args], env=world.env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)

    expect(perch("init"), 3, "--run")
    assert not (folder / "perch.yaml").exists()
    expect(perch("init", "--run", "python3 app.py --port $PORT"), 0, "perch serve")
    expect(perch("config", "check"), 0)
    expect(perch("init"), 3, "--force")
    (folder / "Procfile").write_text("web: gunicorn app -b 127.0.0.1:$PORT\nrelease: ./migrate\n")
    expect(perch("init", "--force"), 0, "Procfile")
    expect(perch("config", "show", "main"), 0, "gunicorn", "./migrate")
    completion = expect(perch("completion", "bash"), 0, "complete -F")
    expect(subprocess.run(["bash", "-n"], input=completion.stdout, capture_output=True, text=True), 0)
    expect(perch("doctor"), 1, "repository")
    expect(perch("doctor", "--json"), 1, '"grade":"bad"')


if __name__ == "__main__":
    with World(sys.argv[1]) as world:
        for function in (initialising, without_serve, with_serve, resetting, stopping_and_starting, sweeping, files_are_private):
            print(function.__name__.replace("_", " "), flush=True)
            function(world)
