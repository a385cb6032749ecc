#!/usr/bin/env python3
"""kill -9 of perch at random moments during random pushes and deletions, then a restart: every branch right, no orphan process, folder or port.

Usage: kill.py PERCH_BINARY [ROUNDS] [SEED]    A round is one push or deletion; the seed makes a run repeatable.
"""

import random
import socket
import sys
import time

from world import Failure, World

BRANCHES = ["main", "feature/a", "feature-a", "Feature/A", "b", "\u00e4\U0001f426", "docs-no-infra", "x/$(id)"]


def settled(world, wanted):
    """Whether every branch shows what it should and nothing else is there."""
    views = world.environments()
    for branch, version in wanted.items():
        view = views.get(branch)
        if not view:
            return False
        if branch.endswith("-no-infra"):
            if view["state"] != "skipped":
                return False
            continue
        if view["state"] != "ready" or world.get(view["slug"]) != (200, version):
            return False
    alive = {view["slug"] for branch, view in views.items() if branch in wanted and not branch.endswith("-no-infra")}
    return set(world.folders()) == alive


def check_nothing_is_left(world, wanted):
    apps = sum(1 for branch in wanted if not branch.endswith("-no-infra"))
    world.wait(lambda: len(world.keepers()) == apps, f"exactly {apps} keepers, not {len(world.keepers())}", 30)
    # bubblewrap's two processes and the app itself, for each branch.
    world.wait(lambda: len(world.guests()) <= 3 * apps, f"at most {3 * apps} guest processes, not {len(world.guests())}", 30)


def run(binary, rounds, seed):
    chance = random.Random(seed)
    with World(binary) as world:
        wanted = {"main": "main 0"}
        world.start()
        kills = 0
        for number in range(rounds):
            branch = chance.choice(BRANCHES)
            # Three deletions in one listing are the limit (on purpose): never let more wait than that.
            waiting = len(world.folders()) - sum(1 for b in wanted if not b.endswith("-no-infra"))
            if branch in wanted and branch != "main" and chance.random() < 0.35 and waiting < 2:
                world.delete(branch)
                del wanted[branch]
            else:
                wanted[branch] = f"{branch} {number}"
                world.push(branch, wanted[branch])
            if chance.random() < 0.5:
                time.sleep(chance.uniform(0, 0.5))
                world.kill()
                kills += 1
                if chance.random() < 0.3:
                    time.sleep(chance.uniform(0, 0.2))
                world.start()
        world.wait_for_serve()
        try:
            world.wait(lambda: settled(world, wanted), "every branch shows its head", 120)
        except Failure:
            for branch, version in sorted(wanted.items()):
                view = world.environments().get(branch)
                print(repr(branch), "wants", repr(version), "has", view and (view["state"], view["reason"], world.get(view["slug"])))
            print("folders", world.folders())
            raise
        check_nothing_is_left(world, wanted)
        world.stop()
        world.wait(lambda: not world.keepers() and not world.guests(), "an ordinary stop ends every process", 30)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", world.port))
        print(f"{rounds} pushes and deletions, {kills} kills, seed {seed}: {len(wanted)} branches right, nothing left behind")


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 12, int(sys.argv[3]) if len(sys.argv) > 3 else 1)
