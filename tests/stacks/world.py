"""What these tests share: the AWS peer behind the recorder that judges each request, and probes that bring stacks to what is asked."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peer as peers  # noqa: E402

peers.need("moto", "boto3", "cfnlint")
from botocore.exceptions import ClientError  # noqa: E402

PROBE = os.path.abspath(sys.argv[1])
until = peers.until


def tags(branch="feature/cart", **more):
    return {"perch:app": "shop", "perch:branch": branch, "perch:owner": "perch", "perch:profile": "branch", **more}


def template(generation=1, outputs=None, **resources):
    """Queue's delay is the generation: each deployment changes something."""
    resources = resources or {"Queue": queue(generation)}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources,
                       "Outputs": {"Generation": {"Value": str(generation)}, **(outputs or {})}}, separators=(",", ":"))


def queue(delay=0, **more):
    return {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}, **more}


def group(text="one", **more):
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": text}, **more}


class Run:
    """A probe: its lines as they come, and its end."""

    def __init__(self, environment, request):
        self.lines = []
        self.process = subprocess.Popen([PROBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        atexit.register(self.kill)
        self.send(json.dumps(request))
        self.reader = threading.Thread(target=lambda: [self.lines.append(line.rstrip("\n")) for line in self.process.stdout], daemon=True)
        self.reader.start()

    def send(self, line="on"):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def at(self, hook, times=1):
        until(lambda: self.lines.count(f"at {hook}") >= times or self.process.poll() is not None, f"the probe is at {hook}: {self.lines}")
        if self.lines.count(f"at {hook}") < times:
            raise AssertionError(f"it ended before {hook}: {self.lines}")
        return self

    def saw(self, part):
        until(lambda: any(part in line for line in self.lines) or self.process.poll() is not None, f"the probe says {part}: {self.lines}")
        return self

    def end(self):
        """The last thing it says, all its lines of an error in one."""
        self.process.wait(60)
        self.reader.join(10)
        errors = self.process.stderr.read()
        if errors:
            raise AssertionError(errors)
        first = next((i for i, line in enumerate(self.lines) if line.split(":")[0] in ("failed", "usage", "refused", "superseded", "not found", "unavailable", "cancelled")), len(self.lines) - 1)
        return "\n".join(self.lines[first:])

    def told(self, kind):
        return [line.removeprefix(kind + " ") for line in self.lines if line.startswith(kind + " ")]

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class World:
    def __init__(self, speed=1500):
        self.folder = tempfile.mkdtemp(prefix="perch-stacks-")
        atexit.register(shutil.rmtree, self.folder, True)
        self.log = os.path.join(self.folder, "calls")
        self.peer = peers.Peer("aws_peer.py", "--log", self.log, "--speed", speed)
        atexit.register(self.peer.process.kill)
        self.recorder = peers.Peer("recorder.py", "--upstream", self.peer.url)
        atexit.register(self.recorder.process.kill)
        # In front, so that the call of a probe that was killed ends with it.
        self.faults = peers.Peer("faults.py", "--upstream", self.recorder.url, "--hang", 20)
        atexit.register(self.faults.process.kill)
        self.cfn, self.s3 = (peers.client(s, self.peer.url) for s in ("cloudformation", "s3"))
        self.runs = []

    def reset(self):
        self.peer.tell("reset")
        self.faults.tell("clear")
        self.peer.tell("options", outputs_are_changes=False, page_size=None)
        with open(self.log, "w", encoding="utf-8"):
            pass

    def start(self, mode="apply", generation=1, name="shop-cart", **more):
        request = {"mode": mode, "name": name, "generation": generation, "tags": tags(), **more}
        if mode == "apply" and "url" not in request:
            request.setdefault("template", template(generation))
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "AWS_ENDPOINT_URL": self.faults.url, "AWS_ACCESS_KEY_ID": "testing",
                       "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
        run = Run(environment, request)
        self.runs.append(run)
        return run

    def apply(self, generation=1, **more):
        run = self.start("apply", generation, **more)
        run.result = run.end()
        return run

    def calls(self, *actions):
        with open(self.log, encoding="utf-8") as file:
            found = [json.loads(line) for line in file]
        return [c for c in found if c["service"] == "cloudformation" and (not actions or c["action"] in actions)]

    def asked(self):
        """The operations asked for since the last reset, in order."""
        return [c["action"] for c in self.calls()]

    def forget(self):
        with open(self.log, "w", encoding="utf-8"):
            pass

    def stack(self, name="shop-cart"):
        try:
            return self.cfn.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError:
            return None

    def status(self, name="shop-cart"):
        found = self.stack(name)
        return found and found["StackStatus"]

    def settled(self, name="shop-cart"):
        until(lambda: not (self.status(name) or "").endswith("_IN_PROGRESS"), f"{name} is settled")
        return self.status(name)

    def make(self, body=None, name="shop-cart", wait=True, tagged=None, **more):
        """A stack by the direct way; its id."""
        given = [{"Key": k, "Value": v} for k, v in (tags() if tagged is None else tagged).items()]
        made = self.cfn.create_stack(StackName=name, TemplateBody=body or template(1), Tags=given, **more)["StackId"]
        if wait:
            self.settled(made)
        return made

    def update(self, body, name="shop-cart"):
        self.cfn.update_stack(StackName=name, TemplateBody=body)

    def generation(self, name="shop-cart"):
        return {o["OutputKey"]: o["OutputValue"] for o in self.stack(name).get("Outputs", [])}.get("Generation")

    def delay(self, name="shop-cart"):
        """The queue's own generation, whatever the outputs say."""
        return json.loads(json.dumps(self.cfn.get_template(StackName=name)["TemplateBody"]))["Resources"]["Queue"]["Properties"]["DelaySeconds"]


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}\n  got    {got!r}\n  wanted {wanted!r}")


def holds(text, part):
    if part not in text:
        raise AssertionError(f"not there: {part!r}\nin: {text}")


def run(cases):
    """Each case finds an empty AWS; those named on the command line, or all. Then what the recorder found wrong."""
    world, failed = World(), 0
    for case in cases:
        if sys.argv[2:] and case.__name__ not in sys.argv[2:]:
            continue
        world.reset()
        world.runs.clear()
        try:
            case(world)
            print(f"ok     {case.__name__}", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAILED {case.__name__}: {type(error).__name__}: {error}", flush=True)
            for one in world.runs:
                print("   probe:", *one.lines[-30:], sep="\n      ")
        for one in world.runs:
            one.kill()
    recorded = world.recorder.tell("violations")
    for violation in recorded["violations"]:
        print("violation:", violation)
    print(f"{recorded['calls']} requests judged, {len(recorded['violations'])} violations")
    world.faults.stop()
    world.recorder.stop()
    world.peer.stop()
    sys.exit(1 if failed or recorded["violations"] else 0)
