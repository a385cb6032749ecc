"""The life cycles: create, update, delete and their rollbacks, each in a thread of its own, in scaled time."""

import heapq
import threading
import traceback

from . import registry, resources, template
from .clock import now
from .stacks import Resource
from .template import Failed, Refused

STEP = 2  # seconds between two states of a stack, before scaling


class Stopped(Exception):
    """The peer was reset: the operation's world is gone."""


class Operation:
    def __init__(self, stack):
        self.stack, self.world, self.generation = stack, stack.world, stack.world.generation
        self.cancelled, self.failed, self.undo = False, {}, []

    def start(self, action):
        self.stack.operation = self

        def body():
            try:
                action()
            except Stopped:
                return
            except Exception:
                traceback.print_exc()
                with self.world.lock:
                    self.stack.set(self.stack.status.replace("_IN_PROGRESS", "_FAILED"), "Internal failure of the peer")
            finally:
                if self.stack.operation is self:
                    self.stack.operation = None

        threading.Thread(target=body, daemon=True).start()

    def wait(self, seconds):
        self.world.wait(seconds, self.generation)

    # -- the parts of every life cycle

    def graph(self, need, start, finish, stop_on_failure, cancel_text, fail_status):
        """Starts each item when what it needs is done. `start` gives (resource, seconds) or None for nothing to do."""
        stack, heap, clock, done, begun = self.stack, [], 0.0, set(), set()
        while True:
            for item in sorted(i for i in need if i not in begun and need[i] <= done):
                if stop_on_failure and (self.failed or self.cancelled):
                    break
                begun.add(item)
                with self.world.lock:
                    try:
                        answer = start(item)
                    except Exception as error:  # whatever a backend raises is the resource's failure
                        self._fail(item, error, fail_status)
                        continue
                if answer is None:
                    done.add(item)
                    heapq.heappush(heap, (clock, item, None))
                else:
                    heapq.heappush(heap, (clock + answer[1], item, answer[0]))
            if not heap:
                return done
            if stop_on_failure and (self.failed or self.cancelled):
                with self.world.lock:
                    for _, item, resource in heap:
                        if resource is not None:
                            self.failed.setdefault(item, cancel_text)
                            stack.event(fail_status, cancel_text, resource)
                return done
            at, item, resource = heapq.heappop(heap)
            if resource is None:
                continue
            self.wait(at - clock)
            clock = at
            self.world.hold(stack, resource, self.generation, lambda: self.cancelled)
            if self.cancelled and stop_on_failure:
                heapq.heappush(heap, (at, item, resource))
                continue
            with self.world.lock:
                try:
                    finish(item, resource)
                    done.add(item)
                except Exception as error:
                    self._fail(item, error, fail_status, resource)

    def _fail(self, item, error, status, resource=None):
        reason = str(error) if isinstance(error, Failed) else error.message if isinstance(error, Refused) else resources.reason_of(error)
        resource = resource or self.stack.resources.get(item)
        if not isinstance(error, (Failed, Refused)) and self.world.options.get("debug"):
            traceback.print_exception(error)
        self.failed[item] = reason
        self.stack.event(status, reason, resource or Resource(item, "AWS::CloudFormation::Stack", {}))

    def injected(self, resource, on):
        found = self.world.failure(self.stack, resource, on)
        if found:
            if resource.type == "AWS::ElasticBeanstalk::Environment" and resource.handle is not None and on in ("create", "update"):
                self.stack.beanstalk.broken(resource.handle, found["reason"], found.get("tail"))
            raise Failed(found["reason"])

    def make(self, logical, definition, what="CREATE"):
        """Begins one new resource; it is in the stack at once."""
        stack = self.stack
        resource = Resource(logical, definition["Type"], definition)
        stack.resources[logical] = resource
        stack.event(what + "_IN_PROGRESS", None, resource)
        resource.props = stack.properties(logical, definition, stack.values())
        resource.kind_object = resource.kind
        resource.kind_object.create(stack, resource, resources.name_of(stack, logical, resource.type, resource.props))
        stack.event(what + "_IN_PROGRESS", "Resource creation Initiated", resource)
        return resource, resources.seconds(resource.type, "create")

    def made(self, resource):
        self.injected(resource, "create")
        resource.kind.finish(self.stack, resource, "create")
        self.stack.event("CREATE_COMPLETE", None, resource)

    def remove(self, found, on="delete", policy_key="DeletionPolicy", creating=False):
        """Deletes resources (logical name -> Resource), each after what needs it. Gives the names that went or were kept."""
        stack = self.stack
        before = {k: v & set(found) for k, v in template.edges({n: r.definition for n, r in found.items()}).items()}
        need = {name: {other for other, b in before.items() if name in b} for name in found}

        def start(name):
            resource = found[name]
            policy = resource.definition.get(policy_key, resource_default(resource, policy_key))
            if resource.physical is None:
                return None
            if policy == "Retain" or (policy == "RetainExceptOnCreate" and not creating):
                stack.event("DELETE_SKIPPED", None, resource)
                return None
            stack.event("DELETE_IN_PROGRESS", None, resource)
            self.injected(resource, on)
            if policy == "Snapshot" and not creating:
                resource.kind.snapshot(stack, resource)
            resource.kind.delete(stack, resource)
            return resource, resources.seconds(resource.type, "delete")

        def finish(name, resource):
            resource.kind.finish(stack, resource, "delete")
            stack.event("DELETE_COMPLETE", None, resource)

        return self.graph(need, start, finish, False, "", "DELETE_FAILED")

    # -- create

    def create(self):
        stack = self.stack
        self.wait(STEP)
        with self.world.lock:
            try:
                active = stack.active()
                stack.imports = stack.imported(stack.template, stack.parameters)
            except Refused as error:
                self.failed[stack.name] = error.message
                active = {}
        need = {k: v & set(active) for k, v in template.edges(active).items()}
        self.graph(need, lambda name: self.make(name, active[name]), lambda name, resource: self.made(resource), True,
                   "Resource creation cancelled", "CREATE_FAILED")
        if self.cancelled:
            return
        if not self.failed:
            with self.world.lock:
                try:
                    stack.publish()
                    stack.set("CREATE_COMPLETE")
                    return
                except (Failed, Refused) as error:
                    self.failed[stack.name] = str(error)
        named = [n for n in self.failed if n in stack.resources]
        reason = f"The following resource(s) failed to create: [{', '.join(sorted(named))}]. " if named else "; ".join(self.failed.values()) + ". "
        if stack.on_failure == "DO_NOTHING":
            with self.world.lock:
                stack.set("CREATE_FAILED", reason)
            return
        with self.world.lock:
            if stack.on_failure == "DELETE":
                stack.set("DELETE_IN_PROGRESS", reason + "Delete requested by user.")
            else:
                stack.set("ROLLBACK_IN_PROGRESS", reason + "Rollback requested by user.")
        self.failed = {}
        self.wait(STEP)
        kept = {n: r for n, r in stack.resources.items() if r.physical is not None}
        self.remove(kept, "rollback", creating=True)
        with self.world.lock:
            if stack.on_failure == "DELETE":
                self.gone("DELETE_FAILED")
            elif self.failed:
                stack.set("ROLLBACK_FAILED", f"The following resource(s) failed to delete: [{', '.join(sorted(self.failed))}]. ")
            else:
                stack.set("ROLLBACK_COMPLETE")
            stack.imports = set()

    def gone(self, failed_status):
        stack = self.stack
        if self.failed:
            stack.set(failed_status, f"The following resource(s) failed to delete: [{', '.join(sorted(self.failed))}]. ")
            return
        stack.set("DELETE_COMPLETE")
        stack.deleted, stack.exports, stack.imports = now(), {}, set()
        stack.change_sets.clear()

    # -- delete

    def delete(self, before, retain=(), force=False, after=None):
        stack = self.stack
        while after is not None and stack.operation is not self and after.stack.operation is after:
            self.wait(STEP)
        self.wait(STEP)
        with self.world.lock:
            used = {name: stack.importers(name) for name in stack.exports if stack.importers(name)}
            if used:
                name, by = sorted(used.items())[0]
                stack.set(before, f"Export {name} cannot be deleted as it is in use by {' and '.join(by)}")
                return
        present = {n: r for n, r in stack.resources.items() if r.physical is not None and r.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED") and n not in retain}
        with self.world.lock:
            for name in retain:
                if name in stack.resources:
                    stack.event("DELETE_SKIPPED", None, stack.resources[name])
        self.remove(present)
        with self.world.lock:
            if force and self.failed:
                for name in self.failed:
                    stack.event("DELETE_SKIPPED", None, stack.resources[name])
                self.failed = {}
            self.gone("DELETE_FAILED")

    # -- update

    def update(self, new):
        """`new` has body, template, parameters, tags, capabilities of the stack to be."""
        stack = self.stack
        old = {key: getattr(stack, key) for key in new}
        before = {n: r.copy() for n, r in stack.resources.items()}
        self.wait(STEP)
        with self.world.lock:
            for key, value in new.items():
                setattr(stack, key, value)
            try:
                active = stack.active()
                stack.imports = stack.imported(stack.template, stack.parameters) | stack.imports
            except Refused as error:
                self.failed[stack.name], active = error.message, {}
        self.replaced = {}
        need = {k: v & set(active) for k, v in template.edges(active).items()}
        self.graph(need, lambda name: self.change(name, active[name]), self.changed, True, "Resource update cancelled", "UPDATE_FAILED")
        if not self.failed and not self.cancelled:
            with self.world.lock:
                try:
                    stack.publish()
                except (Failed, Refused) as error:
                    self.failed[stack.name] = str(error)
        if self.failed or self.cancelled:
            self.rollback(old, before)
            return
        with self.world.lock:
            stack.set("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self.wait(STEP)
        extra = {n: r for n, r in stack.resources.items() if n not in active}
        reason = self.clean(extra, self.replaced)
        with self.world.lock:
            for name in extra:
                stack.resources.pop(name, None)
            stack.updated = now()
            stack.set("UPDATE_COMPLETE", reason)

    def clean(self, extra, replaced):
        """Deletes what an update left over; three tries, then CloudFormation forgets the resource."""
        self.failed = {}
        self.remove(dict(replaced), policy_key="UpdateReplacePolicy")
        self.remove(dict(extra))
        return "Update successful. One or more resources could not be deleted." if self.failed else None

    def change(self, logical, definition):
        stack, old = self.stack, self.stack.resources.get(logical)
        if old is None or old.physical is None:
            self.undo.append((logical, None))
            return self.make(logical, definition)
        props = stack.properties(logical, definition, stack.values())
        if props == old.props:
            old.definition = definition
            return None
        again = [k for k in set(props) | set(old.props) if registry.recreation(stack.region, old.type, k, old.props.get(k), props.get(k)) == "Always"]
        self.undo.append((logical, old.copy()))
        resource = old.copy()
        stack.resources[logical] = resource
        resource.definition, resource.props = definition, props
        if not again:
            stack.event("UPDATE_IN_PROGRESS", None, resource)
            resource.kind.update(stack, resource, old.props)
            return resource, resources.seconds(resource.type, "update")
        key = registry.name_property(stack.region, resource.type)
        if key and props.get(key) and props.get(key) == old.props.get(key):
            resource.props = old.props
            raise Failed("CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                         f"Rename {old.physical} and update the stack again.")
        stack.event("UPDATE_IN_PROGRESS", "Requested update requires the creation of a new physical resource; hence creating one.", resource)
        resource.kind.create(stack, resource, resources.name_of(stack, logical, resource.type, props))
        self.replaced[logical] = old
        stack.event("UPDATE_IN_PROGRESS", "Resource creation Initiated", resource)
        return resource, resources.seconds(resource.type, "create")

    def changed(self, logical, resource):
        new = any(l == logical and o is None for l, o in self.undo)
        if new:
            self.made(resource)
            return
        self.injected(resource, "update")
        resource.kind.finish(self.stack, resource, "create" if logical in self.replaced else "update")
        self.stack.event("UPDATE_COMPLETE", None, resource)

    def rollback(self, old, before, skip=()):
        stack = self.stack
        with self.world.lock:
            named = sorted(n for n in self.failed if n in stack.resources)
            reason = f"The following resource(s) failed to update: [{', '.join(named)}]. " if named else "; ".join(self.failed.values())
            stack.set("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated" if self.cancelled else reason)
            for key, value in old.items():
                setattr(stack, key, value)
        self.wait(STEP)
        self.failed, self.cancelled = {}, False
        self.turn_back([(l, o) for l, o in reversed(self.undo) if l not in skip], before)

    def turn_back(self, steps, before, fresh=None):
        """Brings each resource back to its copy; what the update made new is collected for the clean-up."""
        stack, fresh, left = self.stack, dict(fresh or {}), []
        for logical, old in steps:
            resource = stack.resources.get(logical)
            if old is None:
                if resource is not None and resource.physical is not None:
                    fresh[logical] = resource
                continue
            if resource.physical != old.physical:  # a replacement: the old one is still there
                fresh[logical] = resource
                stack.resources[logical] = old
                with self.world.lock:
                    stack.event("UPDATE_COMPLETE", None, old)
                continue
            with self.world.lock:
                stack.event("UPDATE_IN_PROGRESS", None, resource)
                back = old.copy()
                stack.resources[logical] = back
                try:
                    self.injected(back, "rollback")
                    back.kind.update(stack, back, resource.props)
                except Exception as error:
                    stack.resources[logical] = resource
                    self._fail(logical, error, "UPDATE_FAILED", resource)
                    left.append((logical, old))
                    continue
            self.wait(resources.seconds(back.type, "update") / 2)
            with self.world.lock:
                back.kind.finish(stack, back, "update")
                stack.event("UPDATE_COMPLETE", None, back)
        if self.failed:
            with self.world.lock:
                stack.unfinished = (left, fresh, before)
                stack.set("UPDATE_ROLLBACK_FAILED", f"The following resource(s) failed to update: [{', '.join(sorted(self.failed))}]. ")
            return
        self.rolled_back(fresh, before)

    def rolled_back(self, fresh, before):
        stack = self.stack
        with self.world.lock:
            stack.set("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self.wait(STEP)
        self.remove(fresh, "rollback", creating=True)
        with self.world.lock:
            for name in fresh:
                if name not in before:
                    stack.resources.pop(name, None)
            for name in [n for n in stack.resources if n not in before]:
                stack.resources.pop(name)
            stack.updated = now()
            stack.imports = stack.imported(stack.template, stack.parameters)
            stack.set("UPDATE_ROLLBACK_COMPLETE")

    def continue_rollback(self, skip):
        stack = self.stack
        left, fresh, before = stack.unfinished
        self.wait(STEP)
        with self.world.lock:
            for logical, old in left:
                if logical in skip:
                    stack.event("UPDATE_COMPLETE", "Resource skipped by the user", stack.resources[logical])
        steps = [(l, o) for l, o in left if l not in skip]
        stack.unfinished = None
        self.turn_back(steps, before, fresh)


def resource_default(resource, key):
    """RDS: a database is kept as a snapshot unless the template says otherwise."""
    if key == "DeletionPolicy" and resource.type == "AWS::RDS::DBInstance" and not resource.props.get("DBClusterIdentifier"):
        return "Snapshot"
    return "Delete"
