"""What an AWS request on the wire is: its service, region, operation; and what an AWS error looks like, by protocol."""

import functools
import json
import re
import urllib.parse
import uuid

import botocore.loaders
import botocore.session

_SIGNING = {"tagging": "resourcegroupstaggingapi", "servicequotas": "service-quotas", "elasticloadbalancing": "elbv2"}
_ELB_CLASSIC = "2012-06-01"


@functools.cache
def service_model(service):
    """botocore's model of a service, or None where there is none."""
    try:
        return botocore.session.get_session().get_service_model(service)
    except botocore.loaders.UnknownServiceError:
        return None


@functools.cache
def protocol(service):
    model = service_model(service)
    return model.metadata["protocol"] if model else "query"


class Request:
    """One request, as far as its text tells. `target` is the raw path with query, `headers` have lower-case names."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path, _, self.query_text = target.partition("?")
        self.query = dict(urllib.parse.parse_qsl(self.query_text, keep_blank_values=True))
        self.service, self.region = self._scope()
        self.form = {}
        if self.method == "POST" and "x-www-form-urlencoded" in headers.get("content-type", ""):
            self.form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
            if self.service is None and self.form.get("Version") == "2011-06-15":
                self.service = "sts"
        self.uri_params = {}
        self.operation = self._operation()

    def _scope(self):
        found = re.search(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request", self.headers.get("authorization", ""))
        if not found:
            found = re.search(r"[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request", self.query.get("X-Amz-Credential", ""))
        if not found:
            return (None if "x-www-form" in self.headers.get("content-type", "") else "s3"), None
        return _SIGNING.get(found[2], found[2]), found[1]

    def _operation(self):
        if "x-amz-target" in self.headers:
            return self.headers["x-amz-target"].rsplit(".", 1)[-1]
        if "Action" in self.form or "Action" in self.query:
            return self.form.get("Action") or self.query.get("Action")
        if self.service is None:
            return None
        return self._rest_operation()

    def s3_path(self):
        """The path in path style, also when the bucket is in the host name."""
        host = self.headers.get("host", "").split(":")[0]
        found = re.match(r"(.+?)\.s3[.-]", host) or re.match(r"(.+)\.localhost$", host)
        return f"/{found[1]}{self.path}" if found and self.service == "s3" else self.path

    def _rest_operation(self):
        path = self.s3_path() if self.service == "s3" else self.path
        best, best_score = None, -1
        for name, method, pattern, literal, needed, headers, bound in rest_table(self.service):
            match = pattern.fullmatch(path)
            if method != self.method or not match:
                continue
            if any(k not in self.query or (v and self.query[k] != v) for k, v in literal.items()):
                continue
            if any(k not in self.query for k in needed) or any(h not in self.headers for h in headers):
                continue
            score = 100 * len(literal) + 10 * (len(needed) + len(headers)) - (1 if name in _SECOND else 0)
            if score > best_score:
                best, best_score = name, score
                self.uri_params = {k: urllib.parse.unquote(v) for k, v in zip(bound, match.groups())}
        return best


# operations that share their request with a newer or commoner one
_SECOND = {"GetBucketLifecycle", "PutBucketLifecycle", "GetBucketNotification", "PutBucketNotification", "ListObjects", "CreateSession",
           "ListDirectoryBuckets", "RenameObject", "WriteGetObjectResponse"}


@functools.cache
def rest_table(service):
    model, rows = service_model(service), []
    if model is None or not protocol(service).startswith("rest"):
        return rows
    for name in model.operation_names:
        operation = model.operation_model(name)
        uri, _, query = operation.http["requestUri"].partition("?")
        literal = {k: v for k, v in urllib.parse.parse_qsl(query, keep_blank_values=True) if k != "x-id"}
        bound = [b.rstrip("+") for b in re.findall(r"\{(.*?)\}", uri)]
        text = re.sub(r"\\\{[^}]*?\\?\+\\\}", "(.+)", re.escape(uri))
        text = re.sub(r"\\\{.*?\\\}", "([^/]+)", text)
        needed, headers = [], []
        shape = operation.input_shape
        for member in shape.required_members if shape else []:
            where = shape.members[member].serialization
            if where.get("location") == "querystring":
                needed.append(where["name"])
            elif where.get("location") == "header" and service == "s3":
                headers.append(where["name"].lower())
        rows.append((name, operation.http["method"], re.compile(text + "/?" if not text.endswith("(.+)") else text), literal, needed, headers, bound))
    return rows


def error(service, code, message, status=400):
    """(status, content type, body) of an error as the service's protocol writes it."""
    request_id = str(uuid.uuid4())
    kind = protocol(service or "s3")
    escaped = message.replace("&", "&amp;").replace("<", "&lt;")
    if kind in ("json", "rest-json"):
        return status, "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message}).encode()
    if service == "s3" or service is None:
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escaped}</Message><RequestId>{request_id}</RequestId></Error>'
    elif kind == "ec2":
        text = f"<Response><Errors><Error><Code>{code}</Code><Message>{escaped}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
    else:
        who = "Sender" if status < 500 else "Receiver"
        text = (f"<ErrorResponse><Error><Type>{who}</Type><Code>{code}</Code><Message>{escaped}</Message></Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>")
    return status, "text/xml", text.encode()


def throttle_error(service):
    """Throttling as this service words it: SlowDown in S3, ThrottlingException in JSON, Throttling elsewhere."""
    if service == "s3":
        return error(service, "SlowDown", "Please reduce your request rate.", 503)
    if protocol(service or "s3") in ("json", "rest-json"):
        return error(service, "ThrottlingException", "Rate exceeded")
    return error(service, "Throttling", "Rate exceeded")
