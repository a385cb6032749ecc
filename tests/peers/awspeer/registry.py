"""CloudFormation's registry schemas as cfn-lint ships them: which types, properties, replacements and attributes there are."""

import functools
import importlib.util
import json
import os
import runpy

# Read without importing the package: that takes two seconds of processor.
_SCHEMAS = os.path.join(importlib.util.find_spec("cfnlint").submodule_search_locations[0], "data", "schemas")
_FOLDER = os.path.join(_SCHEMAS, "resources")


@functools.cache
def _types(region):
    file = os.path.join(_SCHEMAS, "providers", region.replace("-", "_") + ".py")
    return runpy.run_path(file if os.path.exists(file) else os.path.join(_SCHEMAS, "providers", "us_east_1.py"))["types"]


@functools.cache
def schema(region, type_name):
    """The schema of a type, or None where the region doesn't have it."""
    file_name = _types(region).get(type_name)
    if file_name is None:
        return None
    with open(os.path.join(_FOLDER, file_name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def known(region, type_name):
    return type_name.startswith("Custom::") or type_name == "AWS::CDK::Metadata" or schema(region, type_name) is not None


def _paths(region, type_name, key):
    found = (schema(region, type_name) or {}).get(key, [])
    return [tuple(path.removeprefix("/properties/").split("/")) for path in found]


def recreation(region, type_name, property_name, before, after):
    """Always, Conditionally or Never: what a change of one top property asks of the resource."""
    answer = "Never"
    for key, word in (("conditionalCreateOnlyProperties", "Conditionally"), ("createOnlyProperties", "Always")):
        for path in _paths(region, type_name, key):
            if path[0] == property_name and _at(before, path[1:]) != _at(after, path[1:]):
                answer = word
    return answer


def _at(value, path):
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def tag_property(region, type_name):
    """The name of the property that holds tags, and whether it is a list of Key and Value; (None, False) without one."""
    found = schema(region, type_name) or {}
    if found.get("tagging", {}).get("taggable") is False or "Tags" not in found.get("properties", {}):
        return None, False
    tags = _resolve(found, found["properties"]["Tags"])
    return "Tags", "array" in _as_list(tags.get("type"))


def name_property(region, type_name):
    """The property by which a person names a resource, when it is also its primary identifier."""
    names = [p[0] for p in _paths(region, type_name, "primaryIdentifier")]
    read_only = {p[0] for p in _paths(region, type_name, "readOnlyProperties")}
    return names[0] if len(names) == 1 and names[0] not in read_only else None


def _as_list(value):
    return value if isinstance(value, list) else [value]


def _resolve(root, node):
    for _ in range(20):
        if not isinstance(node, dict) or "$ref" not in node:
            return node or {}
        target = root
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target.get(step, {})
        node = target
    return {}


def complaint(region, type_name, properties):
    """What the registry would say of these properties (unknown keys, missing ones), or None."""
    root = schema(region, type_name)
    return _complaint(root, root, properties, "#", 0) if root else None


def _complaint(root, node, value, where, depth):
    node = _resolve(root, node)
    if depth > 30:
        return None
    if isinstance(value, dict) and "properties" in node and not any(k.startswith("Fn::") or k == "Ref" for k in value):
        strict = node.get("additionalProperties") is False
        for key, inner in value.items():
            if key in node["properties"]:
                found = _complaint(root, node["properties"][key], inner, f"{where}/{key}", depth + 1)
                if found:
                    return found
            elif strict and not any(_matches(pattern, key) for pattern in node.get("patternProperties", {})):
                return f"{where}: extraneous key [{key}] is not permitted"
        for key in node.get("required", []):
            if key not in value:
                return f"{where}: required key [{key}] not found"
    if isinstance(value, list) and isinstance(node.get("items"), dict):
        for index, inner in enumerate(value):
            found = _complaint(root, node["items"], inner, f"{where}/{index}", depth + 1)
            if found:
                return found
    return None


def _matches(pattern, key):
    import re

    try:
        return re.search(pattern, key) is not None
    except re.error:
        return True
