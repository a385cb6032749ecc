#!/usr/bin/env python3
"""Branches with every name that git allows. names.py PERCH_BINARY"""

import json
import os
import re
import subprocess
import sys

from world import World

CONFIG = """\
app: e2e
parallel: 4
run: {{command: "exec python3 -S -E app.py", health: /}}
release: {{command: "echo $PERCH_BRANCH >> ${{DATABASE_URL#sqlite:///}}.names"}}
env: {{E2E_MARK: {mark}}}
"""

NAMES = [
    "feature/a",
    "feature-a",
    "Feature/A",
    "FEATURE/A",
    "feature.a",
    "feature/b/c",
    "fêature/ünïcödé",
    "分支/测试",
    "🦀/🚀",
    "\u202egnp.exe",
    "x" * 250,
    "x" * 249 + "y",
    "/".join(["ab"] * 83),
    "-",
    "-x",
    "--help",
    "--json",
    "--force",
    "-c/core.fsmonitor=touch",
    "$(touch${IFS}x)",
    "`touch${IFS}x`",
    ";touch${IFS}x;",
    "a&&b",
    "a|b",
    "a>x",
    "'q'",
    '"q"',
    "a'b\"c",
    "<script>alert(1)</script>",
    "%2e%2e%2f",
    "%00",
    "{{7-7}}",
    "{0}",
    "$PATH",
    "!x",
    "#x",
    "a@b",
    "HEAD",
    "refs/heads/main",
    "origin/main",
    "main-no-infra2",
    "con",
    "www",
    "perch",
    "localhost",
    "dashboard",
    "xn--abc",
    "api",
    "\x80\xff\xfe".encode("latin-1").decode("utf-8", "surrogateescape"),
    "a\u200bb",
    "\u009b31mred",
]

# The commands that take time are tried with these.
SOME = ["Feature/A", "feature-a", "🦀/🚀", "x" * 250, "--help", "-c/core.fsmonitor=touch", "$(touch${IFS}x)", "`touch${IFS}x`", ";touch${IFS}x;", "'q'",
        "<script>alert(1)</script>", "%00", "HEAD", "\x80\xff\xfe".encode("latin-1").decode("utf-8", "surrogateescape")]


def name_for_commands(name, view):
    """What begins with a dash would be an option: such a branch is called by its slug."""
    return view["slug"] if name.startswith("-") else os.fsencode(name)


def as_json_shows(name):
    return os.fsencode(name).decode(errors="replace")


def make_branches(world):
    """By fast-import, which allows more than `git branch`. Each has content of its own."""
    stream = []
    for number, name in enumerate(NAMES):
        stream.append(b"commit refs/heads/%s\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 5\nTitle\n" % os.fsencode(name))
        for path, content in (("version.txt", b"content %d" % number), ("app.py", (world.work / "app.py").read_bytes())):
            stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
    subprocess.run(["git", "--git-dir", str(world.origin), "fast-import", "--quiet"], input=b"".join(stream), check=True, env=world.env)


def all_come_up(world):
    def done():
        states = [view["state"] for view in world.environments().values()]
        return len(states) == len(NAMES) + 1 and all(state in ("ready", "failed") for state in states)

    world.wait(done, "all branches end in ready or failed", 120)
    views = world.environments()
    assert set(views) == {as_json_shows(name) for name in NAMES} | {"main"}, sorted(views)
    assert {view["state"] for view in views.values()} == {"ready"}, views


def each_has_its_own_slug_folder_and_database(world):
    views = world.environments()
    slugs = [view["slug"] for view in views.values()]
    assert len(set(slugs)) == len(slugs) == len(NAMES) + 1
    assert world.folders() == sorted(slugs)
    for number, name in enumerate(NAMES):
        slug = views[as_json_shows(name)]["slug"]
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", slug), slug
        assert world.get(slug) == (200, f"content {number}"), (name, world.get(slug))
        written = [path.read_bytes() for path in (world.state / "environments" / slug / "data").glob("*/*.names")]
        assert written == [os.fsencode(name) + b"\n"], (name, written)


def assert_harmless(out):
    """Neither moves the cursor nor turns the text around, and is UTF-8."""
    text = out.decode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text), text


def they_are_printed_safely(world):
    for arguments in (["ls"], ["plan"], ["status"]):
        out = world.perch(*arguments, text=False).stdout
        assert_harmless(out)
    assert len(json.loads(world.perch("ls", "--json").stdout)) == len(NAMES) + 1
    assert_harmless((world.folder / "serve.log").read_bytes())
    page = world.get("")[1]
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def every_command_takes_them(world):
    views = world.environments()
    for name in NAMES:
        view = views[as_json_shows(name)]
        result = world.perch("status", name_for_commands(name, view), text=False)
        assert result.returncode == 0 and view["slug"].encode() in result.stdout, (name, result)
    for name in SOME:
        view = views[as_json_shows(name)]
        argument = name_for_commands(name, view)
        ran = world.perch("exec", argument, "--", "sh", "-c", 'printf %s "$PERCH_BRANCH"', text=False)
        assert (ran.returncode, ran.stdout) == (0, os.fsencode(name)), (name, ran)
        for command in (["logs", argument], ["down", argument], ["logs", argument, "--stage", "release"], ["config", "explain", argument]):
            result = world.perch(*command, text=False)
            assert result.returncode == 0, (name, result)
        assert world.get(view["slug"])[0] == 503
    for name in SOME:
        view = views[as_json_shows(name)]
        up = world.perch("up", name_for_commands(name, view), text=False)
        assert up.returncode == 0, (name, up)
        assert world.get(view["slug"]) == (200, f"content {NAMES.index(name)}")


def unknown_names_are_told_apart_from_options(world):
    for name in ("--help2", "-q"):
        assert world.perch("status", name).returncode == 2
    for command in (["logs", ""], ["down", ""], ["up", ""], ["exec", "", "--", "true"]):
        result = world.perch(*command)
        assert result.returncode == 2 and "a branch has a name" in result.stderr, result
    for name in ("../main", "main/../main", "MAIN", "refs/heads/nothing", "m\x1b[31m", "%6dain", "x" * 100000):
        for command in (["status", name], ["logs", name], ["down", name], ["up", name], ["exec", name, "--", "true"]):
            result = world.perch(*command)
            assert result.returncode in (1, 2), (command, result)
            assert "\x1b" not in result.stdout + result.stderr, result


def nothing_of_them_was_executed(world):
    touched = [path for path in world.folder.rglob("x") if not (world.origin in path.parents)]
    assert touched == [], touched
    assert not os.path.exists("x")


def all_go_when_they_are_deleted(world):
    lines = b"".join(b"delete refs/heads/" + os.fsencode(name) + b"\0\0" for name in NAMES)
    subprocess.run(["git", "--git-dir", str(world.origin), "update-ref", "-z", "--stdin"], input=lines, check=True, env=world.env)
    world.wait(lambda: "--max-deletes" in world.perch("plan").stdout, "so many deletions are refused")
    result = world.perch("sweep", "--yes", "--max-deletes", "100", stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result
    world.wait(lambda: world.folders() == ["main"] and len(world.keepers()) == 1, "all are gone")


if __name__ == "__main__":
    with World(sys.argv[1], config=CONFIG) as world:
        make_branches(world)
        world.start()
        world.wait_for_serve()
        for function in (all_come_up, each_has_its_own_slug_folder_and_database, they_are_printed_safely, every_command_takes_them,
                         unknown_names_are_told_apart_from_options, nothing_of_them_was_executed, all_go_when_they_are_deleted):
            print(function.__name__.replace("_", " "), flush=True)
            function(world)
