#include "beanstalk/stack_change.h"

#include <gtest/gtest.h>

#include "aws/testing.h"
#include "base/text.h"

namespace perch::beanstalk {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr char kId[] = "arn:aws:cloudformation:eu-central-1:1:stack/shop-cart/1";

/// One stack in a region whose time is the test's own. What it tells depends on when it is asked.
class Region : public net::Transport {
 public:
  Result<net::RemoteResponse> Send(const net::RemoteRequest& request, std::stop_token) override {
    const std::string action = Parameter(request.body, "Action");
    asked.emplace_back(action, clock());
    if (down_from <= clock() && clock() < down_until) {
      return Fail({.kind = ErrorKind::kUnavailable, .what = "no answer", .why = "no answer"});
    }
    if (action == "ExecuteChangeSet") {
      token = Parameter(request.body, "ClientRequestToken");
      begun = clock();
    }
    if (action == "CreateChangeSet")
      return Answer(action, "<Id>arn:set</Id><StackId>" + std::string(kId) + "</StackId>");
    if (action == "DescribeChangeSet") return Answer(action, DescribedSet());
    if (action == "DescribeStacks") return Answer(action, Described());
    if (action == "DescribeStackEvents") return Answer(action, Events(Parameter(request.body, "NextToken")));
    return Answer(action, "");
  }

  /// Between two looks at the stack since the change set was executed.
  milliseconds ShortestBetweenLooks() const {
    milliseconds shortest = std::chrono::hours(9);
    Time last{};
    for (const auto& [action, at] : asked) {
      if (begun == Time() || at <= begun) continue;
      shortest = std::min(shortest, last == Time() ? at - begun : at - last);
      last = at;
    }
    return shortest;
  }
  int Count(const std::string& action) const {
    return int(std::count_if(asked.begin(), asked.end(), [&](const auto& call) { return call.first == action; }));
  }

  Clock clock;
  std::vector<std::pair<std::string, Time>> asked;
  std::string status = "CREATE_COMPLETE";  // before anything is begun
  std::string tags = "<member><Key>perch:owner</Key><Value>perch</Value></member>";
  std::string token;
  Time begun{};
  milliseconds takes = minutes(4), shows_after{0};
  Time down_from{}, down_until{};
  std::size_t page = 100, history = 0;

 private:
  static std::string Parameter(const std::string& body, const std::string& key) {
    for (const std::string& part : Split(body, '&')) {
      if (part.starts_with(key + "=")) return part.substr(key.size() + 1);
    }
    return "";
  }
  static net::RemoteResponse Answer(const std::string& action, const std::string& inner) {
    return {
        200,
        {},
        "<" + action + "Response><" + action + "Result>" + inner + "</" + action + "Result></" + action + "Response>"};
  }
  static std::string DescribedSet() {
    return "<ChangeSetId>arn:set</ChangeSetId><StackId>" + std::string(kId) +
           "</StackId><Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus><Changes/>";
  }
  std::string Described() const {
    const bool over = begun != Time() && clock() >= begun + takes;
    const std::string now = begun == Time() ? status : over ? "UPDATE_COMPLETE" : "UPDATE_IN_PROGRESS";
    return "<Stacks><member><StackId>" + std::string(kId) + "</StackId><StackName>shop-cart</StackName><StackStatus>" +
           now + "</StackStatus><Tags>" + tags + "</Tags></member></Stacks>";
  }
  /// An event every 5 seconds, oldest first, between the stack's own.
  std::string Events(const std::string& next) const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < history; ++i) {
      all.push_back(Event("old" + std::to_string(i), "Queue", i % 50 == 49 ? "UPDATE_COMPLETE" : "X", "t", Time()));
    }
    all.push_back(Event("made", "", "CREATE_COMPLETE", "other", Time()));
    if (begun != Time() && clock() >= begun + shows_after) {
      all.push_back(Event("begin", "", "UPDATE_IN_PROGRESS", token, begun));
      const milliseconds past = std::min<milliseconds>(clock() - begun, takes);
      for (Time at = begun + seconds(5); at <= begun + past; at += seconds(5)) {
        all.push_back(Event(FormatTime(at), "Queue", "UPDATE_IN_PROGRESS", token, at));
      }
      if (past == takes) all.push_back(Event("end", "", "UPDATE_COMPLETE", token, begun + takes));
    }
    std::reverse(all.begin(), all.end());
    const std::size_t from = ParseNumber(next).value_or(0), to = std::min(all.size(), from + page);
    const std::string members = Join({all.begin() + long(from), all.begin() + long(to)}, "");
    return "<StackEvents>" + members + "</StackEvents>" +
           (to < all.size() ? "<NextToken>" + std::to_string(to) + "</NextToken>" : "");
  }
  /// Of the stack itself where `resource` is "".
  static std::string Event(const std::string& id, const std::string& resource, const std::string& status,
                           const std::string& token, Time at) {
    return "<member><EventId>" + id + "</EventId><StackId>" + kId + "</StackId><LogicalResourceId>" +
           (resource.empty() ? "shop-cart" : resource) + "</LogicalResourceId><PhysicalResourceId>" +
           (resource.empty() ? kId : resource) + "</PhysicalResourceId><ResourceStatus>" + status +
           "</ResourceStatus><ClientRequestToken>" + token + "</ClientRequestToken><Timestamp>" + FormatTime(at) +
           "</Timestamp></member>";
  }
};

class StackChangeTest : public testing::Test {
 protected:
  StackChangeTest() {
    region.clock = [this] { return now; };
  }
  aws::Client Client() {
    return aws::Client({.transport = &region,
                        .credentials = aws::FixedCredentials({.access_key_id = "A", .secret_access_key = Secret("s")}),
                        .region = "eu-central-1",
                        .clock = region.clock,
                        .sleep =
                            [this](milliseconds time, const std::stop_token& stop) {
                              now += time;
                              if (now >= stop_at) stopper.request_stop();
                              return !stop.stop_requested();
                            },
                        .random = [] { return 1.0; }})
        .With(stopper.get_token());
  }
  StackChanger::Hooks Hooks() {
    return {.on_progress = [this](const StackProgress& line) { told.push_back(line.logical_id + " " + line.status); }};
  }
  /// "changed STATUS" or the error's text.
  std::string Apply(milliseconds poll = seconds(3), milliseconds longest = minutes(60)) {
    const Result<StackOutcome> outcome = StackChanger(Client(), poll)
                                             .Apply({.name = "shop-cart",
                                                     .template_body = "{}",
                                                     .tags = {{"perch:owner", "perch"}},
                                                     .change_set = "perch",
                                                     .token = "p",
                                                     .longest = longest},
                                                    Hooks());
    if (!outcome) return outcome.error().Text();
    return (outcome->changed ? "changed " : "unchanged ") + outcome->stack.status;
  }

  Region region;
  Time now = *ParseTime("2026-11-22T12:00:00Z");
  Time stop_at = Time::max();
  std::stop_source stopper;
  std::vector<std::string> told;
};

TEST_F(StackChangeTest, NeverAsksMoreThanOnceInAPoll) {
  for (const seconds poll : {seconds(2), seconds(3), seconds(10)}) {
    region.asked.clear();
    region.begun = {};
    EXPECT_EQ(Apply(poll), "changed UPDATE_COMPLETE");
    EXPECT_EQ(region.ShortestBetweenLooks(), poll);
    EXPECT_LE(region.Count("DescribeStackEvents"), region.takes / poll + 1);
    EXPECT_EQ(region.Count("DescribeStacks"), 3);
  }
}

TEST_F(StackChangeTest, FurtherPagesCountAsLooks) {
  region.page = 2;
  region.takes = minutes(1);
  EXPECT_EQ(Apply(seconds(2)), "changed UPDATE_COMPLETE");
  EXPECT_EQ(region.ShortestBetweenLooks(), seconds(2));
  EXPECT_EQ(told.size(), 14u);
}

TEST_F(StackChangeTest, TellsEachEventOnce) {
  EXPECT_EQ(Apply(), "changed UPDATE_COMPLETE");
  ASSERT_EQ(told.size(), 50u);
  EXPECT_EQ(told.front(), "shop-cart UPDATE_IN_PROGRESS");
  EXPECT_EQ(told.back(), "shop-cart UPDATE_COMPLETE");
}

TEST_F(StackChangeTest, EventsThatShowLateAreWaitedFor) {
  region.shows_after = minutes(2);
  EXPECT_EQ(Apply(), "changed UPDATE_COMPLETE");
  EXPECT_EQ(told.front(), "shop-cart UPDATE_IN_PROGRESS");
}

TEST_F(StackChangeTest, EventsThatNeverShowLeaveTheStatusToTell) {
  region.shows_after = std::chrono::hours(99);
  EXPECT_EQ(Apply(), "changed UPDATE_COMPLETE");
  EXPECT_TRUE(told.empty());
}

TEST_F(StackChangeTest, AnOutageOfCloudFormationIsWaitedThrough) {
  region.down_from = now + minutes(1);
  region.down_until = now + minutes(3);
  EXPECT_EQ(Apply(), "changed UPDATE_COMPLETE");
  EXPECT_EQ(told.size(), 50u);
}

TEST_F(StackChangeTest, AfterTheLongestTimeNobodyWaitsAnyMore) {
  EXPECT_EQ(Apply(seconds(3), minutes(2)),
            "CloudFormation is still at it: shop-cart: after 2 min the stack is UPDATE_IN_PROGRESS\n"
            "  Nothing is lost: run it again and it waits on. If nothing moves any more, `aws cloudformation "
            "cancel-update-stack --stack-name shop-cart` takes the update back.");
  EXPECT_LE(now, region.begun + minutes(2) + seconds(3));
}

TEST_F(StackChangeTest, AStopLeavesTheOperationGoing) {
  stop_at = now + minutes(1);
  EXPECT_EQ(Apply(), "stopped; what CloudFormation began goes on");
  EXPECT_EQ(region.Count("CancelUpdateStack"), 0);
}

TEST_F(StackChangeTest, AStopBeforeTheExecutionExecutesNothing) {
  stop_at = now;
  EXPECT_EQ(Apply(), "stopped; what CloudFormation began goes on");
  EXPECT_EQ(region.Count("ExecuteChangeSet"), 0);
}

TEST_F(StackChangeTest, StatesThatPerchNeverMakesAreLeftToAPerson) {
  for (const char* status : {"IMPORT_IN_PROGRESS", "IMPORT_ROLLBACK_FAILED", "UPDATE_FAILED", "SOMETHING_NEW"}) {
    region.status = status;
    EXPECT_EQ(Apply(), "the stack shop-cart is in a state that perch never makes: " + std::string(status) +
                           "\n  Look at it in the CloudFormation console first.");
  }
  EXPECT_EQ(region.Count("CreateChangeSet"), 0);
}

TEST_F(StackChangeTest, AnothersStackIsLeftAlone) {
  region.tags = "<member><Key>perch:owner</Key><Value>somebody</Value></member>";
  for (const char* status : {"CREATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"}) {
    region.status = status;
    EXPECT_EQ(Apply(), "the stack shop-cart is another's: " + std::string(kId) +
                           ": its tags say perch:owner=somebody, not perch:owner=perch\n  Nothing was done to it. "
                           "Delete it by hand, or give the app or branch another name.");
  }
  EXPECT_EQ(region.Count("DescribeStacks"), int(region.asked.size()));
}

}  // namespace
}  // namespace perch::beanstalk
