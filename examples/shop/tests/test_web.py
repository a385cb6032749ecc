import http.client
import json
import os
import tempfile
import threading
import unittest
import urllib.parse
from unittest import mock

import seed
from shop import database, web

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


class Web(unittest.TestCase):
    """The shop as a browser and a program see it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        path = os.path.join(cls.folder.name, "shop.db")
        connection = database.connect(path)
        database.migrate(connection)
        seed.fill(connection)
        connection.close()
        cls.environment = mock.patch.dict(os.environ, {
            "DATABASE_URL": "sqlite:///" + path,
            "BUCKET_DIR": os.path.join(cls.folder.name, "bucket"),
            "PERCH_BRANCH": "feature/<b>",
            "PERCH_COMMIT": "0123456789abcdef0123",
        })
        cls.environment.start()
        web.Handler.log_message = lambda *_: None
        cls.server = web.Server(("127.0.0.1", 0), web.Handler)
        cls.thread = threading.Thread(target=cls.server.serve_forever, args=(0.01,))
        cls.thread.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.thread.join()
        cls.server.server_close()
        cls.environment.stop()
        cls.folder.cleanup()

    def setUp(self):
        self.connection = http.client.HTTPConnection(*self.server.server_address, timeout=20)
        self.cookie = ""

    def tearDown(self):
        self.connection.close()

    def ask(self, method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            headers["Cookie"] = self.cookie
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        return answer, answer.read()

    def post(self, path, **fields):
        return self.ask("POST", path, urllib.parse.urlencode(fields), Content_Type="application/x-www-form-urlencoded")

    def test_the_page_shows_products_and_what_runs(self):
        answer, page = self.ask("GET", "/")
        self.assertEqual(answer.status, 200)
        self.assertIn("Sunflower hearts, 2 kg", page.decode())
        self.assertEqual(page.decode().count('class="product"'), 12)
        self.assertIn("<code>feature/&lt;b&gt;</code> at <code>0123456789</code>", page.decode())

    def test_a_browser_fills_its_cart(self):
        answer, _ = self.post("/cart", product=1)
        self.assertEqual((answer.status, answer.getheader("Location")), (303, "/"))
        _, page = self.ask("GET", "/")
        self.assertIn('<p class="total"><span>Total</span><strong>€34.50</strong></p>', page.decode())
        self.post("/cart/remove", product=1)
        _, page = self.ask("GET", "/")
        self.assertIn("Nothing in it yet", page.decode())

    def test_a_program_fills_its_cart(self):
        answer, body = self.ask("POST", "/api/cart", json.dumps({"product": 3, "quantity": 3}), Content_Type="application/json")
        self.assertEqual((answer.status, json.loads(body)["total"]), (200, 3038))
        _, body = self.ask("DELETE", "/api/cart")
        self.assertEqual(json.loads(body)["lines"], [])

    def test_mistakes_are_told(self):
        for path, fields, status, text in [
            ("/cart", {"product": "x"}, 400, "product must be a whole number"),
            ("/cart", {"product": 999}, 404, "there is no product 999"),
            ("/cart", {"product": 8, "quantity": 50}, 422, "Only 3 of Swift brick are left."),
            ("/nowhere", {}, 404, "There is no such page."),
        ]:
            with self.subTest(path=path, fields=fields):
                answer, body = self.post(path, **fields)
                self.assertEqual(answer.status, status)
                self.assertIn(text, body.decode())

    def test_files_outside_of_static_stay_hidden(self):
        self.assertEqual(self.ask("GET", "/static/shop.css")[0].status, 200)
        for path in ("/static/../seed.py", "/static/..%2fseed.py", "/static/", "/static/none.css"):
            self.assertEqual(self.ask("GET", path)[0].status, 404, path)

    def test_a_photo_is_kept_and_shown(self):
        form = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n%b\r\n--x--\r\n'
        answer, _ = self.ask("POST", "/photo", form % PNG, Content_Type="multipart/form-data; boundary=x")
        self.assertEqual(answer.status, 303)
        answer, content = self.ask("GET", "/photo")
        self.assertEqual((answer.getheader("Content-Type"), content), ("image/png", PNG))
        answer, body = self.ask("POST", "/photo", form % b"<script>", Content_Type="multipart/form-data; boundary=x")
        self.assertEqual(answer.status, 422)
        self.assertIn("A photo is a PNG, JPEG or GIF picture.", body.decode())

    def test_health_needs_the_database(self):
        _, body = self.ask("GET", "/healthz")
        self.assertEqual(json.loads(body), {"ok": True, "products": 12})


if __name__ == "__main__":
    unittest.main()
