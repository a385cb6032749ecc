#!/usr/bin/env python3
"""The source bundle's hook as an instance runs it: hook.py PERCH_BINARY. The bundle is what `perch up` put to the local AWS; Docker, the
registry and the `aws` program are real."""
import io
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "deploy")]
import docker_engine  # noqa: E402

REPOSITORY = "127.0.0.1:5000/shop"
HOOK = ".platform/hooks/predeploy/10-perch.py"
ON_INSTANCE = {"/var/run/perch/leader": "leader", "/opt/elasticbeanstalk/bin/get-config": "get-config"}
DOCKERFILE = """FROM scratch
COPY busybox /bin/sh
ENTRYPOINT ["/bin/sh", "-c", "exit 9"]
"""


def run(*argv, **options):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **options).stdout


def start_registry(place):
    with open(f"{place}/registry.yml", "w") as file:
        file.write(f'version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {place}/registry}}}}\nhttp: {{addr: "127.0.0.1:5000"}}\n')
    subprocess.Popen(["docker-registry", "serve", f"{place}/registry.yml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            return urllib.request.urlopen("http://127.0.0.1:5000/v2/", timeout=5)
        except OSError:
            time.sleep(0.05)
    raise AssertionError("docker-registry does not start")


def push_image(place):
    """Its reference by digest; this engine has nothing of it any more."""
    os.mkdir(f"{place}/context")
    shutil.copy(docker_engine.BUSYBOX, f"{place}/context/busybox")
    with open(f"{place}/context/Dockerfile", "w") as file:
        file.write(DOCKERFILE)
    run("docker", "build", "-q", "-t", f"{REPOSITORY}:one", f"{place}/context")
    run("docker", "push", "-q", f"{REPOSITORY}:one")
    [reference] = run("docker", "image", "inspect", "--format", "{{join .RepoDigests \" \"}}", f"{REPOSITORY}:one").split()
    run("docker", "image", "rm", f"{REPOSITORY}:one")
    run("docker", "system", "prune", "--all", "--force")
    assert run("docker", "images", "-aq") == ""
    return reference


class Instance:
    """A folder with the unpacked bundle, and what Beanstalk's platform has."""

    def __init__(self, place, shop, branch, image):
        self.root, outputs = f"{place}/instance-{branch}", shop.outputs(shop.stack_of(branch))
        bundles = [o["Key"] for o in shop.s3.list_objects_v2(Bucket=shop.bucket, Prefix=f"bundles/shop/{branch}-")["Contents"] if o["Key"].endswith(".zip")]
        newest = shop.s3.get_object(Bucket=shop.bucket, Key=bundles[-1])["Body"].read()
        zipfile.ZipFile(io.BytesIO(newest)).extractall(f"{self.root}/app")
        for path, name in ON_INSTANCE.items():
            self.replace(path, f"{self.root}/{name}")
        # The peer's registry has no images in it: the engine's own stands in for it.
        self.replace(outputs["Image"], image, "perch/steps.json")
        self.variables = {"AWS_REGION": "eu-central-1", "BUCKET": outputs["Bucket"], "DATABASE_URL": "postgres://u:p$a'ss@db/shop"}
        with open(f"{self.root}/get-config", "w") as file:
            file.write(f"#!{sys.executable}\nimport json, sys\nassert sys.argv[1:] == ['environment'], sys.argv\nprint(json.dumps({self.variables!r}))\n")
        os.chmod(f"{self.root}/get-config", 0o755)
        self.environment = {"PATH": os.environ["PATH"], "HOME": place, "DOCKER_HOST": os.environ["DOCKER_HOST"], "AWS_ENDPOINT_URL": shop.recorder.url,
                            "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}

    def replace(self, old, new, path=HOOK):
        with open(f"{self.root}/app/{path}", encoding="utf-8") as file:
            text = file.read()
        assert old in text, (path, old, text)
        with open(f"{self.root}/app/{path}", "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    def deploy(self):
        with open(f"{self.root}/leader", "w"):
            pass
        done = subprocess.run(["/usr/bin/python3", f"{self.root}/app/{HOOK}"], env=self.environment, capture_output=True, text=True, cwd="/")
        return done.returncode, done.stdout.splitlines(), done.stderr


def main():
    place = docker_engine.enter_namespaces("docker-registry", "aws", packages="docker.io docker-registry awscli busybox-static iproute2")
    docker_engine.start_engine(place)
    start_registry(place)
    image = push_image(place)
    import shop as shops
    from shop import equal, holds

    shop = shops.Shop()
    steps = "release: {command: 'echo \"release sees $DATABASE_URL\"'}\nseed: {command: [/bin/sh, -c, 'echo seed as $0', \"a 'word' of $BUCKET\"]}\n"
    shop.push("cart", "one", **{"perch.yaml": "run: {command: ./serve, port: 8000, health: /healthz}\n" + steps})
    code, out, err = shop.up("cart")
    equal((code, err), (0, ""), out)
    instance = Instance(place, shop, "cart", image)
    code, said, err = instance.deploy()
    equal((code, said[1:]), (0, ["perch: release begins", f"release sees {instance.variables['DATABASE_URL']}", "perch: release is done",
                                 "perch: seed begins", "seed as a 'word' of $BUCKET", "perch: seed is done"]), err)
    equal([o["Key"] for o in shop.s3.list_objects_v2(Bucket=instance.variables["BUCKET"])["Contents"]], [".perch/seeded"])
    code, said, err = instance.deploy()
    equal((code, said[1:]), (0, ["perch: release begins", f"release sees {instance.variables['DATABASE_URL']}", "perch: release is done",
                                 "perch: seed: this environment has its data already"]), err)

    shop.push("worse", "one", **{"perch.yaml": "run: {command: ./serve, port: 8000, health: /healthz}\nrelease: {command: 'echo no such table; exit 3'}\nseed: {command: 'echo never'}\n"})
    equal(shop.up("worse")[0], 0)
    instance = Instance(place, shop, "worse", image)
    code, said, err = instance.deploy()
    equal((code, said[1:]), (1, ["perch: release begins", "no such table", "perch: release failed: exit code 3"]), err)
    equal(shop.s3.list_objects_v2(Bucket=instance.variables["BUCKET"]).get("Contents", []), [])

    instance.replace(image, REPOSITORY + "@sha256:" + "0" * 64, "perch/steps.json")
    code, said, err = instance.deploy()
    equal((code, said), (1, []), err)
    holds(err, "manifest unknown")
    equal(run("docker", "ps", "-aq"), "")
    equal(shop.stop(), 0)
    print("ok     the release step each time, the seed once, a failing step ends it, an image that is not there ends it")


if __name__ == "__main__":
    main()
