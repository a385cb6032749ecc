"""`perch doctor` on AWS: what is ready, what is not, and what to do about each; it changes nothing."""

import json
import re

from world import cases_of, equal, holds, run

QUOTAS = """ok    quota of environments: 0 of 200 in use
ok    quota of application versions: 0 of 1000 in use
ok    quota of databases: 0 of 40 in use
ok    quota of rules of a load balancer: 100, enough for 50 environments
ok    quota of target groups: 3000, enough for 3000 environments
ok    quota of virtual processors (production): 64, enough for 8 environments
ok    quota of virtual processors (staging): 64, enough for 16 environments
ok    quota of virtual processors (branch): 64, enough for 32 environments
"""


def findings(of):
    code, out, err = of.perch("doctor", "--json")
    equal(err, "")
    return code, {f["check"]: (f["grade"], f["text"], f["hint"]) for f in json.loads(out)}


def output(world, name, stack="perch-shop-staging"):
    return next(o["OutputValue"] for o in world.stack(stack)["Outputs"] if o["OutputKey"] == name)


def all_is_ready(world):
    equal((world.perch("bootstrap", "--yes")[0], world.perch("bootstrap", "production", "--yes")[0]), (0, 0))
    code, out, err = world.perch("doctor")
    zone = world.client("route53").list_hosted_zones()["HostedZones"][0]["Id"].split("/")[-1]
    ends = re.search(r"until (\d{4}-\d\d-\d\d)\n", out)[1]
    stacks = "".join(f"ok    application {a}: perch-shop-{a} is CREATE_COMPLETE\nok    versions bucket of {a}: {output(world, 'VersionsBucket', f'perch-shop-{a}')}\n"
                     f"ok    repository of {a}: {output(world, 'RepositoryUri', f'perch-shop-{a}')}\n" for a in ("production", "staging"))
    equal((code, err, out), (0, "", "ok    account: 123456789012, as arn:aws:sts::123456789012:user/moto\nok    region: eu-central-1\n" + stacks +
                             f"ok    certificate: covers *.preview.example.com, until {ends}\nok    hosted zone: example.com is {zone}\n" + QUOTAS))
    equal(world.perch("doctor", "--platform", "aws")[1], out, "perch.yaml says aws already")


def nothing_is_there(world):
    world.config(certificate=world.certificate[:-12] + "000000000000", account="")
    with open(f"{world.folder}/perch.yaml", encoding="utf-8") as file:
        text = file.read()
    world.config(text.replace('account: "", ', "").replace("hosted_zone: example.com", "hosted_zone: preview.example.com"))
    code, found = findings(world)
    equal(code, 1)
    equal(found["account"], ("ok", "123456789012, as arn:aws:sts::123456789012:user/moto; `aws.account` in perch.yaml would guard it", ""))
    for application in ("production", "staging"):
        equal(found[f"application {application}"], ("bad", f"there is no stack perch-shop-{application}", f"Run `perch bootstrap {application}`."))
    equal(found["certificate"], ("bad", f"there is none such: {world.certificate[:-12]}000000000000",
                                 "Take one of this region for *.preview.example.com, and name it as `aws.certificate`."))
    equal(found["hosted zone"], ("bad", "Route 53 has no preview.example.com", "Make a public one, or correct `aws.hosted_zone`."))


def a_bucket_and_a_repository_that_are_gone(world):
    equal(world.perch("bootstrap", "--yes")[0], 0)
    bucket, repository = output(world, "VersionsBucket"), output(world, "RepositoryUri").partition("/")[2]
    world.s3.delete_bucket(Bucket=bucket)
    world.client("ecr").delete_repository(repositoryName=repository, force=True)
    code, found = findings(world)
    equal(code, 1)
    equal(found["versions bucket of staging"], ("bad", f"{bucket} is gone, though the stack lists it", "Make a bucket of that name by hand (or delete the stack), then: Run `perch bootstrap staging`."))
    equal(found["repository of staging"], ("bad", f"{repository} is gone, though the stack lists it", "Make a repository of that name by hand (or delete the stack), then: Run `perch bootstrap staging`."))
    world.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    world.client("ecr").create_repository(repositoryName=repository)


def quotas_that_do_not_fit_the_settings(world):
    world.config(more="branches: {limit: 60}\n")
    world.peer.tell("options", eb_quotas={"ApplicationVersionQuota": 20}, quotas={"L-B22855CB": 0, "L-1216C47A": 4})
    code, found = findings(world)
    more = "Ask AWS for more under Service Quotas, or take down what nobody needs."
    equal(code, 1)
    equal(found["quota of rules of a load balancer"], ("note", "100, enough for 50 environments; `branches.limit` allows 60", more))
    equal(found["quota of target groups"], ("bad", "0, enough for 0 environments", more))
    equal(found["quota of virtual processors (production)"], ("bad", "4, enough for 0 environments", more))
    equal(found["quota of virtual processors (branch)"], ("note", "4, enough for 2 environments; `branches.limit` allows 60", more))
    equal(found["quota of databases"], ("note", "0 of 40 in use; `branches.limit` allows 60", more))
    equal(found["quota of environments"], ("ok", "0 of 200 in use", ""))


def a_perch_yaml_that_is_wrong(world):
    world.config(certificate="arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-1111-2222-3333-444455556666")
    code, out, err = world.perch("doctor")
    equal((code, err), (1, ""))
    holds(out, "BAD   configuration: perch.yaml is not right: ")
    holds(out, ": `aws.certificate` lies in eu-west-1, but `aws.region` is eu-central-1\n      `perch config check` tells all that is wrong.\n")


run(cases_of(globals()))
