"""A request's parameters read by botocore's service model, with everything that the model doesn't allow."""

import base64
import binascii
import json
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree

import wire

_PLAIN_HEADERS = {"x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-decoded-content-length", "x-amz-trailer", "x-amz-target",
                  "x-amz-user-agent", "x-amz-sdk-checksum-algorithm", "x-amz-te", "x-amzn-trace-id"}
_SECRET = {"MasterUserPassword", "SecretString", "SecretBinary", "WebIdentityToken", "password"}


class Violations:
    """`texts` says what is wrong, `parameters` what was asked."""

    def __init__(self, request):
        self.texts, self.parameters, self.request = [], {}, request
        model = wire.service_model(request.service) if request.service else None
        if model is None:
            self.texts.append(f"there is no service {request.service}")
            return
        if request.operation not in model.operation_names:
            self.texts.append(f"{request.service} has no operation {request.operation} ({request.method} {request.path})")
            return
        operation, protocol = model.operation_model(request.operation), wire.protocol(request.service)
        if request.method != operation.http.get("method", "POST"):
            self.texts.append(f"the method is {request.method}, the model has {operation.http['method']}")
        reader = {"query": self._query, "ec2": self._query, "json": self._json}.get(protocol, self._rest)
        try:
            self.parameters = reader(model, operation, operation.input_shape)
        except (ValueError, ElementTree.ParseError) as error:
            self.texts.append(f"the body can't be read: {error}")
            return
        if operation.input_shape is not None:
            self._check(operation.input_shape, self.parameters, "")

    def shown(self):
        return {k: "…" if k in _SECRET else _short(v) for k, v in self.parameters.items()} if isinstance(self.parameters, dict) else {}

    def _wrong(self, where, text):
        self.texts.append(f"{where.lstrip('.') or 'the request'}: {text}")

    # -- query and ec2

    def _query(self, model, operation, shape):
        form = dict(self.request.form or self.request.query)
        form.pop("Action", None)
        version = form.pop("Version", None)
        if version != model.api_version:
            self._wrong("Version", f"is {version}, the model has {model.api_version}")
        tree = {}
        for key, value in form.items():
            node = tree
            *path, last = key.split(".")
            for step in path:
                node = node.setdefault(step, {})
                if not isinstance(node, dict):
                    raise ValueError(f"{key} is both a value and a group")
            node[last] = value
        return self._query_value(shape, tree, "", wire.protocol(self.request.service) == "ec2") if shape else self._nothing(tree)

    def _nothing(self, tree):
        for key in tree:
            self._wrong(key, "unknown parameter")
        return {}

    def _query_value(self, shape, node, where, ec2):
        if shape.type_name == "structure":
            if not isinstance(node, dict):
                self._wrong(where, "must be a structure")
                return {}
            names = {}
            for member, inner in shape.members.items():
                name = inner.serialization.get("name", member)
                if ec2:
                    name = inner.serialization.get("queryName") or name[0].upper() + name[1:]
                elif inner.type_name == "list" and inner.serialization.get("flattened"):
                    name = inner.member.serialization.get("name", name)
                names[name] = (member, inner)
            out = {}
            for key, value in node.items():
                if key in names:
                    out[names[key][0]] = self._query_value(names[key][1], value, f"{where}.{names[key][0]}", ec2)
                else:
                    self._wrong(f"{where}.{key}", "unknown parameter")
            return out
        if shape.type_name == "list":
            if node == "":
                return []
            if not ec2 and not shape.serialization.get("flattened"):
                wrapper = shape.member.serialization.get("name", "member")
                if not isinstance(node, dict) or set(node) != {wrapper}:
                    self._wrong(where, f"a list is written as .{wrapper}.N")
                    return []
                node = node[wrapper]
            return self._numbered(node, where, lambda v, i: self._query_value(shape.member, v, f"{where}[{i}]", ec2))
        if shape.type_name == "map":
            rows = node.get("entry", node) if isinstance(node, dict) else {}
            pairs = self._numbered(rows, where, lambda v, i: v)
            return {p.get("key"): self._query_value(shape.value, p.get("value"), f"{where}[{p.get('key')}]", ec2) for p in pairs}
        return self._text(shape, node, where)

    def _numbered(self, node, where, read):
        if not isinstance(node, dict) or not all(k.isdigit() for k in node):
            self._wrong(where, "the items of a list are numbered from 1")
            return []
        numbers = sorted(map(int, node))
        if numbers != list(range(1, len(numbers) + 1)):
            self._wrong(where, f"the items are numbered {numbers[:5]}, not from 1 on")
        return [read(node[str(n)], n - 1) for n in numbers]

    def _text(self, shape, text, where):
        """A scalar written as text."""
        if not isinstance(text, str):
            self._wrong(where, f"must be a {shape.type_name}, is a group")
            return None
        kind = shape.type_name
        try:
            if kind in ("integer", "long"):
                return int(text)
            if kind in ("float", "double"):
                return float(text)
        except ValueError:
            self._wrong(where, f"must be a {kind}, is {text[:40]!r}")
            return None
        if kind == "boolean":
            if text not in ("true", "false"):
                self._wrong(where, f"must be true or false, is {text[:40]!r}")
            return text == "true"
        if kind == "blob":
            try:
                return base64.b64decode(text, validate=True)
            except binascii.Error:
                self._wrong(where, "must be base64")
        if kind == "timestamp" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)|\d+(\.\d+)?|\w{3}, .* GMT", text):
            self._wrong(where, f"must be a time, is {text[:40]!r}")
        return text

    # -- json

    def _json(self, model, operation, shape):
        prefix = model.metadata.get("targetPrefix", "")
        if self.request.headers.get("x-amz-target") != f"{prefix}.{operation.name}":
            self._wrong("X-Amz-Target", f"is {self.request.headers.get('x-amz-target')}, the model has {prefix}.{operation.name}")
        wanted = f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.1')}"
        if self.request.headers.get("content-type", "").split(";")[0] != wanted:
            self._wrong("Content-Type", f"is {self.request.headers.get('content-type')}, the model has {wanted}")
        value = json.loads(self.request.body) if self.request.body else {}
        self._unknown(shape, value, "")
        return value

    def _unknown(self, shape, value, where):
        if shape is None:
            return
        if shape.type_name == "structure" and isinstance(value, dict):
            names = {m.serialization.get("name", n): m for n, m in shape.members.items()}
            for key, inner in value.items():
                if key in names:
                    self._unknown(names[key], inner, f"{where}.{key}")
                else:
                    self._wrong(f"{where}.{key}", "unknown parameter")
        elif shape.type_name == "list" and isinstance(value, list):
            for index, inner in enumerate(value):
                self._unknown(shape.member, inner, f"{where}[{index}]")
        elif shape.type_name == "map" and isinstance(value, dict):
            for key, inner in value.items():
                self._unknown(shape.value, inner, f"{where}[{key}]")

    # -- rest-xml and rest-json

    def _rest(self, model, operation, shape):
        request, out = self.request, {}
        members = shape.members if shape else {}
        literal = dict(urllib.parse.parse_qsl(operation.http["requestUri"].partition("?")[2], keep_blank_values=True))
        queries = {m.serialization["name"]: (n, m) for n, m in members.items() if m.serialization.get("location") == "querystring"}
        headers = {m.serialization["name"].lower(): (n, m) for n, m in members.items() if m.serialization.get("location") == "header"}
        prefixes = {m.serialization["name"].lower(): n for n, m in members.items() if m.serialization.get("location") == "headers"}
        for key, value in request.query.items():
            if key in queries:
                out[queries[key][0]] = self._text(queries[key][1], value, key)
            elif key not in literal and key != "x-id" and not key.startswith("X-Amz-"):
                self._wrong(key, "unknown query parameter")
        for name, member in members.items():
            if member.serialization.get("location") == "uri":
                out[name] = request.uri_params.get(member.serialization.get("name", name))
        for key, value in request.headers.items():
            if key in headers:
                out[headers[key][0]] = self._text(headers[key][1], value, key) if headers[key][1].type_name != "list" else value.split(",")
            elif key.startswith("x-amz-") and key not in _PLAIN_HEADERS and not key.startswith("x-amz-checksum-") and not any(key.startswith(p) for p in prefixes):
                self._wrong(key, "unknown header")
        payload = shape.serialization.get("payload") if shape else None
        if payload:
            member = members[payload]
            if member.type_name in ("blob", "string"):
                out[payload] = request.body
            elif request.body:
                out[payload] = self._body(member, request.body, payload)
        elif shape and request.body and any("location" not in m.serialization for m in members.values()):
            found = self._body(shape, request.body, "", top=True)
            out.update(found if isinstance(found, dict) else {})
        elif request.body and not payload:
            self._wrong("", "has a body, the model has none")
        return out

    def _body(self, shape, body, where, top=False):
        if wire.protocol(self.request.service) == "rest-json":
            value = json.loads(body)
            self._unknown(shape, value, where)
            return value
        root = ElementTree.fromstring(body)
        wanted = shape.serialization.get("name")
        if wanted and _local(root.tag) != wanted:
            self._wrong(where, f"the root element is {_local(root.tag)}, the model has {wanted}")
        return self._xml(shape, root, where, {n for n, m in shape.members.items() if "location" in m.serialization} if top else set())

    def _xml(self, shape, element, where, skip=frozenset()):
        if shape.type_name == "structure":
            names, out = {}, {}
            for member, inner in shape.members.items():
                if member in skip or inner.serialization.get("xmlAttribute"):
                    continue
                name = inner.serialization.get("name", member)
                if inner.type_name == "list" and inner.serialization.get("flattened"):
                    name = inner.serialization.get("name") or inner.member.serialization.get("name", member)
                names[name] = (member, inner)
            for child in element:
                name = _local(child.tag)
                if name not in names:
                    self._wrong(f"{where}.{name}", "unknown element")
                    continue
                member, inner = names[name]
                if inner.type_name == "list" and inner.serialization.get("flattened"):
                    out.setdefault(member, []).append(self._xml(inner.member, child, f"{where}.{member}"))
                else:
                    out[member] = self._xml(inner, child, f"{where}.{member}")
            return out
        if shape.type_name == "list":
            name = shape.member.serialization.get("name", "member")
            for child in element:
                if _local(child.tag) != name:
                    self._wrong(f"{where}.{_local(child.tag)}", f"the items of this list are {name}")
            return [self._xml(shape.member, child, f"{where}[{i}]") for i, child in enumerate(element)]
        return self._text(shape, element.text or "", where)

    # -- the rules of a shape

    def _check(self, shape, value, where):
        meta, kind = shape.metadata, shape.type_name
        if value is None:
            return
        if kind == "structure":
            if not isinstance(value, dict):
                self._wrong(where, "must be a structure")
                return
            for name in meta.get("required", []):
                if value.get(name) is None and shape.members[name].serialization.get("location") not in ("header", "headers"):
                    self._wrong(f"{where}.{name}", "is required")
            for name, inner in shape.members.items():
                if name in value:
                    self._check(inner, value[name], f"{where}.{name}")
        elif kind == "list":
            if not isinstance(value, list):
                self._wrong(where, "must be a list")
                return
            self._length(meta, len(value), where, "items")
            for index, inner in enumerate(value):
                self._check(shape.member, inner, f"{where}[{index}]")
        elif kind == "map" and isinstance(value, dict):
            for key, inner in value.items():
                self._check(shape.value, inner, f"{where}[{key}]")
        elif kind == "string":
            if not isinstance(value, str):
                if not isinstance(value, bytes):
                    self._wrong(where, f"must be a string, is {value!r}")
                return
            self._length(meta, len(value), where, "characters")
            if getattr(shape, "enum", None) and value not in shape.enum:
                self._wrong(where, f"is {value!r}, the model has {', '.join(shape.enum[:12])}")
            if "pattern" in meta and not _fits(meta["pattern"], value):
                self._wrong(where, f"is {value[:80]!r}, which doesn't match {meta['pattern']}")
        elif kind in ("integer", "long", "float", "double"):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                self._wrong(where, f"must be a {kind}, is {value!r}")
                return
            self._length(meta, value, where, "")
        elif kind == "boolean" and not isinstance(value, bool):
            self._wrong(where, f"must be true or false, is {value!r}")

    def _length(self, meta, size, where, what):
        if "min" in meta and size < meta["min"]:
            self._wrong(where, f"{size} {what} are fewer than {meta['min']}".replace("  ", " "))
        if "max" in meta and size > meta["max"]:
            self._wrong(where, f"{size} {what} are more than {meta['max']}".replace("  ", " "))


def _fits(pattern, value):
    try:
        return re.fullmatch(pattern, value, re.S) is not None
    except re.error:
        return True


def _local(tag):
    return tag.rsplit("}", 1)[-1]


def _short(value):
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value)} bytes"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return value if len(text) <= 300 else f"{text[:300]}… ({len(text)})"
