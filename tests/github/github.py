"""github.py PROBE NPM: perch's requests to GitHub, judged by GitHub's own OpenAPI description.

probe -> Prism (checks every request, and the stub's answers) -> stub.py. What breaks the description comes back as an
error whose text names it, so that any test fails with it."""
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import description  # noqa: E402
import stub  # noqa: E402

PROBE, NPM = sys.argv[1:3]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Rest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.description = description.trimmed(f"{NPM}/node_modules/@octokit/openapi/generated/api.github.com.json")
        cls.stub = stub.Stub(cls.description)
        cls.folder = tempfile.TemporaryDirectory(prefix="perch-github-")
        path = cls.folder.name + "/github.json"
        with open(path, "w") as file:
            json.dump(cls.description, file)
        port = free_port()
        cls.api = cls.stub.public = f"http://127.0.0.1:{port}"
        cls.log = open(cls.folder.name + "/prism.log", "w+")
        cls.prism = subprocess.Popen(
            ["node", f"{NPM}/node_modules/@stoplight/prism-cli/dist/index.js", "proxy", "--errors", "-h", "127.0.0.1",
             "-p", str(port), path, cls.stub.url], stdout=cls.log, stderr=cls.log)
        for _ in range(600):
            if cls.prism.poll() is not None:
                break
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        cls.tearDownClass()
        raise RuntimeError("Prism did not start")

    @classmethod
    def tearDownClass(cls):
        cls.prism.terminate()
        cls.prism.wait()
        cls.log.seek(0)
        cls.said = cls.log.read()
        cls.log.close()
        cls.stub.server.shutdown()
        cls.stub.server.server_close()
        cls.folder.cleanup()

    def setUp(self):
        s = self.stub
        s.default, s.branches, s.statuses = "main", {"main": stub.sha("main")}, []
        s.before = lambda *_: None
        s.requests.clear()

    def probe(self, *words, token=stub.Stub.token, repository="acme/shop"):
        env = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": token}
        done = subprocess.run([PROBE, self.api, repository, *words], env=env, capture_output=True, timeout=120)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode().rstrip("\n")

    def test_the_judge_finds_what_is_wrong(self):
        """A test of the test: Prism must refuse what the description does not allow."""
        import urllib.error
        import urllib.request
        bad = urllib.request.Request(f"{self.api}/repos/acme/shop/statuses/{stub.sha('main')}",
                                     data=b'{"state":"ready"}', headers={"Content-Type": "application/json"})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(bad)
        self.assertEqual(refused.exception.code, 422)
        refused.exception.close()
        self.stub.before = lambda *_: (200, '[{"name":"main"}]', {})
        self.assertIn("GitHub answered 500", self.probe("list", "1"))

    def test_lists_pages_to_the_end_and_pays_once(self):
        names = [f"feature/{i:03}" for i in range(250)]
        self.stub.branches |= {n: stub.sha(n) for n in names}
        said = self.probe("list", "2").split("\n")
        self.assertEqual(said[0], "251 branches, default main")
        self.assertEqual(said[1:-1], [f"{stub.sha(n)} {n}" for n in sorted(self.stub.branches)])
        self.assertEqual(said[-1], "251 branches, default main")
        whole = [p for _, p, h in self.stub.requests if "If-None-Match" not in {k.title() for k in h}]
        self.assertEqual(whole, ["/repos/acme/shop"] + [f"/repos/acme/shop/branches?per_page=100&page={i}" for i in (1, 2, 3)])
        self.assertEqual(len(self.stub.requests), 4 * 4)

    def test_misses_no_branch_when_one_is_deleted_between_two_pages(self):
        names = [f"b{i:03}" for i in range(150)]
        self.stub.branches |= {n: stub.sha(n) for n in names}

        def before(_, path, query):
            if query.get("page") == "2":
                self.stub.branches.pop("b007", None)

        self.stub.before = before
        said = self.probe("list", "1")
        self.assertTrue(said.startswith("150 branches"), said)
        self.assertIn(f"{stub.sha('b100')} b100", said)

    def test_a_list_cut_at_page_3_is_an_error(self):
        self.stub.branches |= {f"b{i:03}": stub.sha(str(i)) for i in range(350)}
        self.stub.before = lambda _, path, query: (200, "[]", {}) if query.get("page") == "3" else None
        self.assertEqual(
            self.probe("list", "1"),
            "cannot list the branches: acme/shop on 127.0.0.1:" + self.api.rsplit(":")[-1] +
            ": the list ended with page 2, though GitHub had told of page 4\n"
            "  The list was read 5 times and is not believed; nothing was done. Try again.")

    def test_finds_branches_whatever_their_names(self):
        tail = f"[{stub.sha('tree')}] [Add the cart] [Ada] 2026-11-22T16:00:00.000Z"
        for name in ("main", "feature/cart", "a/b/c", "50%", "a#b", "a&b=c", "caf\u00e9", "a+b", "\"x\"<y>", "%2e%2e", "ä/ö"):
            self.stub.branches[name] = stub.sha(name)
            self.assertEqual(self.probe("find", name), f"{name} {stub.sha(name)} {tail}")
            del self.stub.branches[name]
            self.stub.branches["main"] = stub.sha("main")
        self.assertEqual(self.probe("find", "feature/cart"), "not there")
        self.stub.branches["feature/cart-2"] = stub.sha("2")
        self.assertEqual(self.probe("find", "feature/cart"), "not there")

    def test_is_not_sure_that_a_branch_is_gone_when_the_repository_is_not_readable(self):
        self.assertIn("GitHub says that it is not there (404); the token may not see it",
                      self.probe("find", "cart", repository="acme/other"))

    def test_reads_files(self):
        main = stub.sha("main")
        self.assertEqual(self.probe("read", main, "perch.yaml"), "'app: shop\n'")
        self.assertEqual(self.probe("read", main, "seed/a b.sql"), "'x'")
        self.assertEqual(self.probe("read", main, "nothing.yaml"), "not there")
        self.assertIn("GitHub says that it is not there (404)", self.probe("read", stub.sha("unknown"), "perch.yaml"))
        entry = f"100644 blob {stub.sha('x')}\tseed/a b.sql\0"
        self.assertEqual(self.probe("digest", main, "seed/*"), hashlib.sha256(entry.encode()).hexdigest())

    def test_sets_a_status(self):
        main = stub.sha("main")
        self.assertEqual(self.probe("status", main, "success", "https://main.example.com/", "ready"), "set")
        self.assertEqual(self.stub.statuses, [(main, {"state": "success", "target_url": "https://main.example.com/",
                                                      "description": "ready", "context": "perch/shop"})])
        self.assertIn("GitHub answered 422 (Unprocessable Content): No commit found for SHA",
                      self.probe("status", stub.sha("?"), "error", "", ""))

    def test_says_what_is_wrong_with_the_token(self):
        self.assertIn("GitHub does not take the token (401: Bad credentials)", self.probe("list", "1", token="ghp_bad"))
        self.assertIn("a private one looks the same to whoever has no token",
                      self.probe("list", "1", token="", repository="acme/other"))
        self.stub.before = lambda method, *_: self.stub.error(
            403, "Resource not accessible by personal access token", **{"X-Accepted-GitHub-Permissions": "statuses=write"})
        self.assertIn("Give the token the permission statuses: write for acme/shop.",
                      self.probe("status", stub.sha("main"), "pending", "", ""))

    def test_says_when_a_limit_ends(self):
        self.stub.before = lambda *_: self.stub.error(
            403, "API rate limit exceeded", **{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 1800)})
        said = self.probe("list", "1")
        self.assertIn("GitHub's limit on requests is reached for this token; it ends in ", said)
        self.assertEqual(len(self.stub.requests), 1)

    def test_waits_for_a_short_limit_and_tries_again_after_an_outage(self):
        answers = [self.stub.error(429, "secondary rate limit", **{"Retry-After": "1"}), self.stub.error(502, "oops")]
        self.stub.before = lambda *_: answers.pop(0) if answers else None
        self.assertTrue(self.probe("list", "1").startswith("1 branches, default main"))


if __name__ == "__main__":
    done = unittest.main(argv=["github.py"], exit=False)
    if not done.result.wasSuccessful():
        print("Prism said:\n" + "\n".join(line for line in Rest.said.split("\n") if "iolation" in line)[-4000:])
    sys.exit(not done.result.wasSuccessful())
