"""A Docker Engine of a test's own. It and all that it starts live in namespaces of their own (network, mounts,
processes), so that nothing of this machine is touched and nothing stays. Exit 77 where that is impossible."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

INSIDE = "PERCH_IMAGE_TEST_INSIDE"
BUSYBOX = "/bin/busybox"
NEEDED = ["dockerd", "docker", "unshare", "ip", "git", BUSYBOX]


def skip(why):
    print(f"skipped: no Docker Engine can be started here: {why}")
    sys.exit(77)


def enter_namespaces(*more, packages="docker.io busybox-static iproute2"):
    """Starts this program again inside of them; there it gives a folder that is gone in the end."""
    if INSIDE in os.environ:
        return os.environ[INSIDE]
    missing = [name for name in [*NEEDED, *more] if not shutil.which(name)]
    if missing:
        skip(f"there is no {', '.join(missing)} (Debian: {packages})")
    if os.geteuid() != 0:
        skip("that needs root")
    unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    tried = subprocess.run([*unshare, "true"], capture_output=True, text=True)
    if tried.returncode:
        skip(tried.stderr.strip())
    os.environ[INSIDE] = tempfile.mkdtemp(prefix="perch-engine-")
    try:
        sys.exit(subprocess.run([*unshare, sys.executable, *sys.argv]).returncode)
    finally:
        shutil.rmtree(os.environ[INSIDE], ignore_errors=True)


def start_engine(place, builder="buildkit", storage="vfs"):
    """Starts it and points this process's environment to it. vfs works everywhere; None: what docker finds best."""
    os.environ.update(HOME=place, TMPDIR=f"{place}/tmp", DOCKER_HOST=f"unix://{place}/docker.sock", DOCKER_CONFIG=f"{place}/docker-config")
    os.mkdir(f"{place}/tmp")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    choose_builder(place, builder)
    return run_engine(place, storage)


def run_engine(place, storage="vfs"):
    log = open(f"{place}/dockerd.log", "w")
    engine = subprocess.Popen(
        ["dockerd", "--iptables=false", "--ip6tables=false", "--ip-masq=false",
         *([f"--storage-driver={storage}"] if storage else []), f"--data-root={place}/data", f"--exec-root={place}/exec", f"--pidfile={place}/pid",
         f"--host={os.environ['DOCKER_HOST']}"], stdout=log, stderr=log)
    for _ in range(300):
        if subprocess.run(["docker", "version"], capture_output=True).returncode == 0:
            return engine
        if engine.poll() is not None:
            break
        time.sleep(0.1)
    skip((open(f"{place}/dockerd.log").read().strip().splitlines() or ["dockerd says nothing"])[-1])


def choose_builder(place, builder):
    """Debian's docker program has BuildKit built in; `classic` hides that, as where the plug-in is missing."""
    docker = "/usr/bin/docker" if os.path.exists("/usr/bin/docker") else shutil.which("docker")
    hidden = 'case "$*" in *Client.Version*|buildx*) exit 1 ;; esac\n' if builder == "classic" else ""
    os.mkdir(f"{place}/bin")
    with open(f"{place}/bin/docker", "w") as file:
        file.write(f'#!/bin/sh\n{hidden}exec {docker} "$@"\n')
    os.chmod(f"{place}/bin/docker", 0o755)
    os.environ["PATH"] = f"{place}/bin:" + os.environ["PATH"]
