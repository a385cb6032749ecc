"""perch's peak memory while it empties a bucket of 100,000 and of a million versions, which a proxy invents."""

import os
import subprocess
import time

from origins import HERE, World, peers


def _peak(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("VmHWM") and "python" not in os.readlink(f"/proc/{pid}/exe")), 0)
    except OSError:
        return 0


def main():
    world = World()
    proxy = peers.Peer(os.path.join(HERE, "invented.py"), "--upstream", world.peer.url)
    print("| versions in the bucket | lists | deletes | perch's peak memory | whole sweep |\n|--:|--:|--:|--:|--:|")
    for versions in (0, 1_000, 100_000, 1_000_000):
        world.renew()
        world.stack("shop-main", "main")
        world.stack("shop-gone", "gone")
        proxy.tell("invented", versions=versions, lists=0, deletes=0)
        line, environment = world.command(environment={"AWS_ENDPOINT_URL": proxy.url})
        began = time.monotonic()
        process = subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:  # not by rusage, which counts what the child was before it became perch
            peak = max(peak, _peak(process.pid))
            time.sleep(0.02)
        assert process.returncode == 0 and world.stacks() == ["shop-main"]
        told = proxy.tell("invented")
        assert told["versions"] == 0
        print(f"| {versions:,} | {told['lists']:,} | {told['deletes']:,} | {peak / 1024:.1f} MiB | {time.monotonic() - began:.1f} s |", flush=True)
    proxy.stop()
    world.stop()


main()
