#!/usr/bin/env python3
"""A small GitHub: branches in pages, statuses, deployments, environments, files; and the ways in which it lets one down."""

import argparse
import base64
import hashlib
import http.server
import json
import os
import re
import signal
import socket
import struct
import sys
import threading
import time
import urllib.parse

MODES = {
    "not-found": "404, as for a repository that is misspelt or that the token can't see",
    "unauthorized": "401 Bad credentials",
    "forbidden": "403, the token lacks a scope",
    "rate-limited": "403 with nothing left until the reset",
    "secondary-limit": "403, or `status`, with Retry-After",
    "error": "500 on page `page`",
    "cut": "page `page` ends in the middle of its JSON",
    "reset": "the connection is reset on page `page`",
    "no-link": "page `page` says that it is the last one, though it isn't",
    "hang": "page `page` is never answered",
    "short": "page `page` has only its first half, or `rows`, and says that it is the last one",
    "shapeless": "the entries of page `page` have no commit: not what GitHub's description says",
    "empty": "the list of branches is empty",
}


class Repository:
    """The state: branches with their heads, and what was written to them."""

    def __init__(self, name, default, token):
        self.name, self.default, self.token = name, default, token
        self.lock = threading.RLock()
        self.branches, self.files, self.statuses, self.deployments, self.environments, self.comments = {}, {}, {}, [], {}, []
        self.made, self.pushed = _now(), set()
        self.public = None  # the URL that links name, when a checking proxy stands in front
        self.mode, self.during, self.calls, self.requests, self.conditional = None, [], {}, [], {"hits": 0}
        self.remaining, self.limit = 5000, 5000
        self.put(default)

    def put(self, branch, sha=None, protected=False):
        sha = sha or hashlib.sha1(f"{branch} {time.time_ns()}".encode()).hexdigest()
        self.branches[branch] = {"sha": sha, "protected": protected}
        self.pushed.add(sha)
        return sha


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    repo = None

    def any_method(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        target = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(target.query, keep_blank_values=True))
        path = target.path
        if path.startswith("/perch-peer/"):
            self._json(200, self._control(path.removeprefix("/perch-peer/"), json.loads(body) if body else {}), plain=True)
            return
        path = path.removeprefix("/api/v3") or "/"
        self.base = (self.repo.public or f"http://{self.headers.get('Host', '127.0.0.1')}") + ("/api/v3" if target.path.startswith("/api/v3") else "")
        with self.repo.lock:
            key = f"{self.command} {re.sub(r'[0-9a-f]{40}', 'SHA', path)}"
            self.repo.calls[key] = self.repo.calls.get(key, 0) + 1
            self.given = json.loads(body) if body else {}
            self.hang = None
            self._route(path)
        if self.hang:  # outside of the lock: others are still answered
            threading.Event().wait(self.hang)
            self._reset()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = any_method

    def send_response_only(self, code, message=None):
        if hasattr(self, "given"):  # neither the control endpoint nor what is no HTTP
            self.repo.requests.append([self.command, self.path, code, self.given])
        super().send_response_only(code, message)

    # -- answers

    def _json(self, status, value, headers=(), plain=False):
        text = b"" if value is None else json.dumps(value).encode()
        tag = '"' + hashlib.sha256(text).hexdigest() + '"'
        if self.command == "GET" and status == 200 and not plain and self.headers.get("If-None-Match", "").removeprefix("W/") == tag:
            self.repo.conditional["hits"] += 1
            status, text = 304, b""
        elif not plain and self.repo.remaining:
            self.repo.remaining -= 1
        self.send_response_only(status)
        if not plain:
            self.send_header("X-RateLimit-Limit", str(self.repo.limit))
            self.send_header("X-RateLimit-Remaining", str(self.repo.remaining))
            self.send_header("X-RateLimit-Reset", str(int(time.time()) + 1800))
            self.send_header("X-GitHub-Request-Id", hashlib.md5(os.urandom(8)).hexdigest()[:12])
            if self.command == "GET" and status in (200, 304):
                self.send_header("ETag", tag)
        for key, text_value in headers:
            self.send_header(key, text_value)
        if status not in (204, 304):
            self.send_header("Content-Type", "application/json" if plain else "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if status not in (204, 304) and self.command != "HEAD":
            self.wfile.write(text)
            self.wfile.flush()

    def _refuse(self, status, message, headers=()):
        self._json(status, {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}, headers)

    # -- the routes

    def _route(self, path):
        repo, told = self.repo, self.repo.mode or {}
        mode, self.told = told.get("mode"), told
        if "times" in told:
            told["times"] -= 1
            repo.mode = told if told["times"] > 0 else told.get("then")
        given = re.sub(r"^(token|bearer) ", "", self.headers.get("Authorization", ""), flags=re.I)
        if mode == "unauthorized" or (given and repo.token and given != repo.token):
            return self._refuse(401, "Bad credentials")
        if mode == "rate-limited":
            repo.remaining = 0
            return self._refuse(403, "API rate limit exceeded for user ID 1.", [("X-RateLimit-Resource", "core")])
        if mode == "secondary-limit":
            return self._refuse(told.get("status", 403), "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", [("Retry-After", "1")])
        if path == "/rate_limit":
            core = {"limit": repo.limit, "remaining": repo.remaining, "reset": int(time.time()) + 1800, "used": repo.limit - repo.remaining}
            return self._json(200, {"resources": {"core": core, "search": core}, "rate": core})
        found = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", re.sub(r"^/repositories/1(?=/|$)", f"/repos/{repo.name}", path))
        if mode == "not-found" or not found or found[1].lower() != repo.name.lower() or (repo.token and given != repo.token):
            return self._refuse(404, "Not Found")
        if mode == "forbidden" or (mode == "read-only" and self.command != "GET"):
            return self._refuse(403, "Resource not accessible by personal access token", [("X-Accepted-GitHub-Permissions", told["permission"])] if "permission" in told else [])
        rest = urllib.parse.unquote(found[2] or "")
        for method, pattern, action in _ROUTES:
            match = re.fullmatch(pattern, rest)
            if match and method == self.command:
                return action(self, *match.groups())
        return self._refuse(404, "Not Found")

    def _repository(self):
        url, name = f"{self.base}/repos/{self.repo.name}", self.repo.name.split("/")[1]
        row = {f"{key}_url": url for key in _REPO_URLS}
        row.update({key: 0 for key in _REPO_COUNTS}, **{key: False for key in _REPO_FLAGS})
        row.update(id=1, node_id="R_1", name=name, full_name=self.repo.name, private=True, owner=_user(self.base), url=url, default_branch=self.repo.default,
                   description=None, homepage=None, language=None, mirror_url=None, license=None, pushed_at=self.repo.made, created_at=self.repo.made, updated_at=self.repo.made,
                   permissions={"admin": False, "push": True, "pull": True})
        self._json(200, row)

    def _branch_row(self, name):
        head = self.repo.branches[name]
        return {"name": name, "commit": {"sha": head["sha"], "url": f"{self.base}/repos/{self.repo.name}/commits/{head['sha']}"}, "protected": head["protected"]}

    def _branches(self):
        size = max(1, min(100, int(self.query.get("per_page", 30))))
        page = max(1, int(self.query.get("page", 1)))
        told = self.told
        mode, here = told.get("mode"), page == told.get("page", 1)
        names = sorted(self.repo.branches) if mode != "empty" else []
        rows = [self._branch_row(n) for n in names[(page - 1) * size:page * size]]
        if here and mode == "short":
            rows = rows[: told.get("rows", len(rows) // 2)]
        if here and mode == "shapeless":
            rows = [{"name": row["name"]} for row in rows]
        last = max(1, -(-len(names) // size))
        links = []
        if page < last and not (mode in ("no-link", "short") and here):
            links += [(page + 1, "next"), (last, "last")]
        if page > 1:
            links += [(1, "first"), (page - 1, "prev")]
        link = ", ".join(f'<{self.base}/repositories/1/branches?per_page={size}&page={n}>; rel="{r}"' for n, r in links)
        headers = [("Link", link)] if link else []
        if here and mode == "error":
            self._refuse(told.get("status", 500), "Server Error")
        elif here and mode == "reset":
            self._reset()
        elif here and mode == "hang":
            self.hang = told.get("seconds", 60)
        elif here and mode == "cut":
            text = json.dumps(rows).encode()
            self.send_response_only(200)
            for key, value in [("Content-Type", "application/json; charset=utf-8"), ("Content-Length", str(len(text))), *headers]:
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(text[: len(text) // 2])
            self.close_connection = True
        else:
            self._json(200, rows, headers)
        for change in [c for c in self.repo.during if c["after_page"] == page]:
            self.repo.during.remove(change)
            if "delete" in change:
                self.repo.branches.pop(change["delete"], None)
            else:
                self.repo.put(change["push"])

    def _reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _branch(self, name):
        if name not in self.repo.branches:
            return self._refuse(404, "Branch not found")
        row, sha = self._branch_row(name), self.repo.branches[name]["sha"]
        row["commit"] = self._commit_row(sha)
        row.update(_links={"html": f"{self.base}/tree", "self": f"{self.base}/branch"}, protection={"enabled": False}, protection_url=f"{self.base}/protection")
        return self._json(200, row)

    def _commit_row(self, sha):
        who = {"name": "A", "email": "a@example.com", "date": "2026-01-01T00:00:00Z"}
        url = f"{self.base}/repos/{self.repo.name}/commits/{sha}"
        return {"url": url, "sha": sha, "node_id": "C_1", "html_url": url, "comments_url": url, "author": None, "committer": None, "parents": [],
                "commit": {"url": url, "author": who, "committer": who, "message": "a change", "comment_count": 0, "tree": {"sha": hashlib.sha1(sha.encode()).hexdigest(), "url": url}}}

    def _known(self, sha):
        return sha in self.repo.pushed

    def _git_commit(self, sha):
        if not self._known(sha):
            return self._refuse(404, "Not Found")
        url, who = f"{self.base}/repos/{self.repo.name}/git/commits/{sha}", {"name": "Ada", "email": "ada@example.com", "date": "2026-11-22T16:00:00Z"}
        return self._json(200, {"sha": sha, "node_id": "C_1", "url": url, "html_url": url, "author": who, "committer": who, "message": "Add the cart\n\nLong.", "parents": [],
                                "tree": {"sha": _tree(sha), "url": url}, "verification": {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}})

    def _git_tree(self, sha):
        commit = next((h["sha"] for h in self.repo.branches.values() if _tree(h["sha"]) == sha), None)
        if commit is None:
            return self._refuse(404, "Not Found")
        files, url = self._files(commit), f"{self.base}/repos/{self.repo.name}/git/trees/{sha}"
        rows = [{"path": p, "mode": "100644", "type": "blob", "sha": hashlib.sha1(x.encode()).hexdigest(), "size": len(x), "url": url} for p, x in files.items()]
        return self._json(200, {"sha": sha, "url": url, "truncated": False, "tree": rows})

    def _files(self, ref):
        """Of a branch or a commit; what was put for a branch is in its head."""
        name = next((n for n, head in self.repo.branches.items() if head["sha"] == ref), ref)
        return self.repo.files.get(name, {})

    def _commit(self, sha):
        sha = self.repo.branches.get(sha, {"sha": sha})["sha"]
        self._json(200, {**self._commit_row(sha), "stats": {"additions": 1, "deletions": 0, "total": 1}, "files": []})

    def _ref(self, name):
        if name not in self.repo.branches:
            return self._refuse(404, "Not Found")
        return self._json(200, self._ref_row(name))

    def _ref_row(self, name):
        sha = self.repo.branches[name]["sha"]
        return {"ref": f"refs/heads/{name}", "node_id": "R_1", "url": f"{self.base}/ref", "object": {"type": "commit", "sha": sha, "url": f"{self.base}/commit"}}

    def _matching(self, start):
        self._json(200, [self._ref_row(n) for n in sorted(self.repo.branches) if n.startswith(start)])

    def _contents(self, path):
        files = self._files(self.query.get("ref", self.repo.default))
        if path not in files:
            return self._refuse(404, "Not Found")
        text = files[path].encode()
        if "raw" in self.headers.get("Accept", ""):
            self.send_response_only(200)
            kind = "raw" if self.repo.public else "raw+json"  # what ends in +json must be JSON, says Prism
            self.send_header("Content-Type", f"application/vnd.github.{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            return None
        sha, url = hashlib.sha1(text).hexdigest(), f"{self.base}/contents/{path}"
        return self._json(200, {"type": "file", "encoding": "base64", "size": len(text), "name": path.rsplit("/", 1)[-1], "path": path, "content": base64.b64encode(text).decode(),
                                "sha": sha, "url": url, "git_url": url, "html_url": url, "download_url": url, "_links": {"self": url, "git": url, "html": url}})

    def _add_status(self, sha):
        if self.given.get("state") not in ("error", "failure", "pending", "success") or len(self.given.get("description") or "") > 140:
            return self._refuse(422, "Validation Failed")
        if not self._known(sha):
            return self._refuse(422, f"No commit found for SHA: {sha}")
        url = f"{self.base}/repos/{self.repo.name}/statuses/{sha}"
        who = _user(self.base)
        row = {"url": url, "avatar_url": None, "id": len(self.repo.statuses) + 1, "node_id": "S_1", "state": self.given["state"], "description": self.given.get("description"),
               "target_url": self.given.get("target_url"), "context": self.given.get("context", "default"), "created_at": _now(), "updated_at": _now(), "creator": who}
        self.repo.statuses.setdefault(sha, []).append(row)
        return self._json(201, row)

    def _list_statuses(self, sha):
        self._json(200, list(reversed(self.repo.statuses.get(sha, []))))

    def _add_deployment(self):
        url = f"{self.base}/repos/{self.repo.name}/deployments/{len(self.repo.deployments) + 1}"
        row = {"url": url, "id": len(self.repo.deployments) + 1, "node_id": "D_1", "sha": self.repo.branches.get(self.given["ref"], {"sha": self.given["ref"]})["sha"],
               "ref": self.given["ref"], "task": self.given.get("task", "deploy"), "payload": {}, "environment": self.given.get("environment", "production"),
               "description": self.given.get("description"), "creator": _user(self.base), "created_at": _now(), "updated_at": _now(), "statuses_url": url, "repository_url": url}
        self.repo.deployments.append({**row, "statuses": []})
        self.repo.environments.setdefault(row["environment"], len(self.repo.environments) + 1)
        self._json(201, row)

    def _list_deployments(self):
        rows = [{k: v for k, v in d.items() if k != "statuses"} for d in reversed(self.repo.deployments) if self.query.get("environment") in (None, d["environment"])]
        self._json(200, rows)

    def _deployment(self, number):
        for row in self.repo.deployments:
            if row["id"] == int(number):
                return row
        self._refuse(404, "Not Found")
        return None

    def _delete_deployment(self, number):
        row = self._deployment(number)
        if row is None:
            return
        if row["statuses"] and row["statuses"][-1]["state"] != "inactive" and len(self.repo.deployments) > 1:
            self._refuse(422, "We cannot delete an active deployment unless it is the only deployment in a given environment.")
            return
        self.repo.deployments.remove(row)
        self._json(204, None)

    def _add_deployment_status(self, number):
        row = self._deployment(number)
        if row is None:
            return
        url = row["url"] + "/statuses"
        made = {"url": url, "id": len(row["statuses"]) + 1, "node_id": "DS_1", "state": self.given["state"], "creator": _user(self.base), "description": self.given.get("description", ""),
                "environment": row["environment"], "target_url": self.given.get("log_url") or url, "log_url": self.given.get("log_url") or url, "environment_url": self.given.get("environment_url") or url,
                "created_at": _now(), "updated_at": _now(), "deployment_url": row["url"], "repository_url": url}
        row["statuses"].append(made)
        self._json(201, made)

    def _delete_environment(self, name):
        if self.repo.environments.pop(name, None) is None:
            self._refuse(404, "Not Found")
        else:
            self._json(204, None)

    def _list_environments(self):
        url = self.base
        rows = [{"id": i, "node_id": "E_1", "name": n, "url": url, "html_url": url, "created_at": _now(), "updated_at": _now()} for n, i in self.repo.environments.items()]
        self._json(200, {"total_count": len(rows), "environments": rows})

    # -- the control endpoint

    def _control(self, what, given):
        repo = self.repo
        with repo.lock:
            if what == "branches":
                for name in given.get("delete", []):
                    repo.branches.pop(name, None)
                made = {name: repo.put(name) for name in given.get("push", [])}
                if "only" in given:
                    repo.branches = {}
                    made = {name: repo.put(name) for name in given["only"]}
                return {"branches": {n: b["sha"] for n, b in repo.branches.items()}, "made": made}
            if what == "mode":
                if given.get("mode") and given["mode"] not in {*MODES, "read-only"}:
                    return {"error": "no such mode", "there_are": MODES}
                repo.mode = given if given.get("mode") else None
                repo.remaining = repo.limit
                return {"mode": repo.mode}
            if what == "requests":
                return repo.requests
            if what == "public":
                repo.public = given["url"]
            if what == "during":
                repo.during.append(given)
            if what == "file":
                repo.files.setdefault(given.get("ref", repo.default), {})[given["path"]] = given["text"]
            if what == "forget":
                repo.calls.clear()
                repo.requests.clear()
                repo.conditional["hits"] = 0
            return {"calls": repo.calls, "not_modified": repo.conditional["hits"], "statuses": repo.statuses, "deployments": repo.deployments,
                    "environments": list(repo.environments), "remaining": repo.remaining}

    def handle(self):
        try:
            super().handle()
        except (OSError, ValueError):
            pass

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass

    def log_message(self, *arguments):
        pass


_REPO_URLS = """archive assignees blobs branches clone collaborators comments commits compare contents contributors deployments downloads events forks git git_commits
git_refs git_tags hooks html issue_comment issue_events issues keys labels languages merges milestones notifications pulls releases ssh stargazers statuses
subscribers subscription svn tags teams trees""".split()
_REPO_COUNTS = "forks forks_count network_count open_issues open_issues_count size stargazers_count subscribers_count watchers watchers_count".split()
_REPO_FLAGS = "archived disabled fork has_discussions has_issues has_pages has_projects has_wiki".split()


def _tree(commit):
    return hashlib.sha1(commit.encode()).hexdigest()


def _now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _user(base):
    keys = ("avatar_url", "url", "html_url", "followers_url", "following_url", "gists_url", "starred_url", "subscriptions_url", "organizations_url",
            "repos_url", "events_url", "received_events_url")
    return {"login": "perch", "id": 1, "node_id": "U_1", "gravatar_id": "", "type": "User", "site_admin": False, **{k: f"{base}/u" for k in keys}}


_ROUTES = [
    ("GET", r"", Handler._repository),
    ("GET", r"/branches", Handler._branches),
    ("GET", r"/branches/(.+)", Handler._branch),
    ("GET", r"/git/ref/heads/(.+)", Handler._ref),
    ("GET", r"/git/commits/([0-9a-f]+)", Handler._git_commit),
    ("GET", r"/git/trees/([0-9a-f]+)", Handler._git_tree),
    ("GET", r"/git/matching-refs/heads/?(.*)", Handler._matching),
    ("GET", r"/commits/([^/]+)/statuses", Handler._list_statuses),
    ("GET", r"/commits/(.+)", Handler._commit),
    ("GET", r"/contents/(.+)", Handler._contents),
    ("POST", r"/statuses/([0-9a-f]{40})", Handler._add_status),
    ("POST", r"/deployments", Handler._add_deployment),
    ("GET", r"/deployments", Handler._list_deployments),
    ("DELETE", r"/deployments/(\d+)", Handler._delete_deployment),
    ("POST", r"/deployments/(\d+)/statuses", Handler._add_deployment_status),
    ("GET", r"/environments", Handler._list_environments),
    ("DELETE", r"/environments/(.+)", Handler._delete_environment),
]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--repo", default="acme/shop")
    parser.add_argument("--default", default="main")
    parser.add_argument("--token", help="without it every caller sees the repository")
    parser.add_argument("--branch", action="append", default=[])
    given = parser.parse_args()
    repo = Repository(given.repo, given.default, given.token)
    for name in given.branch:
        repo.put(name)
    server = Server(("127.0.0.1", given.port), type("Bound", (Handler,), {"repo": repo}))
    parent, ended = os.getppid(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_address[1], "url": f"http://127.0.0.1:{server.server_address[1]}", "repo": given.repo}), flush=True)
    while os.getppid() == parent and not ended.is_set():
        ended.wait(0.2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
