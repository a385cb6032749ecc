"""github.py PROBE FOLDER: perch's requests to GitHub, judged by GitHub's own OpenAPI description.

probe -> Prism (checks every request, and the peer's answers) -> ../peers/github_peer.py. What breaks the description comes
back as an error whose text names it, so that any test fails with it. FOLDER is Prism's."""
import hashlib
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
from peer import Peer  # noqa: E402
from prism import Prism  # noqa: E402

PROBE, FOLDER = sys.argv[1:3]
TOKEN = "ghp_good"
FILES = {"perch.yaml": "app: shop\n", "seed/a b.sql": "x"}


def sha(text):
    return hashlib.sha1(text.encode()).hexdigest()


class Rest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.peer = Peer("github_peer.py", "--repo", "acme/shop", "--token", TOKEN)
        cls.addClassCleanup(cls.peer.stop)
        cls.prism = Prism(cls.peer.url, FOLDER)
        cls.addClassCleanup(cls.prism.stop)
        cls.api = cls.prism.url
        cls.peer.tell("public", url=cls.api)
        for path, text in FILES.items():
            cls.peer.tell("file", path=path, text=text)

    @classmethod
    def tearDownClass(cls):
        cls.violations = cls.prism.violations()

    def setUp(self):
        self.main = self.peer.tell("branches", only=["main"])["branches"]["main"]
        self.fails(None)
        self.peer.tell("forget")

    def push(self, *names):
        """All branches, by name."""
        return self.peer.tell("branches", push=names)["branches"]

    def fails(self, mode, **how):
        self.peer.tell("mode", mode=mode, **how)

    def requests(self):
        """(method, target, status, JSON sent) of each that reached GitHub."""
        return [tuple(r) for r in self.peer.tell("requests")]

    def probe(self, *words, token=TOKEN, repository="acme/shop"):
        env = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": token}
        done = subprocess.run([PROBE, self.api, repository, *words], env=env, capture_output=True, timeout=120)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode().rstrip("\n")

    def test_the_judge_finds_what_is_wrong(self):
        """A test of the test: Prism must refuse what the description does not allow."""
        import urllib.error
        import urllib.request
        bad = urllib.request.Request(f"{self.api}/repos/acme/shop/statuses/{self.main}",
                                     data=b'{"state":"ready"}', headers={"Content-Type": "application/json"})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(bad)
        self.assertEqual(refused.exception.code, 422)
        refused.exception.close()
        self.fails("shapeless")
        self.assertIn("GitHub answered 500", self.probe("list", "1"))

    def test_lists_pages_to_the_end_and_pays_once(self):
        branches = self.push(*(f"feature/{i:03}" for i in range(250)))
        said = self.probe("list", "2").split("\n")
        self.assertEqual(said[0], "251 branches, default main")
        self.assertEqual(said[1:-1], [f"{branches[n]} {n}" for n in sorted(branches)])
        self.assertEqual(said[-1], "251 branches, default main")
        once = ["/repos/acme/shop"] + [f"/repos/acme/shop/branches?per_page=100&page={i}" for i in (1, 2, 3)]
        self.assertEqual(self.requests(), [("GET", p, 200, {}) for p in once] + [("GET", p, 304, {}) for p in once * 3])

    def test_misses_no_branch_when_one_is_deleted_between_two_pages(self):
        branches = self.push(*(f"b{i:03}" for i in range(150)))
        self.peer.tell("during", after_page=1, delete="b007")
        said = self.probe("list", "1")
        self.assertTrue(said.startswith("150 branches"), said)
        self.assertIn(f"{branches['b100']} b100", said)

    def test_a_list_cut_at_page_3_is_an_error(self):
        self.push(*(f"b{i:03}" for i in range(350)))
        self.fails("short", page=3, rows=0)
        self.assertEqual(
            self.probe("list", "1"),
            "cannot list the branches: acme/shop on 127.0.0.1:" + self.api.rsplit(":")[-1] +
            ": the list ended with page 2, though GitHub had told of page 4\n"
            "  The list was read 5 times and is not believed; nothing was done. Try again.")

    def test_finds_branches_whatever_their_names(self):
        for name in ("main", "feature/cart", "a/b/c", "50%", "a#b", "a&b=c", "caf\u00e9", "a+b", "\"x\"<y>", "%2e%2e", "ä/ö"):
            commit = self.push(name)[name]
            self.assertEqual(self.probe("find", name), f"{name} {commit} [{sha(commit)}] [Add the cart] [Ada] 2026-11-22T16:00:00.000Z")
            self.peer.tell("branches", delete=[name], push=["main"])
        self.assertEqual(self.probe("find", "feature/cart"), "not there")
        self.push("feature/cart-2")
        self.assertEqual(self.probe("find", "feature/cart"), "not there")

    def test_is_not_sure_that_a_branch_is_gone_when_the_repository_is_not_readable(self):
        self.assertIn("GitHub says that it is not there (404); the token may not see it",
                      self.probe("find", "cart", repository="acme/other"))

    def test_reads_files(self):
        self.assertEqual(self.probe("read", self.main, "perch.yaml"), "'app: shop\n'")
        self.assertEqual(self.probe("read", self.main, "seed/a b.sql"), "'x'")
        self.assertEqual(self.probe("read", self.main, "nothing.yaml"), "not there")
        self.assertIn("GitHub says that it is not there (404)", self.probe("read", sha("unknown"), "perch.yaml"))
        entry = f"100644 blob {sha('x')}\tseed/a b.sql\0"
        self.assertEqual(self.probe("digest", self.main, "seed/*"), hashlib.sha256(entry.encode()).hexdigest())

    def test_sets_a_status(self):
        self.assertEqual(self.probe("status", self.main, "success", "https://main.example.com/", "ready"), "set")
        self.assertEqual(self.requests(), [("POST", f"/repos/acme/shop/statuses/{self.main}", 201, {
            "state": "success", "target_url": "https://main.example.com/", "description": "ready", "context": "perch/shop"})])
        self.assertIn("GitHub answered 422 (Unprocessable Content): No commit found for SHA",
                      self.probe("status", sha("?"), "error", "", ""))

    def test_says_what_is_wrong_with_the_token(self):
        self.assertIn("GitHub does not take the token (401: Bad credentials)", self.probe("list", "1", token="ghp_bad"))
        self.assertIn("a private one looks the same to whoever has no token", self.probe("list", "1", token=""))
        self.fails("forbidden", permission="statuses=write")
        self.assertIn("Give the token the permission statuses: write for acme/shop.",
                      self.probe("status", self.main, "pending", "", ""))

    def test_says_when_a_limit_ends(self):
        self.fails("rate-limited")
        self.assertIn("GitHub's limit on requests is reached for this token; it ends in ", self.probe("list", "1"))
        self.assertEqual(len(self.requests()), 1)

    def test_waits_for_a_short_limit_and_tries_again_after_an_outage(self):
        self.fails("secondary-limit", status=429, times=1, then={"mode": "error", "status": 502, "times": 2})
        self.assertTrue(self.probe("list", "1").startswith("1 branches, default main"))
        self.assertEqual([status for _, _, status, _ in self.requests()][:4], [429, 200, 502, 200])


if __name__ == "__main__":
    done = unittest.main(argv=["github.py"], exit=False)
    if not done.result.wasSuccessful():
        print("Prism said:\n" + "\n".join(Rest.violations)[-4000:])
    sys.exit(not done.result.wasSuccessful())
