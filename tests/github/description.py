"""GitHub's OpenAPI description cut down to what perch asks, and patched where it contradicts GitHub or stops Prism."""
import json

USED = {
    "/repos/{owner}/{repo}": ["get"],
    "/repos/{owner}/{repo}/branches": ["get"],
    "/repos/{owner}/{repo}/git/ref/{ref}": ["get"],
    "/repos/{owner}/{repo}/git/commits/{commit_sha}": ["get"],
    "/repos/{owner}/{repo}/git/trees/{tree_sha}": ["get"],
    "/repos/{owner}/{repo}/contents/{path}": ["get"],
    "/repos/{owner}/{repo}/statuses/{sha}": ["post"],
}
# Answers that GitHub gives anywhere, though the description names them only here and there.
ANYWHERE = ["401", "403", "404", "409", "422", "429", "500", "502", "503"]


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            elif key == "mapping":
                yield from (v for v in value.values() if v.startswith("#/"))
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def without_examples(node):
    """Some of them break their own schema, and Prism then answers 500."""
    if isinstance(node, dict):
        return {k: without_examples(v) for k, v in node.items() if k not in ("examples", "example") or not v}
    if isinstance(node, list):
        return [without_examples(v) for v in node]
    return node


def trimmed(path):
    """The description as a dictionary."""
    with open(path) as file:
        whole = json.load(file)
    paths = {}
    for name, methods in USED.items():
        kept = {m: without_examples(whole["paths"][name][m]) for m in methods}
        for operation in kept.values():
            patch(whole, operation)
        paths[name] = kept
    components = {}
    todo = list(references(paths))
    while todo:
        _, _, kind, name = todo.pop().split("/")
        if name not in components.setdefault(kind, {}):
            components[kind][name] = without_examples(whole["components"][kind][name])
            todo += references(components[kind][name])
    return {"openapi": whole["openapi"], "info": whole["info"], "servers": whole["servers"],
            "paths": paths, "components": components}


def patch(whole, operation):
    error = {"description": "an error", "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}}}
    responses = operation["responses"]
    for code in ANYWHERE:
        responses.setdefault(code, error)
    responses.setdefault("304", {"description": "not modified"})
    for code, response in list(responses.items()):
        if "$ref" in response:
            _, _, kind, name = response["$ref"].split("/")
            response = responses[code] = without_examples(whole["components"][kind][name])
        content = response.get("content", {})
        if "application/json" in content:  # perch asks for the media type that GitHub's manual recommends
            content["application/vnd.github+json"] = content["application/json"]
    if operation["operationId"] == "repos/get-content":
        responses["200"]["content"]["application/vnd.github.raw"] = {"schema": {"type": "string"}}


def sample(whole, schema):
    """The smallest value that a schema allows; texts are "x"."""
    while "$ref" in schema:
        _, _, kind, name = schema["$ref"].split("/")
        schema = whole["components"][kind][name]
    if schema.get("nullable"):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return sample(whole, schema[key][0])
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: sample(whole, schema["properties"][name]) for name in schema.get("required", [])}
    formats = {"uri": "https://api.github.com/x", "date-time": "2026-11-22T16:00:00Z"}
    values = {"array": [], "integer": 1, "number": 1, "boolean": False,
              "string": formats.get(schema.get("format"), "x" * schema.get("minLength", 1))}
    return values[kind]
