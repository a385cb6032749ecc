"""What a job meets outside of its container: the service's tokens, ECR's and STS's HTTPS, a registry, a git host."""
import asyncio
import base64
import http.server
import json
import ssl
import subprocess
import threading
import urllib.request

from base_image import run

REGISTRY_AT, AWS_AT = "127.0.0.2", "127.0.0.3"


def make_certificate(place, names):
    """One for all names, and its own authority."""
    given = ",".join(f"DNS:{name}" for name in names)
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=perch-test",
        "-addext", f"subjectAltName={given}", "-keyout", f"{place}/key.pem", "-out", f"{place}/cert.pem")


def name_hosts(place, addresses):
    """In this mount namespace alone."""
    with open(f"{place}/hosts", "w") as file:
        file.write("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in addresses.items()))
    run("mount", "--bind", f"{place}/hosts", "/etc/hosts")


def start_registry(place, user, password):
    """As ECR: HTTPS, nothing without a login."""
    with open(f"{place}/htpasswd", "w") as file:
        file.write(run("htpasswd", "-Bbn", user, password))
    with open(f"{place}/registry.yml", "w") as file:
        file.write(f"""version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {place}/registry}}}}
http: {{addr: "{REGISTRY_AT}:443", tls: {{certificate: {place}/cert.pem, key: {place}/key.pem}}}}
auth: {{htpasswd: {{realm: perch, path: {place}/htpasswd}}}}
""")
    log = open(f"{place}/registry.log", "w")
    subprocess.Popen(["docker-registry", "serve", f"{place}/registry.yml"], stdout=log, stderr=log)


def start_git_host(folder):
    subprocess.Popen(["git", "daemon", "--export-all", "--listen=127.0.0.1", f"--base-path={folder}", folder], stderr=subprocess.DEVNULL)


def start_https(place, port):
    """HTTPS at AWS_AT:443 for what speaks HTTP on `port`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{place}/cert.pem", f"{place}/key.pem")
    ready = threading.Event()

    async def pump(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(reader, writer):
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer), return_exceptions=True)

    async def listen():
        server = await asyncio.start_server(serve, AWS_AT, 443, ssl=context)
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(listen()), daemon=True).start()
    assert ready.wait(10)


def start_tokens(asked):
    """The URL where a job asks for its identity; what was asked for goes to the list."""

    class Tokens(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["Authorization"]))
            answer = json.dumps({"value": "oidc"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/token?a=b"


def registry_tags(place, host, repository, login):
    """What the registry itself says."""
    context = ssl.create_default_context(cafile=f"{place}/cert.pem")
    request = urllib.request.Request(f"https://{host}/v2/{repository}/tags/list", headers={
        "Authorization": "Basic " + base64.b64encode(login.encode()).decode()})
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:
        return json.load(answer)["tags"]
