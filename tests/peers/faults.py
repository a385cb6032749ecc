#!/usr/bin/env python3
"""A proxy that spoils one chosen call: the nth that matches. Count a clean run first, then try every n in turn."""

import argparse
import fnmatch
import json
import sys
import threading
import time

import relay
import wire

FAULTS = {
    "throttle": "refused as too fast; the peer never sees it",
    "500": "InternalFailure; the peer never sees it",
    "503": "SlowDown; the peer never sees it",
    "reset-before": "the connection is reset before the peer sees the call",
    "reset-after": "the peer did it, the answer is lost: a retry delivers it twice",
    "twice": "the peer gets it twice, the second answer is given: what a retrying middle-box does",
    "timeout": "the peer never sees it and nothing is answered for --hang seconds",
    "timeout-after": "the peer did it, but nothing is answered for --hang seconds",
    "truncated": "the peer did it, half of the answer's body comes and the connection ends",
    "garbled": "the peer did it, the body is no XML or JSON",
    "expired": "ExpiredToken; the peer never sees it",
    "skew": "the clock is said to be wrong; the peer never sees it",
    "denied": "AccessDenied; the peer never sees it",
}


class State:
    def __init__(self):
        self.lock = threading.Lock()
        self.hang, self.log = 60.0, None
        self.forget()

    def forget(self):
        self.count, self.counts, self.armed, self.done, self.sequence = 0, {}, [], [], []


STATE = State()


class Faults(relay.Relay):
    def controls(self, what):
        return what in ("arm", "count", "clear", "faults")

    def control(self, what, given):
        with STATE.lock:
            if what == "arm":
                if given.get("fault") not in FAULTS:
                    return {"error": f"no fault {given.get('fault')}", "there_are": FAULTS}
                STATE.armed.append({"nth": 1, "times": 1, "match": "*", **given, "seen": 0})
            elif what == "clear":
                STATE.forget()
            elif what == "faults":
                return FAULTS
            return {"count": STATE.count, "counts": STATE.counts, "armed": [a for a in STATE.armed if a["times"] > 0], "done": STATE.done, "sequence": STATE.sequence}

    def handle_call(self, request):
        name = f"{request.service}:{request.operation}"
        with STATE.lock:
            STATE.count += 1
            STATE.counts[name] = STATE.counts.get(name, 0) + 1
            STATE.sequence.append(name)
            fault = self._due(name)
            if fault:
                STATE.done.append({"fault": fault, "call": STATE.count, "action": name})
            if STATE.log:
                STATE.log.write(json.dumps({"call": STATE.count, "action": name, "fault": fault}) + "\n")
                STATE.log.flush()
        if fault is None:
            self.reply(*self.forward())
        else:
            self._spoil(fault, request)

    @staticmethod
    def _due(name):
        for armed in STATE.armed:
            if armed["times"] > 0 and any(fnmatch.fnmatch(name, p) for p in armed["match"].split("|")):
                armed["seen"] += 1
                if armed["seen"] >= armed["nth"]:
                    armed["times"] -= 1
                    return armed["fault"]
        return None

    def _spoil(self, fault, request):
        service = request.service
        if fault in ("reset-after", "twice", "timeout-after", "truncated", "garbled"):
            status, headers, body = self.forward()
            if fault == "twice":
                self.reply(*self.forward())
            elif fault == "reset-after":
                self.reset()
            elif fault == "timeout-after":
                self._hang()
            elif fault == "garbled":
                self.reply(status, [h for h in headers if h[0].lower() != "content-length"], b"<<{" + body[3:40])
            else:
                self._cut(status, headers, body)
            return
        if fault == "reset-before":
            self.reset()
            return
        if fault == "timeout":
            self._hang()
            return
        refusal = {
            "throttle": lambda: wire.throttle_error(service),
            "500": lambda: wire.error(service, "InternalError" if service == "s3" else "InternalFailure", "We encountered an internal error. Please try again.", 500),
            "503": lambda: wire.error(service, "SlowDown" if service == "s3" else "ServiceUnavailable", "Please reduce your request rate.", 503),
            "expired": lambda: wire.error(service, "ExpiredTokenException" if wire.protocol(service or "s3") == "json" else "ExpiredToken", "The security token included in the request is expired", 400 if service == "s3" else 403),
            "skew": lambda: self._skew(service),
            "denied": lambda: wire.error(service, "AccessDeniedException" if wire.protocol(service or "s3") == "json" else "AccessDenied", f"User: arn:aws:iam::123456789012:user/ci is not authorized to perform: {service}:{request.operation}", 403),
        }[fault]()
        self.reply(refusal[0], [("Content-Type", refusal[1]), ("Date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()))], refusal[2])

    @staticmethod
    def _skew(service):
        if service == "s3":
            return wire.error(service, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403)
        code = "InvalidSignatureException" if wire.protocol(service or "sts") == "json" else "SignatureDoesNotMatch"
        return wire.error(service, code, "Signature expired: 20200101T000000Z is now earlier than 20200101T001500Z (20200101T003000Z - 15 min.)", 403)

    def _hang(self):
        end = time.monotonic() + STATE.hang
        self.connection.settimeout(0.2)
        while time.monotonic() < end:
            try:
                if self.connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.reset()

    def _cut(self, status, headers, body):
        self.send_response_only(status)
        for key, value in headers:
            if key.lower() != "content-length":
                self.send_header(key, value)
        self.send_header("Content-Length", str(max(len(body), 2)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.close_connection = True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True, help="URL of the peer behind")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fault", choices=FAULTS, help="what to spoil from the start")
    parser.add_argument("--nth", type=int, default=1)
    parser.add_argument("--match", default="*", help="service:Operation globs, separated by |")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--hang", type=float, default=60)
    parser.add_argument("--log")
    given = parser.parse_args()
    STATE.hang = given.hang
    STATE.log = open(given.log, "a", encoding="utf-8") if given.log else None
    if given.fault:
        STATE.armed.append({"fault": given.fault, "nth": given.nth, "match": given.match, "times": given.times, "seen": 0})
    relay.serve(Faults, given.upstream, given.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
