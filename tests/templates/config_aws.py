#!/usr/bin/env python3
"""What AWS would refuse ten minutes in, refused at once, with the line. config_aws.py PERCH_BINARY"""

import pathlib
import sys
import tempfile

from templates import FACTS, perch

HEAD = """\
app: shop
platform: aws
domain: preview.example.com
run: {command: ./serve}
aws:
  region: eu-central-1
  certificate: arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-1111-2222-3333-444455556666
  hosted_zone: example.com
"""
SAMPLES = "perch: samples stand for what only a deployment knows: commit. See `perch template --help`.\n"
CUT = "x" * 108 + "…"  # of a line too long for a message

# What `config check` refuses: the lines behind HEAD (the first is line 9), and all that perch says.
SETTINGS = {
    "min above max": ("instances: {min: 3, max: 2}\n", """\
perch: perch.yaml:9:18: `instances.min` is 3, more than `instances.max`, 2
  9 | instances: {min: 3, max: 2}
    |                  ^
  hint: Write both, the smaller one as `min`.
"""),
    "min above perch's own max": ("profiles:\n  branch: {instances: {min: 2}}\n", """\
perch: perch.yaml:10:29: `instances.min` is 2, more than `instances.max`, 1 (perch's branch)
  10 |   branch: {instances: {min: 2}}
     |                             ^
  hint: Write both, the smaller one as `min`.
"""),
    "operations of gp3 below its size": ("database: {storage: 399, iops: 12000}\n", """\
perch: perch.yaml:9:32: `database.iops` needs at least 400 GiB of gp3, but `database.storage` is 399
  9 | database: {storage: 399, iops: 12000}
    |                                ^^^^^
  hint: Remove it: a smaller gp3 always has 3,000 operations and 125 MiB per second. Or write `storage: 400`.
"""),
    "throughput above the operations": ("database: {storage: 400, throughput: 4000}\n", """\
perch: perch.yaml:9:38: `database.throughput` is 4000, more than a quarter of the 12000 operations per second
  9 | database: {storage: 400, throughput: 4000}
    |                                      ^^^^
  hint: Write `iops: 16000` or more.
"""),
    "an instance type that does not exist": ("instances: {type: t33.micro}\n", """\
perch: perch.yaml:9:19: `instances.type`: there is no family `t33` of instance types
  9 | instances: {type: t33.micro}
    |                   ^^^^^^^^^
  hint: Did you mean 't3'?
"""),
    "an instance type of the other architecture": ("instances:\n  type: t4g.micro\n", """\
perch: perch.yaml:10:9: `instances.type` t4g.micro is arm64, but `instances.architecture` is x86_64 (default)
  10 |   type: t4g.micro
     |         ^^^^^^^^^
  hint: Write `architecture: arm64` if the container image is built for it, or take an instance type of x86_64.
"""),
    "the other way round": ("instances: {architecture: arm64, type: m7i.large}\n", """\
perch: perch.yaml:9:40: `instances.type` m7i.large is x86_64, but `instances.architecture` is arm64
  9 | instances: {architecture: arm64, type: m7i.large}
    |                                        ^^^^^^^^^
  hint: Write `architecture: x86_64` if the container image is built for it, or take an instance type of arm64.
"""),
    "a database class that does not exist": ("database: {class: db.t4g.mikro}\n", """\
perch: perch.yaml:9:19: `database.class`: `db.t4g.mikro` is no database class
  9 | database: {class: db.t4g.mikro}
    |                   ^^^^^^^^^^^^
  hint: One is written family.size, such as db.t4g.micro.
"""),
    "a host that the certificate cannot cover": ("host: www.shop.example.com\nenvironments: {main: production}\n", """\
perch: perch.yaml:9:7: the certificate does not cover www.shop.example.com: it is for *.preview.example.com
  9 | host: www.shop.example.com
    |       ^^^^^^^^^^^^^^^^^^^^
  hint: Take a certificate that does, and list all its names in `aws.certificate_names`.
"""),
    "a variable of 300 bytes": ("env: {LONG: " + "x" * 300 + "}\n", """\
perch: perch.yaml:9:13: `env.LONG` has 300 characters
  9 | env: {LONG: """ + CUT + """
    |             """ + "^" * 108 + """
  hint: Beanstalk takes values of at most 256: keep longer ones in a file of the app, or in a secret.
"""),
    "more variables than fit": ("env:\n" + "".join(f"  V{n:02}: {'y' * 200}\n" for n in range(16)), """\
perch: perch.yaml:10:3: the variables of `env` take 3264 bytes together
  10 |   V00: """ + "y" * 113 + """…
     |   ^^^
  hint: Beanstalk takes 4096 for all, of which perch needs 1024 for its own: keep settings in a file of the app.
"""),
}

# The certificate for the wrong level, with the line of the certificate itself.
CERTIFICATE = HEAD.replace("  hosted_zone", '  certificate_names: ["*.example.com"]\n  hosted_zone')
CERTIFICATE_TOLD = """\
perch: perch.yaml:8:22: the certificate does not cover <branch>.preview.example.com: it is for *.example.com, and a `*` stands for one label only
  8 |   certificate_names: ["*.example.com"]
    |                      ^
  hint: Take a certificate for *.preview.example.com, and name it here.
"""

# What changes perch's template, or is one, and can only be judged with it.
TEMPLATES = {
    "an override of nothing": ("override: {Databse: {Properties: {MultiAZ: true}}}\n", """\
perch: perch.yaml:9:12: there is no resource `Databse` to override
  9 | override: {Databse: {Properties: {MultiAZ: true}}}
    |            ^^^^^^^
  hint: Did you mean 'Database'?
"""),
    "an override of a part that no resource has": ("override: {Database: {Propertys: {MultiAZ: true}}}\n", """\
perch: perch.yaml:9:23: Resources.Database.Propertys: `Propertys` is no attribute of a resource
  9 | override: {Database: {Propertys: {MultiAZ: true}}}
    |                       ^^^^^^^^^
  hint: Did you mean `Properties`?
"""),
    "an override of an unknown property by its path": ("override: {Database.Properties.MultiAz: true}\n", """\
perch: perch.yaml:9:12: Resources.Database.Properties.MultiAz: `MultiAz` is no property of AWS::RDS::DBInstance
  9 | override: {Database.Properties.MultiAz: true}
    |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: Did you mean `MultiAZ`?
"""),
    "a resource with a name of perch's": ("resources: {Bucket: {Type: AWS::S3::Bucket}}\n", """\
perch: perch.yaml:9:13: perch's own template already has `Bucket`
  9 | resources: {Bucket: {Type: AWS::S3::Bucket}}
    |             ^^^^^^
  hint: To change it, write it under `override`; else choose another name.
"""),
    "an output with a name of perch's": ("outputs: {Url: {Value: x}}\n", """\
perch: perch.yaml:9:11: perch's own template already has `Url`
  9 | outputs: {Url: {Value: x}}
    |           ^^^
  hint: Choose another name.
"""),
    "a reference to nothing": ("resources: {Mine: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref Bukcet}}}\n", """\
perch: perch.yaml:9:68: Resources.Mine.Properties.BucketName.Ref: there is no resource or parameter `Bukcet`
  9 | resources: {Mine: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref Bukcet}}}
    |                                                                    ^^^^^^^^^^^
  hint: Did you mean `Bucket`?
"""),
    "an own template without its address": ("template: {file: no-url.yaml}\n", """\
perch: perch.yaml:9:18: the template has no output `Url`
  9 | template: {file: no-url.yaml}
    |                  ^^^^^^^^^^^
  hint: Add one with the address that people open: perch shows it and waits until it answers.
"""),
    "an own template that is not there": ("template: {file: nowhere.yaml}\n", """\
perch: perch.yaml:9:18: cannot read the template that perch.yaml:9:18 names: nowhere.yaml: No such file or directory
  9 | template: {file: nowhere.yaml}
    |                  ^^^^^^^^^^^^
  hint: Write the file, or correct `template: {file: …}`.
"""),
    "an own template that is a folder": ("template: {file: folder}\n", """\
perch: perch.yaml:9:18: cannot read the template that perch.yaml:9:18 names: folder: it is not a regular file
  9 | template: {file: folder}
    |                  ^^^^^^
  hint: Write the file, or correct `template: {file: …}`.
"""),
    "an own template too large for CloudFormation": ("template: {file: large.yaml}\n", """\
perch: perch.yaml:9:18: cannot read the template that perch.yaml:9:18 names: large.yaml: it is larger than the limit of 1048576 bytes
  9 | template: {file: large.yaml}
    |                  ^^^^^^^^^^
  hint: Write the file, or correct `template: {file: …}`.
"""),
    "an own template that is broken YAML": ("template: {file: broken.yaml}\n", """\
perch: perch.yaml:9:18: broken.yaml:3:1: this is not valid YAML: did not find expected ',' or '}'
  9 | template: {file: broken.yaml}
    |                  ^^^^^^^^^^^
  hint: Run `perch template env --profile branch` for all of it.
"""),
    "an own template that is broken JSON": ("template: {file: broken.json}\n", """\
perch: perch.yaml:9:18: broken.json:1:48: this is not valid JSON: this cannot stand here (syntax error)
  9 | template: {file: broken.json}
    |                  ^^^^^^^^^^^
  hint: Run `perch template env --profile branch` for all of it.
"""),
    "an own template that is no map": ("template: {file: list.yaml}\n", """\
perch: perch.yaml:9:18: list.yaml:1:1: a template must be a map
  9 | template: {file: list.yaml}
    |                  ^^^^^^^^^
  hint: Run `perch template env --profile branch` for all of it.
"""),
}

FILES = {
    "no-url.yaml": "Resources:\n  Q: {Type: AWS::S3::Bucket}\nOutputs:\n  URL: {Value: x}\n",
    "broken.yaml": "Resources:\n  Q: {Type: AWS::SQS::Queue\n",
    "broken.json": '{"Resources": {"Q": {"Type": "AWS::SQS::Queue",}}}\n',
    "list.yaml": "- Resources\n",
    "large.yaml": "x: " + "x" * (1 << 20) + "\n",
}


def main(binary):
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="perch-config-") as name:
        folder = pathlib.Path(name).resolve()
        for file, text in FILES.items():
            (folder / file).write_text(text)
        (folder / "folder").mkdir()

        def told(arguments, text):
            (folder / "perch.yaml").write_text(text)
            result = perch(binary, *arguments, cwd=folder)
            return result.returncode, result.stderr.decode().replace(f"{folder}/", "")

        def check(case, arguments, text, expected):
            nonlocal wrong
            actual = told(arguments, text)
            if actual != (2, expected):
                wrong += 1
                print(f"{case}: `perch {' '.join(arguments[:2])}` ends with {actual[0]} and says\n{actual[1]}\nnot 2 and\n{expected}")

        config_check = ["config", "check", "--platform", "aws"]
        for case, (lines, expected) in SETTINGS.items():
            check(case, config_check, HEAD + lines, expected)
            # The template is refused with the same words.
            code, said = told(["template", "env", *FACTS], HEAD + lines)
            assert code == 2 and said.startswith(expected.split("\n")[0] + "\n"), (case, code, said)
        check("a certificate of another level", config_check, CERTIFICATE, CERTIFICATE_TOLD)
        for case, (lines, expected) in TEMPLATES.items():
            check(case, config_check, HEAD + lines, expected)
            code, said = told(["template", "env", *FACTS], HEAD + lines)
            assert code == 2 and said.startswith(SAMPLES + "perch: "), (case, code, said)
        code, said = told(config_check, HEAD)
        assert code == 0 and not said, said
    print(f"{len(SETTINGS) + 1 + len(TEMPLATES)} files")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(str(pathlib.Path(sys.argv[1]).resolve())))
