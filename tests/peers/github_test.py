"""The GitHub peer alone, and behind Prism where npm can be reached: `github_test.py` or `github_test.py prism FOLDER`."""

import json
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request

from peer import Peer
from prism import Prism

FOLDER = sys.argv[2] if sys.argv[1:2] == ["prism"] else None


def ask(url, path, method="GET", given=None, **headers):
    """(status, JSON or None, headers) of one call."""
    body = json.dumps(given).encode() if given is not None else None
    request = urllib.request.Request(url + path, body, {"Accept": "application/vnd.github+json", "Content-Type": "application/json", **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None, answer.headers
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text else None, error.headers


class GitHub(unittest.TestCase):
    def setUp(self):
        self.peer = Peer("github_peer.py", "--repo", "acme/shop", "--branch", "feature/a", "--branch", "b", "--branch", "c")
        self.url = self.peer.url
        if FOLDER:
            self.prism = Prism(self.peer.url, FOLDER)
            self.url = self.prism.url
            self.peer.tell("public", url=self.url)

    def tearDown(self):
        self.peer.stop()
        if FOLDER:
            self.prism.stop()

    def names(self, size=2):
        url, found = f"{self.url}/repos/acme/shop/branches?per_page={size}", []
        while url:
            status, rows, headers = ask("", url)
            self.assertEqual(status, 200, rows)
            found += [row["name"] for row in rows]
            links = dict(reversed(part.strip().split("; ")) for part in headers.get("Link", "").split(",") if part)
            url = links.get('rel="next"', "").strip("<>")
        return found

    def test_every_page_of_the_branches_is_reached_by_its_links(self):
        self.assertEqual(self.names(), ["b", "c", "feature/a", "main"])

    def test_what_perch_reads_and_writes_has_githubs_shape(self):
        sha = ask(self.url, "/repos/acme/shop/branches/feature%2Fa")[1]["commit"]["sha"]
        self.assertEqual(ask(self.url, "/repos/acme/shop")[1]["default_branch"], "main")
        self.assertEqual(ask(self.url, "/repos/acme/shop/git/ref/heads%2Ffeature%2Fa")[1]["object"]["sha"], sha)
        status, made, _ = ask(self.url, f"/repos/acme/shop/statuses/{sha}", "POST", {"state": "success", "context": "perch", "target_url": "https://a.example.com"})
        self.assertEqual((status, made["state"]), (201, "success"))
        self.assertEqual([s["context"] for s in ask(self.url, f"/repos/acme/shop/commits/{sha}/statuses")[1]], ["perch"])
        number = ask(self.url, "/repos/acme/shop/deployments", "POST", {"ref": "main", "environment": "preview"})[1]["id"]
        self.assertEqual(ask(self.url, f"/repos/acme/shop/deployments/{number}/statuses", "POST", {"state": "success"})[0], 201)
        self.assertEqual([e["name"] for e in ask(self.url, "/repos/acme/shop/environments")[1]["environments"]], ["preview"])
        self.assertEqual(ask(self.url, "/repos/acme/shop/environments/preview", "DELETE")[0], 204)
        self.assertEqual(ask(self.url, "/repos/acme/nothing")[0], 404)

    def test_a_wrong_state_is_refused(self):
        self.assertEqual(ask(self.url, f"/repos/acme/shop/statuses/{'0' * 40}", "POST", {"state": "fine"})[0], 422)

    def test_an_unchanged_list_costs_nothing(self):
        _, _, headers = ask(self.peer.url, "/repos/acme/shop/branches")
        left = int(headers["X-RateLimit-Remaining"])
        status, _, headers = ask(self.peer.url, "/repos/acme/shop/branches", **{"If-None-Match": headers["ETag"]})
        self.assertEqual((status, int(headers["X-RateLimit-Remaining"])), (304, left))
        self.peer.tell("branches", push=["b"])
        self.assertEqual(ask(self.peer.url, "/repos/acme/shop/branches", **{"If-None-Match": headers["ETag"]})[0], 200)

    def test_each_way_of_letting_down_can_be_told(self):
        for mode, status in (("not-found", 404), ("unauthorized", 401), ("forbidden", 403), ("rate-limited", 403), ("secondary-limit", 403), ("error", 500)):
            self.peer.tell("mode", mode=mode)
            self.assertEqual(ask(self.peer.url, "/repos/acme/shop/branches")[0], status, mode)
        self.peer.tell("mode", mode="empty")
        self.assertEqual(ask(self.peer.url, "/repos/acme/shop/branches")[1], [])
        self.peer.tell("mode", mode="cut", page=2)
        self.assertEqual(ask(self.peer.url, "/repos/acme/shop/branches?per_page=2")[0], 200)
        with self.assertRaises(Exception):
            ask(self.peer.url, "/repos/acme/shop/branches?per_page=2&page=2")

    def test_a_branch_can_go_between_two_pages(self):
        self.peer.tell("during", after_page=1, delete="c")
        self.assertEqual(self.names(), ["b", "c", "main"])  # feature/a slipped into page 1: a reader that trusts pages misses it


if __name__ == "__main__":
    if FOLDER:
        unittest.main(argv=[sys.argv[0], "GitHub.test_every_page_of_the_branches_is_reached_by_its_links", "GitHub.test_what_perch_reads_and_writes_has_githubs_shape",
                            "GitHub.test_a_wrong_state_is_refused"])
    unittest.main()
