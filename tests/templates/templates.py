"""What the tests of `perch template` share: how it is run, the cases with goldens, cfn-lint. Python's standard library."""

import importlib.util
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GOLDEN = HERE / "golden"
SKIPPED = 77

IMAGE = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/perch/shop/staging@sha256:" + "5e0c" * 16
PLATFORM = "arn:aws:elasticbeanstalk:eu-central-1::platform/Docker running on 64bit Amazon Linux 2023/4.6.0"
FACTS = ["--image", IMAGE, "--platform-arn", PLATFORM]
SNAPSHOT = ["--snapshot", "rds:shop-staging-2026-11-21-03-04"]


def environment(**changes):
    """The test's own environment without what would change perch's answers. A value of None takes a variable away."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PERCH_", "XDG_"))}
    env.update(HOME="/nonexistent", GIT_CONFIG_GLOBAL="/dev/null", NO_COLOR="1", **{k: v for k, v in changes.items() if v is not None})
    return env


def perch(binary, *arguments, **options):
    options.setdefault("env", environment())
    return subprocess.run([binary, *map(str, arguments)], capture_output=True, check=False, **options)


class Case:
    """One golden file: what it is called and what prints it."""

    def __init__(self, name, config, *arguments, suffix="yaml"):
        self.name, self.suffix = name, suffix
        self.config = HERE / "configs" / f"{config}.yaml" if "/" not in config else ROOT / config / "perch.yaml"
        self.arguments = list(arguments)

    def print(self, binary, suffix=None, **changes):
        return perch(binary, "--config", self.config.name, "template", *self.arguments, "--format", suffix or self.suffix,
                     env=environment(**changes), cwd=self.config.parent)

    @property
    def path(self):
        return GOLDEN / f"{self.name}.{self.suffix}"


def env(name, config, profile="branch", facts=FACTS, **options):
    return Case(name, config, "env", "--profile", profile, *facts, **options)


def app(name, config, profile="staging", **options):
    return Case(name, config, "app", "--profile", profile, **options)


CASES = [
    env("minimal-env", "minimal", facts=[]),
    env("minimal-env", "minimal", facts=[], suffix="json"),
    app("minimal-app", "minimal"),
    app("shop-app-production", "shop", "production"),
    app("shop-app-staging", "shop", "staging"),
    app("shop-app-staging", "shop", "staging", suffix="json"),
    env("shop-production", "shop", "production", ["--image", IMAGE]),
    env("shop-staging", "shop", "staging", ["--image", IMAGE]),
    env("shop-branch", "shop", "branch", ["--image", IMAGE]),
    env("database-newest", "databases", "newest", FACTS + SNAPSHOT),
    env("database-newest-sample", "databases", "newest"),
    env("database-named", "databases", "named"),
    env("database-by-arn", "databases", "by-arn"),
    env("database-none", "databases", "none"),
    env("database-large", "databases", "large"),
    env("database-small", "databases", "small"),
    app("existing-vpc-app", "existing-vpc"),
    env("existing-vpc-env", "existing-vpc"),
    env("cheap-branch", "cheap"),
    env("cheap-weekends", "cheap", "weekends"),
    env("deploy-at-once", "deploy", "at-once"),
    env("deploy-rolling", "deploy", "rolling"),
    env("deploy-additional", "deploy", "additional"),
    env("deploy-immutable", "deploy", "immutable"),
    app("requests-app-production", "requests", "production"),
    app("requests-app-staging", "requests", "staging"),
    env("requests-production", "requests", "production"),
    env("secrets-live", "secrets", "live"),
    env("secrets-branch", "secrets", "branch"),
    env("secrets-production", "secrets", "production"),
    env("hatches-branch", "hatches"),
    env("hatches-staging", "hatches", "staging"),
    env("own-yaml", "own-yaml"),
    env("own-json", "own-json"),
    env("own-json", "own-json", suffix="json"),
    env("aws-extra", "examples/aws-extra"),
    app("aws-extra-app", "examples/aws-extra"),
    env("aws-own-template", "examples/aws-own-template"),
]


def expected_samples(case):
    """What perch says of the facts that nobody gave."""
    if case.arguments[0] == "app":
        return ""
    config, given = case.config.read_text(), " ".join(case.arguments)
    names = []
    if "--image" not in given:
        names.append("image")
    if "--platform-arn" not in given and "platform_arn" not in config:
        names.append("platform version")
    names.append("commit")
    if case.name == "database-newest-sample":
        names.append("snapshot")
    return f"perch: samples stand for what only a deployment knows: {', '.join(names)}. See `perch template --help`.\n"


def package_folder(name):
    found = importlib.util.find_spec(name)
    return pathlib.Path(found.origin).parent if found and found.origin else None


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)
