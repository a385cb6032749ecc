#include "git/github_status.h"

#include "git/github_testing.h"

namespace perch::git {
namespace {

class GitHubStatusTest : public GitHubTest {
 protected:
  std::string Set(const CommitStatus& status, Scripted answer, const std::string& token = kToken) {
    transport.Script("POST https://api.github.com/repos/acme/shop/statuses/" + status.commit, {std::move(answer)});
    GitHubOptions options = Options();
    options.token = Secret(token);
    const Status set = SetCommitStatus(Open(std::move(options))->client(), status, {});
    return set ? "" : set.error().Text();
  }
  std::string Body() const { return transport.requests().empty() ? "" : transport.requests().back().body; }

  const std::string commit = CommitFor("main");
  const std::string where = "cannot set the status of commit " + commit.substr(0, 10);
  const CommitStatus ready = {.commit = commit,
                              .state = CommitStatus::State::kSuccess,
                              .url = "https://cart.example.com/",
                              .description = "The environment is ready.",
                              .context = "perch/shop"};
};

TEST_F(GitHubStatusTest, SetsOne) {
  EXPECT_EQ(Set(ready, Answered(201, "{}")), "");
  EXPECT_EQ(Body(), R"({"state":"success","target_url":"https://cart.example.com/",)"
                    R"("description":"The environment is ready.","context":"perch/shop"})");
  EXPECT_EQ(HeaderOf(transport.requests()[0], "Content-Type"), "application/json");
}

TEST_F(GitHubStatusTest, NamesEachState) {
  using State = CommitStatus::State;
  for (const auto& [state, name] : std::vector<std::pair<State, std::string>>{{State::kPending, "pending"},
                                                                              {State::kSuccess, "success"},
                                                                              {State::kFailure, "failure"},
                                                                              {State::kError, "error"}}) {
    EXPECT_EQ(Set({.commit = commit, .state = state, .context = "perch/shop"}, Answered(201, "{}")), "");
    EXPECT_EQ(Body(), R"({"state":")" + name + R"(","context":"perch/shop"})");
  }
}

TEST_F(GitHubStatusTest, CutsTheDescriptionAtWholeCharacters) {
  CommitStatus status{.commit = commit, .context = "perch/shop"};
  std::string umlauts;
  for (int i = 0; i < 140; ++i) umlauts += "\xC3\xA4";
  status.description = umlauts;
  EXPECT_EQ(Set(status, Answered(201, "{}")), "");
  EXPECT_EQ(Body(), R"({"state":"pending","description":")" + umlauts + R"(","context":"perch/shop"})");
  status.description = umlauts + "x";
  EXPECT_EQ(Set(status, Answered(201, "{}")), "");
  EXPECT_EQ(Body(),
            R"({"state":"pending","description":")" + umlauts.substr(0, 274) + R"(...","context":"perch/shop"})");
}

TEST_F(GitHubStatusTest, LeavesOutWhatIsNoLinkAndShowsNoControlCharacters) {
  for (const char* url : {"javascript:alert(1)", "https://x/ y", "https://x/\n", "cart.example.com", ""}) {
    EXPECT_EQ(Set({.commit = commit, .url = url, .description = "a\x1b[2J\xff", .context = "perch/shop"},
                  Answered(201, "{}")),
              "");
    EXPECT_EQ(Body(), R"({"state":"pending","description":"a\\x1b[2J\\xff","context":"perch/shop"})");
  }
}

TEST_F(GitHubStatusTest, SaysWhichPermissionIsMissing) {
  EXPECT_EQ(Set(ready, Answered(403, R"({"message":"Resource not accessible by integration"})")),
            where +
                ": acme/shop on github.com: GitHub refuses (403): Resource not accessible by integration\n"
                "  Give the token the permission commit statuses: write for acme/shop.");
  EXPECT_EQ(Set(ready, NotThere()),
            where +
                ": acme/shop on github.com: GitHub says that it is not there (404); the token may not see it\n"
                "  Check the spelling of acme/shop, and that the token has the permission commit statuses: write "
                "there.");
}

TEST_F(GitHubStatusTest, SaysWhatGitHubFindsWrong) {
  EXPECT_EQ(Set(ready, Answered(422, R"({"message":"No commit found for SHA"})")),
            where +
                ": acme/shop on github.com: GitHub answered 422 (Unprocessable Content): No commit found for SHA\n"
                "  GitHub takes a status only for a commit that was pushed, and at most 1,000 of them for a "
                "commit.");
}

TEST_F(GitHubStatusTest, AsksNothingWithoutATokenOrACommit) {
  EXPECT_EQ(Set(ready, Answered(201, "{}"), ""),
            where +
                ": acme/shop on github.com: there is no token\n"
                "  Set GITHUB_TOKEN to a token with the permission commit statuses: write.");
  EXPECT_EQ(Set({.commit = "../x"}, Answered(201, "{}")),
            "cannot set the status of commit ../x: it is not a commit's full hash");
  EXPECT_TRUE(transport.requests().empty());
}

TEST_F(GitHubStatusTest, SendsItAgainAfterPassingTrouble) {
  transport.Script("POST https://api.github.com/repos/acme/shop/statuses/" + commit,
                   {Answered(502, ""), Answered(201, "{}")});
  EXPECT_TRUE(SetCommitStatus(Open()->client(), ready, {}));
  EXPECT_EQ(transport.requests().size(), 2U);
}

}  // namespace
}  // namespace perch::git
