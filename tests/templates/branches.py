#!/usr/bin/env python3
"""Branches with every name, as templates: hosts and names never alike, and nothing that a branch says does more than it may.
branches.py PERCH_BINARY BUILD_FOLDER. Skipped where there is no cfn-lint."""

import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from linting import Linter, become_a_python_with_cfn_lint
from templates import FACTS, environment, perch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from names import NAMES as HOSTILE  # noqa: E402

CONFIG = """\
app: shop
platform: aws
domain: preview.example.com
repository: origin.git
run: {command: ./serve}
aws:
  region: eu-central-1
  certificate: arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-1111-2222-3333-444455556666
  hosted_zone: example.com
"""

# Not of git: only somebody at the command line can say them. They are answered all the same, one way or the other.
NO_BRANCHES = ["a b", "a..b", "a~1", "a^{}", "a:b", "a?b", "a[b", "a\\b", "/a", "a/", "a.lock", ".a", "a\tb", "a\nb", "@{-1}", "@",
               "{{resolve:ssm:x}}", "${AWS::AccountId}", "x" * 5000]


def all_names():
    """About 200 names that git takes: the worst known ones, and random ones of letters that make trouble."""
    names = HOSTILE + [f"{a}{b}{c}" for a in ("A", "a", "ä") for b in ("/", "-", ".", "_", "--") for c in ("B", "b", "ß")]
    names += ["${Ref}", "${AWS", "!Ref", "!Sub${x}", "Fn--Sub", "=1+1", "null", "true", "0", "1e3", "2026-11-22", "y", "<<", "&x", "|-", ">", "'", '"', ",", "a,b",
              "%", "`", "a=b=c", "---", "...x", "é", "e\u0301"]
    chosen = random.Random(3)
    alphabet = "abz09AZ-_.,/#%&$!'\"(){}<>|;=+äß漢🦀"
    while len(names) < 200:
        name = "".join(chosen.choice(alphabet) for _ in range(chosen.randint(1, 80)))
        plain = not re.search(r"^[/.]|[/.]$|\.\.|//|/\.|\./|\.lock(/|$)|@\{", name)
        if plain and not any(name == other or name.startswith(other + "/") or other.startswith(name + "/") for other in names):
            names.append(name)
    # A folder of references cannot also be a reference.
    taken = []
    for name in dict.fromkeys(names):
        folders = {"/".join(name.split("/")[:i]) for i in range(1, name.count("/") + 1)}
        if name not in ("...x",) and not folders & set(taken) and not any(other.startswith(name + "/") for other in taken):
            taken.append(name)
    return taken


class Repository:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.origin = self.folder / "origin.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.origin], check=True, env=environment())
        (self.folder / "perch.yaml").write_text(CONFIG)
        self.env = environment(PERCH_STATE=str(self.folder / "state"))

    def commit(self, branches):
        """Branches by name with the perch.yaml of each; by fast-import, which takes more than `git branch`."""
        stream = []
        for name, text in branches.items():
            content = text.encode()
            stream.append(b"commit refs/heads/%s\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 5\nTitle\n" % os.fsencode(name))
            stream.append(b"M 100644 inline perch.yaml\ndata %d\n%s\n" % (len(content), content))
        subprocess.run(["git", "--git-dir", self.origin, "fast-import", "--quiet", "--force"], input=b"".join(stream), check=True, env=self.env)

    def template(self, name, *arguments):
        return perch(self.binary, "--config", self.folder / "perch.yaml", "template", "env", "--branch=" + name, *FACTS, "--format", "json",
                     *arguments, env=self.env, cwd=self.folder)


def options(document):
    return {(one["Namespace"], one["OptionName"]): one["Value"] for one in document["Resources"]["Environment"]["Properties"]["OptionSettings"]}


def every_name_has_a_template_of_its_own(repository, linter):
    names = all_names()
    assert 180 <= len(names) <= 260, len(names)
    repository.commit({name: CONFIG for name in names})
    hosts, bundles = {}, {}
    plain = json.loads(repository.template("feature-a").stdout)["Resources"]
    for number, name in enumerate(names):
        result = repository.template(name)
        assert result.returncode == 0 and result.stderr == b"", (name, result)
        document = json.loads(result.stdout)
        shown = os.fsencode(name).decode(errors="replace")
        assert document["Outputs"]["Branch"]["Value"] == shown, (name, document["Outputs"]["Branch"])
        assert re.fullmatch("[0-9a-f]{40}", document["Outputs"]["Commit"]["Value"]), (name, document["Outputs"]["Commit"])
        host = document["Outputs"]["Host"]["Value"]
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.preview\.example\.com", host), (name, host)
        assert host not in hosts, (name, hosts[host], host)
        hosts[host] = name
        bundle = document["Resources"]["Version"]["Properties"]["SourceBundle"]["S3Key"].rsplit("/", 1)[0]
        assert bundle not in bundles, (name, bundles[bundle], bundle)
        bundles[bundle] = name
        assert options(document)["aws:elbv2:listenerrule:perch", "HostHeaders"] == host
        # The full name is data, and stands only where data are.
        if len(name) > 3 and not re.fullmatch("[A-Za-z0-9-]+", name):
            places = [key for key, value in document["Resources"].items()
                      if json.dumps(value).count(json.dumps(shown)[1:-1]) > json.dumps(plain[key]).count(json.dumps(shown)[1:-1])]
            assert set(places) <= {"Environment"}, (name, places)
        if linter and number % 8 == 0:
            assert linter.refusals(result.stdout.decode()) == [], (name, linter.refusals(result.stdout.decode()))
    print(f"  {len(names)} names")


def what_is_no_branch_does_no_harm(repository, linter):
    for name in NO_BRANCHES:
        result = repository.template(name)
        assert result.returncode in (0, 2, 3), (name, result)
        assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", result.stderr), (name, result.stderr)
        if result.returncode == 0:
            document = json.loads(result.stdout)
            assert "{{resolve:ssm" not in json.dumps(document["Resources"]), name
            assert document["Outputs"]["Host"]["Value"].endswith(".preview.example.com"), name
            if linter:
                assert linter.refusals(result.stdout.decode()) == [], (name, linter.refusals(result.stdout.decode()))


def a_branch_looks_up_no_secret(repository, linter):
    secret = "{{resolve:secretsmanager:prod}}"
    attempts = {
        "in-a-variable": CONFIG + f'env: {{X: "{secret}"}}\n',
        "in-a-part-of-a-variable": CONFIG + f'env: {{X: "postgres://a:{secret}@b"}}\n',
        "in-the-health-path": CONFIG.replace("run: {command: ./serve}", f'run: {{command: ./serve, health: "/{secret}"}}'),
        "of-a-parameter": CONFIG + 'env: {X: "{{resolve:ssm-secure:/production/key:1}}"}\n',
    }
    repository.commit(attempts)
    for name, text in attempts.items():
        result = repository.template(name)
        assert result.returncode in (2, 3), (name, result)
        assert result.stdout == b"" and b"{{resolve:" in result.stderr, (name, result)
    result = repository.template("in-a-variable")
    assert (result.returncode, result.stderr.decode()) == (
        3, "perch: the settings of in-a-variable would make CloudFormation look up a secret: a value holds `{{resolve:`\n"
           "  Secrets belong into `secrets` of the operator's perch.yaml.\n"), result


def a_function_of_cloudformation_stays_a_text(repository, linter):
    repository.commit({"functions": CONFIG + 'env: {X: "${AWS::AccountId}", Y: "!Ref Database", Z: "{\\"Ref\\": \\"Database\\"}"}\n'})
    result = repository.template("functions")
    assert result.returncode == 0, result
    variables = options(json.loads(result.stdout))
    space = "aws:elasticbeanstalk:application:environment"
    assert [variables[space, name] for name in "XYZ"] == ["${AWS::AccountId}", "!Ref Database", '{"Ref": "Database"}'], variables


def a_branch_changes_nothing_of_the_operators(repository, linter):
    plain = repository.template("feature-a")
    additions = {
        "resources": "resources: {Mine: {Type: AWS::SQS::Queue}}\n",
        "outputs": "outputs: {Mine: {Value: x}}\n",
        "override": "override: {Database: {Properties: {PubliclyAccessible: true}}}\n",
        "template": "template: {file: /etc/passwd}\n",
        "instances": "instances: {type: p5.48xlarge, max: 90}\n",
        "access": "access: {cidrs: [0.0.0.0/0]}\n",
        "secrets": "secrets: {X: {file: /etc/passwd}}\n",
        "host": "host: other.preview.example.com\n",
    }
    repository.commit({f"changes-{key}": CONFIG + text for key, text in additions.items()})
    for key in additions:
        result = repository.template(f"changes-{key}")
        assert result.returncode == 0, (key, result)
        told = result.stderr.decode()
        line = rf"perch: perch\.yaml:10:\d+ on this branch sets `{key}[^`]*`; only the operator's file decides that, so it is ignored\.\n"
        assert re.fullmatch(f"({line})+", told), (key, told)
        alike = result.stdout.decode().replace(f"changes-{key}", "feature-a")
        assert set(json.loads(alike)["Resources"]) == set(json.loads(plain.stdout)["Resources"]), key
        assert "Mine" not in alike and "p5.48xlarge" not in alike and "other.preview" not in alike, key
    print("  " + repository.template("changes-resources").stderr.decode().strip())


if __name__ == "__main__":
    become_a_python_with_cfn_lint(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="perch-names-") as folder:
        repository = Repository(folder)
        repository.binary = str(pathlib.Path(sys.argv[1]).resolve())
        linter = Linter(["eu-central-1"])
        for function in (every_name_has_a_template_of_its_own, what_is_no_branch_does_no_harm, a_branch_looks_up_no_secret,
                         a_function_of_cloudformation_stays_a_text, a_branch_changes_nothing_of_the_operators):
            print(function.__name__.replace("_", " "), flush=True)
            function(repository, linter)
