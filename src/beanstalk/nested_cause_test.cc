#include "beanstalk/nested_cause.h"

#include <gtest/gtest.h>

#include <map>

#include "base/clock.h"

namespace perch::beanstalk {
namespace {

constexpr char kStack[] = "AWS::CloudFormation::Stack";

/// Stacks by name; each has the events of one operation, newest first.
class Nest : public net::Transport {
 public:
  Result<net::RemoteResponse> Send(const net::RemoteRequest& request, std::stop_token) override {
    ++asked;
    for (const auto& [name, events] : stacks) {
      if (request.body.find("StackName=" + name + "&") == std::string::npos && !request.body.ends_with("=" + name))
        continue;
      return net::RemoteResponse{200,
                                 {},
                                 "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>" + events +
                                     "</StackEvents></DescribeStackEventsResult></DescribeStackEventsResponse>"};
    }
    return Fail({.kind = ErrorKind::kUnavailable, .what = "no answer", .why = "no answer"});
  }
  void Add(const std::string& stack, const std::string& id, const std::string& type, const std::string& physical,
           const std::string& status, const std::string& reason, const std::string& second = "30") {
    stacks[stack] = "<member><EventId>e" + std::to_string(++events_) + "</EventId><StackId>" + stack +
                    "</StackId><LogicalResourceId>" + id + "</LogicalResourceId><PhysicalResourceId>" + physical +
                    "</PhysicalResourceId><ResourceType>" + type +
                    "</ResourceType><Timestamp>2026-11-22T10:00:" + second + "Z</Timestamp><ResourceStatus>" + status +
                    "</ResourceStatus><ResourceStatusReason>" + reason + "</ResourceStatusReason></member>" +
                    stacks[stack];
  }

  std::map<std::string, std::string> stacks;
  int asked = 0;

 private:
  int events_ = 0;
};

class NestedCause : public ::testing::Test {
 protected:
  std::string Cause(const std::string& since = "2026-11-22T10:00:00Z") {
    const aws::Client client(
        {.transport = &nest_,
         .credentials = aws::FixedCredentials({.access_key_id = "A", .secret_access_key = Secret("s")}),
         .region = "eu-central-1",
         .clock = [] { return Time(); },
         .sleep = [](std::chrono::milliseconds, const std::stop_token&) { return true; },
         .random = [] { return 1.0; }});
    const aws::StackEvent found = CauseInside(
        client,
        {.logical_id = "Cache", .physical_id = "inner", .type = kStack, .status = "CREATE_FAILED", .reason = "failed"},
        *ParseTime(since), std::chrono::milliseconds(0));
    return found.logical_id + " " + found.type + ": " + found.reason;
  }

  Nest nest_;
};

TEST_F(NestedCause, IsWhatFailedFirstInside) {
  nest_.Add("inner", "Cluster", "AWS::ElastiCache::CacheCluster", "c-1", "CREATE_FAILED", "no such node type");
  nest_.Add("inner", "Topic", "AWS::SNS::Topic", "t-1", "CREATE_FAILED", "Resource creation cancelled");
  nest_.Add("inner", "inner-name", kStack, "inner", "ROLLBACK_COMPLETE", "");
  EXPECT_EQ(Cause(), "Cache/Cluster AWS::ElastiCache::CacheCluster: no such node type");
}

TEST_F(NestedCause, IsSoughtAsDeepAsStacksGo) {
  nest_.Add("inner", "Deep", kStack, "deep", "CREATE_FAILED", "Embedded stack deep was not successfully created");
  nest_.Add("deep", "Queue", "AWS::SQS::Queue", "q", "CREATE_FAILED", "name is taken");
  EXPECT_EQ(Cause(), "Cache/Deep/Queue AWS::SQS::Queue: name is taken");
}

TEST_F(NestedCause, OfAnEarlierOperationIsNone) {
  nest_.Add("inner", "Cluster", "AWS::ElastiCache::CacheCluster", "c-1", "UPDATE_FAILED", "long ago", "10");
  nest_.Add("inner", "Queue", "AWS::SQS::Queue", "q", "UPDATE_FAILED", "now");
  EXPECT_EQ(Cause("2026-11-22T10:00:20Z"), "Cache/Queue AWS::SQS::Queue: now");
}

TEST_F(NestedCause, ThatCannotBeReadLeavesTheOuterOne) {
  EXPECT_EQ(Cause(), "Cache AWS::CloudFormation::Stack: failed");
}

TEST_F(NestedCause, StacksThatNameEachOtherEnd) {
  nest_.Add("inner", "Deep", kStack, "deep", "CREATE_FAILED", "1");
  nest_.Add("deep", "Again", kStack, "inner", "CREATE_FAILED", "2");
  EXPECT_EQ(Cause(), "Cache/Deep/Again/Deep/Again/Deep AWS::CloudFormation::Stack: 1");
  EXPECT_EQ(nest_.asked, 5);
}

}  // namespace
}  // namespace perch::beanstalk
