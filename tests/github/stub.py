"""A small GitHub behind Prism: one repository with branches, files and statuses, pages, ETags, and a token. State lives
in the attributes of Stub; tests change them while it runs."""
import hashlib
import http.server
import json
import re
import threading
import urllib.parse

from description import sample


def sha(text):
    return hashlib.sha1(text.encode()).hexdigest()


class Stub:
    token = "ghp_good"
    id = 1296269

    def __init__(self, description):
        self.description = description
        self.public = ""  # where links lead: Prism
        self.default = "main"
        self.branches = {"main": sha("main")}
        self.files = {"perch.yaml": "app: shop\n", "seed/a b.sql": "x"}
        self.statuses = []
        self.requests = []
        self.before = lambda method, path, query: None  # may return (status, body, headers) to answer in its place
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                stub.handle(self)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def schema(self, schema, /, **changes):
        return sample(self.description, {"$ref": "#/components/schemas/" + schema}) | changes

    def error(self, status, message, **headers):
        body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
        return status, json.dumps(body), headers

    def handle(self, request):
        length = int(request.headers.get("Content-Length", 0))
        body = request.rfile.read(length)
        parts = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        self.requests.append((request.command, request.path, dict(request.headers)))
        answer = self.before(request.command, parts.path, query)
        if answer is None:
            answer = self.answer(request, parts.path, query, body)
        status, text, headers = answer
        data = text.encode()
        etag = '"' + hashlib.sha256(data).hexdigest() + '"'
        if status == 200 and request.headers.get("If-None-Match") == etag:
            status, data = 304, b""
        request.send_response(status)
        if status == 200:
            request.send_header("ETag", etag)
        if data:
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def answer(self, request, path, query, body):
        authorization = request.headers.get("Authorization")
        if authorization not in (None, "Bearer " + self.token):
            return self.error(401, "Bad credentials")
        match = re.fullmatch(r"/repos/acme/shop(?:/([a-z/]+?)(?:/([^/]*))?)?", path)
        if not match:
            return self.error(404, "Not Found")
        kind, rest = match[1], urllib.parse.unquote(match[2] or "")
        if kind is None:
            return 200, json.dumps(self.schema("full-repository", id=self.id, name="shop", full_name="acme/shop",
                                               default_branch=self.default)), {}
        if kind == "branches":
            return self.page(int(query.get("page", 1)), int(query.get("per_page", 30)))
        if kind == "git/ref":
            name = rest.removeprefix("heads/")
            if name not in self.branches:
                return self.error(404, "Not Found")
            target = {"type": "commit", "sha": self.branches[name], "url": "https://api.github.com/x"}
            return 200, json.dumps(self.schema("git-ref", ref="refs/heads/" + name, object=target)), {}
        commit = query.get("ref", rest)
        known = commit in self.branches.values()
        if kind == "git/commits" and known:
            person = {"name": "Ada", "email": "ada@example.com", "date": "2026-11-22T16:00:00Z"}
            tree = {"sha": sha("tree"), "url": "https://api.github.com/x"}
            return 200, json.dumps(self.schema("git-commit", sha=commit, author=person, committer=person, tree=tree,
                                               message="Add the cart\n\nLong.")), {}
        if kind == "git/trees" and rest == sha("tree"):
            tree = [{"path": p, "mode": "100644", "type": "blob", "sha": sha(t), "size": len(t)}
                    for p, t in self.files.items()]
            return 200, json.dumps(self.schema("git-tree", sha=rest, tree=tree, truncated=False)), {}
        if kind == "contents" and known and rest in self.files:
            return 200, self.files[rest], {"Content-Type": "application/vnd.github.raw; charset=utf-8"}
        if kind == "statuses" and authorization is None:
            return self.error(401, "Requires authentication")
        if kind == "statuses" and not known:
            return self.error(422, "No commit found for SHA: " + rest)
        if kind == "statuses":
            self.statuses.append((rest, json.loads(body)))
            return 201, json.dumps(self.schema("status", state=json.loads(body)["state"])), {}
        return self.error(404, "Not Found")

    def page(self, number, size):
        names = sorted(self.branches)
        last = -(-len(names) // size)
        url = f"{self.public}/repositories/{self.id}/branches?per_page={size}&page="
        links = []
        if number > 1:
            links += [f'<{url}{number - 1}>; rel="prev"', f'<{url}1>; rel="first"']
        if number < last:
            links += [f'<{url}{number + 1}>; rel="next"', f'<{url}{last}>; rel="last"']
        entries = [{"name": n, "commit": {"sha": self.branches[n], "url": "https://api.github.com/x"}, "protected": False}
                   for n in names[(number - 1) * size:number * size]]
        return 200, json.dumps(entries), {"Link": ", ".join(links)} if links else {}
