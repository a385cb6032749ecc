#!/usr/bin/env python3
"""Cuts GitHub's OpenAPI description down to what perch uses, so that Prism starts in seconds: trim_openapi.py FULL.json OUT.json"""

import copy
import json
import sys

REPO = "/repos/{owner}/{repo}"
PATHS = [REPO, *(REPO + p for p in (
    "/branches", "/branches/{branch}", "/git/ref/{ref}", "/git/matching-refs/{ref}", "/commits/{ref}", "/commits/{ref}/statuses", "/statuses/{sha}",
    "/contents/{path}", "/deployments", "/deployments/{deployment_id}", "/deployments/{deployment_id}/statuses", "/environments",
    "/environments/{environment_name}", "/issues/{issue_number}/comments", "/pulls")), "/rate_limit"]
ANSWER = "application/json"
ALIASES = ["application/vnd.github+json", "application/json; charset=utf-8"]


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def tidy(node):
    """Takes examples out (some of GitHub's break GitHub's schema) and lets the media type be asked for by its GitHub name."""
    if isinstance(node, dict):
        content = node.get("content")
        if isinstance(content, dict) and ANSWER in content:
            for alias in ALIASES:
                content.setdefault(alias, content[ANSWER])
        return {k: tidy(v) for k, v in node.items() if not (k in ("example", "examples") and isinstance(v, (dict, list)) and "type" not in (v if isinstance(v, dict) else {}))}
    return [tidy(v) for v in node] if isinstance(node, list) else node


def by_number(path):
    """The same for a repository's number: GitHub's links to further pages lead there, and its description does not say so."""
    got = copy.deepcopy(path["get"])
    got["parameters"] = [p for p in got["parameters"] if p.get("$ref") not in ("#/components/parameters/owner", "#/components/parameters/repo")]
    got["parameters"].append({"name": "repository_id", "in": "path", "required": True, "schema": {"type": "integer"}})
    return {"get": got}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        full = json.load(file)
    out = {"openapi": full["openapi"], "info": full["info"], "servers": [{"url": "http://127.0.0.1"}], "components": {}}
    out["paths"] = {path: full["paths"][path] for path in PATHS}
    out["paths"]["/repositories/{repository_id}/branches"] = by_number(out["paths"][REPO + "/branches"])
    for path in ("/git/ref/{ref}", "/git/matching-refs/{ref}", "/branches/{branch}", "/contents/{path}", "/commits/{ref}"):
        # a name with slashes is one segment to Prism; callers write them as %2F, as GitHub takes them too
        assert REPO + path in out["paths"]
    waiting, seen = list(references(out["paths"])), set()
    while waiting:
        reference = waiting.pop()
        if reference in seen:
            continue
        seen.add(reference)
        _, _, kind, name = reference.split("/")
        found = full["components"][kind][name]
        out["components"].setdefault(kind, {})[name] = found
        waiting += references(found)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(tidy(out), file)


if __name__ == "__main__":
    main()
