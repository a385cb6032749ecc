"""A small world for end-to-end tests: a git repository, a tiny app, a real `perch serve`. Python's standard library and git only."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

# Answers with the content of version.txt, and exits as a good guest does.
APP = """\
import os, socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((os.environ['HOST'], int(os.environ['PORT']))); s.listen(64)
body = open('version.txt', 'rb').read()
while True:
    c, _ = s.accept()
    c.recv(65536)
    c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n' % len(body) + body)
    c.close()
"""

CONFIG = """\
app: e2e
run: {{command: [python3, -S, -E, app.py], health: /}}
env: {{E2E_MARK: {mark}}}
branches: {{skip: ["*-no-infra"]}}
"""


class Failure(Exception):
    pass


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


class World:
    """Use as `with World(binary) as world:`; everything it made is gone afterwards."""

    def __init__(self, binary, config=None, app=APP):
        self.binary = str(pathlib.Path(binary).resolve())
        self.mark = "e2e-" + uuid.uuid4().hex
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="perch-e2e-"))
        self.folder.chmod(0o755)
        self.origin = self.folder / "origin.git"
        self.work = self.folder / "work"
        self.home = self.folder / "perch"
        self.state = self.home / ".perch"
        self.home.mkdir()
        self.log = open(self.folder / "serve.log", "ab")
        self.serve_process = None
        self.port = None
        self.env = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_AUTHOR_NAME="Ada", GIT_AUTHOR_EMAIL="ada@example.com",
                        GIT_COMMITTER_NAME="Ada", GIT_COMMITTER_EMAIL="ada@example.com", NO_COLOR="1")
        self.env.pop("PERCH_STATE", None)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.origin], check=True, env=self.env)
        subprocess.run(["git", "init", "-q", "-b", "main", self.work], check=True, env=self.env)
        self.git("remote", "add", "origin", str(self.origin))
        (self.work / "app.py").write_text(app)
        (self.work / "version.txt").write_text("main 0")
        self.git("add", "-A")
        self.git("commit", "-qm", "The beginning")
        self.git("push", "-q", "origin", "main")
        text = (config or CONFIG).format(mark=self.mark)
        (self.home / "perch.yaml").write_text(f"repository: {self.origin}\n" + text)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.serve_process and self.serve_process.poll() is None:
                self.stop()
        finally:
            for pid in self.guests() + self.keepers():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.log.close()
            if kind:
                print((self.folder / "serve.log").read_text(errors="replace")[-6000:])
            shutil.rmtree(self.folder, ignore_errors=True)

    # git

    def git(self, *args, check=True):
        return subprocess.run(["git", "-C", str(self.work), *args], check=check, env=self.env, capture_output=True, text=True)

    def push(self, branch, version, force=True, files=None):
        """A commit on `branch` whose app answers `version`, pushed."""
        self.git("checkout", "-q", "-B", "scratch", "origin/main")
        (self.work / "version.txt").write_text(version)
        for name, text in (files or {}).items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-qm", f"Now {version}", "--allow-empty")
        self.git("push", "-q", *(["-f"] if force else []), "origin", f"scratch:refs/heads/{branch}")

    def delete(self, branch):
        self.git("push", "-q", "origin", "--delete", f"refs/heads/{branch}")

    def heads(self):
        out = subprocess.run(["git", "--git-dir", str(self.origin), "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads"],
                             check=True, capture_output=True, text=True, env=self.env).stdout
        return dict(line.rsplit(" ", 1) for line in out.splitlines())

    # perch

    def start(self, *args):
        if self.port is None:
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                self.port = s.getsockname()[1]
        self.serve_process = subprocess.Popen(
            [self.binary, "-C", str(self.home), "serve", "--listen", f"127.0.0.1:{self.port}", *args],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=self.env, start_new_session=True)

    def wait_for_serve(self, seconds=60):
        self.wait(lambda: self.serve_process.poll() is not None or self.api("/api/status") is not None, "serve answers or ends", seconds)
        self.wait(lambda: self.api("/api/status") is not None, "serve answers", seconds)

    def kill(self):
        self.serve_process.send_signal(signal.SIGKILL)
        self.serve_process.wait()

    def stop(self):
        self.serve_process.send_signal(signal.SIGTERM)
        try:
            code = self.serve_process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure("serve did not end within 60 s of TERM")
        if code != 0:
            raise Failure(f"serve ended with {code}")

    def perch(self, *args, **kwargs):
        return subprocess.run([self.binary, "-C", str(self.home), *args], env=self.env, **{"capture_output": True, "text": True, "timeout": 120, **kwargs})

    def api(self, path):
        """The control socket's answer as JSON; None while nobody answers."""
        try:
            connection = UnixConnection(self.state / "control.sock")
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return json.loads(body) if answer.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def get(self, slug, path="/", headers=None):
        """(status, body) of a branch's link, asked through the gateway; (0, why) when nobody answers."""
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            connection.request("GET", path, headers={"Host": f"{slug}.localhost:{self.port}" if slug else f"localhost:{self.port}", **(headers or {})})
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace")
            connection.close()
            return answer.status, body
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)

    def wait(self, condition, what, seconds=150):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise Failure(f"waited {seconds} s in vain until: {what}")
            time.sleep(0.02)

    def environments(self):
        return {view["branch"]: view for view in self.api("/api/environments") or []}

    # what is left on the machine

    def _processes(self, matches):
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    if matches(entry):
                        found.append(int(entry.name))
                except OSError:
                    pass
        return found

    def guests(self):
        """Processes of branches, by the mark in their environment."""
        mark = f"E2E_MARK={self.mark}".encode()
        return self._processes(lambda p: mark in (p / "environ").read_bytes() or mark in (p / "cmdline").read_bytes())

    def keepers(self):
        state = str(self.state).encode()
        return self._processes(lambda p: b"__keeper" in (p / "cmdline").read_bytes() and state in (p / "cmdline").read_bytes())

    def folders(self):
        root = self.state / "environments"
        return sorted(p.name for p in root.iterdir()) if root.exists() else []
