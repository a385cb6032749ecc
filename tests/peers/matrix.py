"""A fault matrix: a clean run's calls are counted, then each fault is tried at each call in turn. What a run is and what must hold after it is the test's."""

import collections
import concurrent.futures
import os
import queue
import signal
import subprocess
import sys
import time
import traceback

import peer as peers

FAULTS = ("throttle", "500", "503", "reset-before", "reset-after", "twice", "timeout", "timeout-after", "truncated", "garbled", "expired", "skew", "denied")
KILLS = {"kill-before": "timeout", "kill-after": "timeout-after"}  # the call hangs, perch gets kill -9
SANITIZERS = ("AddressSanitizer", "runtime error", "ThreadSanitizer", "LeakSanitizer")


class Proxy:
    """faults.py in front of a peer, for one run at a time."""

    def __init__(self, upstream, hang=1):
        self.peer = peers.Peer("faults.py", "--upstream", upstream, "--hang", hang)
        self.url = self.peer.url

    def clean(self, command, environment):
        """Runs without a fault: (exit code, output, the calls in order)."""
        self.peer.tell("clear")
        code, text = _run(command, environment)
        return code, text, self.peer.tell("count")["sequence"]

    def spoiled(self, command, environment, fault, nth):
        """Runs with one fault at the nth call: (exit code, output, whether the call was made)."""
        self.peer.tell("clear")
        self.peer.tell("arm", fault=KILLS.get(fault, fault), nth=nth)
        code, text = _run(command, environment, self._due if fault in KILLS else None)
        made = bool(self.peer.tell("count")["done"])
        self.peer.tell("clear")
        return code, text, made

    def _due(self):
        return self.peer.tell("count")["done"]

    def stop(self):
        self.peer.stop()


def _run(command, environment, kill_when=None):
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + 240
    while kill_when and process.poll() is None and time.monotonic() < end:
        if kill_when():
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.02)
    text = process.communicate(timeout=max(1, end - time.monotonic()))[0]
    if any(word in text for word in SANITIZERS):
        raise AssertionError(text)
    return process.returncode, text


def cells(calls, faults=tuple(KILLS) + FAULTS):
    """Every (call from 1, fault), ordered so that the first few meet each call and each fault."""
    return [(1 + call, faults[(call + turn) % len(faults)]) for turn in range(len(faults)) for call in range(len(calls))]


def run(name, calls, make, case, some, workers=3, faults=tuple(KILLS) + FAULTS):
    """Calls `case(world, nth, action, fault)` for the first `some` cells (all with PERCH_MATRIX=all), each worker with a world
    of its own by `make()`, which has `stop`. A case says in a word how its spoiled run ended. Prints the sizes; exits with 1 if one failed."""
    whole = cells(calls, faults)
    chosen = whole if os.environ.get("PERCH_MATRIX") == "all" else whole[:some]
    print(f"{name}: {len(calls)} calls x {len(faults)} faults = {len(whole)} cells; {len(chosen)} of them now" + ("" if len(chosen) == len(whole) else " (all with PERCH_MATRIX=all)"), flush=True)
    waiting, ends, failed = queue.SimpleQueue(), collections.Counter(), []
    for cell in chosen:
        waiting.put(cell)

    def work():
        world = make()
        try:
            while True:
                try:
                    nth, fault = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    ends[f"{case(world, nth, calls[nth - 1], fault)}"] += 1
                except Exception as error:  # the next cell says as much as this one
                    failed.append((nth, fault))
                    where = traceback.extract_tb(error.__traceback__)[-1].lineno
                    print(f"FAILED {fault} at call {nth} ({calls[nth - 1]}), line {where}: {type(error).__name__}: {error}", flush=True)
                    world.stop()  # what is left there would fail the others too
                    world = make()
        finally:
            world.stop()

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work) for _ in range(workers)]:
            done.result()
    print(f"{name}: {len(chosen) - len(failed)} of {len(chosen)} cells hold, in {time.monotonic() - began:.0f} s; spoiled runs: " + ", ".join(f"{k} {v}" for k, v in sorted(ends.items())), flush=True)
    sys.exit(1 if failed else 0)
