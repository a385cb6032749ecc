#!/usr/bin/env python3
"""What settings and names do to `perch up` on the local AWS. settings.py PERCH_BINARY [CASE...]"""

import json
import os
import sys

from shop import cases_of, equal, holds, plain, run_cases

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

# As tests/e2e/names.py has them; each may be a branch at the same time as the others.
NAMES = ["feature/a", "feature-a", "Feature/A", "fêature/ünïcödé", "🦀/🚀", "x" * 250, "x" * 249 + "y", "$(touch${IFS}x)", "<script>alert(1)</script>", "HEAD", "--help",
         "\x80\xff\xfe".encode("latin-1").decode("utf-8", "surrogateescape")]


def url(branch):
    return f"https://{branch}.preview.example.com"


def failed(shop, branch, code, text, image="one"):
    given, out, err = shop.up(branch, image)
    equal((given, err), (code, text))
    return out


def a_wrong_template_deploys_nothing(shop):
    shop.operator(more="resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: !Ref Nowhere\n")
    shop.push("typo", "one")
    code, out, err = shop.up("typo")
    equal(code, 2)
    holds(err, "perch: the settings make a template that AWS would refuse: ")
    equal(err.replace(shop.folder + "/", ""), "perch: the settings make a template that AWS would refuse: perch.yaml:15:18: there is no resource or parameter `Nowhere`\n")
    equal(shop.stack_of("typo"), None)


def a_large_template_goes_by_s3(shop):
    more = "resources:\n" + "".join(f"  Topic{i}:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: {'x' * 90}\n" for i in range(400))
    shop.operator(more=more)
    shop.push("large", "one")
    (code, out, err), calls = shop.calls(lambda: shop.up("large"))
    equal((code, err), (0, ""))
    kept = [o["Key"] for o in shop.s3.list_objects_v2(Bucket=shop.bucket, Prefix="bundles/")["Contents"] if o["Key"].endswith("template-1.json")]
    equal(len(kept), 1)
    equal(shop.perch("down", "large", "--yes")[0], 0)
    equal(shop.s3.list_objects_v2(Bucket=shop.bucket, Prefix=os.path.dirname(kept[0])).get("Contents", []), [])


def stagings_database_is_not_replaced(shop):
    shop.push("staging", "one")
    equal(shop.up("staging")[0], 0)
    shop.operator(more="profiles: {staging: {database: {name: other}}}\n")
    version = shop.peer.web("staging.preview.example.com")
    code, out, err = shop.up("staging")
    equal(code, 3)
    name = shop.stack_of("staging")["StackName"]
    equal(err, f"perch: the change would replace or remove what is protected: {name}: Database (AWS::RDS::DBInstance)\n"
               "  Undo the setting that causes it, or move the data by hand first.\n")
    holds(out, "  REPLACE Database (AWS::RDS::DBInstance): DBName\n")
    equal(shop.peer.web("staging.preview.example.com"), version)
    shop.operator()
    code, out, err = shop.up("staging")
    equal((code, err), (0, ""))


def nor_is_that_of_a_profile_that_extends_it(shop):
    live = "profiles: {live: {extends: staging, database: {on_delete: delete%s}}}\n"
    shop.operator(moved="live", more=live % "")
    shop.push("moved", "one")
    equal(shop.up("moved")[0], 0)
    shop.operator(moved="live", more=live % ", name: other")
    code, out, err = shop.up("moved")
    name = shop.stack_of("moved")["StackName"]
    equal((code, err), (3, f"perch: the change would replace or remove what is protected: {name}: Database (AWS::RDS::DBInstance)\n"
                           "  Undo the setting that causes it, or move the data by hand first.\n"))


def a_snapshot_is_found_once(shop):
    """A newer snapshot must not replace the database of a branch that has one."""
    if shop.stack_of("staging") is None:
        shop.push("staging", "one")
        equal(shop.up("staging")[0], 0)
    database = next(r["PhysicalResourceId"] for r in shop.cfn.list_stack_resources(StackName=shop.stack_of("staging")["StackId"])["StackResourceSummaries"] if r["ResourceType"] == "AWS::RDS::DBInstance")
    shop.peer.tell("snapshot", database=database, name="nightly-1")
    shop.operator(more="profiles: {branch: {database: {mode: snapshot}}}\n")
    shop.push("copied", "one")
    equal(shop.up("copied")[0], 0)
    equal(shop.outputs(shop.stack_of("copied"))["DatabaseSnapshot"], "nightly-1")
    shop.peer.tell("snapshot", database=database, name="nightly-2")
    shop.push("copied", "two")
    code, out, err = shop.up("copied", "two")
    equal((code, err), (0, ""))
    equal([line for line in out.splitlines() if "Database" in line], [])
    shop.push("later", "one")
    equal(shop.up("later")[0], 0)
    equal(shop.outputs(shop.stack_of("later"))["DatabaseSnapshot"], "nightly-2")


def no_snapshot_is_told(shop):
    shop.operator(more="profiles: {branch: {database: {mode: snapshot, snapshot: lost-one}}}\n")
    shop.push("lost", "one")
    code, out, err = shop.up("lost")
    equal(code, 1)
    holds(err, "lost-one")


def the_platforms_version_is_found_once(shop):
    shop.push("pinned", "one")
    (code, _, err), calls = shop.calls(lambda: shop.up("pinned"))
    equal((code, err, calls.get("elasticbeanstalk:ListPlatformVersions")), (0, "", 1))
    arn = shop.outputs(shop.stack_of("pinned"))["PlatformArn"]
    shop.push("pinned", "two")
    (code, _, err), calls = shop.calls(lambda: shop.up("pinned", "two"))
    equal((code, err, calls.get("elasticbeanstalk:ListPlatformVersions")), (0, "", None))
    equal(shop.outputs(shop.stack_of("pinned"))["PlatformArn"], arn)


def option(shop, branch, name, namespace="aws:elasticbeanstalk:application:environment"):
    """A Beanstalk option as the stack's template has it."""
    body = shop.cfn.get_template(StackName=shop.stack_of(branch)["StackId"])["TemplateBody"]
    body = body if isinstance(body, dict) else json.loads(body)
    found = [o["Value"] for o in body["Resources"]["Environment"]["Properties"]["OptionSettings"] if (o["Namespace"], o["OptionName"]) == (namespace, name)]
    return found[0] if found else None


def secrets_go_to_parameter_store(shop):
    shop.operator(more="secrets: {STRIPE_KEY: {env: MY_STRIPE}}\n")
    shop.push("secret", "one")
    code, out, err = shop.up("secret", MY_STRIPE="sk-very-secret")
    equal((code, err), (0, ""))
    equal(("sk-very-secret" in out, "sk-very-secret" in json.dumps(shop.record("secret"))), (False, False))
    ssm = shop.client("ssm")
    found = [p for page in ssm.get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True, WithDecryption=True) for p in page["Parameters"] if p["Name"].endswith("STRIPE_KEY")]
    equal([(p["Type"], p["Value"]) for p in found], [("SecureString", "sk-very-secret")])
    equal("sk-very-secret" in json.dumps(shop.cfn.get_template(StackName=shop.stack_of("secret")["StackId"])["TemplateBody"]), False)


def a_secret_that_perch_cannot_read(shop):
    """Where it is in Parameter Store already that is enough; where it is nowhere the deployment fails before anything is made."""
    shop.operator(more="secrets: {NOWHERE_KEY: {env: MY_NOWHERE}}\n")
    shop.push("unkeyed", "one")
    code, out, err = shop.up("unkeyed")
    equal(code, 2)
    equal(shop.stack_of("unkeyed"), None)
    holds(err, "NOWHERE_KEY")


def a_variable_that_is_removed_is_written_empty(shop):
    """CloudFormation keeps what a template no longer names."""
    config = "run: {{command: ./serve, port: 8000, health: /healthz}}\n{}"
    shop.push("vars", "one", **{"perch.yaml": config.format("env: {COLOUR: blue, SIZE: big}\n")})
    equal(shop.up("vars")[0], 0)
    equal((option(shop, "vars", "COLOUR"), option(shop, "vars", "SIZE")), ("blue", "big"))
    shop.push("vars", "two", **{"perch.yaml": config.format("env: {SIZE: small}\n")})
    code, out, err = shop.up("vars", "two")
    equal((code, err), (0, ""))
    equal((option(shop, "vars", "COLOUR"), option(shop, "vars", "SIZE")), ("", "small"))


def another_host_is_a_replacement(shop):
    shop.push("moved", "one")
    equal(shop.up("moved")[0], 0)
    first = shop.stack_of("moved")["StackId"]
    shop.operator(more="profiles: {renamed: {extends: branch, host: renamed.preview.example.com}}\n", moved="renamed")
    code, out, err = shop.up("moved")
    equal((code, err), (3, "perch: nothing was deployed: there is no terminal to ask\n  Say --yes to replace without asking.\n"))
    equal(out.splitlines()[0].split(": ")[0], "moved is deleted, with its data, and made again")
    equal(shop.stack_of("moved")["StackId"], first)
    code, out, err = shop.up("moved", "one", "--yes")
    equal((code, err), (0, ""))
    equal(out.splitlines()[-1], "https://renamed.preview.example.com")
    equal(shop.stack_of("moved")["StackId"] == first, False)
    equal(shop.outputs(shop.stack_of("moved"))["Host"], "renamed.preview.example.com")


def a_branchs_own_operator_keys_are_ignored(shop):
    """The branch's perch.yaml says how it is built and run, not where."""
    commit = shop.push("cheeky", "one", **{"perch.yaml": "app: other\nrun: {command: ./serve, port: 9000, health: /healthz}\ndomain: evil.example.com\n"})
    code, out, err = shop.up("cheeky")
    equal((code, err), (0, ""))
    equal([line for line in out.splitlines() if line.startswith("note: ")] != [], True)
    equal(out.splitlines()[-1], url("cheeky"))
    equal(option(shop, "cheeky", "PORT"), "9000")
    equal(shop.outputs(shop.stack_of("cheeky"))["Commit"], commit)


def in_a_checkout_the_default_branchs_file_counts(shop):
    """A developer's own perch.yaml must not move everybody's environments."""
    with open(os.path.join(shop.folder, "perch.yaml"), encoding="utf-8") as file:
        text = file.read()
    shop.push("main", "with perch.yaml", **{"perch.yaml": text})
    shop.push("checked", "one", **{"perch.yaml": text.replace("preview.example.com", "evil.example.com")})
    before, shop.folder = shop.folder, shop.work
    try:
        code, out, err = shop.up("checked")
    finally:
        shop.folder = before
    equal(code, 0)
    holds(err, " perch.yaml of the branch main counts, not the one here\n")
    equal(out.splitlines()[-1], url("checked"))


def a_skipped_branch_is_left_out(shop):
    shop.operator(more='branches: {skip: ["*-no-infra"]}\n')
    shop.push("docs-no-infra", "one")
    code, out, err = shop.up("docs-no-infra")
    equal((code, err), (0, ""))
    equal(out.startswith("docs-no-infra skip: "), True, out)
    equal(shop.stack_of("docs-no-infra"), None)


def branches_of_any_name(shop):
    """Each has a stack, a link and a record of its own; all go down again."""
    for number, name in enumerate(NAMES):
        shop.git("checkout", "-q", "--detach", "refs/remotes/origin/main")
        shop.git("commit", "-q", "--allow-empty", "-m", f"odd {number}")
        shop.git_in(shop.origin, "fetch", "-q", shop.work, "HEAD")
        shop.git_in(shop.origin, "update-ref", os.fsencode("refs/heads/" + name), "FETCH_HEAD")
    commits = {}
    for name in NAMES:
        commits[name] = shop.git_in(shop.origin, "rev-parse", os.fsencode("refs/heads/" + name))
    running, slugs = {}, {os.fsencode(v["branch"]).decode(errors="replace"): v["slug"] for v in shop.ls().values()}
    for name in NAMES:
        words = [os.fsencode(name)] if not name.startswith("-") else [slugs[name]]
        running[name] = shop.start_raw("up", "--image", shop.image("one"), *words)
        if len(running) % 4 == 0:
            for one in list(running.values())[-4:]:
                one.process.wait(120)
    for name, one in running.items():
        code, out, err = one.end()
        equal((code, err), (0, ""), name)
    links = {}
    for name in NAMES:
        stack = next(s for s in shop.environments().values() if shop.outputs(s).get("Commit") == commits[name])
        links[name] = shop.outputs(stack)["Host"]
    equal(len(set(links.values())), len(NAMES))
    code, out, err = shop.perch("ls", "--json")
    equal((code, err), (0, ""))
    shown = {view["branch"]: view for view in json.loads(out)}
    for name in NAMES:
        as_json = os.fsencode(name).decode(errors="replace")
        equal((shown[as_json]["state"], shown[as_json]["url"]), ("ready", f"https://{links[name]}"), name)
    for name in NAMES[-3:]:
        words = [os.fsencode(name)] if not name.startswith("-") else [slugs[name]]
        code, out, err = shop.start_raw("down", "--yes", *words).end()
        equal((code, err), (0, ""), name)
    equal(sum(1 for s in shop.environments().values() if shop.outputs(s).get("Commit") in commits.values()), len(NAMES) - 3)


if __name__ == "__main__":
    run_cases(cases_of(globals()))
