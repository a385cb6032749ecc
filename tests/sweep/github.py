"""`perch sweep --github` as the origin's script is called, without perch.yaml: what GitHub may do wrong deletes nothing."""

import re
import sys

from world import cases_of, equal, run

WHERE = "acme/shop on 127.0.0.1"
NOTHING = "perch: nothing was deleted: cannot list the branches: "


def _sweep(world, *words, name="acme/shop", **more):
    return world.sweep("--github", name, "--tag", "branch", *words, repository=False, **more)


def _two_stacks(world):
    world.stack("shop-main", "main")
    world.stack("shop-gone", "feature/gone")
    world.fill(world.bucket("shop-gone"), 2)
    return len(world.calls())


def _refuses(world, error, name="acme/shop", **more):
    """Nothing was touched, exit code 3, exactly this text (the peer's port aside)."""
    since = _two_stacks(world)
    code, out, err = _sweep(world, name=name, **more)
    err = err.replace(f":{world.github_peer.port}", "")
    equal((code, out, re.sub(r"(?<=, at )\S+Z", "TIME", re.sub(r"\d+(?= bytes remaining)", "BYTES", err))), (3, "", error))
    equal(world.stacks(), ["shop-gone", "shop-main"])
    asked = {c["action"] for c in world.calls(since=since)}
    equal(asked, {"DescribeStacks"}, "more than the list of stacks was asked for")


def deletes_what_github_does_not_list(world):
    world.github("feature/cart")
    _two_stacks(world)
    world.stack("shop-cart", "feature/cart")
    code, out, err = _sweep(world)
    equal((code, err), (0, ""))
    bucket = out.split("emptied bucket ")[1].split(":")[0]
    equal(out, "delete  shop-gone  branch 'feature/gone' is gone\n2 stacks stay as a matter of course (-v lists them).\n"
               f"shop-gone: emptied bucket {bucket}: 2 versions\nshop-gone: deleting\nshop-gone: gone\n"
               "1 stack gone with 2 versions in buckets, 2 stay, 0 failed.\n")
    equal(world.stacks(), ["shop-cart", "shop-main"])


def a_misspelt_repository_deletes_nothing(world):
    world.github()
    _refuses(world, NOTHING + "acme/shpo on 127.0.0.1: GitHub says that it is not there (404); the token may not see it\n"
            "  Check the spelling of acme/shpo, and that the token has the permission metadata: read there.\n", name="acme/shpo")


def a_repository_that_only_its_members_see_deletes_nothing(world):
    world.github()
    _refuses(world, NOTHING + WHERE + ": GitHub says that it is not there (404); a private one looks the same to whoever has no token\n"
            "  Check the spelling of acme/shop; for a private repository set GITHUB_TOKEN to a token that may read it.\n", environment={"GITHUB_TOKEN": None})


def an_empty_repository_deletes_nothing(world):
    world.github().tell("mode", mode="empty")
    _refuses(world, NOTHING + WHERE + ": the repository has no branch with a commit\n  Make a first commit there, or push one.\n")


def a_wrong_token_deletes_nothing(world):
    world.github()
    _refuses(world, NOTHING + WHERE + ": GitHub does not take the token (401: Bad credentials)\n  It may have expired or been revoked. "
            "Make a new token on GitHub (Settings, Developer settings) and set GITHUB_TOKEN to it.\n", environment={"GITHUB_TOKEN": "old"})


def a_token_without_scope_deletes_nothing(world):
    world.github().tell("mode", mode="forbidden")
    _refuses(world, NOTHING + WHERE + ": GitHub refuses (403): Resource not accessible by personal access token\n"
            "  Give the token the permission metadata: read for acme/shop.\n")


def a_rate_limit_deletes_nothing(world):
    world.github().tell("mode", mode="rate-limited")
    _refuses(world, NOTHING + WHERE + ": GitHub's limit on requests is reached for this token; it ends in 30 min, at TIME\n"
            "  Wait until then, or use a token that nothing else uses.\n")


def _pages(world, **mode):
    world.github(*(f"b{i:03}" for i in range(350))).tell("mode", page=3, **mode)


def a_list_cut_in_the_middle_of_page_3_deletes_nothing(world):
    _pages(world, mode="cut")
    _refuses(world, NOTHING + WHERE + ": transfer closed with BYTES bytes remaining to read\n"
            "  Check the network, and that this machine may reach http://127.0.0.1.\n")


def a_list_that_ends_early_with_page_3_deletes_nothing(world):
    _pages(world, mode="short")
    _refuses(world, NOTHING + WHERE + ": the list ended with page 3, though GitHub had told of page 4\n"
            "  The list was read 5 times and is not believed; nothing was done. Try again.\n")


def a_full_page_that_says_it_is_the_last_is_not_believed(world):
    _pages(world, mode="no-link")
    _two_stacks(world)
    world.stack("shop-page-4", "b349")
    code, out, err = _sweep(world)
    equal((code, err, world.stacks()), (0, "", ["shop-main", "shop-page-4"]), out)


def a_connection_reset_at_page_3_deletes_nothing(world):
    _pages(world, mode="reset")
    _refuses(world, NOTHING + WHERE + ": Recv failure: Connection reset by peer\n"
            "  Check the network, and that this machine may reach http://127.0.0.1.\n")


def an_error_on_page_3_deletes_nothing(world):
    _pages(world, mode="error")
    _refuses(world, NOTHING + WHERE + ": GitHub answered 500 (Internal Server Error): Server Error\n  Try again later, or ask who looks after 127.0.0.1.\n")


def pages_are_read_to_the_end_and_again_for_nothing(world):
    github = world.github(*(f"b{i:03}" for i in range(350)))
    _two_stacks(world)
    world.stack("shop-last", "b349")
    github.tell("forget")
    code, out, err = _sweep(world)
    equal((code, err, world.stacks()), (0, "", ["shop-last", "shop-main"]), out)
    told = github.tell("calls")
    equal(told["not_modified"], 7)  # the second reading, of the repository and 4 pages; the repository for each look right before
    equal({k: v for k, v in told["calls"].items() if "ref" not in k},
          {"GET /repos/acme/shop": 4, "GET /repos/acme/shop/branches": 8})


def a_branch_that_slips_between_two_pages_is_not_missed(world):
    github = world.github(*(f"b{i:03}" for i in range(150)))
    world.stack("shop-main", "main")
    world.stack("shop-slips", "b100")  # first of page 2 until b000 goes
    github.tell("during", after_page=1, delete="b000")
    code, out, err = _sweep(world)
    equal((code, out, err), (0, "2 stacks stay as a matter of course (-v lists them).\nNothing to delete.\n", ""))


def a_branch_that_is_back_before_its_stack_goes_keeps_it(world):
    github = world.github()
    _two_stacks(world)
    github.tell("during", after_page=1, push="feature/gone")
    code, out, err = _sweep(world)
    equal((code, err, world.stacks()), (0, "", ["shop-gone", "shop-main"]))
    equal(out, "delete  shop-gone  branch 'feature/gone' is gone\n1 stack stays as a matter of course (-v lists them).\n"
               "shop-gone: stays: branch 'feature/gone' came back\nshop-gone stays: branch 'feature/gone' came back\n0 stacks gone, 2 stay, 0 failed.\n")


run(cases_of(sys.modules["__main__"]))
