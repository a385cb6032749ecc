"""In front of moto: the log of calls, throttling, limits that moto doesn't keep, and the control endpoint /perch-peer/."""

import datetime
import io
import json
import os
import time
import traceback
import urllib.parse

import wire

from . import clock, moto_fixes

_SHORT = 200


class Front:
    def __init__(self, world, application, auth=False):
        self.world, self.application, self.auth = world, application, auth

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        target = environ["RAW_URI"]
        if target.startswith("/perch-peer/"):
            return self._answer(start_response, *self._control(environ["REQUEST_METHOD"], target, body))
        headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        request = wire.Request(environ["REQUEST_METHOD"], target, headers, body)
        began = time.time()
        refusal = None if target.startswith("/moto-api/") else self._refusal(request)
        status = []
        if refusal:
            status.append(refusal[0])
            answer = self._answer(start_response, *refusal)
        else:
            answer = self._moto(environ, start_response, request, status)
        if not target.startswith("/moto-api/"):
            self.world.record({"time": round(began, 4), "service": request.service, "action": request.operation or "?", "region": request.region,
                               "parameters": _parameters(request), "status": status[0], "seconds": round(time.time() - began, 4)})
        return answer

    def _moto(self, environ, start_response, request, status):
        moto_fixes.raw.target, moto_fixes.raw.body = request.target, request.body
        started = []
        try:
            with self.world.lock:
                body = b"".join(self.application(environ, lambda line, headers, exc_info=None: started.append((line, headers))))
        except Exception as error:
            traceback.print_exc()
            code, kind, body = wire.error(request.service, "InternalFailure", f"the peer can't do {request.operation}: {error!r}"[:300], 500)
            started.append((f"{code} Internal Server Error", [("Content-Type", kind)]))
        line, headers = started[-1]
        status.append(int(line.split()[0]))
        if request.service == "route53" and status[0] >= 400 and b"<Errors>" in body:
            body = body.replace(b"<Errors>", b"").replace(b"</Errors>", b"")
        start_response(line, headers)
        return [body]

    def _refusal(self, request):
        if self.world.throttled(request.service, request.operation):
            return wire.throttle_error(request.service)
        if request.operation == "DeleteObjects" and request.body.count(b"<Object>") + request.body.count(b"<Object ") > 1000:
            return wire.error("s3", "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
        if request.operation == "DeleteObjects" and not any(h in request.headers for h in ("content-md5", *_CHECKSUMS)):
            return wire.error("s3", "InvalidRequest", "Missing required header for this request: Content-MD5")
        if self.auth and "authorization" not in request.headers and "X-Amz-Signature" not in request.query and request.operation not in _UNSIGNED:
            if request.service in ("s3", None):
                return wire.error("s3", "AccessDenied", "Access Denied", 403)
            return wire.error(request.service, "MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        if self.auth and "x-amz-date" in request.headers and (skewed := self._skewed(request)):
            return skewed
        return self._elsewhere(request)

    @staticmethod
    def _elsewhere(request):
        """A bucket of another region is only told of, by redirect."""
        if request.service != "s3" or request.region is None or request.operation in ("GetBucketLocation", "CreateBucket") or "Bucket" not in request.uri_params:
            return None
        from moto.s3.models import s3_backends

        bucket = s3_backends[os.environ["MOTO_ACCOUNT_ID"]]["aws"].buckets.get(request.uri_params["Bucket"])
        if bucket is None or bucket.region_name == request.region:
            return None
        text = ("<Error><Code>PermanentRedirect</Code><Message>The bucket you are attempting to access must be addressed using the specified endpoint. "
                f"Please send all future requests to this endpoint.</Message><Endpoint>{bucket.name}.s3.{bucket.region_name}.amazonaws.com</Endpoint><Bucket>{bucket.name}</Bucket></Error>")
        return 301, "application/xml", text.encode(), [("x-amz-bucket-region", bucket.region_name)]

    def _skewed(self, request):
        try:
            sent = datetime.datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        except ValueError:
            return wire.error(request.service, "IncompleteSignature", "Date must be in ISO-8601 'basic format'")
        now = clock.now()
        if abs((now - sent).total_seconds()) <= 15 * 60:
            return None
        if request.service == "s3":
            return wire.error("s3", "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403)
        code = "InvalidSignatureException" if wire.protocol(request.service) == "json" else "SignatureDoesNotMatch"
        word = "expired" if sent < now else "not yet current"
        return wire.error(request.service, code, f"Signature {word}: {request.headers['x-amz-date']} is now {'earlier' if sent < now else 'later'} than "
                          f"{now:%Y%m%dT%H%M%SZ} ({now:%Y%m%dT%H%M%SZ} {'-' if sent < now else '+'} 15 min.)", 403)

    def _answer(self, start_response, status, kind, body, more=()):
        date = clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        start_response(f"{status} {'OK' if status < 300 else 'Error'}", [("Content-Type", kind), ("Content-Length", str(len(body))), ("Date", date), *more])
        return [body]

    # -- the control endpoint

    def _control(self, method, target, body):
        path, _, query = target.removeprefix("/perch-peer/").partition("?")
        try:
            given = json.loads(body) if body else dict(urllib.parse.parse_qsl(query))
        except ValueError:
            return 400, "application/json", b'{"error": "the body is no JSON"}\n'
        if path.startswith("tail/"):
            return self._tail(path.removeprefix("tail/"))
        action = getattr(self, "_do_" + path.replace("-", "_"), None)
        if action is None:
            return 404, "application/json", json.dumps({"error": f"no {path} here", "there_are": [n[4:].replace("_", "-") for n in dir(self) if n.startswith("_do_")]}).encode() + b"\n"
        with self.world.lock:
            return 200, "application/json", json.dumps(action(given), default=str).encode() + b"\n"

    def _tail(self, identity):
        for store in self.world.stores.values():
            if identity in store.tails:
                return 200, "text/plain", store.tails[identity].encode()
        return 404, "text/plain", b"no such log\n"

    def _do_fail(self, given):
        """{"resource": logical id or type, "reason": …, "on": "create|update|delete|rollback", "times": 1, "stack": glob, "tail": …}"""
        self.world.failures.append(dict(given))
        return {"failures": len(self.world.failures)}

    def _do_hold(self, given):
        """As fail, but the resource stays in progress until release."""
        self.world.failures.append({"times": 1, **given, "hold": True})
        return {"failures": len(self.world.failures)}

    def _do_release(self, given):
        """Takes every hold and every failure away."""
        self.world.failures.clear()
        return {}

    def _do_throttle(self, given):
        """{"action": "DescribeStacks", "rate": calls a second (0: always throttled, null: never)}"""
        self.world.rates[given["action"]] = given.get("rate")
        self.world.buckets_of_tokens.clear()
        return {}

    def _do_refuse_keys(self, given):
        """{"bucket": glob, "key": glob, "times": N}: deleting these keys is AccessDenied, as an object lock does it."""
        self.world.refused_keys.append(dict(given))
        return {}

    def _do_app(self, given):
        """{"environment": name or host, "status": 503, "body": …, "delay": s}: what the app answers; status null: itself again."""
        self.world.apps = [a for a in self.world.apps if a["environment"] != given["environment"]]
        if given.get("status") is not None:
            self.world.apps.append(given)
        return {}

    def _do_options(self, given):
        """{"max_stacks": …, "max_versions": …, "outputs_are_changes": true, "page_size": …, "speed": …, "quotas": {…}, "clock_off": seconds}"""
        for key, value in given.items():
            if key in ("page_size", "speed"):
                setattr(self.world, key, value)
            elif key == "clock_off":
                clock.off = value
            else:
                self.world.options[key] = value
        return self.world.options

    def _do_snapshot(self, given):
        """{"database": id, "name": …, "type": "automated|manual", "region": …}: a snapshot of a database, under any name."""
        from moto.rds.models import rds_backends

        account = os.environ["MOTO_ACCOUNT_ID"]
        made = rds_backends[account][given.get("region", "eu-central-1")].create_db_snapshot(given["database"], given["name"], snapshot_type=given.get("type", "manual"))
        return {"arn": made.db_snapshot_arn}

    def _do_seed(self, given):
        """{"bucket": name, "versions": N, "markers": M, "keys": K}: fills a versioned bucket without N calls."""
        from moto.s3.models import s3_backends

        backend = s3_backends[os.environ["MOTO_ACCOUNT_ID"]]["aws"]
        keys = int(given.get("keys", 1000))
        for number in range(int(given.get("versions", 0))):
            backend.put_object(given["bucket"], f"seed/{number % keys:06}", b"x")
        for number in range(int(given.get("markers", 0))):
            backend.delete_object(given["bucket"], f"seed/{number % keys:06}")
        return {"keys": len(backend.get_bucket(given["bucket"]).keys)}

    def _do_calls(self, given):
        return dict(sorted(self.world.calls.items()))

    def _do_forget_calls(self, given):
        self.world.calls.clear()
        return {}

    def _do_stacks(self, given):
        return [{"name": s.name, "id": s.id, "status": s.status, "reason": s.reason} for found in self.world.stacks.values() for s in found]

    def _do_left(self, given):
        """What is still there, by kind: the leak check of a test that deleted everything."""
        return left(self.world)

    def _do_reset(self, given):
        from moto.moto_api._internal.models import moto_api_backend

        keep = self.auth
        self.world.clear()
        if not keep:
            moto_api_backend.reset()
        return {}


_UNSIGNED = ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")
_CHECKSUMS = ("x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256")


def left(world):
    from moto.core.base_backend import BackendDict  # noqa: F401
    from moto.ecr.models import ecr_backends
    from moto.logs.models import logs_backends
    from moto.rds.models import rds_backends
    from moto.s3.models import s3_backends
    from moto.secretsmanager.models import secretsmanager_backends

    found = {"stacks": [s.name for stacks in world.stacks.values() for s in stacks if s.live],
             "environments": [e["EnvironmentName"] for s in world.stores.values() for e in s.environments if e["Status"] != "Terminated"],
             "versions": [k[1] for s in world.stores.values() for k in s.versions],
             "applications": [n for s in world.stores.values() for n in s.applications],
             "buckets": [], "databases": [], "snapshots": [], "log_groups": [], "secrets": [], "repositories": []}
    for account in list(s3_backends):
        for backend in list(s3_backends[account].values()):
            found["buckets"] += list(backend.buckets)
    for key, backends, attribute in (("databases", rds_backends, "databases"), ("log_groups", logs_backends, "groups"),
                                     ("secrets", secretsmanager_backends, "secrets"), ("repositories", ecr_backends, "repositories")):
        for account in list(backends):
            for backend in list(backends[account].values()):
                found[key] += list(getattr(backend, attribute))
    for account in list(rds_backends):
        for backend in list(rds_backends[account].values()):
            found["snapshots"] += [k for k, v in backend.database_snapshots.items() if not k.startswith("rds:")]
    return found


def _parameters(request):
    if request.form:
        source = {k: v for k, v in request.form.items() if k not in ("Action", "Version")}
    elif request.service == "s3":
        source = {**request.uri_params, **request.query}
    else:
        try:
            source = json.loads(request.body) if request.body else {**request.uri_params, **request.query}
        except ValueError:
            source = {**request.uri_params, **request.query}
    secret = ("password", "secret", "token") if request.service in ("secretsmanager", "sts", "rds") else ()
    return {k: "…" if any(w in k.lower() for w in secret) and "Client" not in k else _short(v) for k, v in list(source.items())[:60]} if isinstance(source, dict) else {}


def _short(value):
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}… ({len(text)})"
