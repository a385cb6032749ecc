#!/usr/bin/env python3
"""`perch template`, byte for byte as in golden/. golden.py PERCH_BINARY; with PERCH_ACCEPT=1 it writes golden/ anew."""

import difflib
import os
import sys

from templates import CASES, GOLDEN, ROOT, SKIPPED, expected_samples, package_folder


def difference(expected, actual, name):
    lines = difflib.unified_diff(expected.decode(errors="replace").splitlines(), actual.decode(errors="replace").splitlines(),
                                 f"golden/{name}", "perch", lineterm="", n=2)
    return "\n".join(list(lines)[:60])


def compare(path, actual, accept, wrong):
    """An empty file is none."""
    expected = path.read_bytes() if path.exists() else b""
    if expected == actual:
        return
    if accept:
        path.write_bytes(actual) if actual else path.unlink()
        print(f"accepted {path.name}")
    else:
        wrong.append(f"{path.name} is not what perch prints; PERCH_ACCEPT=1 takes over what it prints:\n"
                     + difference(expected, actual, path.name))


def main(binary):
    accept = os.environ.get("PERCH_ACCEPT") == "1"
    wrong, expected_files = [], set()
    for case in CASES:
        result, again = case.print(binary), case.print(binary)
        if result.returncode != 0:
            wrong.append(f"{case.path.name}: exit code {result.returncode}\n{result.stderr.decode(errors='replace')}")
            continue
        if (result.stdout, result.stderr) != (again.stdout, again.stderr):
            wrong.append(f"{case.path.name}: another text when printed again")
        samples = expected_samples(case).encode()
        if not result.stderr.startswith(samples):
            wrong.append(f"{case.path.name}: not told what is a sample: {result.stderr}")
        notices = case.path.with_name(case.path.name + ".notices")
        compare(case.path, result.stdout, accept, wrong)
        compare(notices, result.stderr[len(samples):].replace(str(ROOT).encode(), b"ROOT"), accept, wrong)
        expected_files |= {case.path.name, notices.name}
        lint = package_folder("cfnlint")
        if lint:
            known = case.print(binary, PERCH_CFN_SCHEMAS=str(lint / "data/schemas"))
            if (known.returncode, known.stdout) != (0, result.stdout):
                wrong.append(f"{case.path.name}: with cfn-lint's schemas: {known.returncode} {known.stderr.decode(errors='replace')}")
            elif known.stderr != samples:
                wrong.append(f"{case.path.name}: notices though all schemas are there:\n{known.stderr.decode(errors='replace')}")
    for path in sorted(GOLDEN.iterdir()):
        if path.name not in expected_files:
            wrong.append(f"golden/{path.name} belongs to no case in templates.py")
    if wrong:
        print("\n\n".join(wrong))
        return 1
    print(f"{len(CASES)} templates" + ("" if package_folder("cfnlint") else "; none with all schemas: there is no cfn-lint"))
    return SKIPPED if accept else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
