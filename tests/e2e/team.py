#!/usr/bin/env python3
"""A server for the team, from outside: TLS, password, tickets, tokens, and those who try to get around them. team.py PERCH_BINARY"""

import json
import os
import re
import socket
import ssl
import subprocess
import sys
import urllib.parse

from world import World

DOMAIN = "preview.test"
PASSWORD = "correct horse battery"

# Answers with the request's head as it came, and takes upgrades.
APP = """\
import os, socket, threading
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((os.environ['HOST'], int(os.environ['PORT']))); s.listen(64)
def serve(c):
    head = b''
    while b'\\r\\n\\r\\n' not in head:
        got = c.recv(65536)
        if not got: return c.close()
        head += got
    if b'\\nupgrade:' in head.lower():
        c.sendall(b'HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n')
        while (got := c.recv(65536)): c.sendall(got)
    else:
        c.sendall(b'HTTP/1.1 200 OK\\r\\nX-Robots-Tag: all\\r\\nSet-Cookie: own=1\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n' % len(head) + head)
    c.close()
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if lines[0].startswith("HTTP/") else 0
        self.headers = [tuple(line.split(": ", 1)) for line in lines[1:] if ": " in line]
        self.text = self.body.decode(errors="replace")

    def __getattr__(self, name):
        raise AttributeError(name)

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name):
        values = self.all(name)
        return values[0] if values else ""

    def cookie(self):
        return self.one("Set-Cookie").partition(";")[0]


class Team:
    def __init__(self, world):
        self.world = world
        self.trust = ssl.create_default_context(cafile=str(world.folder / "cert.pem"))

    def connect(self, host):
        return self.trust.wrap_socket(socket.create_connection(("127.0.0.1", self.world.port), 30), server_hostname=host)

    def raw(self, host, data):
        """What comes back until the other side ends."""
        got = b""
        with self.connect(host) as s:
            s.sendall(data)
            try:
                while (piece := s.recv(65536)):
                    got += piece
            except (ConnectionError, ssl.SSLError):
                pass
        return got

    def ask(self, host, path="/", method="GET", body="", at=None, **headers):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}:{self.world.port}", "Connection: close", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
        if body or method == "POST":
            lines += [f"Content-Length: {len(body.encode())}"] + (["Content-Type: application/x-www-form-urlencoded"] if "Content_Type" not in headers else [])
        return Answer(self.raw(at or DOMAIN, ("\r\n".join(lines) + "\r\n\r\n" + body).encode()))

    def origin(self, host):
        return f"https://{host}:{self.world.port}"

    def sign_in(self, next_="/", password=PASSWORD):
        return self.ask(DOMAIN, "/login", "POST", urllib.parse.urlencode({"password": password, "next": next_}), Origin=self.origin(DOMAIN))

    def enter(self, slug, path="/"):
        """The cookie that a visitor who signs in on the way to a branch gets there."""
        host = f"{slug}.{DOMAIN}"
        ticket = self.sign_in(self.origin(host) + path).one("Location")
        assert ticket.startswith(self.origin(host) + "/.perch/session?ticket="), ticket
        return self.ask(host, ticket.removeprefix(self.origin(host)))


def make_certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{DOMAIN},DNS:*.{DOMAIN}", "-keyout", str(folder / "new-key.pem"), "-out", str(folder / "new-cert.pem")],
                   check=True, capture_output=True)
    os.replace(folder / "new-key.pem", folder / "key.pem")
    os.replace(folder / "new-cert.pem", folder / "cert.pem")


def starting_unprotected_is_refused(world, team):
    cert = f"{world.folder}/cert.pem,{world.folder}/key.pem"
    password = str(world.folder / "password")
    for arguments in ([], ["--tls", cert], ["--password-file", password]):
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
            result = world.perch("serve", "--listen", address, *arguments)
            assert result.returncode == 3 and "--password-file" in result.stderr, result
    for arguments, complaint in ((["--tls", cert + ".absent"], "absent"), (["--tls", f"{world.folder}/key.pem,{world.folder}/cert.pem"], "TLS certificate"), (["--password-file", "/absent"], "/absent"),
                                 (["--tls", "x"], "two files"), (["--password-file", os.devnull], "not a regular file")):
        result = world.perch("serve", "--listen", "127.0.0.1:0", *arguments)
        assert result.returncode in (1, 2) and complaint in result.stderr, result


def a_stranger_is_led_to_the_sign_in(world, team):
    answer = team.ask(f"main.{DOMAIN}", "/a?b=c", Accept="text/html")
    assert answer.status in (302, 303), answer.status
    assert answer.one("Location") == team.origin(DOMAIN) + "/login?next=" + urllib.parse.quote(team.origin(f"main.{DOMAIN}") + "/a?b=c", safe="-._~")
    assert team.ask(f"main.{DOMAIN}", "/a").status == 401
    assert team.ask(f"absent.{DOMAIN}", "/", Accept="text/html").status in (302, 303), "who has not signed in learns no branch's name"
    for path in ("/", "/branches/main", "/branches/absent"):
        assert team.ask(DOMAIN, path, Accept="text/html").one("Location").endswith("/login?next=" + urllib.parse.quote(path, safe="")), path
    for path in ("/api/environments", "/api/environments/main", "/api/environments/main/log", "/api/plan", "/api/events", "/api/status", "/api/absent"):
        answer = team.ask(DOMAIN, path)
        assert answer.status == 401 and "main" not in answer.text, (path, answer.text)
    for path in ("/.perch/status", "/.perch/log", "/.perch/"):
        assert team.ask(f"main.{DOMAIN}", path).status in (401, 404), path
    assert "Sign in" in team.ask(DOMAIN, "/login", Sec_Fetch_Site="same-origin").text
    plain = socket.create_connection(("127.0.0.1", world.port), 30)
    plain.sendall(f"GET / HTTP/1.1\r\nHost: main.{DOMAIN}\r\n\r\n".encode())
    assert b"HTTP/1.1 2" not in plain.recv(65536)
    plain.close()


def the_password_opens_a_branch(world, team):
    wrong = team.sign_in(password="wrong horse battery")
    assert wrong.status == 403 and "That is not the password" in wrong.text and not wrong.all("Set-Cookie")
    assert team.sign_in(password="").status == 403
    answer = team.enter("main", "/a?b=c")
    assert answer.status in (302, 303) and answer.one("Location") == team.origin(f"main.{DOMAIN}") + "/a?b=c", answer.headers
    for attribute in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
        assert attribute in answer.one("Set-Cookie"), answer.headers
    cookie = answer.cookie()
    shown = team.ask(f"main.{DOMAIN}", "/a?b=c", Cookie=f"one=1; {cookie}; two=2")
    assert shown.status == 200 and shown.text.startswith("GET /a?b=c HTTP/1.1\r\n"), shown.text
    assert "perch_session" not in shown.text and cookie.partition("=")[2] not in shown.text, shown.text
    assert re.search(r"^cookie: one=1; two=2\r$", shown.text, re.MULTILINE | re.IGNORECASE), shown.text
    assert re.search(r"^x-forwarded-proto: https\r$", shown.text, re.MULTILINE | re.IGNORECASE), shown.text
    assert "noindex" in " ".join(shown.all("X-Robots-Tag")) and "all" not in shown.all("X-Robots-Tag"), shown.headers
    # The cookie is good for this host only, and only whole.
    assert team.ask(f"other.{DOMAIN}", "/", Cookie=cookie).status == 401
    assert team.ask(DOMAIN, "/api/status", Cookie=cookie).status == 401
    assert team.ask(f"main.{DOMAIN}", "/", Cookie=cookie[:-1] + ("0" if cookie[-1] != "0" else "1")).status == 401
    name, _, value = cookie.partition("=")
    assert team.ask(f"main.{DOMAIN}", "/", Cookie=f"{name}=9{value}").status == 401
    assert team.ask(f"main.{DOMAIN}", "/", Cookie=f"{name}=; {cookie}; {name}=x").status in (200, 401)
    assert "perch_session" not in team.ask(f"main.{DOMAIN}", "/", Cookie=f"{name}=stale; {cookie}").text


def a_ticket_works_once_and_at_its_host_only(world, team):
    host, other = f"main.{DOMAIN}", f"other.{DOMAIN}"
    path = team.sign_in(team.origin(host) + "/").one("Location").removeprefix(team.origin(host))
    assert not team.ask(other, path).all("Set-Cookie")
    path = team.sign_in(team.origin(host) + "/").one("Location").removeprefix(team.origin(host))
    assert team.ask(host, path).all("Set-Cookie") and not team.ask(host, path).all("Set-Cookie")
    assert not team.ask(host, "/.perch/session?ticket=").all("Set-Cookie")


def next_leads_nowhere_else(world, team):
    session = team.sign_in("/").cookie()
    assert session
    for evil in ("https://evil.test/", "//evil.test/", "/\\evil.test/", "\\\\evil.test", "http:evil.test", f"https://{DOMAIN}.evil.test/", f"https://evil.test/.{DOMAIN}/", f"https://main.{DOMAIN}@evil.test/",
                 "javascript:alert(1)", "https:///evil.test", f"https://evil.test\\.{DOMAIN}/", "/%0d%0aSet-Cookie: x=1", "/\r\nX: y", "\t//evil.test", f"https://main.{DOMAIN}:1@evil.test", "/.//evil.test",
                 f"https://evil.test?.{DOMAIN}", f"https://evil.test#.{DOMAIN}", f"https://a.b.{DOMAIN}/", "https://%6dain." + DOMAIN):
        for answer in (team.sign_in(evil), team.ask(DOMAIN, "/login?next=" + urllib.parse.quote(evil, safe=""), Cookie=session)):
            to = urllib.parse.urljoin(team.origin(DOMAIN) + "/login", answer.one("Location"))
            host = urllib.parse.urlsplit(to).hostname
            assert answer.status in (302, 303) and (host == DOMAIN or host == f"main.{DOMAIN}"), (evil, answer.headers)
            assert not answer.all("X") and all("x=1" != value for value in answer.all("Set-Cookie")), (evil, answer.headers)
            assert not answer.one("Location").startswith(("//", "/\\")), evil
    page = team.ask(DOMAIN, "/login?again=1&next=" + urllib.parse.quote('"><script>alert(1)</script>'))
    assert page.status == 200 and "<script>alert" not in page.text


def changes_need_token_or_origin_and_key(world, team):
    token = (world.state / "token").read_text().strip()
    session = team.sign_in("/").cookie()
    assert json.loads(team.ask(DOMAIN, "/api/status", Authorization=f"Bearer {token}").text)["protected"] is True
    assert team.ask(DOMAIN, "/api/status", Authorization=f"Bearer {token[:-1]}").status == 401
    assert team.ask(DOMAIN, "/api/status", Authorization=f"Bearer {token}x").status == 401
    assert team.ask(DOMAIN, "/api/status", Authorization="Bearer ").status == 401
    assert team.ask(DOMAIN, "/api/status", Cookie=session).status == 200
    page = team.ask(DOMAIN, "/branches/main", Cookie=session).text
    key = re.search(r'name="(key|[a-z_]*key[a-z_]*)" value="([0-9a-f]{64})"', page)
    assert key, page[-3000:]
    field, value = key.group(1), key.group(2)
    form = urllib.parse.urlencode({field: value})
    stop = "/branches/main/stop"
    mine = team.origin(DOMAIN)
    refused = [
        team.ask(DOMAIN, stop, "POST", form),
        team.ask(DOMAIN, stop, "POST", form, Cookie=session),
        team.ask(DOMAIN, stop, "POST", form, Cookie=session, Origin="null"),
        team.ask(DOMAIN, stop, "POST", form, Cookie=session, Origin=team.origin(f"main.{DOMAIN}")),
        team.ask(DOMAIN, stop, "POST", form, Cookie=session, Origin=f"http://{DOMAIN}:{world.port}"),
        team.ask(DOMAIN, stop, "POST", form, Cookie=session, Origin=f"https://{DOMAIN}"),
        team.ask(DOMAIN, stop, "POST", "", Cookie=session, Origin=mine),
        team.ask(DOMAIN, stop, "POST", f"{field}={'0' * 64}", Cookie=session, Origin=mine),
        team.ask(DOMAIN, "/api/branches/main/stop", "POST", "", Cookie=session),
        team.ask(DOMAIN, "/api/branches/main/stop", "POST", "", Cookie=session, Origin=mine),
        team.ask(DOMAIN, "/api/sweep", "POST", '{"apply":true}', Cookie=session, Origin="https://evil.test", Content_Type="application/json"),
        team.ask(DOMAIN, "/api/branches/main/stop", "POST", "", Authorization="Bearer x"),
        team.ask(DOMAIN, "/api/environments/main/guest", "POST", '["id"]', Authorization=f"Bearer {token}", Content_Type="application/json"),
        team.ask(DOMAIN, stop, "GET", Cookie=session),
        team.ask(DOMAIN, "/api/branches/main/stop", "GET", Cookie=session),
        team.ask(DOMAIN, "/api/branches/main/stop", "OPTIONS", Cookie=session, Origin="https://evil.test"),
    ]
    assert all(answer.status in (401, 403, 405) for answer in refused), [answer.status for answer in refused]
    assert not any(answer.all("Access-Control-Allow-Origin") for answer in refused)
    assert world.environments()["main"]["state"] == "ready"
    done = team.ask(DOMAIN, stop, "POST", form, Cookie=session, Origin=mine)
    assert done.status in (302, 303), (done.status, done.text)
    world.wait(lambda: world.environments()["main"]["state"] == "stopped", "it stops")
    assert team.ask(DOMAIN, "/api/branches/main/redeploy", "POST", "", Authorization=f"Bearer {token}").status == 202
    world.wait(lambda: world.environments()["main"]["state"] == "ready", "it is back")


def unknown_hosts_reach_nothing(world, team):
    for host in ("evil.test", "127.0.0.2", f"evil{DOMAIN}", f"{DOMAIN}.evil.test", f"a.b.{DOMAIN}", "perch", f"-.{DOMAIN}", f"main..{DOMAIN}", f"main_{DOMAIN}"):
        answer = team.ask(host, "/api/status")
        assert answer.status in (400, 421) and '"app"' not in answer.text, (host, answer.status)
    assert team.ask("127.0.0.1", "/api/status").status == 401
    for head in ("", f"Host: {DOMAIN}\r\nHost: {DOMAIN}\r\n", f"Host: {DOMAIN}\r\nHost: main.{DOMAIN}\r\n", "Host: \r\n", f"Host: {DOMAIN} \x01\r\n", f"Host: {DOMAIN}/x\r\n", f"Host: x@{DOMAIN}\r\n"):
        assert team.raw(DOMAIN, f"GET /api/status HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode()).split(b" ")[1] in (b"400", b"421"), head
    # The name in TLS is no way around the one in the request.
    assert team.ask(DOMAIN, "/", at=f"main.{DOMAIN}", Accept="text/html").one("Location").startswith("/login")
    # Nor is an address in the request line.
    got = Answer(team.raw(DOMAIN, f"GET https://main.{DOMAIN}:{world.port}/ HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n".encode()))
    assert got.status in (302, 303, 400, 401, 421), got.status


def smuggled_requests_are_refused(world, team):
    host = f"main.{DOMAIN}"
    cookie = team.enter("main").cookie()
    start = f"POST / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n"
    second = f"GET /smuggled HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nX: "
    samples = {
        "both lengths": "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second,
        "two lengths": "Content-Length: 0\r\nContent-Length: 10\r\n\r\n" + second,
        "list of lengths": "Content-Length: 0, 10\r\n\r\n" + second,
        "signed length": "Content-Length: +0\r\n\r\n" + second,
        "hex length": "Content-Length: 0x0\r\n\r\n" + second,
        "length, space": "Content-Length : 0\r\n\r\n" + second,
        "coding, space": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + second,
        "coding, tab": "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + second,
        "coding unknown": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + second,
        "coding twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + second,
        "coding list": "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + second,
        "folded": "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second,
        "bare LF": "Content-Length: 0\n\n" + second,
        "bare CR": "X: y\rContent-Length: 0\r\n\r\n" + second,
        "NUL": "X: a\0b\r\n\r\n" + second,
        "chunk size": "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + second,
        "chunk size overflow": "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n" + second,
        "chunk size signed": "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + second,
        "no name": ": x\r\n\r\n" + second,
    }
    for name, sample in samples.items():
        got = team.raw(host, (start + sample).encode("latin-1"))
        assert b" 200 " not in got.split(b"\r\n")[0] and b"/smuggled" not in got, (name, got[:300])
        assert got.split(b" ")[1] in (b"400", b"501"), (name, got[:200])
    got = team.raw(host, (f"GET /one HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\nGET /two HTTP/1.1\r\nHost: other.{DOMAIN}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n").encode())
    assert b"GET /one" in got and b"GET /two" not in got and b" 401 " in got, got
    for target in ("/../../etc/passwd", "/%2e%2e/", "//evil.test/", "/a b", "*", "evil"):
        got = team.raw(host, f"GET {target} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode())
        assert got.split(b" ")[1] in (b"200", b"400", b"505"), (target, got[:100])
    assert team.ask(host, "/", Cookie=cookie).status == 200


def forged_headers_do_not_reach_the_app(world, team):
    cookie = team.enter("main").cookie()
    shown = team.ask(f"main.{DOMAIN}", "/", Cookie=cookie, X_Forwarded_For="6.6.6.6", X_Forwarded_Host="evil.test", X_Forwarded_Proto="gopher", Forwarded="for=6.6.6.6;host=evil.test", Connection_="x").text.lower()
    assert "evil.test" not in shown and "gopher" not in shown, shown
    token = (world.state / "token").read_text().strip()
    shown = team.ask(f"main.{DOMAIN}", "/", Authorization=f"Bearer {token}")
    assert token not in shown.text, "the token in front of an app must not reach it"


def websockets_need_a_session(world, team):
    host = f"main.{DOMAIN}"
    upgrade = f"GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    for more in ("", "Accept: text/html\r\nCookie: __Host-perch_session=x\r\n"):
        with team.connect(host) as s:
            s.sendall((upgrade + more + "\r\n").encode())
            assert s.recv(65536).startswith(b"HTTP/1.1 401 ")
    cookie = team.enter("main").cookie()
    with team.connect(host) as s:
        s.sendall((upgrade + f"Cookie: {cookie}\r\n\r\n").encode())
        got = b""
        while b"\r\n\r\n" not in got:
            got += s.recv(65536)
        assert got.startswith(b"HTTP/1.1 101"), got
        s.sendall(b"hello")
        assert s.recv(5) == b"hello"


def a_new_certificate_is_served_without_a_restart(world, team):
    def served():
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(socket.create_connection(("127.0.0.1", world.port), 30), server_hostname=DOMAIN) as s:
            return s.getpeercert(binary_form=True)

    before = served()
    # A broken pair changes nothing.
    good = (world.folder / "cert.pem").read_text()
    (world.folder / "cert.pem").write_text("garbage")
    world.wait(lambda: served() == before and "cert.pem" in (world.folder / "serve.log").read_text(), "the broken certificate is told")
    (world.folder / "cert.pem").write_text(good)
    make_certificate(world.folder, "renewed")
    world.wait(lambda: served() != before, "the new certificate is served")
    team.trust = ssl.create_default_context(cafile=str(world.folder / "cert.pem"))
    shown = subprocess.run(["curl", "-sS", "--cacert", str(world.folder / "cert.pem"), "--resolve", f"main.{DOMAIN}:{world.port}:127.0.0.1", "-o", "/dev/null", "-w", "%{http_code}",
                            "-H", "Accept: text/html", team.origin(f"main.{DOMAIN}")], capture_output=True, text=True)
    assert shown.stdout in ("302", "303"), shown


def guessing_is_slowed_down(world, team):
    for _ in range(100):
        answer = team.sign_in(password="a guess of mine")
        if answer.status == 429:
            break
    assert answer.status == 429 and int(answer.one("Retry-After")) > 0, answer.status
    assert team.sign_in().status == 429, "the right password may not tell itself by being let through"


if __name__ == "__main__":
    wanted = sys.argv[2:]
    with World(sys.argv[1], app=APP) as world:
        make_certificate(world.folder, "first")
        (world.folder / "password").write_text(PASSWORD + "\n")
        (world.folder / "password").chmod(0o600)
        team = Team(world)
        starting_unprotected_is_refused(world, team)
        world.push("other", "other")
        world.start("--domain", DOMAIN, "--tls", f"{world.folder}/cert.pem,{world.folder}/key.pem", "--password-file", str(world.folder / "password"))
        world.wait_for_serve()
        world.wait(lambda: [view["state"] for view in world.environments().values()] == ["ready"] * 2, "the branches are up")
        for function in (a_stranger_is_led_to_the_sign_in, the_password_opens_a_branch, a_ticket_works_once_and_at_its_host_only, next_leads_nowhere_else, changes_need_token_or_origin_and_key,
                         unknown_hosts_reach_nothing, smuggled_requests_are_refused, forged_headers_do_not_reach_the_app, websockets_need_a_session,
                         a_new_certificate_is_served_without_a_restart, guessing_is_slowed_down):
            if not wanted or any(word in function.__name__ for word in wanted):
                print(function.__name__.replace("_", " "), flush=True)
                function(world, team)
