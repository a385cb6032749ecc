#!/usr/bin/env python3
"""`./dev package` makes perch's image, and a job of `perch ci github` runs in it: package_image.py PERCH BUILD_FOLDER.

The engine is ../image/docker_engine.py's, without a network: the base is made of this machine's packages, AWS is the local
peer. The Debian package is that of the build folder's perch, which is not the optimised one."""
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "image"), os.path.join(HERE, "..", "deploy")]
import base_image  # noqa: E402
import docker_engine  # noqa: E402
import outside  # noqa: E402
from base_image import run  # noqa: E402

BUILD = os.path.abspath(sys.argv[2])
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
IMAGE = "perch:test"
# What packaging/Dockerfile installs beside perch, and what every Debian image has.
PACKAGES = ["amazon-ecr-credential-helper", "ca-certificates", "curl", "git", "jq", "openssh-client", "apt", "passwd", "login"]
NEEDED = ["docker-registry", "htpasswd", "openssl", "mount", "tar", "dpkg-query", "dpkg-deb", "cpack", "docker-credential-ecr-login"]
DEBIAN = "docker.io docker-registry busybox-static apache2-utils iproute2 openssl cmake amazon-ecr-credential-helper"

DOCKERFILE = """FROM scratch
COPY busybox /bin/sh
COPY version.txt /version.txt
CMD ["/bin/sh", "-c", "cat /version.txt"]
"""
CONFIG = """app: shop
platform: aws
repository: git://127.0.0.1/acme/shop
domain: preview.example.com
build: {{dockerfile: Dockerfile}}
test: {{command: 'echo "the tests of $PERCH_BRANCH see [$GREETING] and [$AWS_ROLE_ARN]"; read -r version < /version.txt; test "$version" = "cart 1"'}}
env: {{GREETING: it's seven}}
run: {{port: 8000, health: /healthz, health_timeout: 10s}}
environments: {{main: production, staging: staging, "*": branch}}
aws: {{region: eu-central-1, account: "123456789012", certificate: "{certificate}", hosted_zone: example.com}}
"""


def start_packing(place):
    """The Debian package by the rules of `./dev package`, of what is built already."""
    return subprocess.Popen(["cpack", "-G", "DEB", "-B", f"{place}/deb", "-D", "CPACK_INSTALL_CMAKE_PROJECTS=", "-D", "CPACK_STRIP_FILES=ON", "-D",
                             f"CPACK_INSTALL_SCRIPTS={BUILD}/cmake_install.cmake", "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip"],
                            cwd=BUILD, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def make_image(place, packing, docker):
    said = packing.communicate()[0]
    assert packing.returncode == 0, said
    [deb] = [f"{place}/deb/{name}" for name in os.listdir(f"{place}/deb") if name.endswith(".deb")]
    needs = [choices[0] for choices in base_image.names_in(run("dpkg-deb", "-f", deb, "Depends"))]
    try:
        base_image.make(place, PACKAGES + needs, "base:test")
    except LookupError as error:
        docker_engine.skip(f"the Debian package {error} is missing")
    os.makedirs(f"{place}/cli/usr/local/bin")
    os.makedirs(f"{place}/cli/usr/local/libexec/docker/cli-plugins")
    shutil.copy(docker, f"{place}/cli/usr/local/bin/docker")
    with subprocess.Popen(["tar", "-C", f"{place}/cli", "-c", "."], stdout=subprocess.PIPE) as tar:
        run("docker", "import", "-", "cli:test", stdin=tar.stdout)
    done = subprocess.run([f"{ROOT}/dev", "package", deb], capture_output=True, text=True, env={
        **os.environ, "PERCH_BASE_IMAGE": "base:test", "PERCH_DOCKER_CLI_IMAGE": "cli:test", "PERCH_IMAGE": IMAGE, "DOCKER_BUILDKIT": "1"})
    assert done.returncode == 0, done
    assert done.stdout == f"{deb}\n{IMAGE}\n", done.stdout


def inside(script, *options):
    done = subprocess.run(["docker", "run", "--rm", *options, IMAGE, "bash", "-ec", script], capture_output=True, text=True)
    assert done.returncode == 0, done
    return done.stdout


def the_image_has_what_a_job_needs():
    assert "Every branch gets a place" in run("docker", "run", "--rm", IMAGE)
    words = inside("perch --version; id -un; pwd; for program in git jq curl ssh awk docker docker-credential-ecr-login; do command -v $program; done")
    assert words.splitlines() == ["perch 0.1.0", "perch", "/home/perch", *(f"/usr/bin/{p}" for p in ["git", "jq", "curl", "ssh", "awk"]),
                                  "/usr/local/bin/docker", "/usr/bin/docker-credential-ecr-login"], words
    words = inside("docker --version; curl --version; jq --version; docker-credential-ecr-login -v; ls /tmp /var/lib/apt/lists")
    assert "Docker version" in words and "perch.deb" not in words, words
    words = inside("mkdir notes; cd notes; git init -q; echo FROM scratch > Dockerfile; perch init; perch ci github")
    assert "Wrote /home/perch/notes/perch.yaml." in words and "==> .github/workflows/perch.yml" in words, words


class Job:
    """Steps of a workflow in one container of the image, as GitHub's runner does it."""

    def __init__(self, shop, place, commit, branch, tokens):
        import yaml

        self.folder = f"{place}/work-{commit[:8]}"
        os.mkdir(self.folder)
        os.chown(self.folder, 1001, 1001)  # the runner's user; the steps run as root
        text = inside("cd /tmp; cp /perch.yaml .; perch ci github", "--volume", f"{shop.work}/perch.yaml:/perch.yaml")
        job = yaml.safe_load(text.split("==> ")[1].split("\n", 1)[1])["jobs"]["deploy"]
        assert job["container"]["options"] == "--user 0", job
        variables = {"github.token": "", "vars.PERCH_DEPLOY_ROLE": "arn:aws:iam::123456789012:role/deploy", "vars.PERCH_REPOSITORY": shop.repository}
        for name, value in variables.items():
            job["env"] = {key: given.replace(f"${{{{ {name} }}}}", value) for key, given in job["env"].items()}
        given = {**job["env"], "GITHUB_SHA": commit, "GITHUB_REF_NAME": branch, "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1",
                 "GITHUB_SERVER_URL": "git://127.0.0.1", "GITHUB_REPOSITORY": "acme/shop", "HOME": "/github/home",
                 "ACTIONS_ID_TOKEN_REQUEST_URL": tokens, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job",
                 # The local AWS: perch by its own variable, the login to ECR by AWS's names.
                 "AWS_ENDPOINT_URL": shop.recorder.url, "SSL_CERT_FILE": "/aws.pem",
                 "PERCH_AWS_APPS": f"http://127.0.0.1:{shop.peer.ready['web']}", "PERCH_AWS_POLL": "20ms"}
        self.steps = {step["name"]: step["run"] for step in job["steps"]}
        self.container = run("docker", "run", "--detach", "--network", "host", "--user", "0", "--volume", f"{place}/docker.sock:/var/run/docker.sock",
                             "--volume", f"{self.folder}:/__w/shop/shop", "--workdir", "/__w/shop/shop", "--volume", f"{place}/cert.pem:/aws.pem:ro",
                             *(f"--env={name}={value}" for name, value in given.items()), "--entrypoint", "tail", IMAGE, "-f", "/dev/null").strip()

    def step(self, name):
        done = subprocess.run(["docker", "exec", "--interactive", self.container, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.steps[name]],
                              capture_output=True, text=True)
        assert done.returncode == 0, (name, done)
        return done.stdout + done.stderr

    def end(self):
        run("docker", "rm", "--force", self.container)


def a_job_brings_a_branch_up(shop, place):
    shutil.copy(docker_engine.BUSYBOX, f"{shop.work}/busybox")
    files = {"Dockerfile": DOCKERFILE, "perch.yaml": CONFIG.format(certificate=shop.certificate)}
    shop.config(files["perch.yaml"])
    commit = shop.push("cart", "cart 1", **files)
    host, name = shop.repository.split("/", 1)
    outside.make_certificate(place, [host, "api.ecr.eu-central-1.amazonaws.com", "sts.amazonaws.com", "sts.eu-central-1.amazonaws.com"])
    outside.name_hosts(place, {host: outside.REGISTRY_AT, **dict.fromkeys(
        ["api.ecr.eu-central-1.amazonaws.com", "sts.amazonaws.com", "sts.eu-central-1.amazonaws.com"], outside.AWS_AT)})
    outside.start_registry(place, "AWS", "123456789012-auth-token")
    outside.start_https(place, shop.peer.port)
    os.makedirs(f"{place}/git/acme")
    os.symlink(shop.origin, f"{place}/git/acme/shop")
    outside.start_git_host(f"{place}/git")
    asked = []
    job = Job(shop, place, commit, "cart", outside.start_tokens(asked))
    job.step("Check out the code")
    job.step("Build the image, once")
    said = job.step("Test inside of it")
    assert said == "the tests of cart see [it's seven] and []\n", said
    assert asked == []
    shop.peer.tell("forget-calls")
    job.step("Push it, and remember its digest")
    calls = shop.peer.tell("calls")
    assert asked == [("/token?a=b&audience=sts.amazonaws.com", "Bearer job")], asked
    assert sorted(calls) == ["ecr:GetAuthorizationToken", "sts:AssumeRoleWithWebIdentity"], calls
    tags = outside.registry_tags(place, host, name, "AWS:123456789012-auth-token")
    assert tags == [f"ci-{commit}-7-1"], tags
    image = run("docker", "exec", job.container, "cat", "/tmp/perch-image").strip()
    said = job.step("Deploy the digest")
    view = shop.status("cart")
    assert (view["state"], view["image"]) == ("ready", image) and image.startswith(f"{shop.repository}@sha256:"), (view, said)
    shop.push("cart", "cart 2", **files)
    said = job.step("Deploy the digest")
    assert said == "perch: superseded: the branch has moved on, or is gone\n", said
    job.end()


def another_users_checkout_is_read(shop, place):
    """As GitLab's, which root checks out for the image's user."""
    run("git", "clone", "-q", "--branch=cart", "git://127.0.0.1/acme/shop", f"{place}/builds")
    head = inside("git ls-remote origin refs/heads/cart", "--network=host", f"--volume={place}/builds:/builds", "--workdir=/builds")
    assert head.split() == [shop.git("rev-parse", "cart"), "refs/heads/cart"], head


def main():
    docker = shutil.which("docker")
    place = docker_engine.enter_namespaces(*NEEDED, packages=DEBIAN)
    docker_engine.start_engine(place, storage=None)
    packing = start_packing(place)
    import shop as shops  # needs moto: exit 77 without

    shop = shops.Shop()
    for scenario, given in [(make_image, [place, packing, docker]), (the_image_has_what_a_job_needs, []),
                            (a_job_brings_a_branch_up, [shop, place]), (another_users_checkout_is_read, [shop, place])]:
        begun = time.monotonic()
        scenario(*given)
        print(f"{scenario.__name__.replace('_', ' ')} ({time.monotonic() - begun:.1f} s)", flush=True)
    assert shop.stop() == 0, "some requests do not fit AWS's models"


main()
