"""HTTP: which request does what."""

import http.server
import json
import os
import pathlib
import re
import socketserver
import urllib.parse

from shop import cart, catalog, database, pages, photo, settings

STATIC = pathlib.Path(__file__).parent.parent / "static"
STATIC_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Refused(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server_version = "finch-and-fern"
    sys_version = ""

    # --- requests

    def do_GET(self):
        self.answer({
            "/": self.show_page,
            "/healthz": self.show_health,
            "/photo": self.show_photo,
            "/api/products": lambda: self.send_json({"products": catalog.products(self.database)}),
            "/api/cart": lambda: self.send_json(cart.contents(self.database, self.cart_key())),
        })

    do_HEAD = do_GET

    def do_POST(self):
        self.answer({
            "/cart": self.add_to_cart,
            "/cart/remove": self.remove_from_cart,
            "/photo": self.upload_photo,
            "/api/cart": self.add_to_cart,
        })

    def do_DELETE(self):
        self.answer({"/api/cart": self.clear_cart})

    def answer(self, routes: dict):
        self.new_cookie = ""
        self.database = database.connect(settings.database_path())
        path = urllib.parse.urlsplit(self.path).path
        try:
            if path in routes:
                routes[path]()
            elif self.command in ("GET", "HEAD") and path.startswith("/static/"):
                self.show_static(path.removeprefix("/static/"))
            else:
                raise Refused(404, "There is no such page.")
        except Refused as refused:
            self.refuse(refused.status, str(refused))
        except LookupError as error:
            self.refuse(404, str(error))
        except (cart.OutOfStock, photo.NotAPhoto) as error:
            self.refuse(422, str(error))
        finally:
            self.database.close()

    # --- what they do

    def show_page(self, message: str = "", status: int = 200):
        contents = cart.contents(self.database, self.cart_key())
        has_photo = photo.load(settings.bucket()) is not None
        self.send(status, "text/html; charset=utf-8", pages.page(catalog.products(self.database), contents, has_photo, message).encode())

    def show_health(self):
        count = self.database.execute("SELECT count(*) FROM products").fetchone()[0]
        self.send_json({"ok": True, "products": count})

    def show_static(self, name: str):
        file = STATIC / name
        if "/" in name or file.suffix not in STATIC_KINDS or not file.is_file():
            raise Refused(404, "There is no such file.")
        self.send(200, STATIC_KINDS[file.suffix], file.read_bytes())

    def show_photo(self):
        found = photo.load(settings.bucket())
        if found is None:
            raise Refused(404, "There is no photo today.")
        self.send(200, found[1], found[0])

    def add_to_cart(self):
        fields = self.fields()
        cart.add(self.database, self.cart_key(), self.number(fields, "product"), self.number(fields, "quantity", 1, 99))
        self.done()

    def remove_from_cart(self):
        cart.set_quantity(self.database, self.cart_key(), self.number(self.fields(), "product"), 0)
        self.done()

    def clear_cart(self):
        cart.clear(self.database, self.cart_key())
        self.done()

    def upload_photo(self):
        photo.save(settings.bucket(), self.first_file(self.body(photo.LIMIT)))
        self.done()

    def done(self):
        """A browser goes back to the page; a program gets the cart."""
        if self.wants_json():
            self.send_json(cart.contents(self.database, self.cart_key()))
        else:
            self.send(303, "text/plain", b"", {"Location": "/"})

    # --- what came in

    def body(self, limit: int = 1 << 16) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit() or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise Refused(411, "The request needs a Content-Length.")
        if int(length) > limit:
            self.close_connection = True
            raise Refused(413, f"That is too large: at most {limit >> 10} KiB.")
        return self.rfile.read(int(length))

    def fields(self) -> dict:
        body = self.body()
        try:
            if self.headers.get("Content-Type", "").startswith("application/json"):
                fields = json.loads(body or b"{}")
                if isinstance(fields, dict):
                    return fields
                raise ValueError
            return dict(urllib.parse.parse_qsl(body.decode()))
        except ValueError:
            raise Refused(400, "The request's body cannot be understood.")

    @staticmethod
    def number(fields: dict, name: str, default: int | None = None, highest: int = 1 << 31) -> int:
        text = str(fields.get(name, default))
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= highest):
            raise Refused(400, f"{name} must be a whole number from 1 to {highest}.")
        return int(text)

    def first_file(self, body: bytes) -> bytes:
        """The content of the one file of a multipart form."""
        boundary = re.search(r'boundary="?([^";]+)', self.headers.get("Content-Type", ""))
        if boundary is None:
            raise Refused(400, "A photo comes as a form with a file.")
        parts = body.split(b"--" + boundary[1].encode())
        content = parts[1].partition(b"\r\n\r\n")[2] if len(parts) > 2 else b""
        return content.removesuffix(b"\r\n")

    def cart_key(self) -> str:
        found = re.search(r"(?:^|;\s*)cart=([0-9a-f]{32})(?:;|$)", self.headers.get("Cookie", ""))
        if found:
            return found[1]
        self.new_cookie = self.new_cookie or os.urandom(16).hex()
        return self.new_cookie

    def wants_json(self) -> bool:
        return self.path.startswith("/api/") or "application/json" in self.headers.get("Accept", "")

    # --- what goes out

    def refuse(self, status: int, message: str):
        if self.wants_json():
            self.send_json({"error": message}, status)
        elif status == 422:
            self.show_page(message[0].upper() + message[1:] + ".", status)
        else:
            self.send(status, "text/plain; charset=utf-8", (message + "\n").encode())

    def send_json(self, value: dict, status: int = 200):
        self.send(status, "application/json", json.dumps(value).encode() + b"\n")

    def send(self, status: int, kind: str, content: bytes, headers: dict | None = None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        if self.new_cookie:
            self.send_header("Set-Cookie", f"cart={self.new_cookie}; Path=/; HttpOnly; SameSite=Lax")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
