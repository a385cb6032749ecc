#!/usr/bin/env python3
"""A local stand-in for AWS: moto in server mode plus what it lacks (awspeer/). One line of JSON tells where, when it is ready."""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--auth", action="store_true", help="check signatures, permissions and the clock; the answer names an administrator's key")
    parser.add_argument("--log", help="a file: one JSON line a call")
    parser.add_argument("--speed", type=float, default=600, help="how many times faster than AWS life cycles run")
    parser.add_argument("--page-size", type=int, help="at most so many entries a page, in every list")
    parser.add_argument("--throttle", type=float, metavar="RATE", help="CloudFormation and Beanstalk: calls a second of each action")
    parser.add_argument("--url-scheme", choices=("http", "https"), default="http", help="how the environments' load balancer speaks")
    parser.add_argument("--names", default="*.preview.example.com,*.example.com,localhost", help="for the https certificate")
    parser.add_argument("--no-inner-stacks", action="store_true", help="leave out the stack that Beanstalk makes for each environment")
    parser.add_argument("--zone", action="append", default=["example.com."], help="hosted zones that exist from the start")
    parser.add_argument("--account", default="123456789012")
    parser.add_argument("--certificate", metavar="ARN", help="the ARN of the certificate that exists from the start (else one is made up)")
    parser.add_argument("--debug", action="store_true", help="traces of what moto raised, on stderr")
    return parser.parse_args()


def main():
    given = arguments()
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "testing")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "testing")
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(10**12)
    os.environ["MOTO_ACCOUNT_ID"] = given.account
    try:
        import moto  # noqa: F401
        import moto.server  # noqa: F401
    except ImportError as error:
        print(f"aws_peer: skipped, {error}", file=sys.stderr)
        return 77
    from awspeer import start

    parent = os.getppid()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    with tempfile.TemporaryDirectory(prefix="perch-peer-") as folder:
        ready, server = start.start(given, folder)
        print(json.dumps(ready), flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        while os.getppid() == parent:
            time.sleep(0.2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
