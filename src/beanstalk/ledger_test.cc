#include "beanstalk/ledger.h"

#include <gtest/gtest.h>

#include "aws/testing.h"

namespace perch::beanstalk {
namespace {

class LedgerTest : public testing::Test {
 protected:
  Result<LedgerReport> Settle(const std::vector<Caused>& caused) {
    return SettleLedger(world.MakeClient(), {.beanstalk = "shop"}, {.caused = caused}, [this] { return still_ours; });
  }
  /// What is said to be left of one thing, or the error.
  std::string Left(std::string kind, std::string name) {
    const Result<LedgerReport> report = Settle({{std::move(kind), std::move(name)}});
    if (!report) return report.error().Text();
    return report->left.empty() ? "" : report->left.front();
  }
  aws::TestWorld world;
  Status still_ours;
};

TEST_F(LedgerTest, NothingCausedNothingLeft) {
  const Result<LedgerReport> report = Settle({{"AWS::IAM::Role", "went with the stack"}});
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->left.empty() && report->removed.empty() && world.transport.requests.empty());
}

TEST_F(LedgerTest, ABucketThatIsStillThereIsTold) {
  world.transport.Add(200);
  EXPECT_EQ(Left("AWS::S3::Bucket", "files"), "bucket files, kept by its deletion policy");
  world.transport.Add(404);
  EXPECT_EQ(Left("AWS::S3::Bucket", "files"), "");
}

TEST_F(LedgerTest, WhatMayNotBeLookedAtIsNotCalledGone) {
  world.transport.Add(403);
  EXPECT_NE(Left("AWS::S3::Bucket", "files").find("cannot tell whether this is gone: AWS::S3::Bucket files"),
            std::string::npos);
}

TEST_F(LedgerTest, AStackThatIsThereAgainIsTold) {
  world.transport.Add(200,
                      "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName><StackId>"
                      "arn:s</StackId><StackStatus>CREATE_COMPLETE</StackStatus></member></Stacks>"
                      "</DescribeStacksResult></DescribeStacksResponse>");
  EXPECT_EQ(Left("stack", "s"), "stack s is there again: CREATE_COMPLETE");
  world.transport.Add(400, aws::QueryError("ValidationError", "Stack with id s does not exist"));
  EXPECT_EQ(Left("stack", "s"), "");
}

TEST_F(LedgerTest, ImagesAreCountedByRepository) {
  const Result<LedgerReport> report =
      Settle({{"image", "r/a@sha256:1"}, {"image", "r/a@sha256:2"}, {"image", "r/b@sha256:1"}});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->left,
            (std::vector<std::string>{
                "2 images in r/a, which other branches may run too; its life-cycle rule takes old ones",
                "an image in r/b, which other branches may run too; its life-cycle rule takes old ones"}));
}

TEST_F(LedgerTest, WhatADeploymentSinceCouldHaveMadeIsLeftToIt) {
  world.transport.Add(200,
                      "<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>bundles/f/1.zip</"
                      "Key><VersionId>v</VersionId></Version>"
                      "</ListVersionsResult>");
  still_ours = Fail({.kind = ErrorKind::kSuperseded, .what = "deployed again"});
  EXPECT_EQ(Left("bundles", "s3://versions/bundles/f/"), "deployed again");
  EXPECT_EQ(world.transport.requests.size(), 1u);
}

TEST_F(LedgerTest, LogGroupsAreDeletedWithTheirPrefix) {
  world.transport.Add(200, R"({"logGroups":[{"logGroupName":"/aws/elasticbeanstalk/e/x"}]})");
  world.transport.Add(200);
  const Result<LedgerReport> report = Settle({{"log groups", "/aws/elasticbeanstalk/e/"}});
  ASSERT_TRUE(report) << report.error().Text();
  EXPECT_EQ(report->removed, std::vector<std::string>{"log group /aws/elasticbeanstalk/e/x"});
}

}  // namespace
}  // namespace perch::beanstalk
