#!/usr/bin/env python3
"""Writes src/cfn/known_types.json: the facts of the CloudFormation registry about the resource types that perch generates.

usage: tools/known-types.py [--check] [FOLDER]

FOLDER is cfn-lint's data/schemas; without it, that of the cfn-lint which this Python has. --check writes nothing: it exits
with 1 when the file differs from what would be written, and with 77 when there is no cfn-lint.
"""
import importlib.util
import json
import pathlib
import re
import sys

REGION = "eu_central_1"
TYPES = {
    "AWS::EC2": "InternetGateway Route RouteTable SecurityGroup SecurityGroupEgress SecurityGroupIngress Subnet "
                "SubnetRouteTableAssociation VPC VPCGatewayAttachment",
    "AWS::ECR": "Repository",
    "AWS::ElasticBeanstalk": "Application ApplicationVersion Environment",
    "AWS::ElasticLoadBalancingV2": "Listener ListenerCertificate LoadBalancer",
    "AWS::IAM": "InstanceProfile ManagedPolicy Policy Role",
    "AWS::Logs": "LogGroup",
    "AWS::RDS": "DBInstance DBParameterGroup DBSubnetGroup",
    "AWS::Route53": "RecordSet",
    "AWS::S3": "Bucket BucketPolicy",
    "AWS::SSM": "Parameter",
    "AWS::SecretsManager": "Secret SecretTargetAttachment",
}
# What src/cfn/resource_schema.cc reads; all else (descriptions, titles, handlers, permissions, addresses) stays behind.
VALUES = {"type", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "uniqueItems",
          "required", "requiredXor", "requiredOr", "dependentRequired", "dependentExcluded", "$ref", "enumCaseInsensitive"}
MAPS = {"properties", "patternProperties", "definitions"}
LISTS = {"anyOf", "oneOf", "allOf"}
NESTED = {"items", "if", "then", "else"}
ROOT = {"readOnlyProperties", "createOnlyProperties", "conditionalCreateOnlyProperties"}


def trim(schema, root=False):
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for key, value in schema.items():
        if key in VALUES or (root and key in ROOT):
            kept[key] = value
        elif key in MAPS:
            kept[key] = {name: trim(nested) for name, nested in value.items()}
        elif key in LISTS:
            choices = [trim(nested) for nested in value]
            if all(choices):  # one that says nothing fits everything
                kept[key] = choices
        elif key in NESTED:
            kept[key] = trim(value)
        elif key == "additionalProperties":
            kept[key] = trim(value)
    return kept


def find_folder(arguments):
    if arguments:
        return pathlib.Path(arguments[0])
    spec = importlib.util.find_spec("cfnlint")
    if spec is None:
        print("skipped: this Python has no cfn-lint", file=sys.stderr)
        sys.exit(77)
    return pathlib.Path(spec.origin).parent / "data" / "schemas"


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    folder = find_folder(arguments)
    index = dict(re.findall(r'^    "([A-Za-z0-9:]+)": "([0-9a-f]+)",$', (folder / "providers" / f"{REGION}.py").read_text(), re.M))
    names = sorted(f"{service}::{name}" for service, all_names in TYPES.items() for name in all_names.split())
    lines = []
    for name in names:
        schema = trim(json.loads((folder / "resources" / f"{index[name]}.json").read_text()), root=True)
        lines.append(f'"{name}":' + json.dumps(schema, separators=(",", ":"), sort_keys=True))
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    target = pathlib.Path(__file__).parent.parent / "src" / "cfn" / "known_types.json"
    if "--check" in sys.argv:
        if not target.exists() or target.read_text() != text:
            print(f"{target} is not what {folder} says: run tools/known-types.py", file=sys.stderr)
            sys.exit(1)
        print(f"{target.name}: {len(names)} types, as {folder} says")
    else:
        target.write_text(text)


main()
