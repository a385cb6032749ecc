#!/usr/bin/env python3
"""src/image with a real Docker Engine and Debian's docker-registry: engine.py IMAGE_PROBE buildkit|classic.

The engine is docker_engine.py's; the registry lives with it.
"""
import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import docker_engine
from docker_engine import BUSYBOX

PROBE, BUILDER = os.path.abspath(sys.argv[1]), sys.argv[2]
REPOSITORY = "127.0.0.1:5000/perch/shop/staging"
READ_ONLY = "127.0.0.1:5001/perch/shop/staging"
USER, PASSWORD = "ci", "a password: with $igns"

DOCKERFILE = """FROM scratch
COPY busybox /bin/sh
COPY app /app
ENTRYPOINT ["/bin/sh", "/app"]
"""


def run(*argv, **options):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **options).stdout


class World:
    """An engine, a registry with a login, and a git repository."""

    def __init__(self, place):
        self.place = place
        self.scratch = f"{place}/scratch"
        os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
        docker_engine.start_engine(place, BUILDER)
        self.start_registry()
        self.repo = f"{place}/repo"
        run("git", "init", "-q", "-b", "main", self.repo)

    def start_registry(self, address="127.0.0.1:5000", maintenance="{}"):
        with open(f"{self.place}/htpasswd", "w") as file:
            file.write(run("htpasswd", "-Bbn", USER, PASSWORD))
        with open(f"{self.place}/{address}.yml", "w") as file:
            file.write(f"""version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {self.place}/registry}}, maintenance: {maintenance}}}
http: {{addr: "{address}"}}
auth: {{htpasswd: {{realm: perch, path: {self.place}/htpasswd}}}}
""")
        log = open(f"{self.place}/{address}.log", "w")
        subprocess.Popen(["docker-registry", "serve", f"{self.place}/{address}.yml"], stdout=log, stderr=log)
        for _ in range(300):
            try:
                self.ask("/v2/", address=address)
                return
            except urllib.error.URLError:
                time.sleep(0.05)
        sys.exit("docker-registry does not start: " + open(log.name).read())

    def ask(self, path, method="GET", address="127.0.0.1:5000"):
        """What the registry itself says."""
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(f"http://{address}{path}", method=method, headers={
            "Authorization": "Basic " + token, "Accept": "application/vnd.docker.distribution.manifest.v2+json"})
        return urllib.request.urlopen(request, timeout=10)

    def tags(self):
        try:
            return sorted(json.load(self.ask("/v2/perch/shop/staging/tags/list"))["tags"] or [])
        except urllib.error.HTTPError as error:
            assert error.code == 404, error
            return []

    def digest(self, tag):
        return self.ask(f"/v2/perch/shop/staging/manifests/{tag}", "HEAD").headers["Docker-Content-Digest"]

    def commit(self, dockerfile=DOCKERFILE, app="echo the app runs\n", links=None):
        """Commit and tree of these files."""
        for name in os.listdir(self.repo):
            if name != ".git":
                os.unlink(f"{self.repo}/{name}")
        shutil.copy(BUSYBOX, f"{self.repo}/busybox")
        for name, text in {"Dockerfile": dockerfile, "app": app}.items():
            with open(f"{self.repo}/{name}", "w") as file:
                file.write(text)
        for name, target in (links or {}).items():
            if os.path.exists(f"{self.repo}/{name}"):
                os.unlink(f"{self.repo}/{name}")
            os.symlink(target, f"{self.repo}/{name}")
        git = ["git", "-C", self.repo, "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        run(*git, "add", "--all")
        run(*git, "commit", "-q", "--allow-empty", "-m", "change")
        return run(*git, "rev-parse", "HEAD", "HEAD^{tree}").split()

    def command(self, commit, **words):
        words = {"repository": REPOSITORY, "scratch": self.scratch, "git": self.repo, "commit": commit[0],
                 "tree": commit[1], "user": USER, "password": PASSWORD, **words}
        return [PROBE, "make", *(f"{key}={value}" for key, value in words.items())]

    def make(self, commit, **words):
        done = subprocess.run(self.command(commit, **words), capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def expect_nothing_left(self):
        assert run("docker", "ps", "--all", "--quiet") == "", run("docker", "ps", "--all")
        names = run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split()
        assert not [name for name in names if "perch" in name], names
        left = [name for name in os.listdir(self.scratch) if name != "lock"]
        assert left == [], left
        assert os.listdir(f"{self.place}/tmp") == []


def last_line(text):
    return text.strip().splitlines()[-1]


def a_tree_is_built_tested_and_pushed_once(world):
    commit = world.commit()
    test = 'echo "tests of $PERCH_BRANCH at $PERCH_COMMIT: $PAGE_SIZE, $POEM, $DOCKER_HOST, secret $TOKEN."'
    code, text = world.make(commit, test=test)
    assert code == 0, text
    assert f"tests of main at {commit[0]}: 5, two\nlines, tcp://127.0.0.1:1, secret .\n" in text, text
    assert ("#1 [internal]" in text) == (BUILDER == "buildkit"), text
    [tag] = world.tags()
    reference = f"{REPOSITORY}@{world.digest(tag)}"
    assert last_line(text) == f"built {reference} amd64", text
    world.expect_nothing_left()

    code, text = world.make(commit, test=test)
    assert (code, text) == (0, f"found {reference} \n"), text
    other_commit = world.commit(), "a commit with the same tree"
    code, text = world.make(other_commit[0], test=test)
    assert (code, text) == (0, f"found {reference} \n"), text
    assert world.tags() == [tag]

    login = [f"user={USER}", f"password={PASSWORD}"]
    assert run(PROBE, "architecture", f"image={reference}", *login) == "amd64\n"
    run("docker", "login", "--username", USER, "--password-stdin", "127.0.0.1:5000", input=PASSWORD)
    assert run("docker", "run", "--rm", reference) == "the app runs\n"
    run("docker", "logout", "127.0.0.1:5000")
    run("docker", "image", "rm", reference)
    asked = json.loads(run("cat", f"{world.place}/docker-config/config.json"))
    assert not asked.get("auths"), "perch's own logins are not kept"


def a_failing_step_pushes_nothing(world):
    before = world.tags()
    build = DOCKERFILE + 'RUN ["/bin/sh", "-c", "echo it breaks; exit 3"]\n'
    cases = [
        ("build", world.commit(build), {}, "the image's build failed: exit code ", "it breaks"),
        ("no Dockerfile", world.commit(app="0\n"), {"dockerfile": "Other"}, "there is no Other in this commit: ", ""),
        ("test", world.commit(app="1\n"), {"test": "echo 1 of 2 failed; exit 4"}, "the tests failed: exit code 4", "1 of 2 failed"),
        ("test without a shell", world.commit("FROM scratch\nCOPY app /app\n"), {"test": "true"}, "the tests failed: exit code 127", ""),
        ("slow test", world.commit(app="2\n"), {"test": "echo waiting; sleep 600", "test_timeout": "3s"},
         "the tests did not end: it took longer than 3.0 s", "waiting"),
        ("login", world.commit(app="3\n"), {"password": "wrong"}, "the registry does not let us read the repository: ", ""),
    ]
    for name, commit, words, error, output in cases if BUILDER == "buildkit" else cases[:1]:
        code, text = world.make(commit, **words)
        assert code in (1, 2, 3), (name, code, text)
        assert f"refused: {error}" in text, (name, text)
        assert output in text, (name, text)
        assert world.tags() == before, name
        world.expect_nothing_left()


def a_push_that_fails_leaves_nothing(world):
    before = world.tags()
    commit = world.commit(app="a push that fails\n")
    world.start_registry("127.0.0.1:5001", "{readonly: {enabled: true}}")
    code, text = world.make(commit, repository=READ_ONLY)
    assert code == 1 and f"refused: the push failed: {READ_ONLY}:" in text, text
    assert world.tags() == before
    world.expect_nothing_left()
    code, text = world.make(commit)
    assert code == 0 and last_line(text).startswith("built "), text


def what_a_killed_process_left_is_cleaned(world):
    slow = DOCKERFILE + 'RUN ["/bin/sh", "-c", "echo under way; sleep 600"]\n'
    cases = [
        ("build", world.commit(slow), {}),
        ("test", world.commit(app="5\n"), {"test": "echo under way; sleep 600"}),
        ("push", world.commit(app="6\n"), {}),
    ]
    for name, commit, words in cases if BUILDER == "buildkit" else cases[:1]:
        before = world.tags()
        probe = subprocess.Popen(world.command(commit, **words), stdout=subprocess.PIPE, text=True)
        for line in probe.stdout:
            if line == "[push begins]\n" or (line.rstrip().endswith("under way") and "echo" not in line):
                break
        probe.send_signal(signal.SIGKILL)
        probe.wait()
        assert [n for n in os.listdir(world.scratch) if n != "lock"], "it was killed in the middle"
        code, text = world.make(world.commit(app=f"after a kill in {name}\n"))
        assert code == 0, (name, text)
        assert len(world.tags()) == len(before) + 1 or name == "push", name
        wait_until(lambda: run("docker", "ps", "--quiet") == "", f"the container of the killed {name} ends")
        world.expect_nothing_left()


def wait_until(holds, what):
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    sys.exit("this did not come true: " + what)


def of_two_at_once_one_builds(world):
    commit = world.commit(app="8\n")
    probes = [subprocess.Popen(world.command(commit, test="true"), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    texts = [probe.communicate(timeout=120)[0] for probe in probes]
    assert [probe.returncode for probe in probes] == [0, 0], texts
    results = sorted(last_line(text).split()[0:2] for text in texts)
    assert [word for word, _ in results] == ["built", "found"], texts
    assert results[0][1] == results[1][1], texts
    world.expect_nothing_left()


def two_machines_at_once_both_get_theirs(world):
    """Where no lock is shared, the last push has the tag, and each digest is there."""
    commit = world.commit(app="7\n")
    probes = [subprocess.Popen(world.command(commit, test="true", scratch=f"{world.scratch}-{i}"), stdout=subprocess.PIPE,
                               text=True) for i in range(2)]
    texts = [probe.communicate(timeout=120)[0] for probe in probes]
    assert [probe.returncode for probe in probes] == [0, 0], texts
    for text in texts:
        digest = last_line(text).split()[1].split("@")[1]
        world.ask(f"/v2/perch/shop/staging/manifests/{digest}", "HEAD")
    run("docker", "image", "prune", "--all", "--force")


def links_out_of_the_code_are_not_read(world):
    for name in ["Dockerfile", ".dockerignore"]:
        commit = world.commit(links={name: "/etc/passwd"})
        code, text = world.make(commit)
        assert code == 2 and f"refused: {name} leads out of the code" in text, text
        assert "root:" not in text
        world.expect_nothing_left()


def an_image_is_for_the_processor_that_was_asked_for(world):
    commit = world.commit(app="for arm64\n")
    code, text = world.make(commit, platform="linux/arm64")
    word, reference, architecture = last_line(text).split()
    assert (code, word, architecture) == (0, "built", "arm64"), text
    login = [f"user={USER}", f"password={PASSWORD}"]
    assert run(PROBE, "architecture", f"image={reference}", *login) == "arm64\n"
    code, text = world.make(commit, platform="linux/amd64")
    assert last_line(text).startswith("built ") and last_line(text).endswith(" amd64"), "another processor, another image: " + text
    code, text = world.make(commit, platform="linux/arm64")
    assert last_line(text) == f"found {reference} arm64", text
    world.expect_nothing_left()

    gone = reference[:-8] + "00000000"
    done = subprocess.run([PROBE, "architecture", f"image={gone}", *login], capture_output=True, text=True)
    assert done.stdout == f"refused: there is no such image: {REPOSITORY}: manifest unknown\n", done.stdout
    done = subprocess.run([PROBE, "architecture", f"image={reference}"], capture_output=True, text=True)
    assert done.returncode == 3 and "the registry does not let us read the repository" in done.stdout, done.stdout


def main():
    world = World(docker_engine.enter_namespaces("docker-registry", "htpasswd",
                                                 packages="docker.io docker-registry busybox-static apache2-utils iproute2"))
    scenarios = [a_tree_is_built_tested_and_pushed_once, a_failing_step_pushes_nothing, what_a_killed_process_left_is_cleaned]
    if BUILDER == "buildkit":  # the rest has little to do with how an image is built
        scenarios += [a_push_that_fails_leaves_nothing, of_two_at_once_one_builds, two_machines_at_once_both_get_theirs,
                      links_out_of_the_code_are_not_read, an_image_is_for_the_processor_that_was_asked_for]
    for scenario in scenarios:
        begun = time.monotonic()
        scenario(world)
        print(f"{scenario.__name__.replace('_', ' ')} ({time.monotonic() - begun:.1f} s)", flush=True)


main()
