#!/usr/bin/env python3
"""From `git push` of a trivial change to the first byte of the new release, beside the app's own start. push.py PERCH_BINARY [PUSHES]"""

import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/e2e"))
from world import APP, World  # noqa: E402

# An app that needs about 50 ms until it listens.
SLOW_APP = "import time; time.sleep(0.03)\n" + APP


def own_start(world):
    """Milliseconds from starting the app by hand until it answers."""
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    began = time.monotonic()
    app = subprocess.Popen(["/usr/bin/python3", "-S", "-E", "app.py"], cwd=world.work, env={"HOST": "127.0.0.1", "PORT": str(port)})
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
                s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                s.recv(1)
                break
        except OSError:
            time.sleep(0.0005)
    took = (time.monotonic() - began) * 1000
    app.kill()
    app.wait()
    return took


def push_to_first_byte(world, version):
    world.git("checkout", "-q", "-B", "scratch", "origin/main")
    (world.work / "version.txt").write_text(version)
    world.git("commit", "-qam", version)
    began = time.monotonic()
    pushing = subprocess.Popen(["git", "-C", str(world.work), "push", "-q", "-f", "origin", "scratch:refs/heads/speed"], env=world.env)
    while world.get("speed") != (200, version):
        time.sleep(0.001)
    took = (time.monotonic() - began) * 1000
    pushing.wait()
    return took


def main():
    pushes = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    with World(sys.argv[1], app=SLOW_APP) as world:
        world.start()
        world.wait_for_serve()
        push_to_first_byte(world, "warm up")
        own, whole = [], []
        for number in range(pushes):
            own.append(own_start(world))
            whole.append(push_to_first_byte(world, f"version {number}"))
        a, w = statistics.median(own), statistics.median(whole)
        print("| | median | minimum | maximum |\n|---|--:|--:|--:|")
        for name, list_ in (("the app's own start", own), ("git push to first byte of the new release", whole)):
            print(f"| {name} | {statistics.median(list_):.0f} ms | {min(list_):.0f} ms | {max(list_):.0f} ms |")
        print(f"| beyond the app's own start | **{w - a:.0f} ms** | | |")


if __name__ == "__main__":
    main()
