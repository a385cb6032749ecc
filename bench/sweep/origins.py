"""The sweep tests' world for benchmarks: `PROGRAM perch`."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "sweep"))
from world import REGION, World, peers, template  # noqa: E402, F401

HERE = os.path.dirname(os.path.abspath(__file__))


def origin(world):
    """The baseline's clean-up: (exit code, last line of what it said)."""
    environment = {**world.environment(world.folder), "AWS_DEFAULT_REGION": REGION}
    done = subprocess.run([sys.executable, os.path.join(HERE, "origin.py"), "acme/shop"], env=environment, capture_output=True, text=True, timeout=600)
    return done.returncode, (done.stderr or done.stdout).strip().split("\n")[-1]
