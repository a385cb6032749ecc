"""The origin's clean-up (bench/sweep) does what its description says on the AWS peer, and no better: it is a baseline, so its defects are kept."""

import json
import os
import subprocess
import sys
import unittest

from aws_test import BUCKET, AwsTest
from peer import HERE, REGION, Peer, until

SWEEP = os.path.join(HERE, "..", "..", "bench", "sweep")


class Origin(AwsTest):
    script = "origin.py"

    def setUp(self):
        super().setUp()
        self.github = Peer("github_peer.py", "--branch", "kept")

    def tearDown(self):
        self.github.stop()

    def branch_stack(self, branch, output="PrivateAssetsBucketDomainName", **more):
        outputs = {output: {"Value": {"Fn::GetAtt": ["Bucket", "DomainName"]}}}
        body = json.dumps({"Resources": {"Bucket": BUCKET, **more}, "Outputs": outputs})
        found = self.create("stack-" + branch, body, Tags=[{"Key": "branch", "Value": branch}])
        self.assertEqual(found["StackStatus"], "CREATE_COMPLETE")
        return self.bucket("stack-" + branch)

    def fill(self, bucket, versions):
        for number in range(versions):
            self.s3.put_object(Bucket=bucket, Key=f"k{number % 3}", Body=b"")
        self.s3.delete_object(Bucket=bucket, Key="k0")

    def sweep(self):
        environment = {**os.environ, "AWS_ENDPOINT_URL": self.peer.url, "GITHUB_API_URL": self.github.url, "AWS_DEFAULT_REGION": REGION,
                       "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        environment.pop("GITHUB_TOKEN", None)
        return subprocess.run([sys.executable, os.path.join(SWEEP, self.script), "acme/shop"], env=environment, capture_output=True, text=True, timeout=120)

    def gone(self, name):
        return all(s["StackName"] != name for s in self.cloudformation.describe_stacks()["Stacks"])

    def test_what_no_branch_wants_is_emptied_and_deleted(self):
        self.fill(self.branch_stack("old"), 7)
        self.branch_stack("kept")
        self.peer.tell("forget-calls")
        done = self.sweep()
        self.assertEqual((done.returncode, done.stdout), (0, "1 stacks deleted: stack-old\n"), done.stderr)
        until(lambda: self.gone("stack-old"), "the stack goes")
        self.assertFalse(self.gone("stack-kept"))
        calls = self.peer.tell("calls")
        self.assertEqual((calls.get("s3:DeleteObject", 0), calls.get("s3:DeleteObjects", 0)), self.deletes)

    deletes = (8, 0)

    def test_its_known_defect_an_empty_list_of_branches_takes_everything(self):
        self.branch_stack("kept")
        self.github.tell("mode", mode="empty")
        self.sweep()
        until(lambda: self.gone("stack-kept"), "production is gone")

    def test_its_known_defect_one_stack_without_the_output_stops_it(self):
        self.branch_stack("old")
        self.branch_stack("other", output="Else")
        self.assertIn("KeyError", self.sweep().stderr)
        self.assertFalse(self.gone("stack-old"))


class Batches(Origin):
    script = "origin_batches.py"
    deletes = (0, 1)
    test_its_known_defect_an_empty_list_of_branches_takes_everything = None
    test_its_known_defect_one_stack_without_the_output_stops_it = None


if __name__ == "__main__":
    unittest.main()
