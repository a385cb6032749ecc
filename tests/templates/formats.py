#!/usr/bin/env python3
"""YAML and JSON say the same, to a reader of each that is not perch's. formats.py PERCH_BINARY. Skipped without PyYAML."""

import json
import sys

from templates import CASES, skip

try:
    import yaml
except ImportError:
    skip("there is no PyYAML (Debian: python3-yaml)")


def key_order(value):
    if isinstance(value, dict):
        return [(key, key_order(inner)) for key, inner in value.items()]
    return [key_order(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    for case in CASES:
        as_yaml, as_json = (case.print(sys.argv[1], suffix) for suffix in ("yaml", "json"))
        assert as_yaml.returncode == as_json.returncode == 0, (case.path.name, as_yaml.stderr, as_json.stderr)
        one, other = yaml.load(as_yaml.stdout, yaml.SafeLoader), json.loads(as_json.stdout)
        assert key_order(one) == key_order(other), case.path.name
    print(f"{len(CASES)} templates")
