"""The load balancer of every environment, on loopback: the Host header says which environment's app answers."""

import fnmatch
import http.server
import json
import ssl
import subprocess
import threading
import time


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world = None

    def do_GET(self):
        host = self.headers.get("Host", "").rsplit(":", 1)[0].lower()
        status, body, version = answer(self.world, host)
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "text/html")
        self.send_header("Content-Length", str(len(body)))
        if version:
            self.send_header("X-Perch-Peer-Version", version)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_POST = do_GET

    def log_message(self, *arguments):
        pass


def answer(world, host):
    with world.lock:
        env = _environment(world, host)
        name = env["EnvironmentName"] if env else ""
        told = next((a for a in world.apps if fnmatch.fnmatch(name, a["environment"]) or fnmatch.fnmatch(host, a["environment"])), None)
    if told:
        time.sleep(told.get("delay", 0))
        return told["status"], str(told.get("body", "")).encode(), env["VersionLabel"] if env else None
    if env is None:
        return 503, b"<h1>Nothing is running here</h1>", None
    if env["Status"] not in ("Ready", "Updating") or env["Health"] == "Red":
        return 502, b"<h1>502 Bad Gateway</h1>", env["VersionLabel"]
    variables = {o: v for (n, o), v in env["settings"].items() if n.endswith(":application:environment") and o.startswith("PERCH_")}
    return 200, json.dumps({"environment": name, "version": env["VersionLabel"], "host": host, **variables}).encode(), env["VersionLabel"]


def _environment(world, host):
    for store in world.stores.values():
        for env in reversed(store.environments):
            if env["Status"] != "Terminated" and any(fnmatch.fnmatch(host, pattern) for pattern in store.hosts(env)):
                return env
    return None


def start(world, scheme, folder, names):
    """Starts it on a free port; gives (port, path of its certificate authority or None)."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"world": world}))
    server.daemon_threads = True
    authority = None
    if scheme == "https":
        authority = f"{folder}/ca.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", f"{folder}/key.pem", "-out", authority,
                        "-subj", "/CN=perch peer", "-addext", "subjectAltName=" + ",".join("DNS:" + n for n in names)], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority, f"{folder}/key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1], authority
