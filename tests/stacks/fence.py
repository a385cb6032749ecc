"""Several at one stack: the newest wins, the older ends as superseded, nobody waits for ever. fence.py PROBE [case …]; PERCH_SEED repeats a random story."""

import os
import random
import time

from world import equal, holds, queue, run, template


def head(world, generation):
    """What the git host tells: the newest generation."""
    path = world.folder + "/head"
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(str(generation))
    os.replace(path + ".new", path)
    return path


def the_older_ends_before_it_does_anything(world):
    world.make(template(5))
    equal(world.apply(4).result, "superseded: generation 5 is newer")
    equal(world.asked(), ["CreateStack", *["DescribeStacks"] * world.asked().count("DescribeStacks")])


def a_change_set_of_an_older_push_is_not_executed(world):
    world.make()
    older = world.start(generation=2, head=head(world, 2), stop_at="confirm").at("confirm")
    holds(world.apply(3, head=head(world, 3)).result, "Generation=3")
    older.send()
    equal(older.end(), "superseded: generation 3 is newer")
    equal(world.delay(), 3)
    equal(len(world.calls("ExecuteChangeSet")), 1)


def a_change_set_that_another_made_void_is_made_again(world):
    world.make()
    newer = world.start(generation=3, stop_at="confirm").at("confirm")
    holds(world.apply(2).result, "Generation=2")
    newer.send()
    holds(newer.end(), "Generation=3")
    equal(newer.told("note"), ["somebody else changed the stack meanwhile; looking again"])
    equal(world.delay(), 3)


def the_newer_waits_for_the_older_that_is_at_it(world):
    world.make()
    world.peer.tell("hold", resource="Queue", on="update")
    older = world.start(generation=2, head=head(world, 2)).saw("event Queue UPDATE_IN_PROGRESS")
    newer = world.start(generation=3, head=head(world, 3)).saw("note waiting for what is under way: UPDATE_IN_PROGRESS")
    world.peer.tell("release")
    holds(older.end(), "changed UPDATE_COMPLETE")
    holds(newer.end(), "Generation=3")


def three_pushes_deploy_the_last(world):
    world.make()
    world.peer.tell("hold", resource="Queue", on="update")
    first = world.start(generation=2, head=head(world, 2)).saw("event Queue UPDATE_IN_PROGRESS")
    second = world.start(generation=3, head=head(world, 3)).saw("note waiting")
    third = world.start(generation=4, head=head(world, 4)).saw("note waiting")
    world.peer.tell("release")
    holds(first.end(), "changed")
    equal(second.end(), "superseded: generation 4 is newer")
    holds(third.end(), "Generation=4")
    equal(len(world.calls("ExecuteChangeSet")), 2)


def nobody_waits_for_ever_for_the_older(world):
    world.make()
    world.peer.tell("hold", resource="Queue", on="update")
    older = world.start(generation=2).saw("event Queue UPDATE_IN_PROGRESS")
    holds(world.apply(3, longest=500).result, "unavailable: CloudFormation is still at it: shop-cart: after 500 ms")
    world.peer.tell("release")
    holds(older.end(), "changed")
    holds(world.apply(3).result, "Generation=3")


def two_creations_of_one_name_end_with_the_newer(world):
    for first, second in ((1, 2), (2, 1)):
        world.reset()
        waiting = world.start(generation=first, head=head(world, 2), stop_at="confirm")
        other = world.start(generation=second, head=head(world, 2))
        if first == 2:
            waiting.at("confirm").send()
        equal([one.end().split(" (")[0] for one in (waiting, other)], ["superseded: generation 2 is newer" if g == 1 else "changed CREATE_COMPLETE Generation=2" for g in (first, second)])
        equal(len(world.peer.tell("stacks")), 1)


def a_change_set_in_anothers_review_is_void_once_that_is_executed(world):
    late = world.start(generation=2, stop_at="confirm").at("confirm")
    quick = world.start(generation=1, stop_at="confirm").at("confirm")
    equal(len(world.cfn.list_change_sets(StackName="shop-cart")["Summaries"]), 2)
    quick.send()
    equal(quick.end(), "changed CREATE_COMPLETE Generation=1")
    late.send()
    holds(late.end(), "Generation=2")
    equal(len(world.peer.tell("stacks")), 1)


def two_jobs_of_one_commit_deploy_once(world):
    world.make()
    one = world.start(generation=2, stop_at="confirm").at("confirm")
    two = world.start(generation=2, stop_at="confirm").at("confirm")
    one.send()
    holds(one.end(), "changed UPDATE_COMPLETE")
    two.send()
    holds(two.end(), "unchanged UPDATE_COMPLETE")
    equal([c["status"] for c in world.calls("ExecuteChangeSet")], [200, 404])


def a_push_during_the_deletion_makes_the_stack_anew(world):
    old = world.make()
    world.peer.tell("hold", resource="Queue", on="delete")
    deleting = world.start("delete", generation=1).saw("event Queue DELETE_IN_PROGRESS")
    pushed = world.start(generation=2).saw("note waiting for what is under way: DELETE_IN_PROGRESS")
    world.peer.tell("release")
    equal(deleting.end(), "deleted")
    equal(pushed.end(), "changed CREATE_COMPLETE Generation=2")
    equal(world.status(old), "DELETE_COMPLETE")


def a_deletion_between_the_change_set_and_its_execution_is_seen(world):
    world.make()
    pushed = world.start(generation=2, stop_at="confirm").at("confirm")
    world.peer.tell("hold", resource="Queue", on="delete")
    deleting = world.start("delete").saw("event Queue DELETE_IN_PROGRESS")
    pushed.send()
    pushed.saw("note somebody else changed the stack meanwhile; looking again").saw("note waiting")
    world.peer.tell("release")
    equal(deleting.end(), "deleted")
    equal(pushed.end(), "changed CREATE_COMPLETE Generation=2")


def two_deletions_at_once_both_end_well(world):
    world.make()
    one = world.start("delete", stop_at="before_delete").at("before_delete")
    two = world.start("delete", stop_at="before_delete").at("before_delete")
    one.send()
    two.send()
    equal([one.end(), two.end()], ["deleted", "deleted"])


def random_stories_end_with_the_newest(world):
    """Pushes, kills and failures at random; then one more run, and what is there is the newest."""
    seed = int(os.environ.get("PERCH_SEED", random.SystemRandom().randrange(1 << 30)))
    dice, ends = random.Random(seed), {}
    try:
        for _ in range(int(os.environ.get("PERCH_STORIES", 6))):
            world.reset()
            generation, pushes = dice.choice((0, 1)), []
            if generation:
                world.make()
            for _ in range(dice.choice((2, 3, 3))):
                generation += 1
                pushes.append(world.start(generation=generation, head=head(world, generation), poll=20))
                if dice.random() < 0.25:
                    world.peer.tell("fail", resource="Queue", on=dice.choice(("create", "update", "rollback", "delete")), reason="by dice")
                time.sleep(dice.random() * 0.25)
                if dice.random() < 0.4:
                    dice.choice(pushes).kill()
            killed = [one.process.poll() is not None and one.process.returncode < 0 for one in pushes]
            results = ["killed" if gone else one.end().split(":")[0].split(" ")[0] for gone, one in zip(killed, pushes)]
            for result in results:
                ends[result] = ends.get(result, 0) + 1
            if set(results) - {"killed", "changed", "unchanged", "superseded", "failed"}:
                raise AssertionError(f"an end that must not be: {results}")
            if results[-1] == "changed" and world.generation() != str(generation):
                raise AssertionError(f"the newest was deployed, but {world.generation()} is there")
            world.peer.tell("release")
            last = world.apply(generation, head=head(world, generation))
            if last.result.split(" ")[0] not in ("changed", "unchanged"):
                raise AssertionError(f"one more run did not converge: {results}")
            equal((world.generation(), world.delay()), (str(generation), generation), str(results))
            equal(len([s for s in world.peer.tell("stacks") if s["status"] != "DELETE_COMPLETE"]), 1)
            world.runs.clear()
    except Exception as error:
        raise AssertionError(f"PERCH_SEED={seed}: {error}") from error
    print(f"       seed {seed}: {ends}")


run([v for k, v in list(globals().items()) if callable(v) and getattr(v, "__module__", "") == "__main__" and k != "head"])
