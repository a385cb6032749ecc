"""Prism before the GitHub peer: what is asked and what the peer answers are both held against GitHub's own description of its API.
What does not fit it comes back as an error whose text names it."""

import atexit
import copy
import fcntl
import json
import os
import shutil
import socket
import subprocess
import tempfile

from peer import HERE, until

REPO = "/repos/{owner}/{repo}"
PATHS = [REPO, *(REPO + p for p in (
    "/branches", "/branches/{branch}", "/git/ref/{ref}", "/git/matching-refs/{ref}", "/git/commits/{commit_sha}", "/git/trees/{tree_sha}", "/commits/{ref}",
    "/commits/{ref}/statuses", "/statuses/{sha}", "/contents/{path}", "/deployments", "/deployments/{deployment_id}", "/deployments/{deployment_id}/statuses",
    "/environments", "/environments/{environment_name}", "/issues/{issue_number}/comments", "/pulls")), "/rate_limit"]
# Answers that GitHub gives anywhere, though the description names them only here and there.
ANYWHERE = ["401", "403", "404", "409", "422", "429", "500", "502", "503"]
ERROR = {"description": "an error", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}}}
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


def described(full):
    """GitHub's description cut down to what perch uses, so that Prism starts in seconds."""
    out = {"openapi": full["openapi"], "info": full["info"], "servers": [{"url": "http://127.0.0.1"}], "components": {}}
    out["paths"] = {path: full["paths"][path] for path in PATHS}
    out["paths"]["/repositories/{repository_id}/branches"] = by_number(out["paths"][REPO + "/branches"])
    for operation in (o for path in out["paths"].values() for o in path.values()):
        for code in ANYWHERE:
            operation["responses"].setdefault(code, ERROR)
        operation["responses"].setdefault("304", {"description": "not modified"})
    out["paths"][REPO + "/contents/{path}"]["get"]["responses"]["200"]["content"]["application/vnd.github.raw"] = {"schema": {"type": "string"}}
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
    return tidy(out)


def skip(why):
    print(f"skipped: {why}", flush=True)
    os._exit(77)


def install(folder):
    """What package-lock.json names, once in a folder that tests share; ends the test as skipped (77) where that cannot be had."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            skip(f"{program} is not installed; './dev setup' installs it")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(HERE, "package-lock.json"), encoding="utf-8") as file:
        wanted = file.read()
    with open(os.path.join(folder, "installed"), "a+", encoding="utf-8") as installed:
        fcntl.flock(installed, fcntl.LOCK_EX)
        installed.seek(0)
        if installed.read() == wanted:
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(HERE, name), folder)
        if subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True).returncode != 0:
            skip("npm could not fetch @stoplight/prism-cli and @octokit/openapi")
        installed.truncate(0)
        installed.write(wanted)


class Prism:
    """A running one, with its packages in `folder`."""

    def __init__(self, upstream, folder):
        install(folder)
        modules = os.path.join(folder, "node_modules")
        with open(f"{modules}/@octokit/openapi/generated/api.github.com.json", encoding="utf-8") as file:
            description = described(json.load(file))
        self.files = tempfile.TemporaryDirectory(prefix="perch-prism-")
        with open(self.files.name + "/github.json", "w", encoding="utf-8") as file:
            json.dump(description, file)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        with open(self.files.name + "/log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["node", f"{modules}/@stoplight/prism-cli/dist/index.js", "proxy", "--errors", "-h", "127.0.0.1", "-p", str(port),
                                             self.files.name + "/github.json", upstream], stdout=log, stderr=log)
        atexit.register(self.process.kill)
        until(lambda: self.process.poll() is not None or "Prism is listening" in self.log(), "Prism listens", 60)
        if self.process.poll() is not None:
            raise RuntimeError("Prism did not start:\n" + self.log())

    def log(self):
        with open(self.files.name + "/log", encoding="utf-8") as file:
            return file.read()

    def violations(self):
        return [line for line in self.log().split("\n") if "iolation" in line]

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.files.cleanup()
