"""cfn-lint in this process: finding it, installing it below the build folder, running it, what it may say."""

import os
import pathlib
import subprocess
import sys

from templates import package_folder, skip

# What cfn-lint may say of perch's templates, and why that is no mistake.
ACCEPTED = {
    "W3691": "only the major version of PostgreSQL is named: RDS then takes its newest minor one. A pinned minor version would fight "
             "AutoMinorVersionUpgrade, and would be refused as a downgrade after the first upgrade",
}
# And of texts that people wrote: the value of a variable, the name of a branch.
ACCEPTED_OF_PEOPLES_TEXTS = {
    "E1029": "`${X}` outside of Fn::Sub is a text for CloudFormation, and here it is meant as one",
}
REGIONS = ["eu-central-1", "us-east-1"]
VERSION = "1.51"


def become_a_python_with_cfn_lint(build_folder):
    """Goes on in a virtual environment below the build folder when this Python has no cfn-lint; skips where there can be none."""
    if package_folder("cfnlint"):
        return
    venv = pathlib.Path(build_folder) / "cfn-lint"
    python = venv / "bin/python3"
    if sys.prefix == str(venv):
        skip("the virtual environment has no cfn-lint")
    if not (venv / "installed").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", venv], check=True, capture_output=True, timeout=60)
            subprocess.run([python, "-m", "pip", "install", "-q", "--timeout", "3", "--retries", "0", f"cfn-lint=={VERSION}.*"], check=True,
                           capture_output=True, timeout=120)
            (venv / "installed").touch()
        except (OSError, subprocess.SubprocessError):
            skip(f"there is no cfn-lint, and none can be installed (pip install cfn-lint=={VERSION}.*)")
    os.execv(python, [str(python), *sys.argv])


class Linter:
    def __init__(self, regions=None):
        from cfnlint.config import ConfigMixIn
        from cfnlint.runner import Runner

        self.config = ConfigMixIn(regions=regions or REGIONS, include_checks=["E", "W", "I"])
        self.runner = Runner(self.config)

    def findings(self, text):
        """All that cfn-lint says of a template, as (rule, path, message)."""
        from cfnlint.decode.decode import decode_str

        template, errors = decode_str(text)
        matches = errors or self.runner.validate_template(template)
        return sorted({(match.rule.id, "/".join(map(str, getattr(match, "path", None) or [])), match.message) for match in matches})

    def refusals(self, text):
        """Without what is accepted, of a template with texts of people's in it."""
        return [finding for finding in self.findings(text) if finding[0] not in ACCEPTED | ACCEPTED_OF_PEOPLES_TEXTS]
