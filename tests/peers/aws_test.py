"""The AWS peer by boto3: what CloudFormation, Beanstalk and S3 do there, as far as aws.md knows it of the real ones."""

import json
import unittest

from peer import REGION, Peer, client, need, until

need("boto3", "moto", "cfnlint", "flask")
from botocore.exceptions import ClientError  # noqa: E402

BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}}


def template(outputs=None, **resources):
    made = {"Resources": resources}
    if outputs:
        made["Outputs"] = outputs
    return json.dumps(made)


def group(text="one", **more):
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": text, **more}}


def queue(delay=0, **more):
    return {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay, **more}}


class AwsTest(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.peer = Peer("aws_peer.py", *cls.options)
        for service in ("cloudformation", "s3", "elasticbeanstalk", "rds", "logs"):
            setattr(cls, service, client(service, cls.peer.url))

    @classmethod
    def tearDownClass(cls):
        cls.peer.stop()

    def setUp(self):
        self.peer.tell("reset")

    def stack(self, name):
        return self.cloudformation.describe_stacks(StackName=name)["Stacks"][0]

    def settled(self, name):
        """The stack when its operation is over."""
        return until(lambda: (lambda s: s if not s["StackStatus"].endswith("_IN_PROGRESS") else None)(self.stack(name)), f"{name} settles")

    def create(self, name="one", body=None, **more):
        self.cloudformation.create_stack(StackName=name, TemplateBody=body or template(Bucket=BUCKET), **more)
        return self.settled(name)

    def update(self, name, body, **more):
        self.cloudformation.update_stack(StackName=name, TemplateBody=body, **more)
        return self.settled(name)

    def delete(self, name, **more):
        identity = self.stack(name)["StackId"]
        self.cloudformation.delete_stack(StackName=name, **more)
        return self.settled(identity)

    def events(self, name, token=None):
        """(logical id, status) oldest first."""
        rows = [e for page in self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=name) for e in page["StackEvents"]]
        return [(e["LogicalResourceId"], e["ResourceStatus"]) for e in reversed(rows) if token is None or e.get("ClientRequestToken") == token]

    def reasons(self, name):
        rows = self.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return {e["LogicalResourceId"]: e["ResourceStatusReason"] for e in reversed(rows) if e["ResourceStatus"].endswith("_FAILED")}

    def bucket(self, name):
        rows = self.cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
        return next(r["PhysicalResourceId"] for r in rows if r["ResourceType"] == "AWS::S3::Bucket")

    def refused(self, code, text, call, **given):
        with self.assertRaises(ClientError) as caught:
            call(**given)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        self.assertIn(text, caught.exception.response["Error"]["Message"])

    def change_set(self, name, body, kind="UPDATE", set_name="cs", **more):
        made = self.cloudformation.create_change_set(StackName=name, ChangeSetName=set_name, ChangeSetType=kind, TemplateBody=body, **more)
        return until(lambda: (lambda d: d if d["Status"] in ("FAILED", "CREATE_COMPLETE") else None)(
            self.cloudformation.describe_change_set(ChangeSetName=made["Id"])), "the change set is computed")


class LifeCycles(AwsTest):
    def test_a_create_tells_of_each_resource_with_its_token(self):
        self.create(ClientRequestToken="push-1")
        self.assertEqual(self.events("one", "push-1"), [
            ("one", "CREATE_IN_PROGRESS"), ("Bucket", "CREATE_IN_PROGRESS"), ("Bucket", "CREATE_IN_PROGRESS"), ("Bucket", "CREATE_COMPLETE"), ("one", "CREATE_COMPLETE")])

    def test_a_failing_create_rolls_back_and_cancels_its_neighbours(self):
        self.peer.tell("fail", resource="Queue", reason="No queues today", on="create")
        found = self.create(body=template(Bucket=BUCKET, Queue=queue()))
        self.assertEqual(found["StackStatus"], "ROLLBACK_COMPLETE")
        self.assertEqual(self.reasons("one"), {"Queue": "No queues today", "Bucket": "Resource creation cancelled"})
        self.refused("ValidationError", "is in ROLLBACK_COMPLETE state and can not be updated", self.cloudformation.update_stack, StackName="one", TemplateBody=template(Bucket=BUCKET))
        self.assertEqual(self.delete("one")["StackStatus"], "DELETE_COMPLETE")
        self.assertEqual(self.peer.tell("left")["buckets"], [])

    def test_on_failure_delete_leaves_no_stack(self):
        self.peer.tell("fail", resource="Bucket", on="create")
        identity = self.cloudformation.create_stack(StackName="one", TemplateBody=template(Bucket=BUCKET), OnFailure="DELETE")["StackId"]
        self.assertEqual(self.settled(identity)["StackStatus"], "DELETE_COMPLETE")

    def test_a_failing_update_rolls_back_to_what_was(self):
        self.create(body=template(Queue=queue(1), Bucket=BUCKET))
        self.peer.tell("fail", resource="Bucket", on="update")
        changed = {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Suspended"}}}
        found = self.update("one", template(Queue=queue(2), Bucket=changed, More=group()))
        self.assertEqual(found["StackStatus"], "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.s3.get_bucket_versioning(Bucket=self.bucket("one"))["Status"], "Enabled")
        self.assertEqual(sorted(r["LogicalResourceId"] for r in self.cloudformation.describe_stack_resources(StackName="one")["StackResources"]), ["Bucket", "Queue"])

    def test_a_failing_rollback_waits_for_somebody_to_continue_it(self):
        self.create(body=template(Queue=queue(1), Group=group()))
        self.peer.tell("fail", resource="Late", on="create")
        self.peer.tell("fail", resource="Queue", on="rollback", reason="stuck", times=2)
        late = {**group(), "DependsOn": "Queue"}
        self.assertEqual(self.update("one", template(Queue=queue(2), Group=group(), Late=late))["StackStatus"], "UPDATE_ROLLBACK_FAILED")
        self.refused("ValidationError", "[Group] are not in UPDATE_FAILED", self.cloudformation.continue_update_rollback, StackName="one", ResourcesToSkip=["Group"])
        self.cloudformation.continue_update_rollback(StackName="one")
        self.assertEqual(self.settled("one")["StackStatus"], "UPDATE_ROLLBACK_FAILED")
        self.cloudformation.continue_update_rollback(StackName="one", ResourcesToSkip=["Queue"])
        self.assertEqual(self.settled("one")["StackStatus"], "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(sorted(r["LogicalResourceId"] for r in self.cloudformation.describe_stack_resources(StackName="one")["StackResources"]), ["Group", "Queue"])

    def test_a_replacement_makes_the_new_one_before_the_old_one_goes(self):
        self.create(body=template(Group=group("one")))
        before = self.cloudformation.describe_stack_resource(StackName="one", LogicalResourceId="Group")["StackResourceDetail"]["PhysicalResourceId"]
        self.update("one", template(Group=group("two")), ClientRequestToken="second")
        after = self.cloudformation.describe_stack_resource(StackName="one", LogicalResourceId="Group")["StackResourceDetail"]["PhysicalResourceId"]
        self.assertNotEqual(before, after)
        self.assertEqual([e for e in self.events("one", "second") if e[0] == "Group"][-1], ("Group", "DELETE_COMPLETE"))

    def test_a_custom_named_resource_cannot_be_replaced(self):
        def repository(kind):
            return template(Repository={"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "named", "EncryptionConfiguration": {"EncryptionType": kind}}})

        self.create(body=repository("AES256"))
        self.assertEqual(self.update("one", repository("KMS"))["StackStatus"], "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("custom-named resource requires replacing. Rename named", self.reasons("one")["Repository"])

    def test_a_held_resource_keeps_the_stack_in_progress_and_a_delete_cancels_it(self):
        self.peer.tell("hold", resource="Bucket", on="create")
        identity = self.cloudformation.create_stack(StackName="one", TemplateBody=template(Bucket=BUCKET))["StackId"]
        until(lambda: ("Bucket", "CREATE_IN_PROGRESS") in self.events("one"), "the bucket begins")
        self.refused("ValidationError", "is in CREATE_IN_PROGRESS state and can not be updated", self.cloudformation.update_stack, StackName="one", TemplateBody=template(Bucket=BUCKET))
        self.cloudformation.delete_stack(StackName="one")
        self.assertEqual(self.settled(identity)["StackStatus"], "DELETE_COMPLETE")

    def test_an_update_in_progress_refuses_delete_and_can_be_cancelled(self):
        self.create(body=template(Queue=queue(1)))
        self.peer.tell("hold", resource="Queue", on="update")
        self.cloudformation.update_stack(StackName="one", TemplateBody=template(Queue=queue(2)))
        until(lambda: ("Queue", "UPDATE_IN_PROGRESS") in self.events("one"), "the queue changes")
        self.refused("ValidationError", "cannot be deleted while in status UPDATE_IN_PROGRESS", self.cloudformation.delete_stack, StackName="one")
        self.cloudformation.cancel_update_stack(StackName="one")
        self.peer.tell("release")
        self.assertEqual(self.settled("one")["StackStatus"], "UPDATE_ROLLBACK_COMPLETE")


class Deletes(AwsTest):
    def test_a_bucket_with_a_delete_marker_only_stops_the_delete(self):
        self.create()
        bucket = self.bucket("one")
        self.s3.put_object(Bucket=bucket, Key="a", Body=b"")
        listed = self.s3.list_object_versions(Bucket=bucket)["Versions"][0]
        self.s3.delete_object(Bucket=bucket, Key="a")
        self.s3.delete_object(Bucket=bucket, Key="a", VersionId=listed["VersionId"])
        found = self.delete("one")
        self.assertEqual((found["StackStatus"], found["StackStatusReason"]), ("DELETE_FAILED", "The following resource(s) failed to delete: [Bucket]. "))
        self.assertIn("The bucket you tried to delete is not empty. You must delete all versions in the bucket.", self.reasons("one")["Bucket"])
        marker = self.s3.list_object_versions(Bucket=bucket)["DeleteMarkers"][0]
        self.s3.delete_object(Bucket=bucket, Key="a", VersionId=marker["VersionId"])
        self.assertEqual(self.delete("one")["StackStatus"], "DELETE_COMPLETE")

    def test_retaining_and_forcing_need_a_failed_delete(self):
        self.create()
        self.refused("ValidationError", "DELETE_FAILED", self.cloudformation.delete_stack, StackName="one", RetainResources=["Bucket"])
        self.refused("ValidationError", "DELETE_FAILED", self.cloudformation.delete_stack, StackName="one", DeletionMode="FORCE_DELETE_STACK")
        self.s3.put_object(Bucket=self.bucket("one"), Key="a", Body=b"")
        self.delete("one")
        self.assertEqual(self.delete("one", RetainResources=["Bucket"])["StackStatus"], "DELETE_COMPLETE")
        self.assertEqual(len(self.peer.tell("left")["buckets"]), 1)

    def test_termination_protection_refuses_and_changes_nothing(self):
        self.create(EnableTerminationProtection=True)
        self.refused("ValidationError", "cannot be deleted while TerminationProtection is enabled", self.cloudformation.delete_stack, StackName="one")
        self.assertEqual(self.stack("one")["StackStatus"], "CREATE_COMPLETE")
        self.cloudformation.update_termination_protection(StackName="one", EnableTerminationProtection=False)
        self.assertEqual(self.delete("one")["StackStatus"], "DELETE_COMPLETE")

    def test_a_protected_database_stops_the_delete_and_default_policy_leaves_a_snapshot(self):
        database = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": "20", "MasterUsername": "app",
                                                                   "ManageMasterUserPassword": True, "DeletionProtection": True, "MultiAZ": True}}
        outputs = {"Secret": {"Value": {"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]}}, "Port": {"Value": {"Fn::GetAtt": ["Database", "Endpoint.Port"]}}}
        found = self.create(body=template(outputs, Database=database))
        self.assertEqual({o["OutputKey"]: o["OutputValue"][:23] for o in found["Outputs"]}, {"Secret": "arn:aws:secretsmanager:", "Port": "5432"})
        self.assertEqual(self.delete("one")["StackStatus"], "DELETE_FAILED")
        self.assertIn("Cannot delete protected DB Instance, please disable deletion protection", self.reasons("one")["Database"])
        row = self.rds.describe_db_instances()["DBInstances"][0]
        self.assertEqual((row["MultiAZ"], row["DeletionProtection"]), (True, True))
        self.rds.modify_db_instance(DBInstanceIdentifier=row["DBInstanceIdentifier"], DeletionProtection=False)
        self.assertEqual(self.delete("one")["StackStatus"], "DELETE_COMPLETE")
        self.assertEqual((self.peer.tell("left")["databases"], len(self.peer.tell("left")["snapshots"])), ([], 1))

    def test_a_stack_whose_exports_are_imported_returns_to_what_it_was(self):
        self.create("giver", template({"Out": {"Value": {"Ref": "Bucket"}, "Export": {"Name": "the-bucket"}}}, Bucket=BUCKET))
        self.create("taker", template(Parameter={"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "the-bucket"}}}))
        found = self.delete("giver")
        self.assertEqual((found["StackStatus"], found["StackStatusReason"]), ("CREATE_COMPLETE", "Export the-bucket cannot be deleted as it is in use by taker"))
        self.assertEqual(self.cloudformation.list_imports(ExportName="the-bucket")["Imports"], ["taker"])
        self.delete("taker")
        self.assertEqual(self.delete("giver")["StackStatus"], "DELETE_COMPLETE")

    def test_a_deleted_stack_is_found_by_id_only(self):
        identity = self.create()["StackId"]
        self.delete("one")
        self.refused("ValidationError", "Stack with id one does not exist", self.cloudformation.describe_stacks, StackName="one")
        self.assertEqual(self.stack(identity)["StackStatus"], "DELETE_COMPLETE")
        self.cloudformation.delete_stack(StackName="one")  # of a stack that isn't there: fine
        self.assertNotEqual(self.create()["StackId"], identity)


class Refusals(AwsTest):
    def test_what_create_refuses_at_once(self):
        create = self.cloudformation.create_stack
        role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
        named = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "RoleName": "x"}}
        self.refused("ValidationError", "regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*", create, StackName="feature/x", TemplateBody=template(Bucket=BUCKET))
        self.refused("ValidationError", "less than or equal to 51200", create, StackName="one", TemplateBody=template(Bucket=BUCKET) + " " * 51200)
        self.refused("ValidationError", "Unresolved resource dependencies [Nope]", create, StackName="one", TemplateBody=template(Queue=queue({"Ref": "Nope"})))
        self.refused("ValidationError", "Unrecognized resource types: [AWS::Foo::Bar]", create, StackName="one", TemplateBody=template(A={"Type": "AWS::Foo::Bar"}))
        self.refused("ValidationError", "Circular dependency", create, StackName="one", TemplateBody=template(A={**BUCKET, "DependsOn": "B"}, B={**BUCKET, "DependsOn": "A"}))
        self.refused("InsufficientCapabilitiesException", "[CAPABILITY_IAM]", create, StackName="one", TemplateBody=template(Role=role))
        self.refused("InsufficientCapabilitiesException", "[CAPABILITY_NAMED_IAM]", create, StackName="one", TemplateBody=template(Role=named), Capabilities=["CAPABILITY_IAM"])
        self.assertEqual(self.cloudformation.describe_stacks()["Stacks"], [])

    def test_unknown_properties_fail_the_resource(self):
        found = self.create(body=template(Bucket={"Type": "AWS::S3::Bucket", "Properties": {"Colour": "blue"}}))
        self.assertEqual(found["StackStatus"], "ROLLBACK_COMPLETE")
        self.assertIn("extraneous key [Colour] is not permitted", self.reasons("one")["Bucket"])

    def test_a_token_belongs_to_one_operation(self):
        first = self.cloudformation.create_stack(StackName="one", TemplateBody=template(Bucket=BUCKET), ClientRequestToken="t")["StackId"]
        again = self.cloudformation.create_stack(StackName="one", TemplateBody=template(Bucket=BUCKET), ClientRequestToken="t")["StackId"]
        self.assertEqual(first, again)
        self.settled("one")
        self.refused("TokenAlreadyExistsException", "token t already exists", self.cloudformation.delete_stack, StackName="one", ClientRequestToken="t")
        self.refused("AlreadyExistsException", "Stack [one] already exists", self.cloudformation.create_stack, StackName="one", TemplateBody=template(Bucket=BUCKET))

    def test_nothing_to_update_is_an_error(self):
        self.create()
        self.refused("ValidationError", "No updates are to be performed.", self.cloudformation.update_stack, StackName="one", TemplateBody=template(Bucket=BUCKET))


class ChangeSets(AwsTest):
    def test_the_first_one_leaves_a_stack_in_review(self):
        made = self.change_set("one", template(Bucket=BUCKET), "CREATE")
        self.assertEqual((made["Status"], made["ExecutionStatus"], self.stack("one")["StackStatus"]), ("CREATE_COMPLETE", "AVAILABLE", "REVIEW_IN_PROGRESS"))
        self.refused("ValidationError", "does not exist", self.cloudformation.create_change_set, StackName="one", ChangeSetName="b", ChangeSetType="UPDATE", TemplateBody=template(Bucket=BUCKET))
        self.cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"], ClientRequestToken="x")
        self.cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"], ClientRequestToken="x")  # delivered twice
        self.assertEqual(self.settled("one")["StackStatus"], "CREATE_COMPLETE")
        self.refused("ChangeSetNotFound", "does not exist", self.cloudformation.describe_change_set, ChangeSetName=made["ChangeSetId"])

    def test_without_changes_it_fails_with_the_reason(self):
        self.create()
        made = self.change_set("one", template(Bucket=BUCKET))
        self.assertEqual((made["Status"], made["StatusReason"]), ("FAILED", "The submitted information didn't contain changes. Submit different information to create a change set."))
        self.refused("InvalidChangeSetStatus", "[FAILED]", self.cloudformation.execute_change_set, ChangeSetName=made["ChangeSetId"])

    def test_another_update_voids_it(self):
        self.create(body=template(Queue=queue(1)))
        made = self.change_set("one", template(Queue=queue(2)))
        self.update("one", template(Queue=queue(3)))
        self.refused("InvalidChangeSetStatus", "execution status of [OBSOLETE]", self.cloudformation.execute_change_set, ChangeSetName=made["ChangeSetId"])

    def test_it_says_what_is_replaced_and_what_may_be(self):
        ingress = {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "0.0.0.0/0", "GroupId": {"Ref": "Group"}}}
        self.create(body=template(Group=group("one"), Ingress=ingress, Queue=queue(1), Old=queue()))
        made = self.change_set("one", template(Group=group("two"), Ingress=ingress, Queue=queue(2), New=queue()))
        rows = {c["ResourceChange"]["LogicalResourceId"]: (c["ResourceChange"]["Action"], c["ResourceChange"].get("Replacement")) for c in made["Changes"]}
        self.assertEqual(rows, {"Group": ("Modify", "True"), "Ingress": ("Modify", "Conditional"), "Queue": ("Modify", "False"), "Old": ("Remove", None), "New": ("Add", None)})


class Throttled(AwsTest):
    options = ("--page-size", "5")

    def test_every_list_has_pages(self):
        for number in range(7):
            self.cloudformation.create_stack(StackName=f"s{number}", TemplateBody=template(Queue=queue()))
        first = self.cloudformation.describe_stacks()
        self.assertEqual((len(first["Stacks"]), "NextToken" in first), (5, True))
        names = [s["StackName"] for page in self.cloudformation.get_paginator("describe_stacks").paginate() for s in page["Stacks"]]
        self.assertEqual(sorted(names), [f"s{n}" for n in range(7)])

    def test_an_action_over_its_rate_is_throttled(self):
        self.peer.tell("throttle", action="DescribeStacks", rate=0)
        self.refused("Throttling", "Rate exceeded", self.cloudformation.describe_stacks)
        self.cloudformation.list_stacks()
        self.peer.tell("throttle", action="DescribeStacks", rate=None)
        self.cloudformation.describe_stacks()

    def test_s3_takes_a_thousand_keys_and_reports_each_refused_one(self):
        self.s3.create_bucket(Bucket="many", CreateBucketConfiguration={"LocationConstraint": REGION})
        self.refused("MalformedXML", "not well-formed", self.s3.delete_objects, Bucket="many", Delete={"Objects": [{"Key": str(n)} for n in range(1001)]})
        for key in "abcdefg":
            self.s3.put_object(Bucket="many", Key=key, Body=b"")
        self.peer.tell("refuse-keys", key="c")
        answer = self.s3.delete_objects(Bucket="many", Delete={"Objects": [{"Key": k} for k in "abc"]})
        self.assertEqual(([e["Key"] for e in answer["Errors"]], answer["Errors"][0]["Code"]), (["c"], "AccessDenied"))

    def test_versions_can_be_deleted_while_they_are_paged(self):
        self.s3.create_bucket(Bucket="paged", CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket="paged", VersioningConfiguration={"Status": "Enabled"})
        for key in "abcdefg":
            self.s3.put_object(Bucket="paged", Key=key, Body=b"")
            self.s3.put_object(Bucket="paged", Key=key, Body=b"2")
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket="paged"):
            self.assertLessEqual(len(page["Versions"]), 5)
            self.s3.delete_objects(Bucket="paged", Delete={"Objects": [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in page["Versions"]]})
        self.assertNotIn("Versions", self.s3.list_object_versions(Bucket="paged"))

    def test_what_carries_a_tag_is_found_stacks_too(self):
        self.create(Tags=[{"Key": "perch:app", "Value": "shop"}])
        tagging = client("resourcegroupstaggingapi", self.peer.url)
        found = [r["ResourceARN"].split(":")[2] for r in tagging.get_resources(TagFilters=[{"Key": "perch:app", "Values": ["shop"]}])["ResourceTagMappingList"]]
        self.assertEqual(sorted(found), ["cloudformation", "s3"])

    def test_calls_are_counted(self):
        self.peer.tell("forget-calls")
        self.s3.list_buckets()
        self.cloudformation.list_stacks()
        self.assertEqual(self.peer.tell("calls"), {"cloudformation:ListStacks": 1, "s3:ListBuckets": 1})


class Auth(AwsTest):
    options = ("--auth",)

    def setUp(self):
        self.key = {"key": self.peer.ready["access_key"], "secret": self.peer.ready["secret_key"]}

    def test_signatures_and_permissions_are_checked(self):
        admin = client("iam", self.peer.url, **self.key)
        admin.create_user(UserName="ci")
        key = admin.create_access_key(UserName="ci")["AccessKey"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "cloudformation:Describe*", "Resource": "arn:aws:cloudformation:*:*:stack/x/*"}]}
        admin.put_user_policy(UserName="ci", PolicyName="p", PolicyDocument=json.dumps(policy))
        limited = client("cloudformation", self.peer.url, key["AccessKeyId"], key["SecretAccessKey"])
        limited.describe_stacks()
        self.refused("AccessDenied", "is not authorized to perform: cloudformation:DeleteStack", limited.delete_stack, StackName="x")
        self.refused("SignatureDoesNotMatch", "does not match", client("sts", self.peer.url, key["AccessKeyId"], "wrong").get_caller_identity)
        self.refused("InvalidClientTokenId", "security token", client("sts", self.peer.url, "AKIAZZZZZZZZZZZZZZZZ", "wrong").get_caller_identity)

    def test_a_web_identity_needs_no_signature_and_gets_the_roles_permissions(self):
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config

        iam = client("iam", self.peer.url, **self.key)
        role = iam.create_role(RoleName="ci", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "cloudformation:ListStacks", "Resource": "*"}]}
        iam.put_role_policy(RoleName="ci", PolicyName="p", PolicyDocument=json.dumps(policy))
        sts = boto3.client("sts", endpoint_url=self.peer.url, region_name=REGION, config=Config(signature_version=UNSIGNED))
        got = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="build-1", WebIdentityToken="token" * 4)["Credentials"]
        key = (got["AccessKeyId"], got["SecretAccessKey"])
        client("cloudformation", self.peer.url, *key, got["SessionToken"]).list_stacks()
        self.refused("AccessDenied", "Access Denied", client("s3", self.peer.url, *key, got["SessionToken"]).list_buckets)
        self.refused("InvalidClientTokenId", "security token", client("cloudformation", self.peer.url, *key, "another").list_stacks)

    def test_a_bucket_of_another_region_is_only_pointed_at(self):
        far = client("s3", self.peer.url, region="us-west-2", **self.key)
        far.create_bucket(Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        near = client("s3", self.peer.url, **self.key)
        self.assertEqual(near.get_bucket_location(Bucket="far-away")["LocationConstraint"], "us-west-2")
        seen = []
        near.meta.events.register("before-parse.s3.ListObjectVersions", lambda response_dict, **_: seen.append((response_dict["status_code"], response_dict["headers"].get("x-amz-bucket-region"))))
        near.list_object_versions(Bucket="far-away")  # boto3 follows
        self.assertEqual(seen, [(301, "us-west-2"), (200, None)])

    def test_hostile_keys_are_signed_as_sent(self):
        s3 = client("s3", self.peer.url, **self.key)
        s3.create_bucket(Bucket="keys", CreateBucketConfiguration={"LocationConstraint": REGION})
        keys = ["a b", "ü+&=", "x//y/", "%41", "~-._", "😀", "a?b#c", "'\"<>"]
        for key in keys:
            s3.put_object(Bucket="keys", Key=key, Body=b"x")
        self.assertEqual(sorted(o["Key"] for o in s3.list_objects_v2(Bucket="keys")["Contents"]), sorted(keys))


if __name__ == "__main__":
    unittest.main()
