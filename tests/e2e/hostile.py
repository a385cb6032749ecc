#!/usr/bin/env python3
"""Apps and branches that misbehave. hostile.py PERCH_BINARY"""

import json
import os
import re
import socket
import subprocess
import sys

from world import APP, World

CONFIG = """\
app: e2e
parallel: 4
build: {{command: "if test -f build.sh; then sh build.sh; fi"}}
release: {{command: "if test -f release.sh; then sh release.sh; fi"}}
run: {{command: [python3, -S, -E, app.py], health: /, health_timeout: 6s, stop_timeout: 500ms}}
env: {{E2E_MARK: {mark}}}
secrets: {{TOKEN: {{file: token}}}}
limits: {{memory: 128M, processes: PROCESSES, log: 64k, file_size: 4M}}
""".replace(
    "PROCESSES", "64" if os.geteuid() == 0 else "200")  # all processes of an ordinary user count together

SECRET = "hunter2-and-more-than-eight"

# Each fails with a reason that says what is wrong with it.
BAD_APPS = {
    "silent": ("import time\ntime.sleep(1000)\n", r"it did not listen on \$PORT \(\d+\) of 127.0.0.1 within 6.0 s"),
    "quitter": ("print('I give up', flush=True)\nraise SystemExit(7)\n", r"ended at once with exit code 7: I give up"),
    "elsewhere": (APP.replace("int(os.environ['PORT'])", "0"), r"it listens on port \d+ instead of \$PORT \(\d+\)"),
    "wrong": (APP.replace("200 OK", "500 Oh"), r"GET / (answers 500|got no answer)"),
    "hungry": ("hog = []\nwhile True: hog.append(bytearray(1 << 20))\n", r"MemoryError"),
    "bomb": ("import os, time\ntry:\n    while True: os.fork()\nfinally: time.sleep(0.1)\n", r"ended at once with exit code 1|did not listen"),  # many write at once: any line of theirs may be the last
    "printer": ("import os\nline = b'x' * 65535 + b'\\n'\nwhile True: os.write(1, line)\n", r"did not listen on \$PORT"),
    "blabber": (f"import os, sys\nsys.stdout.write(os.environ['TOKEN'][:9]); sys.stdout.flush()\nsys.exit(os.environ['TOKEN'][9:])\n", r"ended at once with exit code 1: .*"),
}

if os.geteuid() != 0:
    del BAD_APPS["bomb"]  # it starves all branches of an ordinary user, who has one count of processes

# These serve, and are hard to get rid of.
STUBBORN_APPS = {
    "deaf": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + APP,
    "hydra": (
        "import os, signal, time\n"
        "for _ in range(5):\n"
        "    if os.fork() == 0:\n"
        "        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "        os.setsid()\n"
        "        if os.fork() == 0: os.setsid()\n"
        "        while True: time.sleep(1000)\n"
    ) + APP,
    "chatty": "import os\nline = b'x' * 65535 + b'\\n'\nfor _ in range(512): os.write(1, line)\nos.write(1, b'the end\\n')\n" + APP,
    "big-file": (
        "import os, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n    open(os.environ['BUCKET_DIR'] + '/big', 'wb').write(b'x' * (16 << 20))\n"
        "except OSError as error: print('no big file:', error.strerror, flush=True)\n"
    ) + APP,
}

# Tries what version.txt lists, and answers with what it got.
SNOOP = """\
import glob, json, os, socket
got = []
wanted = json.load(open('version.txt'))
for path in wanted['read']:
    try:
        got.append(['read', path, os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(64).decode(errors='replace')])
    except OSError: pass
for path in wanted['write']:
    try:
        open(path, 'a').close()
        got.append(['wrote', path])
    except OSError: pass
for path in wanted['connect']:
    try:
        s = socket.socket(socket.AF_UNIX); s.connect(path)
        got.append(['connected', path])
    except OSError: pass
for path in glob.glob('/proc/[0-9]*/environ'):
    try:
        if b'E2E_MARK' not in open(path, 'rb').read() and path != '/proc/1/environ': got.append(['read', path])
    except OSError: pass
for root in ('/data', '/app', '/tmp', '/home'):
    for folder, _, files in os.walk(root):
        got += [['found', os.path.join(folder, name)] for name in files if name in ('token', 'perch.yaml', 'environment.json', 'journal.db')]
body = json.dumps(got).encode()
""" + APP.replace("body = open('version.txt', 'rb').read()\n", "")

checks = []


def check(function):
    checks.append(function)
    return function


def views_of(world, *branches):
    views = world.environments()
    return [views.get(branch, {}) for branch in branches]


def wait_for(world, branches, state):
    heads = world.heads()
    world.wait(lambda: all(view.get("state") in ("ready", "failed", "skipped") and view.get("commit") == heads[view["branch"]] for view in views_of(world, *branches)),
               f"{branches} are tried")
    wrong = {view["branch"]: view["reason"] for view in views_of(world, *branches) if view["state"] != state}
    assert not wrong, wrong


def logs(world, branch, *arguments):
    result = world.perch("logs", branch, *arguments)
    assert result.returncode == 0, result
    return result.stdout


@check
def a_bad_app_fails_with_its_reason_and_the_old_one_goes_on(world):
    for branch in BAD_APPS:
        world.push(branch, f"good {branch}")
    wait_for(world, BAD_APPS, "ready")
    for branch, (app, _) in BAD_APPS.items():
        world.push(branch, "bad", files={"app.py": app})
    wait_for(world, BAD_APPS, "failed")
    for branch, (_, reason) in BAD_APPS.items():
        view, = views_of(world, branch)
        assert re.search(reason, view["reason"]), (branch, view["reason"])
        assert world.get(branch) == (200, f"good {branch}")
    assert "I give up" in logs(world, "quitter"), "the failed attempt's log, not that of the app that serves"
    assert SECRET not in logs(world, "blabber") + str(views_of(world, "blabber"))
    assert world.get("main") == (200, "main 0")
    for branch in BAD_APPS:
        world.delete(branch)
    world.perch("sweep", "--yes", "--max-deletes", "100", stdin=subprocess.DEVNULL)
    world.wait(lambda: world.folders() == ["main"], "all are gone")
    world.wait(lambda: len(world.guests()) == 1, "nothing of them lives")


@check
def a_branch_that_never_worked_says_why_everywhere(world):
    for branch in ("quitter", "silent"):
        world.push(branch, "bad", files={"app.py": BAD_APPS[branch][0]})
    wait_for(world, ["quitter", "silent"], "failed")
    table = world.perch("ls").stdout
    assert re.search(r"quitter .*I give up", table) and re.search(r"silent .*did not listen", table), table
    status, page = world.get("quitter")
    assert status == 502 and "I give up" in page, (status, page)
    assert "I give up" in logs(world, "quitter")


@check
def stubborn_apps_serve_and_end(world):
    for branch, app in STUBBORN_APPS.items():
        world.push(branch, branch, files={"app.py": app})
    wait_for(world, STUBBORN_APPS, "ready")
    for branch in STUBBORN_APPS:
        assert world.get(branch) == (200, branch)
    assert logs(world, "big-file") == "no big file: File too large\n"
    chatter = logs(world, "chatty")
    assert chatter.endswith("the end\n") and len(chatter) <= 64 << 10, len(chatter)
    assert len(world.guests()) >= 1 + 4 + 10
    world.push("deaf", "deaf again", files={"app.py": STUBBORN_APPS["deaf"]})
    world.push("hydra", "hydra again", files={"app.py": STUBBORN_APPS["hydra"]})
    world.wait(lambda: world.get("deaf") == (200, "deaf again") and world.get("hydra") == (200, "hydra again"), "they are replaced")
    for branch in ("deaf", "chatty"):
        assert world.perch("down", branch).returncode == 0
    for branch in ("hydra", "big-file"):
        world.delete(branch)
    world.wait(lambda: len(world.guests()) == 1, "only main's app is left")
    assert world.get("main") == (200, "main 0")


@check
def a_guest_sees_nothing_of_others(world):
    state, home = str(world.state), str(world.home)
    folder = f"{state}/environments/main"
    wanted = {
        "read": [state, home, "/root", f"{os.path.expanduser('~')}/.ssh", f"{state}/token", f"{home}/token", f"{home}/perch.yaml", folder, f"{folder}/data", "/etc/shadow", "/etc/ssh",
                 str(world.origin), f"/proc/1/root{state}", f"/proc/self/root{home}", f"/proc/1/cwd{home}", "/data/../..//" + home, "/dev/mem", "/dev/sda", "/boot",
                 "/var/lib", "/sys/kernel/security", "/run/docker.sock", "/run/user", "/run/systemd"],
        "write": [f"{state}/x", "/app/x", "/usr/x", "/x", "/etc/x", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", f"{home}/x", "/data/../x"],
        "connect": [f"{state}/control.sock", "/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/nscd/socket"],
    }
    world.push("snoop", json.dumps(wanted), files={"app.py": SNOOP})
    wait_for(world, ["snoop"], "ready")
    assert world.get("snoop") == (200, "[]"), world.get("snoop")
    for path in (f"{state}/token", f"{home}/token", f"{folder}/environment.json", "/etc/shadow"):
        assert world.perch("exec", "snoop", "--", "cat", path).returncode != 0, path
    # The build sees as little, and neither it nor the checkout may leave something that perch follows out.
    world.push("builder", "builder", files={"build.sh": f"cat {state}/token {home}/token {home}/perch.yaml; ls {state}; echo token=$TOKEN\n"
                                                        f"echo x > {home}/from-build; ln -s {home}/token stolen; ln -s {home} out; ln -s /etc/passwd passwd; chmod 4755 app.py; true\n"})
    wait_for(world, ["builder"], "ready")
    said = logs(world, "builder", "--stage", "build")
    assert "hunter2" not in said and "repository:" not in said and "token=\n" in said, said
    assert not (world.home / "from-build").exists()
    assert (world.home / "token").stat().st_mode & 0o777 == 0o600 and (world.home / "token").stat().st_uid == os.getuid()
    assert "cannot" in world.perch("exec", "builder", "--", "sh", "-c", "cat stolen out/perch.yaml 2>/dev/null || echo cannot").stdout
    setuid = [path for path in (world.state / "releases").rglob("app.py") if path.stat().st_mode & 0o7000]
    assert setuid == [], setuid


@check
def links_out_of_the_checkout_lead_nowhere(world):
    world.git("checkout", "-q", "-B", "scratch", "origin/main")
    for name, target in (("token", f"{world.home}/token"), ("up", "../../../../../.."), ("perch.yaml", f"{world.home}/perch.yaml"), ("loop", "loop")):
        os.symlink(target, world.work / name)
    (world.work / "version.txt").unlink()
    os.symlink(f"{world.home}/token", world.work / "version.txt")
    world.git("add", "-A")
    world.git("commit", "-qm", "Links")
    world.git("push", "-qf", "origin", "scratch:refs/heads/links")
    wait_for(world, ["links"], "failed")
    assert "No such file or directory" in views_of(world, "links")[0]["reason"]


@check
def trees_with_evil_names_are_refused(world):
    blob = world.git("rev-parse", "main:app.py").stdout.strip()
    tree = world.git("rev-parse", "main^{tree}").stdout.strip()
    for branch, mode, name, target in (("dotdot", b"40000", b"..", tree), ("dotgit", b"40000", b".git", tree), ("slash", b"100644", b"../../x", blob), ("git-case", b"40000", b".GIT", tree)):
        raw = mode + b" " + name + b"\0" + bytes.fromhex(target)
        made = subprocess.run(["git", "--git-dir", str(world.origin), "hash-object", "-t", "tree", "--literally", "-w", "--stdin"], input=raw, check=True, capture_output=True, env=world.env)
        commit = subprocess.run(["git", "--git-dir", str(world.origin), "commit-tree", made.stdout.decode().strip(), "-m", "Evil"], check=True, capture_output=True, text=True, env=world.env)
        subprocess.run(["git", "--git-dir", str(world.origin), "update-ref", f"refs/heads/{branch}", commit.stdout.strip()], check=True, env=world.env)
    wait_for(world, ["dotdot", "dotgit", "slash", "git-case"], "failed")
    for view in views_of(world, "dotdot", "dotgit", "slash", "git-case"):
        assert "check out" in view["reason"] or "checkout" in view["reason"], view["reason"]


@check
def a_database_that_becomes_a_link_or_a_pipe_is_not_copied(world):
    release = {"release.sh": "python3 -S -E -c 'import os,sqlite3' 2>/dev/null; true\n"}
    app = "import os\nhere = os.environ['DATABASE_URL'][len('sqlite:///'):]\nEVIL\n" + APP
    evil = {
        "linked": f"os.path.lexists(here) and os.unlink(here); os.symlink('{world.home}/token', here)",
        "passwd": "os.path.lexists(here) and os.unlink(here); os.symlink('/etc/passwd', here)",
        "pipe": "os.path.lexists(here) and os.unlink(here); os.mkfifo(here)",
        "garbage": "open(here, 'wb').write(b'x' * 100000)",
        "locked": "os.path.lexists(here) or open(here, 'w').close(); os.chmod(here, 0)",
        "deep": "os.chdir(os.path.dirname(here))\nfor _ in range(700): os.path.exists('d') or os.mkdir('d'); os.chdir('d')\nos.chdir('/app')",
    }
    for branch, line in evil.items():
        world.push(branch, f"{branch} 1", files={"app.py": app.replace('EVIL', line), **release})
    wait_for(world, evil, "ready")
    for branch, line in evil.items():
        world.push(branch, f"{branch} 2", files={"app.py": app.replace('EVIL', line), **release})
    heads = world.heads()
    world.wait(lambda: all(view["state"] in ("ready", "failed") and view["commit"] == heads[view["branch"]] for view in views_of(world, *evil)), "all are tried again")
    for view in views_of(world, *evil):
        number = 2 if view["state"] == "ready" else 1
        assert world.get(view["slug"]) == (200, f"{view['branch']} {number}"), world.get(view["slug"])
    assert (world.home / "token").read_text() == SECRET + "\n"
    found = subprocess.run(["grep", "-rls", SECRET, str(world.state / "environments"), str(world.state / "releases")], capture_output=True, text=True).stdout
    assert found == "", found
    for branch in evil:
        world.delete(branch)
    world.perch("sweep", "--yes", "--max-deletes", "100", stdin=subprocess.DEVNULL)
    world.wait(lambda: not set(evil) & set(world.folders()), "all are gone")


@check
def a_branch_sets_only_what_is_its_own(world):
    mine = "run: {command: [python3, -S, -E, app.py], health: /, health_timeout: 6s}\n"
    world.push("greedy", "greedy", files={"perch.yaml": mine + "app: other\nsecrets: {TOKEN: {command: [cat, /etc/shadow]}}\nlimits: {memory: 64G}\nsandbox: {readable: [/root]}\nbranches: {protect: ['*']}\n"})
    world.push("broken", "broken", files={"perch.yaml": "run: {command: [python3\n\tx"})
    world.push("bomb-yaml", "bomb", files={"perch.yaml": "env: {A: &a [x, x], B: &b [*a, *a], C: [*b, *b]}\n" + mine})
    world.push("port", "port", files={"perch.yaml": "env: {PORT: 1}\n"})
    world.push("huge-yaml", "huge", files={"perch.yaml": "#" + "x" * (10 << 20)})
    world.push("own-env", "own", files={"perch.yaml": mine + "env: {LD_PRELOAD: /x.so, BASH_ENV: /x, IFS: x}\n"})
    wait_for(world, ["greedy", "own-env"], "ready")
    reasons = {"broken": "perch.yaml:2:1: a tab cannot be used for indentation", "bomb-yaml": "aliases (`*name`) are not supported",
               "huge-yaml": "it is larger than 1 MiB", "port": "`env.PORT` cannot be set"}
    wait_for(world, reasons, "failed")
    for branch, reason in reasons.items():
        assert reason in views_of(world, branch)[0]["reason"], views_of(world, branch)
    log = (world.folder / "serve.log").read_text()
    for key in ("app", "secrets", "limits", "sandbox", "branches"):
        assert re.search(rf"^greedy .* sets `{key}[`.].* only the operator's file decides that", log, re.MULTILINE), key
    assert world.get("main") == (200, "main 0")


@check
def secrets_are_masked(world):
    shout = "import os, time\nt = os.environ['TOKEN']\nos.write(1, b'whole ' + t.encode() + b'\\n')\nfor c in t: os.write(2, c.encode()); time.sleep(0.002)\nos.write(1, b'\\nend\\n')\n" + APP
    world.push("shout", "shout", files={"app.py": shout, "build.sh": "echo build=$TOKEN; env", "release.sh": "echo release=$TOKEN"})
    wait_for(world, ["shout"], "ready")
    world.wait(lambda: "end" in logs(world, "shout"), "it said all")
    said = logs(world, "shout")
    assert SECRET not in said and re.search(r"whole \S+\n\S+\nend\n", said), said
    assert "build=\n" in logs(world, "shout", "--stage", "build")
    released = logs(world, "shout", "--stage", "release")
    assert SECRET not in released and "release=" in released, released
    pages = [world.get("", "/branches/shout")[1], json.dumps(world.environments()), world.perch("status", "shout").stdout, world.perch("config", "show", "shout").stdout]
    assert not any(SECRET in page for page in pages)
    found = subprocess.run(["grep", "-rls", SECRET, str(world.state), str(world.folder / "serve.log")], capture_output=True, text=True).stdout
    assert found == "", found
    visible = subprocess.run(["grep", "-ls", SECRET, *[f"/proc/{pid}/cmdline" for pid in world.keepers() + [world.serve_process.pid]]], capture_output=True, text=True).stdout
    assert visible == "", visible


if __name__ == "__main__":
    wanted = sys.argv[2:]
    with World(sys.argv[1], config=CONFIG) as world:
        (world.home / "token").write_text(SECRET + "\n")
        (world.home / "token").chmod(0o600)
        world.start()
        world.wait_for_serve()
        world.wait(lambda: world.get("main") == (200, "main 0"), "main shows")
        for function in checks:
            if not wanted or any(word in function.__name__ for word in wanted):
                print(function.__name__.replace("_", " "), flush=True)
                function(world)
