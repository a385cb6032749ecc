"""The templates that perch makes, deployed to the AWS peer by boto3: application, environment, a failing deploy, logs, leaks."""

import glob
import os
import re
import unittest
import urllib.request

from aws_test import AwsTest
from peer import HERE, need, until

need("boto3", "moto", "cfnlint", "flask")

GOLDEN = os.path.join(HERE, "..", "templates", "golden")
CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-1111-2222-3333-444455556666"


def golden(name):
    with open(os.path.join(GOLDEN, name), encoding="utf-8") as file:
        return file.read()


class Golden(AwsTest):
    options = ("--account", "111122223333", "--certificate", CERTIFICATE)

    def setUp(self):
        super().setUp()
        # a reset takes moto's certificate and zone away as well, so each test has its own peer
        self.tearDownClass()
        self.setUpClass()
        self.application = self.create("perch-shop-staging", golden("minimal-app.yaml"), Capabilities=["CAPABILITY_IAM"], Tags=[{"Key": "perch:app", "Value": "shop"}])
        self.assertEqual(self.application["StackStatus"], "CREATE_COMPLETE", self.reasons("perch-shop-staging"))
        self.versions = {o["OutputKey"]: o["OutputValue"] for o in self.application["Outputs"]}["VersionsBucket"]

    def environment(self, suffix="", name="minimal-env.yaml"):
        """The environment's template with its bundle in place; a suffix makes another version."""
        body = golden(name)
        key = re.search(r"S3Key: (\S+)", body)[1]
        self.s3.put_object(Bucket=self.versions, Key=key + suffix, Body=b"zip")
        return body.replace(key, key + suffix).replace('PERCH_COMMIT\n        Value: "0', f'PERCH_COMMIT\n        Value: "{suffix or 0}')

    def deploy(self, body, kind="UPDATE", token="t"):
        made = self.change_set("perch-shop-example", body, kind, Capabilities=["CAPABILITY_IAM"], Tags=[{"Key": "branch", "Value": "example"}])
        self.assertEqual(made["Status"], "CREATE_COMPLETE", made.get("StatusReason"))
        self.cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"], ClientRequestToken=token)
        return self.settled("perch-shop-example")

    def empty(self, bucket):
        while True:
            page = self.s3.list_object_versions(Bucket=bucket)
            rows = page.get("Versions", []) + page.get("DeleteMarkers", [])
            if not rows:
                return
            self.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": r["Key"], "VersionId": r["VersionId"]} for r in rows]})

    def test_a_branch_comes_up_changes_and_goes_without_a_trace(self):
        found = self.deploy(self.environment(), "CREATE")
        self.assertEqual(found["StackStatus"], "CREATE_COMPLETE", self.reasons("perch-shop-example"))
        status, text = self.peer.web("example.preview.example.com")
        self.assertEqual((status, '"PERCH_COMMIT": "0' in text), (200, True))
        self.assertEqual(self.peer.web("other.preview.example.com")[0], 503)
        groups = [g["logGroupName"] for g in self.logs.describe_log_groups(logGroupNamePrefix="/aws/elasticbeanstalk/")["logGroups"]]
        self.assertEqual(len(groups), 5)
        inner = [s for s in self.cloudformation.describe_stacks()["Stacks"] if s["StackName"].startswith("awseb-e-")]
        self.assertIn({"Key": "branch", "Value": "example"}, inner[0]["Tags"])  # the trap: Beanstalk's own stack carries the branch's tag
        self.assertEqual(self.deploy(self.environment("7"), token="second")["StackStatus"], "UPDATE_COMPLETE")
        self.assertIn('"PERCH_COMMIT": "7', self.peer.web("example.preview.example.com")[1])
        self.assertEqual(len(self.elasticbeanstalk.describe_application_versions()["ApplicationVersions"]), 1)
        bucket = self.bucket("perch-shop-example")
        self.assertEqual(self.s3.get_bucket_versioning(Bucket=bucket)["Status"], "Enabled")
        self.assertTrue(self.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]["BlockPublicAcls"])
        self.assertEqual(self.s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["ID"], "OldVersions")
        self.assertIn("SecureTransport", self.s3.get_bucket_policy(Bucket=bucket)["Policy"])
        self.s3.put_object(Bucket=bucket, Key="upload", Body=b"x")
        self.assertEqual(self.delete("perch-shop-example")["StackStatus"], "DELETE_FAILED")
        self.empty(bucket)
        self.assertEqual(self.delete("perch-shop-example")["StackStatus"], "DELETE_COMPLETE")
        self.empty(self.versions)
        self.assertEqual(self.delete("perch-shop-staging")["StackStatus"], "DELETE_COMPLETE")
        left = {k: v for k, v in self.peer.tell("left").items() if v}
        self.assertEqual(left, {"buckets": ["elasticbeanstalk-eu-central-1-111122223333"]})

    def test_a_failing_deploy_keeps_the_old_version_and_tells_why_in_its_log(self):
        self.deploy(self.environment(), "CREATE")
        self.peer.tell("fail", resource="Environment", on="update", reason="Update environment operation failed", tail="migrate: column exists already")
        found = self.deploy(self.environment("8"), token="bad")
        self.assertEqual(found["StackStatus"], "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn('"PERCH_COMMIT": "0', self.peer.web("example.preview.example.com")[1])
        env = self.elasticbeanstalk.describe_environments()["Environments"][0]
        errors = self.elasticbeanstalk.describe_events(EnvironmentName=env["EnvironmentName"], Severity="ERROR")["Events"]
        self.assertEqual(errors[0]["Message"], "Failed to deploy application.")
        self.elasticbeanstalk.request_environment_info(EnvironmentName=env["EnvironmentName"], InfoType="tail")
        info = until(lambda: self.elasticbeanstalk.retrieve_environment_info(EnvironmentName=env["EnvironmentName"], InfoType="tail")["EnvironmentInfo"], "the tail")
        with urllib.request.urlopen(info[0]["Message"]) as answer:
            self.assertEqual(answer.read(), b"migrate: column exists already")

    def test_an_app_that_is_ill_answers_as_told(self):
        self.deploy(self.environment(), "CREATE")
        self.peer.tell("app", environment="example.preview.example.com", status=500, body="broken")
        self.assertEqual(self.peer.web("example.preview.example.com"), (500, "broken"))
        self.peer.tell("app", environment="example.preview.example.com", status=None)
        self.assertEqual(self.peer.web("example.preview.example.com")[0], 200)

    def test_an_environment_deleted_by_hand_doesnt_stop_the_stack(self):
        self.deploy(self.environment(), "CREATE")
        name = self.elasticbeanstalk.describe_environments()["Environments"][0]["EnvironmentName"]
        self.elasticbeanstalk.terminate_environment(EnvironmentName=name)
        until(lambda: self.elasticbeanstalk.describe_environments(EnvironmentNames=[name])["Environments"][0]["Status"] == "Terminated", "it is gone")
        self.assertEqual(self.delete("perch-shop-example")["StackStatus"], "DELETE_COMPLETE")

    def test_tags_that_beanstalk_forbids_fail_the_environment(self):
        made = self.change_set("perch-shop-example", self.environment(), "CREATE", Capabilities=["CAPABILITY_IAM"], Tags=[{"Key": "branch", "Value": "fix/#12"}])
        self.cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"])
        self.assertEqual(self.settled("perch-shop-example")["StackStatus"], "ROLLBACK_COMPLETE")
        self.assertIn("Tag 'branch' has an invalid value", self.reasons("perch-shop-example")["Environment"])

    def test_every_golden_environment_can_be_made(self):
        self.rds.create_db_instance(DBInstanceIdentifier="source", DBInstanceClass="db.t4g.micro", Engine="postgres", AllocatedStorage=20, MasterUsername="app", MasterUserPassword="password1")
        for name in ("shop-2026-11-20", "rds:shop-2026-11-20", "newest-snapshot-of-staging", "rds:shop-staging-2026-11-21-03-04"):
            self.peer.tell("snapshot", database="source", name=name)
        for path in sorted(glob.glob(os.path.join(GOLDEN, "minimal-*.json")) + glob.glob(os.path.join(GOLDEN, "d*.yaml"))):
            with self.subTest(os.path.basename(path)), open(path, encoding="utf-8") as file:
                body = file.read()
                for name in set(re.findall(r"perch:shop:\w+:(\w+)", body)):
                    body = re.sub(rf"perch:shop:\w+:{name}\b", f"perch:shop:staging:{name}", body)
                key = re.search(r'S3Key"?: "?([^\s"]+)', body)[1]
                self.s3.put_object(Bucket=self.versions, Key=key, Body=b"zip")
                name = "t-" + re.sub(r"[^a-z0-9]", "-", os.path.basename(path))
                self.assertEqual(self.create(name, body, Capabilities=["CAPABILITY_IAM"])["StackStatus"], "CREATE_COMPLETE", self.reasons(name))
                self.cloudformation.delete_stack(StackName=name)


class Api(AwsTest):
    def test_platforms_are_not_in_the_order_of_their_text(self):
        found = self.elasticbeanstalk.list_platform_versions(Filters=[{"Type": "PlatformBranchName", "Operator": "=", "Values": ["Docker running on 64bit Amazon Linux 2023"]}])
        versions = [p["PlatformVersion"] for p in found["PlatformSummaryList"]]
        self.assertIn("4.10.0", versions)
        self.assertNotEqual(max(versions), "4.10.0")

    def test_versions_need_their_bundle_and_environments_their_version(self):
        beanstalk = self.elasticbeanstalk
        beanstalk.create_application(ApplicationName="shop")
        bundle = {"S3Bucket": "bundles", "S3Key": "a.zip"}
        self.refused("InvalidParameterCombination", "Unable to download from S3 location", beanstalk.create_application_version, ApplicationName="shop", VersionLabel="v1", SourceBundle=bundle)
        self.s3.create_bucket(Bucket="bundles", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.s3.put_object(Bucket="bundles", Key="a.zip", Body=b"")
        beanstalk.create_application_version(ApplicationName="shop", VersionLabel="v1", SourceBundle=bundle)
        self.refused("InvalidParameterValue", "No Application Version named 'v2'", beanstalk.create_environment, ApplicationName="shop", EnvironmentName="shop-a", VersionLabel="v2")
        self.refused("InvalidParameterValue", "4 to 40", beanstalk.create_environment, ApplicationName="shop", EnvironmentName="a_bc")
        beanstalk.create_environment(ApplicationName="shop", EnvironmentName="shop-a", VersionLabel="v1")
        until(lambda: beanstalk.describe_environments()["Environments"][0]["Status"] == "Ready", "it is ready")
        self.refused("OperationInProgressFailure", "deployed to a running environment", beanstalk.delete_application_version, ApplicationName="shop", VersionLabel="v1")
        self.refused("OperationInProgressFailure", "running environment", beanstalk.delete_application, ApplicationName="shop")
        beanstalk.delete_application(ApplicationName="shop", TerminateEnvByForce=True)
        self.assertEqual(self.peer.tell("left")["versions"], [])


if __name__ == "__main__":
    unittest.main()
