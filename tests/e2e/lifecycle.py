#!/usr/bin/env python3
"""A branch's life seen from outside: push, failing push, deletion, crash, restart. lifecycle.py PERCH_BINARY"""

import subprocess
import sys

from world import World

CONFIG = """\
app: e2e
test: {{command: "! grep -q broken version.txt"}}
run: {{command: [python3, -S, -E, app.py], health: /}}
env: {{E2E_MARK: {mark}}}
"""

checks = []


def check(function):
    checks.append(function)
    return function


@check
def a_push_is_shown_and_a_second_one_replaces_it(world):
    world.push("feature/cart", "one")
    world.wait(lambda: world.get("feature-cart") == (200, "one"), "the first push shows")
    world.push("feature/cart", "two")
    world.wait(lambda: world.get("feature-cart") == (200, "two"), "the second push shows")
    view = world.environments()["feature/cart"]
    assert view["state"] == "ready" and view["serving_commit"] == view["commit"], view
    assert list(view)[:9] == ["branch", "slug", "profile", "state", "reason", "url", "commit", "serving_commit", "updated_at"], view


@check
def a_failing_push_leaves_the_old_version_and_is_not_tried_again(world):
    good = world.environments()["feature/cart"]["serving_commit"]
    world.push("feature/cart", "broken")
    world.wait(lambda: world.environments()["feature/cart"]["state"] == "failed", "the failing push is told")
    view = world.environments()["feature/cart"]
    assert world.get("feature-cart") == (200, "two")
    assert view["serving_commit"] == good != view["commit"], view
    generation = view["generation"] if "generation" in view else None
    assert world.perch("hook").returncode == 0
    plan = world.perch("plan", "--json")
    assert '"leave failed"' in plan.stdout, plan.stdout
    assert world.environments()["feature/cart"].get("generation") == generation


@check
def a_branch_that_never_worked_has_an_honest_page(world):
    world.push("sad", "broken from the start")
    world.wait(lambda: world.environments().get("sad", {}).get("state") == "failed", "it fails")
    status, page = world.get("sad")
    assert status in (502, 503) and "ests" in page, (status, page[:500])
    assert world.get("nobody")[0] == 404
    assert world.get("", "/")[0] == 200


@check
def a_word_of_a_person_tries_again(world):
    result = world.perch("up", "sad")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "test" in result.stdout, result.stdout


@check
def a_crash_of_perch_leaves_the_apps_and_the_next_start_adopts_them(world):
    world.wait(lambda: len(world.keepers()) == 2, "main and feature/cart run")
    before = sorted(world.keepers())
    world.kill()
    assert sorted(world.keepers()) == before
    world.start()
    world.wait_for_serve()
    world.wait(lambda: world.get("feature-cart") == (200, "two") and world.get("main") == (200, "main 0"), "they are shown again")
    assert sorted(world.keepers()) == before, "the same processes"


@check
def a_deleted_branch_is_gone_wholly(world):
    for branch in ("feature/cart", "sad"):
        world.delete(branch)
    world.wait(lambda: world.folders() == ["main"], "the folders go")
    world.wait(lambda: len(world.keepers()) == 1, "the processes go")
    world.wait(lambda: world.get("feature-cart")[0] in (404, 410), "its link says that it is gone")
    world.wait(lambda: set(world.environments()) == {"main"}, "only main is left")


@check
def an_ordinary_stop_ends_everything_and_the_next_start_brings_it_back(world):
    world.stop()
    assert world.keepers() == [] and world.guests() == []
    world.start()
    world.wait(lambda: world.get("main") == (200, "main 0"), "main is back")


@check
def an_unreadable_branch_list_deletes_nothing(world):
    hidden = world.origin.with_name("hidden.git")
    world.origin.rename(hidden)
    world.perch("hook")
    world.wait(lambda: world.perch("plan").returncode != 0, "the plan says that it cannot know")
    assert world.get("main") == (200, "main 0")
    assert world.folders() == ["main"]
    hidden.rename(world.origin)
    world.push("back", "again")
    world.perch("hook")
    world.wait(lambda: world.get("back") == (200, "again"), "pushes count again")


@check
def an_emptied_repository_deletes_nothing(world):
    hidden = world.origin.with_name("hidden.git")
    empty = world.origin.with_name("empty.git")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(empty)], check=True, env=world.env)
    world.origin.rename(hidden)
    empty.rename(world.origin)
    world.perch("hook")
    world.wait(lambda: world.perch("plan").returncode != 0, "the plan says that it cannot know")
    result = world.perch("sweep", "--yes", "--max-deletes", "100", stdin=subprocess.DEVNULL)
    assert result.returncode != 0, result.stdout
    assert world.get("main") == (200, "main 0")
    assert world.folders() == ["back", "main"]


if __name__ == "__main__":
    with World(sys.argv[1], config=CONFIG) as world:
        world.git("config", "--file", str(world.origin / "config"), "receive.denyDeleteCurrent", "ignore")
        world.start()
        world.wait_for_serve()
        for function in checks:
            print(function.__name__.replace("_", " "), flush=True)
            function(world)
    print(f"{len(checks)} checks passed")
