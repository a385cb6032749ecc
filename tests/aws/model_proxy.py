"""A proxy that judges each request by botocore's service model: the operation exists, its parameters are known, the required ones are there, types and enums fit."""
import http.client, http.server, json, re, threading, urllib.parse
import xml.etree.ElementTree as ET

import botocore.session
from botocore.validate import ParamValidator

MODELS = {"cloudformation": "cloudformation", "s3": "s3", "sts": "sts", "elasticbeanstalk": "elasticbeanstalk", "ecr": "ecr", "rds": "rds", "route53": "route53",
          "logs": "logs", "tagging": "resourcegroupstaggingapi", "ssm": "ssm", "secretsmanager": "secretsmanager", "acm": "acm"}
session = botocore.session.get_session()
models = {}


def model_of(signing_name):
    if signing_name not in models:
        models[signing_name] = session.get_service_model(MODELS[signing_name])
    return models[signing_name]


class Wrong(Exception):
    pass


def scalar(shape, text, where):
    if shape.type_name in ("integer", "long"): return int(text)
    if shape.type_name in ("float", "double"): return float(text)
    if shape.type_name == "boolean":
        if text not in ("true", "false"): raise Wrong(f"{where}: {text!r} is no boolean")
        return text == "true"
    if shape.type_name == "blob": return text.encode()
    return text


def check_enums(shape, value, where=""):
    if shape.type_name == "structure":
        for name, item in value.items():
            if name in shape.members: check_enums(shape.members[name], item, f"{where}.{name}")
    elif shape.type_name == "list":
        for item in value: check_enums(shape.member, item, where)
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        raise Wrong(f"{where}: {value!r} is none of {shape.enum}")


def from_query(shape, pairs, where):
    """The form below one prefix as the value of a shape; whatever fits nowhere is wrong."""
    if shape.type_name == "structure":
        value, left = {}, dict(pairs)
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            if member.type_name == "list" and member.serialization.get("flattened"): wire = member.member.serialization.get("name", wire)
            mine = {k: left.pop(k) for k in list(left) if k == wire or k.startswith(wire + ".")}
            if mine:
                value[name] = from_query(member, {k[len(wire):].lstrip("."): v for k, v in mine.items()}, f"{where}.{name}")
        if left: raise Wrong(f"{where}: unknown parameters {sorted(left)}")
        return value
    if shape.type_name == "list":
        if not shape.serialization.get("flattened"):
            item = shape.member.serialization.get("name", "member")
            if not all(k.startswith(item + ".") for k in pairs): raise Wrong(f"{where}: not a list of {item!r}: {sorted(pairs)}")
            pairs = {k[len(item) + 1:]: v for k, v in pairs.items()}
        groups = {}
        for k, v in pairs.items():
            number, _, rest = k.partition(".")
            groups.setdefault(int(number), {})[rest] = v
        if sorted(groups) != list(range(1, len(groups) + 1)): raise Wrong(f"{where}: list numbers {sorted(groups)}")
        return [from_query(shape.member, groups[i], f"{where}[{i}]") for i in sorted(groups)]
    if set(pairs) != {""}: raise Wrong(f"{where}: not a plain value: {sorted(pairs)}")
    return scalar(shape, pairs[""], where)


def from_xml(shape, node, where):
    if shape.type_name == "structure":
        value = {}
        names = {m.serialization.get("name", n) if not (m.type_name == "list" and m.serialization.get("flattened")) else m.serialization.get("name") or m.member.serialization.get("name", n): (n, m)
                 for n, m in shape.members.items()}
        for child in node:
            tag = child.tag.split("}")[-1]
            if tag not in names: raise Wrong(f"{where}: unknown element <{tag}>")
            name, member = names[tag]
            if member.type_name == "list" and member.serialization.get("flattened"):
                value.setdefault(name, []).append(from_xml(member.member, child, f"{where}.{name}"))
            else:
                value[name] = from_xml(member, child, f"{where}.{name}")
        return value
    return scalar(shape, node.text or "", where)


def rest_operation(model, method, path, query, headers):
    """The operation whose URI fits, with the most fixed query names."""
    best = None
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.http["method"] != method: continue
        uri = operation.http["requestUri"]
        template, _, fixed = uri.partition("?")
        needed = dict(urllib.parse.parse_qsl(fixed, keep_blank_values=True))
        if any(k not in query or (v and query[k] != v) for k, v in needed.items()): continue
        pattern = re.sub(r"\\\{(\w+)(\\\+)?\\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", re.escape(template))
        fit = re.fullmatch(pattern + "/?" if template.count("/") == 1 else pattern, path)
        if not fit: continue
        shape = operation.input_shape
        in_query = {m.serialization["name"] for m in shape.members.values() if m.serialization.get("location") == "querystring"} if shape else set()
        if any(k not in needed and k not in in_query for k in query): continue
        wanted = [m.serialization["name"] for n, m in shape.members.items() if n in shape.required_members and m.serialization.get("location") == "querystring"] if shape else []
        if any(k not in query for k in wanted): continue
        if shape and any(shape.members[n].serialization.get("location") == "header" and shape.members[n].serialization["name"].lower() not in headers for n in shape.required_members): continue
        score = (len(needed) + len(wanted), bool(set(query) & in_query), -len(pattern))
        if best is None or score > best[0]: best = (score, operation, fit.groupdict(), needed)
    if not best: raise Wrong(f"no operation for {method} {path} {query}")
    return best[1:]


def from_rest(model, method, target, headers, body):
    path, _, text = target.partition("?")
    query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
    operation, uri, fixed = rest_operation(model, method, path, query, headers)
    shape, value = operation.input_shape, {}
    payload = shape.serialization.get("payload") if shape else None
    seen_headers = set()
    for name, member in (shape.members.items() if shape else ()):
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "uri": value[name] = urllib.parse.unquote(uri[wire])
        elif location == "querystring" and wire in query: value[name] = scalar(member, query[wire], name)
        elif location == "header" and wire.lower() in headers:
            value[name] = scalar(member, headers[wire.lower()], name)
            seen_headers.add(wire.lower())
        elif location == "headers":
            value[name] = {k[len(wire):]: v for k, v in headers.items() if k.startswith(wire.lower())}
            seen_headers |= {k for k in headers if k.startswith(wire.lower())}
    for k in headers:
        if k.startswith("x-amz-checksum-") and operation.http_checksum: continue
        if k.startswith("x-amz-") and k not in seen_headers | {"x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}: raise Wrong(f"{operation.name}: unknown header {k}")
    if payload:
        member = shape.members[payload]
        value[payload] = body if member.type_name == "blob" else from_xml(member, ET.fromstring(body), payload)
    elif body: raise Wrong(f"{operation.name}: has a body and must not")
    return operation, value


def judge(method, target, headers, body):
    """(service, operation) of a good request; raises Wrong."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", headers.get("authorization", ""))
    form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)) if "form-urlencoded" in headers.get("content-type", "") else {}
    signing = scope[1] if scope else "sts" if form.get("Action", "").startswith("AssumeRoleWith") else None
    if signing not in MODELS: raise Wrong(f"unsigned or unknown service: {method} {target}")
    model = model_of(signing)
    protocol = model.metadata["protocol"]
    if protocol == "query":
        if form.pop("Version", "") != model.api_version: raise Wrong(f"{signing}: not version {model.api_version}")
        name = form.pop("Action")
        if name not in model.operation_names: raise Wrong(f"{signing} has no operation {name}")
        operation = model.operation_model(name)
        value = from_query(operation.input_shape, form, name) if operation.input_shape else form
    elif protocol == "json":
        prefix, name = headers["x-amz-target"].rsplit(".", 1)
        if prefix != model.metadata["targetPrefix"] or name not in model.operation_names: raise Wrong(f"{signing}: target {prefix}.{name}")
        if headers["content-type"] != "application/x-amz-json-" + model.metadata["jsonVersion"]: raise Wrong(f"{signing}: {headers['content-type']}")
        operation, value = model.operation_model(name), json.loads(body)
    else:
        operation, value = from_rest(model, method, target, headers, body)
    if operation.input_shape:
        report = ParamValidator().validate(value, operation.input_shape)
        if report.has_errors(): raise Wrong(f"{operation.name}: {report.generate_report()}")
        check_enums(operation.input_shape, value, operation.name)
    return signing, operation.name


class ModelProxy(http.server.ThreadingHTTPServer):
    """Forwards to `peer` ("127.0.0.1:port") and keeps .calls (service, operation, status) and .wrong (texts)."""
    daemon_threads = True

    def __init__(self, peer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.peer, self.calls, self.wrong = peer, [], []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        lower = {k.lower(): v for k, v in self.headers.items()}
        named = None
        try:
            named = judge(self.command, self.path, lower, body)
        except Exception as e:
            self.server.wrong.append(f"{type(e).__name__}: {e}" if not isinstance(e, Wrong) else str(e))
        connection = http.client.HTTPConnection(self.server.peer, timeout=60)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for k, v in self.headers.items(): connection.putheader(k, v)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        content = answer.read()
        self.server.calls.append((*(named or ("?", "?")), answer.status))
        self.send_response_only(answer.status)
        for k, v in answer.getheaders():
            if k.lower() not in ("content-length", "connection", "transfer-encoding"): self.send_header(k, v)
        self.send_header("Content-Length", answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content)))
        self.end_headers()
        if self.command != "HEAD": self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any
