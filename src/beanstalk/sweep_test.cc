#include "beanstalk/sweep.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace perch::beanstalk {
namespace {

const Time kNow = *ParseTime("2026-11-22T12:00:00.000Z");
constexpr char kId[] = "arn:aws:cloudformation:eu-central-1:1:stack/a/0";

/// A region with one stack 'a' of branch 'gone', without resources.
class OneStack : public net::Transport {
 public:
  Result<net::RemoteResponse> Send(const net::RemoteRequest& request, std::stop_token) override {
    const std::string_view body = request.body;
    const std::size_t at = body.find("Action=");
    const std::string action = std::string(body.substr(at + 7, body.find('&', at) - at - 7));
    calls.push_back(action);
    if (body.contains("NextToken=cut")) return net::RemoteResponse{403, {}, Error("AccessDenied")};
    if (action == "DeleteStack") {
      status = "DELETE_COMPLETE";
      return Answer(action, "");
    }
    if (action == "ListStackResources") return Answer(action, "<StackResourceSummaries/>");
    const bool listing = !body.contains("StackName=");
    return Answer(action, "<Stacks><member><StackId>" + std::string(kId) +
                              "</StackId><StackName>a</StackName><CreationTime>2026-11-01T00:00:00Z</CreationTime>"
                              "<StackStatus>" +
                              status + "</StackStatus><Tags><member><Key>branch</Key><Value>" + tag +
                              "</Value></member></Tags></member></Stacks>" +
                              (listing && cut ? "<NextToken>cut</NextToken>" : ""));
  }
  std::string status = "CREATE_COMPLETE", tag = "gone";
  bool cut = false;
  std::vector<std::string> calls;

 private:
  static std::string Error(const std::string& code) {
    return "<ErrorResponse><Error><Code>" + code + "</Code><Message>no</Message></Error></ErrorResponse>";
  }
  static net::RemoteResponse Answer(const std::string& action, const std::string& inner) {
    return {
        200,
        {},
        "<" + action + "Response><" + action + "Result>" + inner + "</" + action + "Result></" + action + "Response>"};
  }
};

class Branches : public engine::BranchSource {
 public:
  Result<BranchList> List(std::stop_token) override { return BranchList{.branches = {{.name = "main"}}}; }
  Result<std::optional<Branch>> Find(const std::string&, std::stop_token) override { return found; }
  Result<std::optional<std::string>> ReadFile(const std::string&, const std::string&) override { return std::nullopt; }
  Result<std::string> FilesDigest(const std::string&, const std::vector<std::string>&) override { return ""; }
  Status CheckOut(const std::string&, const std::filesystem::path&, std::stop_token) override { return {}; }
  Result<std::unique_ptr<engine::Watch>> WatchForChanges(std::function<void()>) override { return nullptr; }
  Result<std::optional<Branch>> found = std::nullopt;
};

class SweepTest : public testing::Test {
 protected:
  Sweep Make() {
    return Sweep({.client = aws::Client(
                      {.transport = &aws,
                       .credentials = aws::FixedCredentials({.access_key_id = "A", .secret_access_key = Secret("s")}),
                       .region = "eu-central-1",
                       .clock = [] { return kNow; },
                       .sleep = [](auto, auto) { return true; }}),
                  .branches = &branches,
                  .rules = {.adopt = true, .limit = [](int) { return 3; }}});
  }
  /// "end: reason" of the one stack, when `change` happens between plan and apply.
  std::string After(const std::function<void()>& change) {
    Sweep sweep = Make();
    const Result<SweepPlan> plan = sweep.Plan({});
    if (!plan) return plan.error().Text();
    change();
    const SweepResult result = sweep.Apply(*plan, {});
    if (result.stacks.empty()) return "nothing";
    const char* ends[] = {"gone", "stays", "failed"};
    return std::string(ends[int(result.stacks[0].end)]) + ": " + result.stacks[0].reason;
  }
  bool Deleted() const { return std::count(aws.calls.begin(), aws.calls.end(), "DeleteStack") > 0; }
  OneStack aws;
  Branches branches;
};

TEST_F(SweepTest, DeletesAStackWithoutABranchInFiveCalls) {
  EXPECT_EQ(After([] {}), "gone: ");
  EXPECT_EQ(aws.calls, (std::vector<std::string>{"DescribeStacks", "DescribeStacks", "ListStackResources",
                                                 "DeleteStack", "DescribeStacks"}));
}

TEST_F(SweepTest, ABranchThatCameBackKeepsItsStack) {
  EXPECT_EQ(After([&] { branches.found = Branch{.name = "gone"}; }), "stays: branch 'gone' came back");
  EXPECT_FALSE(Deleted());
}

TEST_F(SweepTest, ABranchThatCannotBeAskedForKeepsItsStack) {
  EXPECT_EQ(After([&] { branches.found = Fail({.kind = ErrorKind::kUnavailable, .what = "no answer"}); }),
            "failed: whether its branch is there could not be found out again: no answer");
  EXPECT_FALSE(Deleted());
}

TEST_F(SweepTest, AStackThatChangedMeanwhileStays) {
  EXPECT_EQ(After([&] { aws.tag = "main"; }), "stays: its tags changed meanwhile");
  aws.tag = "gone";
  EXPECT_EQ(After([&] { aws.status = "UPDATE_IN_PROGRESS"; }), "stays: it is in UPDATE_IN_PROGRESS");
  EXPECT_FALSE(Deleted());
}

TEST_F(SweepTest, AListCutOnItsSecondPageDeletesNothing) {
  aws.cut = true;
  EXPECT_TRUE(After([] {}).starts_with("nothing was deleted: CloudFormation did not do DescribeStacks"));
  EXPECT_FALSE(Deleted());
}

}  // namespace
}  // namespace perch::beanstalk
