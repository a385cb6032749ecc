#!/usr/bin/env python3
"""Several perches at one branch on the local AWS: the newest wins, the older end with 4, nobody waits for ever. fences.py PERCH_BINARY [CASE...]"""

import signal

from shop import cases_of, equal, holds, run_cases


def held_creation(shop, branch, image="one"):
    """An `up` whose database is being made until somebody says `release`."""
    shop.push(branch, "one")
    shop.peer.tell("hold", resource="Database", stack=f"perch-shop-{branch}-*")
    running = shop.start_up(branch, image)
    shop.at(branch, "CREATE_IN_PROGRESS")
    return running


def began(shop, branch, generation):
    shop.until(lambda: (shop.record(branch) or {}).get("generation") == generation, f"attempt {generation} of {branch} began")


def two_pushes_at_once(shop):
    """The second push comes while the first is being made."""
    first = held_creation(shop, "twice")
    commit = shop.push("twice", "two")
    second = shop.start_up("twice", "two")
    began(shop, "twice", 2)
    shop.peer.tell("release")
    equal(second.end()[::2], (0, ""))
    code, out, err = first.end()
    equal(code, 4, err)
    equal(shop.outputs(shop.stack_of("twice"))["Commit"], commit)
    equal((shop.record("twice")["last_attempt"]["result"], shop.record("twice")["generation"]), ("succeeded", 2))
    equal(shop.status("twice")["state"], "ready")


def two_jobs_for_one_commit(shop):
    """A CI that runs a job twice: both may end well, one may be told that it is superseded; there is one environment."""
    commit = shop.push("jobs", "one")
    jobs = [shop.start_up("jobs") for _ in range(3)]
    codes = sorted(job.end()[0] for job in jobs)
    equal((0 in codes, set(codes) <= {0, 4}), (True, True), str(codes))
    equal(shop.status("jobs")["state"], "ready")
    equal(shop.outputs(shop.stack_of("jobs"))["Commit"], commit)


def an_old_job_after_a_new_one(shop):
    """A job that looked at the branch before the push, and comes to deploy after it."""
    shop.push("late", "one")
    equal(shop.up("late")[0], 0)
    shop.push("late", "two")
    old = shop.start_up("late", "two", GIT_TRACE="0")
    old.process.send_signal(signal.SIGSTOP)
    commit = shop.push("late", "three")
    equal(shop.up("late", "three")[0], 0)
    old.process.send_signal(signal.SIGCONT)
    code, out, err = old.end()
    equal(code in (0, 4), True, err)  # 0: it was stopped before it looked, and then found the newest commit served
    equal(shop.outputs(shop.stack_of("late"))["Commit"], commit)


def the_head_moves_before_anything_is_changed(shop):
    """Found by the last look at the git host; nothing of the old commit is deployed."""
    held = held_creation(shop, "moving")
    old = shop.start_up("moving")
    began(shop, "moving", 2)
    commit = shop.push("moving", "two")
    shop.peer.tell("release")
    code, out, err = old.end()
    equal((code, err), (4, f"perch: 'moving' has moved on: it is at {commit[:7]} now\n"))
    equal(held.end()[0] in (0, 4), True)
    equal(shop.up("moving", "two")[0], 0)
    equal(shop.outputs(shop.stack_of("moving"))["Commit"], commit)


def a_push_during_a_deletion(shop):
    """The new environment is made after the old one is gone; nothing of it goes."""
    shop.push("reborn", "one")
    equal(shop.up("reborn")[0], 0)
    shop.peer.tell("hold", resource="Database", stack="perch-shop-reborn-*", on="delete")
    down = shop.start("down", "reborn", "--yes")
    shop.at("reborn", "DELETE_IN_PROGRESS")
    commit = shop.push("reborn", "two")
    up = shop.start_up("reborn", "two")
    began(shop, "reborn", 3)
    shop.peer.tell("release")
    code, out, err = up.end()
    equal((code, err), (0, ""))
    code, out, err = down.end()
    equal(code in (0, 4), True, err)
    equal(shop.outputs(shop.stack_of("reborn"))["Commit"], commit)
    equal(shop.status("reborn")["state"], "ready")
    equal(shop.peer.web("reborn.preview.example.com")[0], 200)


def a_deletion_during_a_deployment(shop):
    """Somebody takes the branch down while it comes up: the deletion began later, so it counts."""
    up = held_creation(shop, "unloved")
    down = shop.start("down", "unloved", "--yes")
    began(shop, "unloved", 2)
    shop.peer.tell("release")
    code, out, err = down.end()
    equal((code, err), (0, ""))
    code, out, err = up.end()
    equal(code in (1, 4), True, err)
    equal(shop.stack_of("unloved"), None)
    equal(shop.status("unloved")["state"], "stopped")


def a_killed_up_is_carried_on(shop):
    """kill -9 while CloudFormation is at it; the next `up` waits for that and ends well."""
    running = held_creation(shop, "killed")
    running.process.kill()
    running.process.wait()
    again = shop.start_up("killed")
    began(shop, "killed", 2)
    shop.peer.tell("release")
    code, out, err = again.end()
    equal((code, err), (0, ""))
    equal(shop.status("killed")["state"], "ready")
    holds(str(shop.record("killed")["caused"]), "log groups")


def a_killed_down_is_finished(shop):
    shop.push("halfway", "one")
    equal(shop.up("halfway")[0], 0)
    shop.peer.tell("hold", resource="Database", stack="perch-shop-halfway-*", on="delete")
    down = shop.start("down", "halfway", "--yes")
    shop.at("halfway", "DELETE_IN_PROGRESS")
    down.process.kill()
    down.process.wait()
    equal(shop.status("halfway")["state"], "deleting")
    shop.peer.tell("release")
    code, out, err = shop.perch("down", "halfway", "--yes")
    equal((code, err), (0, ""))
    equal((shop.stack_of("halfway"), shop.status("halfway")["state"]), (None, "stopped"))


if __name__ == "__main__":
    run_cases(cases_of(globals()))
