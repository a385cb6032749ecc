"""The recorder and the fault proxy by boto3 and by requests made by hand."""

import http.client
import json
import time
import unittest
import urllib.parse

from peer import REGION, Peer, client, need

need("boto3", "moto", "cfnlint", "flask")
from botocore.exceptions import ClientError  # noqa: E402

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def scope(service):
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential=AKIA/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"}


class Proxies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.peer = Peer("aws_peer.py")
        cls.faults = Peer("faults.py", "--upstream", cls.peer.url, "--hang", "1")

    @classmethod
    def tearDownClass(cls):
        cls.faults.stop()
        cls.peer.stop()

    def setUp(self):
        self.peer.tell("reset")
        self.faults.tell("clear")
        self.recorder = Peer("recorder.py", "--upstream", self.faults.url)

    def tearDown(self):
        self.recorder.stop()

    def ask(self, service, method="POST", path="/", body="", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.recorder.port, timeout=20)
        connection.request(method, path, body.encode(), {**scope(service), **{k.replace("_", "-"): v for k, v in headers.items()}})
        status = connection.getresponse().status
        connection.close()
        return status

    def wrong(self):
        return [v["what"] for v in self.recorder.tell("violations")["violations"]]

    def test_what_boto3_sends_is_never_wrong(self):
        s3, stacks = client("s3", self.recorder.url), client("cloudformation", self.recorder.url)
        s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="bucket", Key="a b/ü", Body=b"x", Metadata={"k": "v"}, Tagging="a=b")
        s3.put_bucket_lifecycle_configuration(Bucket="bucket", LifecycleConfiguration={"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]})
        upload = s3.create_multipart_upload(Bucket="bucket", Key="m")["UploadId"]
        part = s3.upload_part(Bucket="bucket", Key="m", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
        s3.complete_multipart_upload(Bucket="bucket", Key="m", UploadId=upload, MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]})
        s3.copy_object(Bucket="bucket", Key="c", CopySource="bucket/m")
        s3.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "m"}]})
        stacks.create_stack(StackName="s", TemplateBody='{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}', Tags=[{"Key": "a", "Value": "b"}], Capabilities=[])
        stacks.list_stacks(StackStatusFilter=["CREATE_COMPLETE", "DELETE_FAILED"])
        client("elasticbeanstalk", self.recorder.url).describe_events(StartTime=0, MaxRecords=5)
        client("route53", self.recorder.url).list_hosted_zones_by_name(DNSName="example.com", MaxItems="1")
        client("logs", self.recorder.url).describe_log_groups(logGroupNamePrefix="/aws", limit=5)
        client("ec2", self.recorder.url).describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])
        self.assertEqual(self.wrong(), [])

    def test_each_kind_of_mistake_in_a_query_is_told(self):
        def query(**form):
            return self.ask("cloudformation", body=urllib.parse.urlencode({"Version": "2010-05-15", **form}), **FORM)

        query(Action="DescribeStack")
        query(Action="DeleteStack")
        query(Action="DeleteStack", StackName="a", Nonsense="1")
        query(Action="ListStacks", **{"StackStatusFilter.member.1": "GONE"})
        query(Action="ListStacks", **{"StackStatusFilter.member.2": "CREATE_COMPLETE"})
        query(Action="ListStacks", **{"StackStatusFilter.1": "CREATE_COMPLETE"})
        query(Action="CreateStack", StackName="a", TimeoutInMinutes="soon")
        query(Action="DescribeStacks", Version="2011-01-01")
        query(Action="CreateStack", StackName="a", DisableRollback="yes")
        query(Action="DeleteStack", StackName="a", ClientRequestToken="-x")
        found = self.wrong()
        for text in ("cloudformation has no operation DescribeStack", "StackName: is required", "Nonsense: unknown parameter", "is 'GONE', the model has", "not from 1 on",
                     "a list is written as .member.N", "TimeoutInMinutes: must be a integer", "Version: is 2011-01-01", "DisableRollback: must be true or false", "ClientRequestToken: is '-x', which doesn't match"):
            self.assertTrue(any(text in f for f in found), f"{text} isn't in {found}")

    def test_mistakes_in_xml_and_json_are_told(self):
        xml = '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Name>a</Name></Object></Delete>'
        self.ask("s3", path="/b?delete", body=xml, Content_MD5="x")
        self.ask("s3", "GET", "/b?versions&max-keys=many&colour=blue")
        self.ask("s3", "PUT", "/b/k", "x", x_amz_colour="blue")
        self.ask("logs", body=json.dumps({"logGroupName": 1, "Limit": 5}), X_Amz_Target="Logs_20140328.DescribeLogStreams", Content_Type="application/x-amz-json-1.1")
        self.ask("ecr", body="{}", X_Amz_Target="AmazonEC2ContainerRegistry_V20150921.BatchDeleteImage", Content_Type="application/json")
        found = self.wrong()
        for text in ("Name: unknown element", "Key: is required", "max-keys: must be a integer", "colour: unknown query parameter", "x-amz-colour: unknown header", "Limit: unknown parameter",
                     "logGroupName: must be a string, is 1", "repositoryName: is required", "Content-Type: is application/json"):
            self.assertTrue(any(text in f for f in found), f"{text} isn't in {found}")

    def test_a_template_that_cfn_lint_dislikes_is_told_once(self):
        stacks = client("cloudformation", self.recorder.url)
        body = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": "soon"}}}}'
        for name in ("a", "b"):
            stacks.create_stack(StackName=name, TemplateBody=body)
        found = self.wrong()
        self.assertEqual(len(found), 1, found)
        self.assertIn("template of CreateStack a: E3012 'soon' is not of type 'integer'", found[0])

    def test_violations_are_the_exit_status(self):
        self.ask("cloudformation", body="Action=Nothing&Version=2010-05-15", **FORM)
        self.recorder.process.terminate()
        self.assertEqual(self.recorder.process.wait(20), 1)


class Faults(Proxies):
    test_what_boto3_sends_is_never_wrong = test_each_kind_of_mistake_in_a_query_is_told = None
    test_mistakes_in_xml_and_json_are_told = test_a_template_that_cfn_lint_dislikes_is_told_once = test_violations_are_the_exit_status = None

    def setUp(self):
        self.peer.tell("reset")
        self.faults.tell("clear")

    def tearDown(self):
        pass

    def stacks(self):
        return client("cloudformation", self.faults.url)

    def created(self):
        return self.peer.tell("calls").get("cloudformation:CreateStack", 0)

    def test_calls_are_counted_and_the_nth_is_spoilt(self):
        stacks = self.stacks()
        for _ in range(3):
            stacks.list_stacks()
        counted = self.faults.tell("count")
        self.assertEqual((counted["count"], counted["counts"]), (3, {"cloudformation:ListStacks": 3}))
        self.faults.tell("clear")
        self.faults.tell("arm", fault="throttle", nth=2)
        stacks.list_stacks()
        with self.assertRaisesRegex(ClientError, "Throttling"):
            stacks.list_stacks()
        stacks.list_stacks()
        self.assertEqual(self.faults.tell("count")["done"], [{"fault": "throttle", "call": 2, "action": "cloudformation:ListStacks"}])

    def test_each_fault_reaches_the_peer_or_not_as_it_says(self):
        body = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'
        reaches = {"throttle": 0, "500": 0, "503": 0, "reset-before": 0, "timeout": 0, "expired": 0, "skew": 0, "denied": 0,
                   "reset-after": 1, "timeout-after": 1, "truncated": 1, "garbled": 1, "twice": 2}
        self.assertEqual(set(reaches), set(self.faults.tell("faults")))
        for fault, times in reaches.items():
            with self.subTest(fault):
                self.peer.tell("forget-calls")
                self.faults.tell("arm", fault=fault, match="*:CreateStack")
                began = time.monotonic()
                try:
                    self.stacks().create_stack(StackName="s-" + fault, TemplateBody=body)
                    self.fail(f"{fault} was answered as if nothing were wrong")
                except Exception as error:
                    self.assertNotIsInstance(error, AssertionError)
                self.assertEqual(self.created(), times)
                self.assertLess(time.monotonic() - began, 10)

    def test_a_retry_of_what_was_done_is_a_second_delivery(self):
        self.faults.tell("arm", fault="reset-after", match="cloudformation:CreateStack")
        stacks = client("cloudformation", self.faults.url, retries=1)
        made = stacks.create_stack(StackName="s", TemplateBody='{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}', ClientRequestToken="once")
        self.assertEqual((self.created(), made["StackId"].split("/")[1]), (2, "s"))


if __name__ == "__main__":
    unittest.main()
