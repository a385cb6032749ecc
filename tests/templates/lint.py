#!/usr/bin/env python3
"""cfn-lint, with warnings and informational rules, on every golden. lint.py BUILD_FOLDER"""

import sys

from linting import ACCEPTED, Linter, become_a_python_with_cfn_lint
from templates import GOLDEN

if __name__ == "__main__":
    become_a_python_with_cfn_lint(sys.argv[1])
    linter = Linter()
    seen, wrong, number = set(), 0, 0
    for path in sorted(GOLDEN.iterdir()):
        if path.suffix not in (".yaml", ".json"):
            continue
        number += 1
        for rule, place, message in linter.findings(path.read_text()):
            seen.add(rule)
            if rule not in ACCEPTED:
                wrong += 1
                print(f"{path.name}: {rule} {place}: {message}")
    for rule in sorted(set(ACCEPTED) - seen):
        wrong += 1
        print(f"{rule} is accepted, but nothing breaks it any more: take it out of linting.py")
    # A linter that finds nothing must not be one that does not look.
    broken = 'Resources: {Q: {Type: "AWS::SQS::Queue", Properties: {DelaySeconds: 901, Nonsense: 1, QueueName: !Ref Nobody}}}'
    found = {rule for rule, place, message in linter.findings(broken)}
    assert {"E3034", "E3002", "E1012"} <= found or {"E3034", "E3002", "E1020"} <= found, found
    print(f"{number} templates")
    sys.exit(1 if wrong or not number else 0)
