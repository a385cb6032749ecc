"""What is wrong with credentials, region, account or clock: each with its whole text, and nothing changed."""

import json
import re

from policies import User
from world import cases_of, equal, holds, matches, peers, run

THIS_HOST = re.compile(r"127\.0\.0\.1:\d+|/tmp/perch-bootstrap-\w+/\w+| \(request [\w-]+\)")
NEEDS = "`perch doctor --policy` prints what perch needs.\n"
NOBODY = "User: arn:aws:iam::123456789012:user/nobody is not authorized to perform: "


def told(world, *words, **changes):
    """(exit code, standard output, standard error) without what differs from run to run"""
    code, out, err = world.perch(*words, **changes)
    return code, *(THIS_HOST.sub("", text) for text in (out, err))


def missing_credentials(world):
    looked = ("the environment: AWS_ACCESS_KEY_ID is not set; web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; /.aws/credentials (profile 'default'): no such file; "
              "/.aws/config (profile 'default'): no such file; a container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set; instance metadata: AWS_EC2_METADATA_DISABLED is true")
    none = f"STS did not do GetCallerIdentity: eu-central-1: there are no AWS credentials: looked at {looked}"
    hint = "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`.\n"
    gone = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    equal(told(world, "bootstrap", "--yes", **gone), (1, "", f"perch: nothing was changed: {none}\n  {hint}"))
    equal(told(world, "doctor", **gone), (1, f"BAD   account: nothing else was looked at: {none}\n      {hint}", ""))


def wrong_credentials(world):
    asks = "  Check the access key: `aws sts get-caller-identity` asks AWS who it belongs to.\n"
    equal(told(world, "bootstrap", "--yes", AWS_SECRET_ACCESS_KEY="wrong" * 8),
          (1, "", "perch: nothing was changed: STS did not do GetCallerIdentity: : SignatureDoesNotMatch: The request signature we calculated does not match the signature "
                  "you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n" + asks))
    equal(told(world, "bootstrap", "--yes", AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE"),
          (1, "", "perch: nothing was changed: STS did not do GetCallerIdentity: : InvalidClientTokenId: The security token included in the request is invalid.\n" + asks))


def expired_credentials(world):
    faults = peers.Peer("faults.py", "--upstream", world.peer.url, "--fault", "expired", "--times", 99)
    got = told(world, "bootstrap", "--yes", AWS_ENDPOINT_URL=faults.url)
    doctor = told(world, "doctor", AWS_ENDPOINT_URL=faults.url)
    faults.stop()
    expired = "STS did not do GetCallerIdentity: : ExpiredToken: The security token included in the request is expired (tried 2 times)"
    hint = "Get new credentials (for example `aws sso login`) and run it again.\n"
    equal(got, (1, "", f"perch: nothing was changed: {expired}\n  {hint}"))
    equal(doctor, (1, f"BAD   account: nothing else was looked at: {expired}\n      {hint}", ""))
    equal(world.stack(), None)


def a_region_that_the_certificate_is_not_in(world):
    world.config(region="eu-west-1")
    code, out, err = told(world, "bootstrap", "--yes")
    equal((code, out), (2, ""))
    matches(err, r"perch: /perch\.yaml:6:\d+: `aws\.certificate` lies in eu-central-1, but `aws\.region` is eu-west-1\n.*"
                 r"  hint: A load balancer takes only certificates of its own region: request one there\.\n")


def a_region_without_what_perch_yaml_names(world):
    world.config(region="eu-west-1", certificate=world.certificate.replace("eu-central-1", "eu-west-1"))
    code, out, err = told(world, "bootstrap", "--yes")
    equal(code, 1)
    holds(err, "perch: the stack perch-shop-staging failed: HttpsListener (AWS::ElasticLoadBalancingV2::Listener): ")
    holds(err, "Supplied certificate was not found")
    code, out, err = told(world, "doctor")
    equal(code, 1)
    holds(out, "BAD   application staging: perch-shop-staging is ROLLBACK_COMPLETE\n      Run `perch bootstrap staging`.\n")
    holds(out, f"BAD   certificate: there is none such: {world.certificate.replace('eu-central-1', 'eu-west-1')}\n"
               "      Take one of this region for *.preview.example.com, and name it as `aws.certificate`.\n")


def wrong_account(world):
    world.config(account="999988887777", certificate=world.certificate.replace("123456789012", "999988887777"))
    equal(told(world, "bootstrap", "--yes"),
          (3, "", "perch: nothing was changed: these credentials are of another account: /perch.yaml: they are of 123456789012, `account` is 999988887777\n"
                  "  Use other credentials (AWS_PROFILE), or change `aws.account`.\n"))
    equal(told(world, "doctor"),
          (1, "BAD   account: nothing else was looked at: these credentials are of another account: /perch.yaml: they are of 123456789012, `account` is 999988887777\n"
              "      Use other credentials (AWS_PROFILE), or change `aws.account`.\n", ""))
    equal(world.stack(), None)


def no_permission(world):
    user = User(world, "nobody")
    denied = f"CloudFormation did not do DescribeStacks: : AccessDenied: {NOBODY}cloudformation:DescribeStacks"
    allow = "Allow cloudformation:DescribeStacks; " + NEEDS
    equal(told(world, "bootstrap", "--yes", **user.keys), (1, "", f"perch: nothing was changed: {denied}\n  {allow}"))
    code, out, err = told(world, "doctor", **user.keys)
    equal((code, err), (1, ""))
    holds(out, f"ok    account: 123456789012, as arn:aws:iam::123456789012:user/nobody\nok    region: eu-central-1\nBAD   application production: {denied}\n      {allow}")
    holds(out, f"BAD   hosted zone: Route 53 did not do ListHostedZonesByName: : AccessDenied: {NOBODY}route53:ListHostedZonesByName\n      Allow route53:ListHostedZonesByName; {NEEDS}")
    holds(out, "note  quota of target groups: could not be told: ")
    user.may({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["cloudformation:DescribeStacks"], "Resource": "*"}]})
    code, out, err = told(world, "bootstrap", "--yes", **user.keys)
    equal((code, out, err), (1, "The stack perch-shop-staging in eu-central-1 is not there yet.\n",
                             f"perch: CloudFormation did not do CreateChangeSet: : AccessDenied: {NOBODY}cloudformation:CreateChangeSet\n"
                             f"  Allow cloudformation:CreateChangeSet; {NEEDS}"))
    equal(world.stack(), None)


def a_clock_that_is_off_by_an_hour_works(world):
    for seconds in (3600, -3600):
        world.peer.tell("options", clock_off=seconds)
        code, out, err = told(world, "doctor", "--json")
        equal(err, "")
        equal(json.loads(out)[0], {"check": "account", "grade": "ok", "text": "123456789012, as arn:aws:iam::123456789012:user/administrator", "hint": ""})
    code, out, err = told(world, "bootstrap", "--yes")
    world.peer.tell("options", clock_off=0)
    equal((code, err, world.stack()["StackStatus"]), (0, "", "CREATE_COMPLETE"), out)


run(cases_of(globals()), "--auth")
