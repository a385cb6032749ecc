#!/usr/bin/env python3
"""`perch serve` with many environments known, all stopped: memory, processor time when idle, and a whole look. memory.py PERCH_BINARY [ENVIRONMENTS]"""

import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/e2e"))
from world import World  # noqa: E402


def status_of(pid, field):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise KeyError(field)


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with World(sys.argv[1]) as world:
        world.start()
        world.wait(lambda: world.get("main")[0] == 200, "main shows")
        world.perch("down", "main")
        world.stop()
        head = world.heads()["main"]
        names = [f"team/branch-{number:04}" for number in range(count - 1)]
        subprocess.run(["git", "--git-dir", str(world.origin), "update-ref", "--stdin"], check=True, env=world.env, text=True,
                       input="".join(f"create refs/heads/{name} {head}\n" for name in names))
        subprocess.run(["git", "--git-dir", str(world.origin), "pack-refs", "--all"], check=True, env=world.env)
        # Slugs are perch's to make: its own plan tells them.
        slugs = {step["branch"]: step["slug"] for step in json.loads(world.perch("plan", "--json").stdout)["steps"]}
        template = json.loads((world.state / "environments/main/environment.json").read_text())
        for number, name in enumerate(names):
            record = dict(template, branch=name, branch_hex=name.encode().hex(), slug=slugs[name])
            if "uid" in record:
                record["uid"] = template["uid"] + 1 + number % 900
            folder = world.state / "environments" / slugs[name]
            folder.mkdir()
            (folder / "environment.json").write_text(json.dumps(record))
        world.start()
        began = time.monotonic()
        world.wait(lambda: sum(v["state"] == "stopped" for v in world.environments().values()) == count, "all are known", 120)
        known = time.monotonic() - began
        time.sleep(3)
        pid = world.serve_process.pid
        before = processor_seconds(pid)
        time.sleep(20)
        idle = processor_seconds(pid) - before
        looks = []
        for _ in range(5):
            began = time.monotonic()
            world.perch("plan", "--json")
            looks.append(time.monotonic() - began)
        print("| | |\n|---|--:|")
        print(f"| environments known | {len(world.environments())} |")
        print(f"| from start to all known | {known * 1000:.0f} ms |")
        print(f"| resident memory of serve, idle | {status_of(pid, 'VmRSS') / 1024:.1f} MiB |")
        print(f"| most it ever had | {status_of(pid, 'VmHWM') / 1024:.1f} MiB |")
        print(f"| processor time in 20 idle seconds | {idle * 1000:.0f} ms |")
        print(f"| `perch plan` with a fresh look | {sorted(looks)[2] * 1000:.0f} ms |")


if __name__ == "__main__":
    main()
