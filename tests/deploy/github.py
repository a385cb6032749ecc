#!/usr/bin/env python3
"""`perch up` with branches of GitHub's: one mark at the commit, with the link. github.py PERCH_BINARY [CASE...]"""

import atexit

from shop import cases_of, equal, holds, matches, peers, run_cases


def hub(shop, branches=()):
    """A GitHub of this case's own; what perch is told of it; a function that gives the marks of a commit."""
    words = [w for name in branches for w in ("--branch", name)]
    peer = peers.Peer("github_peer.py", "--repo", "acme/shop", "--token", "good", *words)
    atexit.register(peer.process.kill)
    shop.operator(repository=f"{peer.url}/acme/shop.git")
    given = {"GITHUB_API_URL": peer.url, "GITHUB_TOKEN": "good"}
    heads = peer.tell("branches")["branches"]
    return peer, given, heads


def marks(peer, commit):
    return [(s["state"], s["description"], s["target_url"], s["context"]) for s in peer.tell("calls")["statuses"].get(commit, [])]


def a_mark_with_the_link(shop):
    peer, given, heads = hub(shop, ["feature/mark"])
    code, out, err = shop.up("feature/mark", **given)
    equal((code, err), (0, ""))
    link = "https://feature-mark.preview.example.com"
    equal(marks(peer, heads["feature/mark"]), [("pending", "The environment is being deployed", link, "perch/shop"),
                                               ("success", "The environment shows this commit", link, "perch/shop")])
    code, out, err = shop.up("feature/mark", **given)
    equal((code, out.split(":")[0], err), (0, "Nothing to do", ""))
    equal(marks(peer, heads["feature/mark"])[-1][0], "success")


def a_failure_is_marked(shop):
    peer, given, heads = hub(shop, ["feature/bad"])
    shop.peer.tell("fail", resource="Database", stack="perch-shop-feature-bad-*", reason="no room")
    code, out, err = shop.up("feature/bad", **given)
    equal(code, 1)
    equal([(state, link) for state, _, link, _ in marks(peer, heads["feature/bad"])],
          [("pending", "https://feature-bad.preview.example.com"), ("failure", "https://feature-bad.preview.example.com")])


def a_mark_that_cannot_be_set_fails_nothing(shop):
    peer, given, heads = hub(shop, ["feature/mute"])
    peer.tell("mode", mode="read-only")
    code, out, err = shop.up("feature/mute", **given)
    equal((code, err), (0, ""))
    equal(len([line for line in out.splitlines() if line.startswith("note: the commit status was not set: ")]), 2, out)
    equal(marks(peer, heads["feature/mute"]), [])
    equal(shop.status("feature/mute", **given)["state"], "ready")


def a_head_that_moved_is_not_deployed(shop):
    peer, given, heads = hub(shop, ["feature/moves"])
    shop.peer.tell("hold", resource="Database", stack="perch-shop-feature-moves-*")
    first = shop.start_up("feature/moves", **given)
    shop.at("feature-moves", "CREATE_IN_PROGRESS")
    second = shop.start_up("feature/moves", **given)
    shop.until(lambda: shop.record("feature/moves")["generation"] == 2, "the second began")
    made = peer.tell("branches", push=["feature/moves"])["made"]["feature/moves"]
    shop.peer.tell("release")
    code, out, err = second.end()
    equal((code, err), (4, f"perch: 'feature/moves' has moved on: it is at {made[:7]} now\n"))
    first.end()
    equal(marks(peer, made), [])
    equal(marks(peer, heads["feature/moves"])[-1][:2], ("error", f"Not deployed: it is at {made[:7]} now"))


def a_repository_that_is_misspelt(shop):
    peer, given, heads = hub(shop)
    shop.operator(repository=f"{peer.url}/acme/shpo.git")
    code, out, err = shop.up("feature/spelt", **given)
    equal((code, out), (1, ""))
    matches(err, r"perch: .*acme/shpo.*404.*\n.*\n")


def a_token_that_is_wrong(shop):
    peer, given, heads = hub(shop)
    code, out, err = shop.up("feature/token", **{**given, "GITHUB_TOKEN": "bad"})
    equal((code, out, "bad" in err.replace("Bad", "")), (1, "", False))


if __name__ == "__main__":
    run_cases(cases_of(globals()))
