"""For tests: starts a peer of this folder, speaks to its control endpoint, makes boto3 clients of it."""

import importlib.util
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
REGION = "eu-central-1"


def need(*modules):
    """Ends the test as skipped (77) with one line where a Python package is missing."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            print(f"skipped: the Python package {module} is missing")
            sys.exit(77)


class Peer:
    """One process that prints a line of JSON when it is ready; its keys are attributes here."""

    def __init__(self, script, *arguments):
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, script), *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{script} ended at once with {self.process.wait()}")
        self.ready = json.loads(line)
        self.port, self.url = self.ready["port"], self.ready.get("url", f"http://127.0.0.1:{self.ready['port']}")

    def tell(self, what, **given):
        """POST /perch-peer/WHAT; gives the answer's JSON."""
        request = urllib.request.Request(f"{self.url}/perch-peer/{what}", json.dumps(given).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def web(self, host, path="/"):
        """(status, text) of what the load balancer of the environments answers for a host."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.ready['web']}{path}", headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def client(service, url, key="testing", secret="testing", token=None, region=REGION, retries=0):
    """A boto3 client that goes to a peer and tries once."""
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": retries + 1}, s3={"addressing_style": "path"}, read_timeout=20, connect_timeout=5)
    return boto3.client(service, endpoint_url=url, region_name=region, aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, config=config)


def until(condition, what, seconds=30):
    """Waits for a condition that a peer's own clock brings about."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never happened: {what}")
