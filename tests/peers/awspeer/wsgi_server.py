"""A threaded WSGI server that keeps connections alive (werkzeug's closes each one)."""

import http.server
import io
import socket
import sys
import traceback
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    application = None

    def any_method(self):
        body = self._body()
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ = {
            "REQUEST_METHOD": self.command, "SCRIPT_NAME": "", "PATH_INFO": urllib.parse.unquote_to_bytes(path).decode("latin-1"), "QUERY_STRING": query,
            "SERVER_NAME": host, "SERVER_PORT": str(port), "SERVER_PROTOCOL": self.request_version, "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": True,
            "wsgi.multiprocess": False, "wsgi.run_once": False, "RAW_URI": self.path, "REQUEST_URI": self.path,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)), "werkzeug.socket": self.connection,
        }
        for key, value in self.headers.items():
            name = "HTTP_" + key.upper().replace("-", "_")
            if name not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
                environ[name] = f"{environ[name]},{value}" if name in environ else value
        started = []
        try:
            answer = b"".join(self.application(environ, lambda line, headers, exc_info=None: started.append((line, headers))))
        except Exception:
            traceback.print_exc()
            started, answer = [("500 Internal Server Error", [("Content-Type", "text/plain")])], traceback.format_exc().encode()
        self._send(*started[-1], answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = any_method

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            parts.append(self.rfile.read(size))
            self.rfile.readline()
            if size == 0:
                return b"".join(parts)

    def _send(self, line, headers, body):
        status, _, reason = line.partition(" ")
        status = int(status)
        self.send_response_only(status, reason)
        bodiless = self.command == "HEAD" or status in (204, 304)
        if not any(key.lower() == "date" for key, _ in headers):
            self.send_header("Date", self.date_time_string())
        for key, value in headers:
            if key.lower() not in ("connection", "transfer-encoding") and (bodiless or key.lower() != "content-length"):
                self.send_header(key, value)
        if not bodiless:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not bodiless:
            self.wfile.write(body)
            self.wfile.flush()

    def handle(self):
        try:
            super().handle()
        except (OSError, ValueError):
            pass

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    address_family = socket.AF_INET


def make(port, application):
    return Server(("127.0.0.1", port), type("Bound", (Handler,), {"application": staticmethod(application)}))
