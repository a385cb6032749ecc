"""`./dev aws-smoke` against the local AWS peer: all of it, its refusals, its dry run. It never gets to ask for money here."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peer as peers  # noqa: E402

peers.need("moto", "cfnlint")

SMOKE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "demo", "aws", "smoke.py")
PERCH = os.path.abspath(sys.argv[1])


class World:
    def __init__(self):
        self.peer = peers.Peer("aws_peer.py", "--speed", 20000)

    def smoke(self, *options, place=True, **changes):
        """(exit code, standard output, standard error)"""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GITHUB_", "GH_", "PERCH_"))}
        given = {"HOME": "/nonexistent", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true",
                 "PERCH_AWS_POLL": "50ms", "PERCH_AWS_APPS": f"http://127.0.0.1:{self.peer.ready['web']}", "AWS_ENDPOINT_URL": self.peer.url}
        where = ["--domain", "preview.example.com", "--certificate", self.peer.ready["certificate"], "--hosted-zone", "example.com"] if place else []
        environment = {k: v for k, v in {**clean, **given, **changes}.items() if v is not None}
        done = subprocess.run([SMOKE, PERCH, *where, *options], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200)
        return done.returncode, done.stdout, done.stderr

    def untouched(self):
        assert self.peer.tell("stacks") == [], self.peer.tell("stacks")


def a_dry_run_only_tells(world):
    code, out, err = world.smoke("--dry-run", place=False)
    assert (code, err) == (0, ""), (code, err)
    for text in ("It takes about 1 hour.", "0.124  together", "1. what both branches share (about 5 min)", "perch sweep --grace 0 --yes", "Nothing was asked of AWS."):
        assert text in out, (text, out)
    world.untouched()


def without_credentials_it_refuses(world):
    code, out, err = world.smoke(AWS_ACCESS_KEY_ID=None)
    assert (code, out) == (3, ""), (code, out, err)
    assert err.startswith("perch: nothing was done: no AWS account answers: ") and "there are no AWS credentials" in err, err
    world.untouched()


def without_a_terminal_it_refuses(world):
    code, out, err = world.smoke()
    assert (code, err) == (3, "perch: nothing was done: there is no terminal to ask\n  It costs money, so no option goes on without asking.\n"), (code, err)
    assert "This makes real things in the account 123456789012" in out, out
    world.untouched()


def a_certificate_of_another_name_is_refused(world):
    code, _, err = world.smoke("--domain", "review.example.com")
    assert code == 3 and re.match(r"perch: nothing was done: certificate: it covers .* but not \*\.review\.example\.com\n", err), (code, err)
    world.untouched()


def the_endpoint_is_on_this_machine(world):
    code, _, err = world.smoke("--endpoint", "https://cloudformation.eu-central-1.amazonaws.com")
    assert code == 2 and "--endpoint is for a stand-in on this machine" in err, (code, err)


def what_fails_is_told_and_what_is_left(world):
    world.peer.tell("fail", resource="Repository", on="create", reason="Rate exceeded")
    code, out, err = world.smoke("--endpoint", world.peer.url)
    world.peer.tell("release")
    assert code == 1 and "perch: the smoke test FAILED: `perch bootstrap staging --yes` ended with 1\n" in err and "Stacks that may be left" in err, (code, err)
    assert "aws cloudformation delete-stack --region eu-central-1 --stack-name perch-smoke-" in out, out


def all_of_it(world):
    code, out, err = world.smoke("--endpoint", world.peer.url)
    assert code == 0, (code, out, err)
    wanted = [r"== 1\. what both branches share", r"== 3\. its link", r"https://smoke-one\S*/healthz answers 200 and shows [0-9a-f]{7}", r"== 4\. a push",
              r"\$ git push origin --delete smoke/two", r"perch sees no environment of the app any more\.", r"All of it worked, in \d+ min\.", r"  2\. aws cloudformation delete-stack .*"]
    for line in out.splitlines():
        if wanted and re.match(wanted[0], line):
            del wanted[0]
    assert not wanted, (wanted[0], out)
    app = re.search(r"for the app (smoke-\w+)", out)[1]
    left = [name for names in world.peer.tell("left").values() for name in names if app in name.lower()]
    assert all(name.startswith(f"perch-{app}-staging") for name in left), left


world = World()
try:
    for case in (a_dry_run_only_tells, without_credentials_it_refuses, without_a_terminal_it_refuses, a_certificate_of_another_name_is_refused,
                 the_endpoint_is_on_this_machine, what_fails_is_told_and_what_is_left, all_of_it):
        case(world)
        print(f"ok     {case.__name__}", flush=True)
finally:
    world.peer.stop()
