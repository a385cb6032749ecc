"""At each call of a run in turn: an answer spoiled (it must end well all the same), and a kill -9 (the next run must). faults.py PROBE; PERCH_ALL=1 tries each fault at each call."""

import os

from world import equal, holds, queue, run, template, until

SPOILED = ("reset-after", "twice", "500", "truncated", "garbled", "reset-before")
KILLED = ("timeout-after", "timeout")  # after the peer did it; before


def nothing(world):
    pass


def an_older_one(world):
    world.make()


def a_failed_creation(world):
    world.peer.tell("fail", resource="Queue", reason="No queues today", on="create")
    world.make()
    equal(world.status(), "ROLLBACK_COMPLETE")


def a_rollback_that_failed(world):
    world.make(template(1, Queue=queue(1)))
    world.peer.tell("fail", resource="Late", on="create")
    world.peer.tell("fail", resource="Queue", on="rollback", reason="stuck")
    world.update(template(2, Queue=queue(2), Late={"Type": "AWS::SQS::Queue", "DependsOn": "Queue"}))
    equal(world.settled(), "UPDATE_ROLLBACK_FAILED")


def begin(world, before, mode):
    world.reset()
    world.runs.clear()
    before(world)
    world.faults.tell("clear")
    return lambda: world.start(mode, generation=3, poll=60)


def ended_well(world, mode, one):
    text = one.end()
    if mode == "delete":
        if text not in ("deleted", "none") or world.peer.tell("left")["stacks"]:
            raise AssertionError(f"{text}, and there are {world.peer.tell('left')['stacks']}")
        return
    if text.split(" ")[0] not in ("changed", "unchanged"):
        raise AssertionError(text)
    world.settled()
    equal((world.generation(), world.delay()), ("3", 3), text)
    equal(len(world.peer.tell("left")["stacks"]), 1)
    events = [line for line in one.told("event") if "shop-cart" in line]
    equal(len(events), len(set(events)), "an event was told twice")


def at_each_call(world, before, mode):
    start = begin(world, before, mode)
    ended_well(world, mode, start())
    calls = world.faults.tell("count")["sequence"]
    everything, done = bool(os.environ.get("PERCH_ALL")), 0
    for nth, name in enumerate(calls, 1):
        reads = "Describe" in name
        spoiled, killed_by = (SPOILED[nth % len(SPOILED)],), KILLED
        if reads:  # every second one is spoiled, the others are killed
            spoiled, killed_by = (spoiled, ()) if nth % 2 else ((), KILLED[:1])
        for fault in SPOILED if everything else spoiled:
            start = begin(world, before, mode)
            world.faults.tell("arm", fault=fault, nth=nth)
            try:
                one = start()
                # An error without a readable reason is nobody's to guess: it ends the run, the next one is well.
                ended_well(world, mode, start() if "HTTP status 400 without a reason" in one.end() else one)
            except AssertionError as error:
                raise AssertionError(f"{fault} at call {nth} ({name}): {error}") from error
            done += 1
        for fault in KILLED if everything else killed_by:
            start = begin(world, before, mode)
            world.faults.tell("arm", fault=fault, nth=nth)
            killed = start()
            until(lambda: world.faults.tell("count")["done"] or killed.process.poll() is not None, f"call {nth} is made")
            killed.kill()
            try:
                ended_well(world, mode, start())
            except AssertionError as error:
                raise AssertionError(f"killed at call {nth} ({name}, {fault}): {error}") from error
            done += 1
    print(f"       {len(calls)} calls, {done} runs spoiled or killed: {' '.join(c.split(':')[1] for c in calls)}")


def a_creation_survives_each(world):
    at_each_call(world, nothing, "apply")


def an_update_survives_each(world):
    at_each_call(world, an_older_one, "apply")


def the_repair_of_a_failed_creation_survives_each(world):
    at_each_call(world, a_failed_creation, "apply")


def the_repair_of_a_failed_rollback_survives_each(world):
    at_each_call(world, a_rollback_that_failed, "apply")


def a_deletion_survives_each(world):
    at_each_call(world, an_older_one, "delete")


run([a_creation_survives_each, an_update_survives_each, the_repair_of_a_failed_creation_survives_each, the_repair_of_a_failed_rollback_survives_each, a_deletion_survives_each])
