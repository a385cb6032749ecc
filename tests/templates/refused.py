#!/usr/bin/env python3
"""Whether perch's checks of templates are right: every case of cfn's unit tests, given to cfn-lint. refused.py CFN_TESTS BUILD_FOLDER

For each error that perch finds, cfn-lint must find one at the same place, or SILENT says where the fact is from that cfn-lint does
not look at. What perch has nothing to say of, cfn-lint must take."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from linting import Linter, become_a_python_with_cfn_lint

GUIDE = "CloudFormation user guide"
OPTIONS = "Elastic Beanstalk developer guide, configuration options for all environments"
RDS = "RDS API reference, CreateDBInstance"
STORAGE = "RDS user guide, DB instance storage"
NAMES = "S3 user guide, bucket naming rules"
DNS = "Route 53 API reference, ResourceRecordSet"

# What of perch's errors cfn-lint does not look at: the finding's text, why AWS refuses it or what it would cost, the source.
SILENT = [
    (r"there are no resources", "a template with an empty Resources is a template format error", f"{GUIDE}, Resources"),
    (r"there are 201 parameters", "200 is the quota", f"{GUIDE}, quotas"),
    (r"has 1000001 bytes", "1 MB is the quota of a template that goes by way of S3", f"{GUIDE}, quotas"),
    (r"two outputs are exported as", "the second one fails: an export's name is unique in an account's region", f"{GUIDE}, Outputs"),
    (r"the default `a1` does not fit", "the pattern must fit the whole value; cfn-lint looks at its start", f"{GUIDE}, Parameters"),
    (r"the default `x` is no number", "a default must be of its parameter's type", f"{GUIDE}, Parameters"),
    (r"conditions need each other in a circle", "no order settles them: a template validation error", f"{GUIDE}, Conditions"),
    (r"`Fn::Select` takes item 2", "cannot select nonexistent value at index 2", f"{GUIDE}, Fn::Select"),
    (r"there is no mapping `N`|the mapping `M` has no key", "unable to get mapping: a template validation error", f"{GUIDE}, Fn::FindInMap"),
    (r"`Fn::Transform` takes {Name", "a name, and the macro's parameters", f"{GUIDE}, Fn::Transform"),
    (r"is set by AWS", "the property is among the schema's readOnlyProperties: setting it is refused", "CloudFormation registry"),
    (r"there are 51 tags", "50 is the most for one resource; the stack fails at this resource", f"{GUIDE}, resource tags"),
    (r"that Beanstalk refuses|which only Beanstalk may use", "TagResource's constraints", "Elastic Beanstalk developer guide, tagging"),
    (r"there is no namespace `|has no option `", "Invalid option specification: ten minutes in, when the environment is made", OPTIONS),
    (r"of aws:\S+: `.*` (is not among its values|is not from|is no whole number|is neither)", "Invalid option value", OPTIONS),
    (r"of aws:\S+ is set already", "Invalid option specification: duplicates", OPTIONS),
    (r"a scheduled action needs `ResourceName`", "the namespace has one set of options for each resource name", OPTIONS),
    (r"a shared load balancer needs its ARN", "SharedLoadBalancer is required when LoadBalancerIsShared is true", OPTIONS),
    (r"the environment's variables have|the value of the variable|has a name of 129|is no name of a variable",
     "4,096 bytes together; 128 characters of a name, 256 of a value", "Elastic Beanstalk developer guide, environment properties"),
    (r"the environment (has `PlatformArn` and|needs `PlatformArn`)", "exactly one says the platform",
     "Elastic Beanstalk API reference, CreateEnvironment"),
    (r"is no name of an environment|is no prefix of a host name", "letters, digits and hyphens, none at the ends",
     "Elastic Beanstalk API reference, CreateEnvironment"),
    (r"the database has `MasterUserPassword` and|a new database needs `", "InvalidParameterCombination, or a missing parameter", RDS),
    (r"PostgreSQL needs at least 20 GiB", "the smallest size of gp2 and gp3", STORAGE),
    (r"`Iops` can only be set from 400 GiB|`StorageThroughput` is not for gp2|io2 needs `Iops`", "InvalidParameterCombination", STORAGE),
    (r"is no storage type", "gp2, gp3, io1, io2, standard", RDS),
    (r"a database in several zones has no `AvailabilityZone`", "the two are exclusive; cfn-lint only dislikes a fixed zone", RDS),
    (r"is no name of a PostgreSQL database", "1 to 63 letters, digits and _, a letter first", RDS),
    (r"the password has", "8 to 128 printable ASCII characters but / \" ' @ and the space; cfn-lint only dislikes that it is there", RDS),
    (r"`MaxAllocatedStorage` is above", "the limit of growing must be above the size", RDS),
    (r"`KmsKeyId` needs `StorageEncrypted", "a key without encryption is InvalidParameterCombination", RDS),
    (r"a record with `AliasTarget` has no `ResourceRecords`|the record needs `", "InvalidChangeBatch: records with TTL, or an alias", DNS),
    (r"is no type of a DNS record|is no domain name", "InvalidInput: one of the types; RFC 1035's lengths of a name", DNS),
    (r"looks like an IP address|which is reserved", "InvalidBucketName", NAMES),
    (r"has a character that EC2 refuses", "InvalidParameterValue: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*", "EC2 API reference, IpRange"),
    (r"are no range of ports", "InvalidParameterValue: the first port is above the last", "EC2 API reference, IpPermission"),
    (r"a listener for HTTP takes no certificate", "certificates are of HTTPS and TLS listeners",
     "Elastic Load Balancing API reference, CreateListener"),
    (r"is no name of a load balancer", "at most 32 letters, digits and hyphens, not internal- at its start",
     "Elastic Load Balancing API reference, CreateLoadBalancer"),
]
# What cfn-lint says of a template is not about the case when it is only untidy, or when the linter itself fell over.
UNTIDY = {
    "W2001": "a parameter that nothing uses",
    "W2501": "a password in the template, whatever it is",
    "W3010": "a zone by its name, wherever it is",
    "W3011": "only one of DeletionPolicy and UpdateReplacePolicy",
    "W7001": "a mapping that nothing uses",
    "W8001": "a condition that nothing uses",
    "W8003": "a condition that is always the same",
    "E0002": "an exception in a rule of cfn-lint",
}
# What CloudFormation takes although cfn-lint refuses it: the case, the rule, the source.
TAKEN = {
    ("CheckFunctions.Shapes: Join of a function's list", "E1022"): f"Fn::GetAZs is among the functions for the list: {GUIDE}, Fn::Join",
}


def cases(program):
    """What the unit tests write: [{name, document, findings}]."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([program, "--gtest_filter=Check*"], env=dict(os.environ, PERCH_DUMP_CASES=folder), capture_output=True, text=True)
        assert run.returncode == 0, run.stdout[-2000:]
        return [json.loads(path.read_text()) for path in sorted(pathlib.Path(folder).iterdir(), key=lambda path: int(path.stem))]


def words(path, separator):
    """A path without the places in lists, which cfn-lint counts its own way."""
    return [word for word in re.sub(r"\[\d+\]", "", path).split(separator) if word and not word.isdigit()]


def same_place(ours, theirs):
    """Whether one path is above the other, or they are of one name in two sections."""
    least = min(len(ours), len(theirs))
    return ours[:least] == theirs[:least] or (least == 2 and ours[1:] == theirs[1:])


def check(case, linter, used):
    """What is wrong with perch's findings, as texts."""
    lint = [finding for finding in linter.findings(case["document"]) if finding[0][0] in "EW" and finding[0] not in UNTIDY]
    for line in case["findings"]:
        severity, path, text = re.match(r"(error|warning|notice) (\S*): (.*)", line, re.DOTALL).groups()
        if severity != "error":
            continue
        reasons = [number for number, (pattern, why, source) in enumerate(SILENT) if re.search(pattern, text)]
        used.update(reasons)
        there = [rule for rule, place, message in lint if same_place(words(path, "."), words(place, "/"))]
        if not there and not reasons:
            yield f"cfn-lint has nothing at {path}, where perch says: {text}"
        if there and reasons:
            yield f"cfn-lint has {there} at {path}, so SILENT need not explain: {text}"
    if not case["findings"]:
        for rule, place, message in lint:
            if (case["name"], rule) in TAKEN:
                used.add(case["name"])
            else:
                yield f"perch says nothing, and cfn-lint {rule} {place}: {message}"


if __name__ == "__main__":
    become_a_python_with_cfn_lint(sys.argv[2])
    linter = Linter(regions=["eu-central-1"])
    number, wrong, used = 0, 0, set()
    for case in cases(sys.argv[1]):
        number += 1
        for problem in check(case, linter, used):
            wrong += 1
            print(f"{case['name']}: {problem}")
    for index, (pattern, why, source) in enumerate(SILENT):
        if index not in used:
            wrong += 1
            print(f"no case is about {pattern!r} any more: take it out of SILENT")
    for name, rule in TAKEN:
        if name not in used:
            wrong += 1
            print(f"{name}: cfn-lint takes it now: take it out of TAKEN")
    print(f"{number} cases")
    sys.exit(1 if wrong or number < 200 else 0)
