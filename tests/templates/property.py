#!/usr/bin/env python3
"""Random perch.yaml for AWS: what `config check` accepts has templates that cfn-lint accepts; what it refuses, it refuses with a line.
property.py PERCH_BINARY BUILD_FOLDER [CASES [FIRST_SEED]]. A failing case is kept, and its seed told."""

import json
import pathlib
import random
import re
import shutil
import sys
import tempfile

from linting import Linter, become_a_python_with_cfn_lint
from templates import FACTS, SNAPSHOT, perch

ACCOUNT, REGIONS = "111122223333", ["eu-central-1", "us-east-1", "ap-southeast-2"]
SUBNETS = [f"subnet-0a1b2c3d4e5f607{n:02x}" for n in range(16)]
TYPES = {"x86_64": ["t3.micro", "t3.small", "m7i.large", "c6a.2xlarge", "m7i-flex.xlarge"], "arm64": ["t4g.micro", "m7g.large", "c7g.xlarge"]}
CLASSES = ["db.t4g.micro", "db.t3.small", "db.m6g.large", "db.r6g.xlarge", "db.m7g.2xlarge"]
DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653]


class Writer:
    """Draws a perch.yaml. Half of them are meant to be right; the others have one to three values that are not."""

    def __init__(self, seed):
        self.seed, self.places = seed, []
        self.file()
        chosen = random.Random(seed + 1_000_000)
        if chosen.random() < 0.55:
            self.places = chosen.sample(range(self.asked), chosen.randint(1, 3))

    def one(self, good, bad):
        """A good value, or at few places a bad one."""
        self.asked += 1
        choices = bad if self.asked - 1 in self.places else good
        return self.random.choice(choices) if isinstance(choices, list) else choices(self.random)

    def maybe(self, share=0.5):
        return self.random.random() < share

    def some(self, entries, share=0.5):
        """Some of the entries; each is a function, so that what is left out draws nothing."""
        return {key: make() for key, make in entries.items() if self.maybe(share)}

    def number(self, low, high, good_low=None, good_high=None):
        edge = [good_low if good_low is not None else low, good_high if good_high is not None else high]
        return self.one(lambda r: r.choice(edge + [r.randint(*edge)]), [low - 1, high + 1, -1, 10**12, 1.5, "many"])

    def place(self, region, domain):
        aws = {
            "region": self.one([region], ["frankfurt", "eu-central-1a", ""]),
            "certificate": self.one([f"arn:aws:acm:{region}:{ACCOUNT}:certificate/0a1b2c3d-1111-2222-3333-444455556666"],
                                    ["arn:aws:acm:eu-west-9:111122223333:certificate/x", "certificate", "arn:aws:iam::1:x"]),
            "hosted_zone": self.one([domain, "example.com"], ["example.org", "ample.com", "preview"]),
        }
        if self.maybe(0.3):
            aws["account"] = self.one([ACCOUNT], ["12", "999999999999"])
        if self.maybe(0.3):
            aws["certificate_names"] = self.one([[f"*.{domain}"], [f"*.{domain}", "*.example.com"]], [["*.example.org"], [f"*.a.{domain}"]])
        if self.maybe(0.3):
            aws["platform_arn"] = self.one([f"arn:aws:elasticbeanstalk:{region}::platform/Docker running on 64bit Amazon Linux 2023/4.6.0"],
                                           ["64bit Amazon Linux 2023 v4.6.0 running Docker", "arn:aws:elasticbeanstalk:xx-east-1::platform/D/1"])
        if self.maybe(0.4):
            aws["vpc"] = {"cidr": self.one(["10.70.0.0/16", "192.168.64.0/20", "172.16.4.0/24"], ["10.0.0.0/8", "8.8.0.0/16", "10.70.1.0/16", "x"])}
        elif self.maybe(0.4):
            aws["vpc"] = {"id": self.one(["vpc-0a1b2c3d4e5f60718", "vpc-0a1b2c3d"], ["vpc-1", "VPC"]),
                          "public_subnets": self.one(lambda r: r.sample(SUBNETS[:8], r.randint(2, 4)), [SUBNETS[:1], ["x", "y"]]),
                          "private_subnets": self.one(lambda r: r.sample(SUBNETS[8:], r.randint(2, 3)), [[], [SUBNETS[1]] * 2])}
        return aws

    def instances(self):
        arch = self.random.choice(["x86_64", "arm64"])
        low = self.random.randint(1, 4)
        chosen = self.some({
            "architecture": lambda: self.one([arch], ["mips", "x86"]),
            "spot": lambda: self.one([True, False], ["yes", 1]),
            "disk": lambda: self.number(8, 16384),
            "office_hours": lambda: {"start": self.one(["07:00", "22:30"], ["7:00", "24:00", "18:00"]), "stop": self.one(["18:00", "05:59"], ["late", "07:60"]),
                                     **self.some({"days": lambda: self.one(["weekdays", "every-day"], ["monday"])})},
        }, 0.4)
        if self.maybe():
            chosen["type"] = self.one(TYPES[chosen.get("architecture", "x86_64")] if chosen.get("architecture", "x86_64") in TYPES else ["t3.micro"],
                                      ["t3", "t99.micro", "t3.mirco", "m7g.large" if arch == "x86_64" else "m7i.large", "mac1.metal"])
        if self.maybe():
            chosen |= {"min": low, "max": self.one([low, low + 1, 4 * low], [low - 1, 101])}
        return chosen

    def database(self, region):
        mode = self.random.choice(["dedicated", "snapshot", "none", "dedicated"])
        database = {"mode": self.one([mode], ["own", "newest"])} | self.some({
            "version": lambda: self.one([14, 15, 16, 17, "16.10", "17.6"], [9, "sixteen", "16.x", "16.4.2"]),
            "class": lambda: self.one(CLASSES, ["t4g.micro", "db.t4g", "db.z9.large", "db.t4g.mikro"]),
            "multi_az": lambda: self.one([True, False], ["sometimes"]),
            "backups": lambda: self.number(0, 35),
            "deletion_protection": lambda: self.one([True, False], [2]),
            "on_delete": lambda: self.one(["delete", "snapshot", "retain"], ["keep"]),
            "password": lambda: self.one(["secret", "managed"], ["hunter2"]),
            "name": lambda: self.one(["app", "shop_data", "x" * 63], ["1shop", "my-shop", "x" * 64, "postgres db", "select"]),
            "user": lambda: self.one(["app", "shop_owner"], ["postgres", "rdsadmin", "admin", "x-y", "x" * 64]),
        }, 0.35)
        if mode == "snapshot" and self.maybe(0.6):
            database["snapshot"] = self.one(["newest", "shop-2026-11-20", "rds:shop-2026-11-20", f"arn:aws:rds:{region}:{ACCOUNT}:snapshot:shop"],
                                            ["-x", "a--b", "arn:aws:rds:eu-west-9:111122223333:snapshot:shop", "a b"])
        if self.maybe(0.3):
            database |= {"storage": self.one([400, 1000, 65536], [399, 20]), "storage_type": self.one(["gp3"], ["gp2", "io2"]),
                         "iops": self.one([12000, 16000], [3000, 64001])} | self.some({"throughput": lambda: self.one([500, 1000], [499, 4001])})
        elif self.maybe(0.4):
            database |= {"storage": self.number(20, 65536, 20, 399), "storage_type": self.one(["gp2", "gp3"], ["io1", "magnetic"])}
        return database

    def hatches(self):
        chosen = {}
        if self.maybe(0.25):
            chosen["resources"] = {"Jobs": {"Type": self.one(["AWS::SQS::Queue"], ["Queue"]), "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete",
                                            "Properties": {"MessageRetentionPeriod": 3600}}}
            chosen["outputs"] = {"JobsUrl": self.one([{"Value": {"Ref": "Jobs"}}], [{"Text": "x"}, "x"])}
        if self.maybe(0.25):
            chosen["override"] = self.one([{"AppGroup": {"Properties": {"GroupDescription": "Ours"}}}, {"InstanceRole.Properties.MaxSessionDuration": 3600}], [{"AppGroup": 3}])
        return chosen

    def settings(self, region):
        """What may stand at the top level and in profiles alike."""
        return self.some({
            "instances": self.instances,
            "deploy": lambda: self.one(["all-at-once", "rolling", "additional-batch", "immutable"], ["blue-green"]),
            "database": lambda: self.database(region),
            "bucket": lambda: self.some({"on_delete": lambda: self.one(["delete", "retain"], ["snapshot"]), "old_versions": lambda: self.number(1, 3650)}),
            "logs": lambda: {"keep": self.one(DAYS, [2, 0, 4000])},
            "env": lambda: self.one([{"A": "1", "LONG": "x" * 256}, {"TEXT": "ä🦀 \"'${X}%{{"}, {f"V{n}": "y" * 200 for n in range(14)}],
                                    [{"LONG": "x" * 257}, {"1A": "x"}, {"A" * 129: "x"}, {f"V{n}": "y" * 200 for n in range(16)}, {"B": "\x07"}]),
            "secrets": lambda: {"KEY": self.one([{"env": "KEY"}, {"file": "/etc/key"}], [{}, {"vault": "x"}])},
        }, 0.4)

    def file(self):
        """The text, and the profiles that branches get."""
        self.random, self.asked = random.Random(self.seed), 0
        region, domain = self.random.choice(REGIONS), self.random.choice(["preview.example.com", "b.example.com"])
        top = {"app": self.one(["shop", "a", "a-very-long-name-of-an-app-that-goes-on", "Shop_2"], ["", "x" * 200, "a b"]), "platform": "aws",
               "domain": self.one([domain], ["localhost", "-x", "x" * 190 + ".example.com"]),
               "run": {"command": "./serve"} | self.some({
                   "health": lambda: self.one(["/", "/healthz?full=1"], ["healthz", "/ x"]), "health_status": lambda: self.number(200, 499),
                   "port": lambda: self.number(1, 65535)}, 0.3),
               "aws": self.place(region, domain)}
        if self.maybe(0.3):
            top["access"] = {"cidrs": self.one([["203.0.113.0/24"], ["2001:db8::/32", "10.0.0.1/32"]], [[], ["1.2.3.4"], ["1.2.3.4/8"], ["all"]])}
        if self.maybe(0.3):
            top["logs"] = {"requests": self.one([0, 1, 3650], [-1, 3651])}
        logs = top.get("logs")
        top |= self.settings(region) | self.hatches()
        if logs:
            top["logs"] = top.get("logs", {}) | logs
        profiles = {name: self.settings(region) for name in ("production", "staging", "branch") if self.maybe()}
        if self.maybe(0.3):
            profiles["extra"] = {"extends": self.one(["branch", "production", "staging"], ["nobody"])} | self.settings(region)
        if self.maybe(0.3):
            profiles["production"] = profiles.get("production", {}) | {"host": self.one([f"www.{domain}"], ["www.example.org", "a.b.c.example.com", "x_y"])}
        rules = {"main": "production", "staging": "staging"} | ({"extra/*": "extra"} if "extra" in profiles else {}) | {"*": "branch"}
        text = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in top.items())
        text += "profiles:\n" + "".join(f"  {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in profiles.items()) if profiles else ""
        return text + f"environments: {json.dumps(rules)}\n", list(dict.fromkeys(rules.values()))


def try_one(binary, folder, seed, linter):
    """Whether the file was accepted; an AssertionError says what went wrong."""
    text, profiles = Writer(seed).file()
    (folder / "perch.yaml").write_text(text)
    checked = perch(binary, "config", "check", "--platform", "aws", cwd=folder)
    told = checked.stderr.decode()
    if checked.returncode != 0:
        assert checked.returncode == 2, ("config check", checked)
        assert re.search(r"^(perch: )?(\S*/)?perch\.yaml:[1-9][0-9]*:[1-9][0-9]*: ", told), ("refused without a line", told)
        return False
    prints = [["env", "--profile", profile, *FACTS, *SNAPSHOT] for profile in profiles] + [["app", "--profile", name] for name in ("staging", "production")]
    linted = random.Random(seed).randrange(len(prints))
    for number, arguments in enumerate(prints):
        result = perch(binary, "template", *arguments, cwd=folder)
        assert result.returncode == 0, (arguments, result.stderr.decode())
        assert "error" not in result.stderr.decode() and "warning" not in result.stderr.decode(), (arguments, result.stderr.decode())
        if number in (linted, len(profiles) - 1):
            findings = [finding for finding in linter.refusals(result.stdout.decode()) if finding[0][0] != "I"]
            assert findings == [], (arguments, findings)
    return True


def main(binary, cases, first):
    linter = Linter(["eu-central-1"])
    accepted = 0
    with tempfile.TemporaryDirectory(prefix="perch-property-") as folder:
        for seed in range(first, first + cases):
            try:
                accepted += try_one(binary, pathlib.Path(folder), seed, linter)
            except AssertionError as failure:
                kept = pathlib.Path(tempfile.gettempdir()) / f"perch-property-{seed}.yaml"
                shutil.copy(pathlib.Path(folder) / "perch.yaml", kept)
                print(f"seed {seed}, {kept}:")
                print(*failure.args[0], sep="\n  ")
                return 1
    print(f"{cases} files: {accepted} accepted, {cases - accepted} refused")
    if cases >= 50 and not 0.2 * cases <= accepted <= 0.8 * cases:
        print("fewer than 20 % of one kind: the test tests little")
        return 1
    return 0


if __name__ == "__main__":
    become_a_python_with_cfn_lint(sys.argv[2])
    sys.exit(main(str(pathlib.Path(sys.argv[1]).resolve()), int(sys.argv[3]) if len(sys.argv) > 3 else 150, int(sys.argv[4]) if len(sys.argv) > 4 else 1))
