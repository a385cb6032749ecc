#include "web/branch_pages.h"

#include "web/test_site.h"

namespace perch::web {
namespace {

class BranchPagesTest : public WebTest {
 protected:
  net::Response Visit(const std::string& host, const std::string& target = "/",
                      const std::string& accept = "text/html") {
    net::Request request = Get(target, host);
    request.headers.emplace_back("Accept", accept);
    return pages_.Handle(request);
  }
  static bool Has(const net::Response& response, std::string_view part) {
    return response.body.find(part) != std::string::npos;
  }
};

TEST_F(BranchPagesTest, TheStatusFitsTheState) {
  struct Case {
    State state;
    int status;
    const char* retry_after;
  };
  for (const Case& c :
       {Case{State::kQueued, 503, "2"}, Case{State::kBuilding, 503, "2"}, Case{State::kTesting, 503, "2"},
        Case{State::kStarting, 503, "2"}, Case{State::kReady, 502, ""}, Case{State::kFailed, 502, ""},
        Case{State::kAsleep, 503, "30"}, Case{State::kStopped, 503, "30"}, Case{State::kHeld, 503, "30"},
        Case{State::kSkipped, 404, ""}, Case{State::kDeleting, 410, ""}}) {
    backend_.Set(TestView("demo", "demo", c.state));
    const net::Response response = Visit("demo.localhost");
    EXPECT_EQ(response.status, c.status) << StateName(c.state);
    EXPECT_EQ(HeaderOf(response, "Retry-After"), c.retry_after) << StateName(c.state);
    EXPECT_EQ(HeaderOf(response, "X-Robots-Tag"), "noindex");
  }
}

TEST_F(BranchPagesTest, SaysWhatIsBeingDoneAndForHowLong) {
  engine::BranchView view = TestView("feature/cart", "feature-cart", State::kTesting);
  view.stage = Stage::kTest;
  view.stage_started_at = now_ - std::chrono::seconds(75);
  backend_.Set(view);
  const net::Response response = Visit("feature-cart.localhost");
  EXPECT_TRUE(Has(response, "<h1>Title of feature/cart</h1>"));
  EXPECT_TRUE(Has(response, "feature/cart · Ada"));
  EXPECT_TRUE(Has(response, "Running the tests. The link works as soon as this is done."));
  EXPECT_TRUE(Has(response, "for <span data-since=\"75000\">1 min 15 s</span>"));
  EXPECT_TRUE(Has(response, "href=\"http://localhost:7878/branches/feature-cart\""));
  EXPECT_TRUE(Has(response, "<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>"));
}

TEST_F(BranchPagesTest, AFailureShowsTheEndOfItsLog) {
  engine::BranchView view = TestView("demo", "demo", State::kFailed);
  view.reason = "npm ci: exit code 1";
  view.last_attempt = Attempt{.generation = 1, .result = Attempt::Result::kFailed, .stage = Stage::kBuild};
  backend_.Set(view);
  std::string log;
  for (int i = 1; i <= 100; ++i) log += "line " + std::to_string(i) + "\n";
  backend_.SetLog("demo", Stage::kBuild, log + "<script>\n", true);
  const net::Response response = Visit("demo.localhost");
  EXPECT_TRUE(Has(response, "The build failed. There is no earlier version to show."));
  EXPECT_TRUE(Has(response, "<p>npm ci: exit code 1</p>"));
  EXPECT_TRUE(Has(response, ">line 62\nline 63\n"));
  EXPECT_TRUE(Has(response, "line 100\n&lt;script&gt;\n</pre>"));
  EXPECT_FALSE(Has(response, "line 61\n"));
}

TEST_F(BranchPagesTest, AnAppThatDoesNotAnswerIsNotCalledReady) {
  engine::BranchView view = TestView("demo", "demo", State::kReady);
  view.serving_commit = view.commit;
  backend_.Set(view);
  const net::Response response = Visit("demo.localhost", "/deep/link?x=1");
  EXPECT_EQ(response.status, 502);
  EXPECT_TRUE(Has(response, "The app does not answer at the moment."));
  EXPECT_TRUE(Has(response, "No answer</span>"));
}

TEST_F(BranchPagesTest, MachinesGetJson) {
  backend_.Set(TestView("demo", "demo", State::kQueued));
  const std::string json =
      "{\"branch\":\"demo\",\"state\":\"queued\",\"words\":\"Next in line. The link works as soon as this is done.\","
      "\"stage\":\"\",\"reason\":\"\",\"serving\":false,\"mark\":\"queued//1/1111111/\"}\n";
  const net::Response response = Visit("demo.localhost", "/", "application/json");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, json);
  const net::Response status = Visit("demo.localhost", "/.perch/status");
  EXPECT_EQ(status.status, 200);
  EXPECT_EQ(status.body, json);
}

TEST_F(BranchPagesTest, AnUnknownBranchGetsTheNearestOne) {
  backend_.Set(TestView("feature/cart", "feature-cart", State::kReady));
  const net::Response response = Visit("feature-cat.localhost");
  EXPECT_EQ(response.status, 404);
  EXPECT_TRUE(Has(response, "<a href=\"http://feature-cart.localhost:7878/\">Did you mean “feature-cart”?</a>"));
}

TEST_F(BranchPagesTest, ADeletedBranchIsRememberedAsGone) {
  backend_.events().Emit({.kind = Event::Kind::kDeleted, .branch = "old", .slug = "old"});
  const net::Response response = Visit("old.localhost");
  EXPECT_EQ(response.status, 410);
  EXPECT_TRUE(Has(response, "The branch was deleted, and its link and its data with it."));
}

TEST_F(BranchPagesTest, ThePolicyAllowsExactlyItsOwnScriptAndStyle) {
  const std::string policy = HeaderOf(Visit("nobody.localhost"), "Content-Security-Policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'sha256-")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

}  // namespace
}  // namespace perch::web
