"""`./dev demo-aws --keep` from its first line to Ctrl-C, and what it says where moto is missing."""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peer as peers  # noqa: E402

peers.need("moto", "flask", "cfnlint")

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = os.path.join(HERE, "..", "..", "demo", "aws", "run.sh")
PERCH = os.path.abspath(sys.argv[1])

# In this order; each stands in a line of its own.
STORY = [
    r"This is perch on AWS\. Nothing leaves this machine: .*",
    r"\$ perch bootstrap --yes",
    r"    Done\. What environments use of it:",
    r"\$ perch up feature/cart --image …@sha256:…",
    r"      Environment: created.*",
    r"    feature/cart +ready at [0-9a-f]{7}, .*",
    r"    fix/rounding +ready at [0-9a-f]{7}, .*",
    r"    200 PERCH_BRANCH=feature/cart PERCH_COMMIT=[0-9a-f]{7}",
    r"    feature/cart  ready   branch      [0-9a-f]{7}  https://feature-cart\.preview\.example\.com",
    r"\$ git push origin feature/cart    # A cart with gift wrap",
    r"      change Environment \(AWS::ElasticBeanstalk::Environment\): OptionSettings, VersionLabel",
    r"    Nothing to do: https://feature-cart\.preview\.example\.com shows [0-9a-f]{7}, the newest commit\.",
    r"      Environment: failed.*: Command failed on instance\. .*",
    r" +KeyError: 'STRIPE_KEY'",
    r"    state    failed",
    r"    feature/cart             an earlier update could not be taken back; going on with that first",
    r"    feature/cart +ready at [0-9a-f]{7}, .*",
    r"\$ git push origin --delete feature/cart",
    r"    delete  perch-shop-feature-cart-\w+  branch 'feature/cart' is gone",
    r"      Say --yes to delete without asking\.",
    r"\$ perch sweep --grace 0 --yes",
    r"    1 stack gone with 6000 versions in buckets, \d+ stay, 0 failed\.",
    r"\$ perch down fix/rounding --yes",
    r"    Nothing is left of environments that are gone\.",
    r"    buckets             0 of branches, 1 that all share",
    r"    records and bundles 0 of branches",
    r"Nothing of a branch is left\.",
    r"== What AWS was asked: \d+ calls",
]


def story():
    """Each line of the story is there; what it tells to type works; Ctrl-C ends it and leaves nothing."""
    child = subprocess.Popen([RUN, "story.py", PERCH, "--keep"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        wanted, said, variables, folder = list(STORY), [], {}, ""
        for line in child.stdout:
            said.append(line)
            if wanted and re.fullmatch(wanted[0], line.rstrip("\n")):
                del wanted[0]
            if line.startswith("    cd "):
                folder = line.split()[1]
            if line.startswith("    export AWS_"):
                variables = dict(word.split("=", 1) for word in shlex.split(line)[1:])
            if line.startswith("The app's code is in "):
                break
        assert not wanted, f"never said: {wanted[0]}\n{''.join(said)}"
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GITHUB_", "GH_", "PERCH_"))}
        shown = subprocess.run([PERCH, "ls"], cwd=folder, env={**environment, **variables}, capture_output=True, text=True)
        assert shown.returncode == 0 and re.search(r"^main +queued +production ", shown.stdout, re.M), shown
        os.killpg(child.pid, signal.SIGINT)
        assert child.wait(20) == 130, child.returncode
        assert not os.path.exists(os.path.dirname(folder)), f"{folder} was left behind"
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.stdout.close()


def without_moto():
    """One line, no trace, and the exit code of a skipped test."""
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run([RUN, "story.py", PERCH], env={**os.environ, "PERCH_AWS_PYTHON": empty}, capture_output=True, text=True)
    said = "perch: skipped: Python's moto is missing, and Debian 12 has no package of it. Where a package index answers: " \
           "python3 -m venv ~/moto && ~/moto/bin/pip install 'moto[server]==5.2.1', then PERCH_AWS_PYTHON=~/moto\n"
    assert (done.returncode, done.stdout, done.stderr) == (77, "", said), done


for case in (without_moto, story):
    case()
    print(f"ok     {case.__name__}", flush=True)
