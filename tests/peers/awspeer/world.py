"""Everything one peer holds: its clock, its stacks and environments, what goes wrong on purpose, and the log of calls."""

import fnmatch
import json
import threading
import time

from . import beanstalk
from .engine import Stopped
from .stacks import Stack


class World:
    def __init__(self, speed=600.0, log=None, page_size=None, throttle=None, inner_stacks=True, **options):
        self.lock = threading.RLock()
        self.speed, self.page_size, self.default_rate = speed, page_size, throttle
        self.log_file = open(log, "a", encoding="utf-8") if log else None
        self.inner_stacks, self.options = inner_stacks, options
        self.url, self.generation = "", 0
        self.held = threading.Condition()
        self.clear()

    def clear(self):
        self.generation += 1
        self.stacks, self.stores, self.failures, self.rates = {}, {}, [], {}
        self.buckets_of_tokens, self.calls, self.refused_keys, self.apps = {}, {}, [], []

    # -- time

    def wait(self, seconds, generation):
        end = time.monotonic() + seconds / max(self.speed, 0.001)
        while True:
            if self.generation != generation:
                raise Stopped
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.05))

    def later(self, seconds, action):
        generation = self.generation

        def body():
            try:
                self.wait(seconds, generation)
            except Stopped:
                return
            with self.lock:
                action()

        threading.Thread(target=body, daemon=True).start()

    # -- what exists

    def all_stacks(self, account, region):
        return self.stacks.setdefault((account, region), [])

    def live_stacks(self, account, region):
        return [s for s in self.all_stacks(account, region) if s.live]

    def beanstalk(self, account, region):
        if (account, region) not in self.stores:
            self.stores[account, region] = beanstalk.Store(self, account, region)
        return self.stores[account, region]

    def inner_stack(self, store, env):
        """The stack that Beanstalk itself makes for an environment; it carries the environment's tags."""
        if not self.inner_stacks:
            return
        stack = Stack(self, store.account, store.region, f"awseb-{env['EnvironmentId']}-stack")
        stack.tags = {k: v for k, v in env["tags"].items() if not k.startswith("aws:")}
        stack.tags.update({"elasticbeanstalk:environment-name": env["EnvironmentName"], "elasticbeanstalk:environment-id": env["EnvironmentId"], "Name": env["EnvironmentName"]})
        stack.body, stack.template, stack.inner = "{}", {"Resources": {}}, True
        stack.set("CREATE_IN_PROGRESS")
        stack.set("CREATE_COMPLETE")
        self.all_stacks(store.account, store.region).append(stack)

    def inner_stack_gone(self, store, env):
        for stack in self.live_stacks(store.account, store.region):
            if stack.name == f"awseb-{env['EnvironmentId']}-stack":
                stack.set("DELETE_IN_PROGRESS")
                stack.set("DELETE_COMPLETE")

    # -- what goes wrong on purpose

    def _matching(self, stack, resource, on, hold):
        for found in self.failures:
            if bool(found.get("hold")) == hold and on in found.get("on", "create").split("|") and found.get("times", 1) > 0 \
                    and found.get("resource") in (resource.logical, resource.type) and fnmatch.fnmatch(stack.name, found.get("stack", "*")):
                return found
        return None

    def failure(self, stack, resource, on):
        found = self._matching(stack, resource, on, False)
        if found:
            found["times"] = found.get("times", 1) - 1
            return {"reason": "Injected failure", **found}
        return None

    def hold(self, stack, resource, generation, cancelled):
        """Waits while a hold on this resource is set: how a test keeps a stack in progress."""
        word = {"CREATE_IN_PROGRESS": "create", "UPDATE_IN_PROGRESS": "update", "DELETE_IN_PROGRESS": "delete"}.get(resource.status, "")
        while self._matching(stack, resource, word, True) and not cancelled():
            if self.generation != generation:
                raise Stopped
            time.sleep(0.02)

    def throttled(self, service, action):
        """True when the action's rate (calls a second, with one second's burst) is used up."""
        rate = self.rates.get(action, self.default_rate if service in ("cloudformation", "elasticbeanstalk") else None)
        if rate is None:
            return False
        if rate == 0:
            return True
        with self.lock:
            level, last = self.buckets_of_tokens.get(action, (max(rate, 1.0), time.monotonic()))
            level = min(max(rate, 1.0), level + (time.monotonic() - last) * rate)
            allowed = level >= 1
            self.buckets_of_tokens[action] = (level - 1 if allowed else level, time.monotonic())
            return not allowed

    def refusal_of_key(self, bucket, key):
        for found in self.refused_keys:
            if fnmatch.fnmatch(bucket, found.get("bucket", "*")) and fnmatch.fnmatch(key, found.get("key", "*")) and found.get("times", 1 << 30) > 0:
                found["times"] = found.get("times", 1 << 30) - 1
                return found
        return None

    # -- what happened

    def page(self, what, usual):
        return min(self.page_size or usual, usual)

    def record(self, entry):
        with self.lock:
            key = f"{entry['service']}:{entry['action']}"
            self.calls[key] = self.calls.get(key, 0) + 1
            if self.log_file:
                self.log_file.write(json.dumps(entry) + "\n")
                self.log_file.flush()
