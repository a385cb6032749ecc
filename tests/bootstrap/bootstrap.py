"""`perch bootstrap`: what a person sees, what is made, and that nothing happens without a yes."""

import json

from world import REGION, cases_of, equal, holds, matches, run

QUESTION = "Make these 25 changes? [y/N] "
NEXT = ("Next: `perch doctor --platform aws` looks whether all is ready, `perch doctor --policy ci` prints the rights\n"
        "that a deployment needs, `perch up BRANCH --platform aws` deploys a branch.\n")


def outputs(stack):
    return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}


def table(stack):
    rows = sorted(outputs(stack).items())
    width = max(len(k) for k, _ in rows)
    return "".join(f"  {k.ljust(width)}  {v}\n" for k, v in rows)


def without_a_terminal_and_yes_nothing_is_made(world):
    code, out, err = world.perch("bootstrap")
    equal((code, err), (3, "perch: nothing was changed: there is no terminal to ask\n  Say --yes to go on without asking.\n"))
    matches(out, r"The stack perch-shop-staging in eu-central-1 is not there yet\.\n(  add  \w+ +AWS::\w+::\w+\n){25}")
    equal(world.stack(), None, "the empty stack that the change set made is gone again")
    code, out, err = world.perch("bootstrap", "--json")
    equal((code, err), (3, ""))
    holds(out, "there is no terminal to ask")
    equal(world.stack(), None)


def a_no_leaves_nothing_behind(world):
    for answer in (b"n\n", b"\n", b"\x04"):
        code, shown = world.on_terminal("bootstrap", answer=answer)
        equal(code, 0, shown)
        holds(shown, QUESTION)
        assert shown.endswith("Nothing was changed.\n"), shown
        equal(world.stack(), None)


def a_yes_makes_it_all_and_a_second_time_nothing(world):
    code, shown = world.on_terminal("bootstrap", "staging", answer=b"y\n")
    equal(code, 0, shown)
    stack = world.stack()
    equal(stack["StackStatus"], "CREATE_COMPLETE")
    equal({t["Key"]: t["Value"] for t in stack["Tags"]}, {"perch:app": "shop", "perch:application": "staging", "perch:owner": "perch"})
    before, after = shown.split(QUESTION)
    matches(before, r"The stack perch-shop-staging in eu-central-1 is not there yet\.\n(  add  \w+ +AWS::\w+::\w+\n){25}")
    matches(after, r"y\n(  \w+: created( \([^)]+\))?\n){25}  stack: created( \([^)]+\))?\n"
                   r"Done\. What environments use of it:\n.*")
    assert after.endswith("Done. What environments use of it:\n" + table(stack) + NEXT), after
    equal(sorted(outputs(stack)), ["Application", "Boundary", "CloudFormationRole", "DatabaseSubnets", "LoadBalancer", "LoadBalancerGroup",
                                   "LoadBalancerName", "LoadBalancerZone", "PublicSubnets", "Removed", "RepositoryArn", "RepositoryUri", "ServiceRole",
                                   "VersionsBucket", "Vpc"])
    role = world.iam.get_role(RoleName=outputs(stack)["CloudFormationRole"].split("/")[-1])["Role"]
    equal(role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"], {"Service": "cloudformation.amazonaws.com"})
    for words in ((), ("--yes",)):
        code, out, err = world.perch("bootstrap", *words)
        equal((code, err), (0, ""))
        equal(out, "The stack perch-shop-staging in eu-central-1 is there: CREATE_COMPLETE.\nNothing to change. What environments use of it:\n" + table(stack) + NEXT)
    code, out, err = world.perch("bootstrap", "--json")
    equal((code, err), (0, ""))
    equal(json.loads(out), {"stack": "perch-shop-staging", "region": REGION, "changed": False, "changes": [], "outputs": outputs(stack)})


def production_is_protected_from_termination(world):
    code, out, err = world.perch("bootstrap", "production", "--yes")
    equal((code, err), (0, ""), out)
    stack = world.stack("perch-shop-production")
    equal((stack["EnableTerminationProtection"], stack["StackStatus"]), (True, "CREATE_COMPLETE"))
    equal(world.stack(), None)


def ctrl_c_at_the_question_is_a_no(world):
    code, shown = world.on_terminal("bootstrap", answer=b"\x03")
    equal(code, 1, shown)
    assert shown.endswith("perch: nothing was changed\n"), shown
    equal(world.stack(), None)


def a_failure_tells_the_first_cause_and_the_next_run_starts_anew(world):
    world.peer.tell("fail", resource="LoadBalancer", on="create", reason="The maximum number of load balancers has been reached", times=1)
    code, out, err = world.perch("bootstrap", "--yes")
    equal(code, 1, out)
    equal(err, "perch: the stack perch-shop-staging failed: LoadBalancer (AWS::ElasticLoadBalancingV2::LoadBalancer): The maximum number of load balancers has been reached\n"
          "  Mend that and run it again: perch deletes what is left of the attempt and begins anew.\n", out)
    holds(out, "  LoadBalancer: failed: The maximum number of load balancers has been reached\n")
    equal(world.stack()["StackStatus"], "ROLLBACK_COMPLETE")
    code, out, err = world.perch("bootstrap", "--yes")
    equal((code, err), (0, ""), out)
    holds(out, "The stack perch-shop-staging in eu-central-1 is there: ROLLBACK_COMPLETE.\nan earlier attempt left a stack that can only be deleted: ROLLBACK_COMPLETE\n")
    equal(world.stack()["StackStatus"], "CREATE_COMPLETE")


def a_change_shows_what_changes(world):
    equal(world.perch("bootstrap", "--yes")[0], 0)
    world.config(more='access: {cidrs: ["192.0.2.0/24"]}\n')
    code, shown = world.on_terminal("bootstrap", answer=b"yes\n")
    equal(code, 0, shown)
    matches(shown, r"The stack perch-shop-staging in eu-central-1 is there: CREATE_COMPLETE\.\n"
                   r"  change  LoadBalancerGroup +AWS::EC2::SecurityGroup +SecurityGroupIngress\n.*"
                   r"Make (this change|these \d+ changes)\? \[y/N\] yes\n.*  LoadBalancerGroup: updated( \([^)]+\))?\n.*Done\. .*")


def a_template_over_51200_bytes_needs_the_bucket_first(world):
    many = ", ".join(f'"10.{i // 250}.{i % 250}.0/24"' for i in range(272))
    world.config(more=f"access: {{cidrs: [{many}]}}\n")
    code, out, err = world.perch("bootstrap", "--yes")
    equal((code, world.stack()), (2, None))
    matches(err, r"perch: nothing was changed: the template is too large for a first run: perch-shop-staging: it has \d+ bytes; over 51,200 it goes through "
                 r"the versions bucket, which it makes itself\n  Bootstrap with fewer settings first \(`access` is what grows it\), then again with all\.\n")
    world.config()
    equal(world.perch("bootstrap", "--yes")[0], 0)
    world.config(more=f"access: {{cidrs: [{many}]}}\n")
    code, out, err = world.perch("bootstrap")  # no security group may have so many rules: the change is only shown
    equal((code, err), (3, "perch: nothing was changed: there is no terminal to ask\n  Say --yes to go on without asking.\n"), out)
    holds(out, "  change  LoadBalancerGroup  AWS::EC2::SecurityGroup                    SecurityGroupIngress\n")


def the_bucket_is_never_replaced(world):
    equal(world.perch("bootstrap", "--yes")[0], 0)
    body = world.cfn.get_template(StackName="perch-shop-staging")["TemplateBody"]
    body = body if isinstance(body, dict) else json.loads(body)
    body["Resources"]["VersionsBucket"]["Properties"]["BucketName"] = "another-name"
    world.cfn.update_stack(StackName="perch-shop-staging", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_IAM"])
    from world import peers
    peers.until(lambda: world.stack()["StackStatus"] in ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"), "renamed")
    equal(world.stack()["StackStatus"], "UPDATE_COMPLETE")
    code, out, err = world.perch("bootstrap", "--yes")
    equal((code, err), (3, "perch: the change would replace or remove what is protected: perch-shop-staging: VersionsBucket (AWS::S3::Bucket)\n"
                           "  Undo the setting that causes it, or move the data by hand first.\n"), out)
    holds(out, "  REPLACE")


def somebody_elses_stack_is_left_alone(world):
    world.cfn.create_stack(StackName="perch-shop-staging", TemplateBody=json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"L": {"Type": "AWS::Logs::LogGroup"}}}))
    code, out, err = world.perch("bootstrap", "--yes")
    equal(code, 3, out + err)
    holds(err, "perch: the stack perch-shop-staging is another's: ")
    equal(len(world.cfn.list_stack_resources(StackName="perch-shop-staging")["StackResourceSummaries"]), 1)


run(cases_of(globals()))
