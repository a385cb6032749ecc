"""A forwarding HTTP proxy in threads, connections kept alive on both sides; what happens to a call is decided by a subclass."""

import http.client
import http.server
import json
import socket
import struct
import threading
import urllib.parse

import wire


class Relay(http.server.BaseHTTPRequestHandler):
    """`handle_call(request)` decides; `forward()` gives (status, headers, body) of the peer."""

    protocol_version = "HTTP/1.1"
    upstream = None  # (host, port)
    disable_nagle_algorithm = True
    _local = threading.local()

    def handle_one(self):
        length = self.headers.get("Content-Length")
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.body = self._chunks()
        else:
            self.body = self.rfile.read(int(length)) if length else b""
        if self.path.startswith("/perch-peer/") and self.controls(self.path.split("?")[0].removeprefix("/perch-peer/")):
            path, _, query = self.path.removeprefix("/perch-peer/").partition("?")
            try:
                given = json.loads(self.body) if self.body else dict(urllib.parse.parse_qsl(query))
            except ValueError:
                given = {}
            answer = json.dumps(self.control(path, given)).encode() + b"\n"
            self.reply(200, [("Content-Type", "application/json")], answer)
            return
        if self.path.startswith(("/perch-peer/", "/moto-api/")):
            self.reply(*self.forward())
            return
        self.handle_call(wire.Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, self.body))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_one

    def controls(self, what):
        """Whether a control path is this proxy's own; the others go on to the peer."""
        return False

    def control(self, what, given):
        raise NotImplementedError

    def handle_call(self, request):
        raise NotImplementedError

    def _chunks(self):
        parts = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            parts.append(self.rfile.read(size))
            self.rfile.readline()
            if size == 0:
                return b"".join(parts)

    def forward(self):
        for attempt in (0, 1):
            connection = getattr(self._local, "connection", None)
            fresh = connection is None
            if fresh:
                connection = http.client.HTTPConnection(*self.upstream, timeout=120)
                connection.connect()
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._local.connection = connection
            try:
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for key, value in self.headers.items():
                    if key.lower() not in ("connection", "transfer-encoding", "content-length", "expect"):
                        connection.putheader(key, value)
                connection.putheader("Content-Length", str(len(self.body)))
                connection.endheaders(self.body)
                answer = connection.getresponse()
                body = answer.read()
                headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in ("connection", "transfer-encoding", "content-length", "server")]
                if self.command == "HEAD" and answer.getheader("Content-Length"):
                    headers.append(("Content-Length", answer.getheader("Content-Length")))
                return answer.status, headers, body
            except (http.client.HTTPException, OSError):
                connection.close()
                self._local.connection = None
                if fresh or attempt:
                    raise
        raise AssertionError("unreachable")

    def reply(self, status, headers, body):
        self.send_response_only(status)
        for key, value in headers:
            self.send_header(key, value)
        if status != 204 and not any(k.lower() == "content-length" for k, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
            self.wfile.flush()

    def reset(self):
        """Ends the connection as a crash does: by RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass

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

    def handle_error(self, request, client_address):
        pass


def serve(handler, upstream, port, **more):
    """Listens on a port (0: a free one), prints the line of JSON, serves until SIGTERM or until the parent is gone."""
    import os
    import signal

    address = urllib.parse.urlsplit(upstream)
    handler.upstream = (address.hostname, address.port)
    server = Server(("127.0.0.1", port), handler)
    parent = os.getppid()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    print(json.dumps({"port": server.server_address[1], "url": f"http://127.0.0.1:{server.server_address[1]}", "upstream": upstream, **more}), flush=True)
    while os.getppid() == parent and not ended.is_set():
        ended.wait(0.2)
