#include "git/github_client.h"

#include "git/github_testing.h"

namespace perch::git {
namespace {

constexpr const char* kWhere = "cannot list the branches: acme/shop on github.com: ";

std::string Message(const std::string& text) { return R"({"message":)" + JsonString(text) + "}"; }

class GitHubClientTest : public GitHubTest {
 protected:
  /// What a list says when GitHub answers the first request so, with or without a token.
  std::string SayAfter(std::deque<Scripted> answers, bool with_token = true) {
    transport.Script(kShop, std::move(answers));
    transport.Script(PageUrl(1), {Answered(200, PageJson({"main"}))});
    GitHubOptions options = Options();
    if (!with_token) options.token = Secret();
    return Say(Open(std::move(options))->List({}));
  }
  static Scripted Broken() {
    return Fail({.kind = ErrorKind::kUnavailable, .what = "cannot ask", .why = "the connection was reset"});
  }
};

TEST_F(GitHubClientTest, SaysWhoItIsAndWhichApiItSpeaks) {
  SayAfter({Answered(200, RepositoryJson())});
  ASSERT_EQ(transport.requests().size(), 2U);
  const net::RemoteRequest request = transport.requests()[1];
  EXPECT_EQ(request.headers, (net::Headers{{"Accept", "application/vnd.github+json"},
                                           {"X-GitHub-Api-Version", "2022-11-28"},
                                           {"User-Agent", "perch"},
                                           {"Authorization", "Bearer " + kToken}}));
}

TEST_F(GitHubClientTest, SendsNoAuthorizationWithoutAToken) {
  SayAfter({Answered(200, RepositoryJson())}, false);
  EXPECT_EQ(HeaderOf(transport.requests()[0], "Authorization"), "");
}

TEST_F(GitHubClientTest, CutsALineEndOffTheTokenAndRefusesOneWithin) {
  GitHubOptions options = Options();
  options.token = Secret(kToken + "\n");
  transport.Script(kShop, {NotThere()});
  (void)Open(options)->List({});
  EXPECT_EQ(HeaderOf(transport.requests()[0], "Authorization"), "Bearer " + kToken);
  options.token = Secret("ghp_x\r\nHost: evil.org");
  const Result<std::unique_ptr<GitHub>> refused = GitHub::Open(options, transport);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Text(),
            "cannot use the token of GITHUB_TOKEN: it holds a space, a line end or another character that no token "
            "has\n  Set it to the token alone.");
}

TEST_F(GitHubClientTest, SaysThatARepositoryMayBeMisspelt) {
  EXPECT_EQ(SayAfter({NotThere()}, false),
            std::string(kWhere) +
                "GitHub says that it is not there (404); a private one looks the same to whoever has no token\n"
                "  Check the spelling of acme/shop; for a private repository set GITHUB_TOKEN to a token that may "
                "read it.");
  EXPECT_EQ(SayAfter({NotThere()}),
            std::string(kWhere) +
                "GitHub says that it is not there (404); the token may not see it\n  Check the spelling of acme/shop, "
                "and that the token has the permission metadata: read there.");
}

TEST_F(GitHubClientTest, SaysThatTheTokenIsBad) {
  EXPECT_EQ(SayAfter({Answered(401, Message("Bad credentials"))}),
            std::string(kWhere) +
                "GitHub does not take the token (401: Bad credentials)\n  It may have expired or been revoked. Make a "
                "new token on GitHub (Settings, Developer settings) and set GITHUB_TOKEN to it.");
  EXPECT_EQ(SayAfter({Answered(401, Message("Requires authentication"))}, false),
            std::string(kWhere) +
                "GitHub wants a token (401)\n  Set GITHUB_TOKEN to a token with the permission metadata: read.");
}

TEST_F(GitHubClientTest, SaysWhichPermissionTheTokenLacks) {
  EXPECT_EQ(SayAfter({Answered(403, Message("Resource not accessible by personal access token"),
                               {{"X-Accepted-GitHub-Permissions", "contents=read"}})}),
            std::string(kWhere) +
                "GitHub refuses (403): Resource not accessible by personal access token\n  Give the token the "
                "permission contents: read for acme/shop.");
  EXPECT_EQ(SayAfter({Answered(403, Message("No"), {{"X-Accepted-GitHub-Permissions", "\x1b[2J"}})}, false),
            std::string(kWhere) +
                "GitHub refuses (403): No\n  Set GITHUB_TOKEN to a token with the permission metadata: read.");
}

TEST_F(GitHubClientTest, SaysWhereToAuthoriseTheTokenForSingleSignOn) {
  EXPECT_EQ(SayAfter({Answered(403, Message("Resource protected by organization SAML enforcement."),
                               {{"X-GitHub-SSO", "required; url=https://github.com/orgs/acme/sso?a=b"}})}),
            std::string(kWhere) +
                "the organisation asks for single sign-on, and the token is not authorised for it (403)\n  Authorise "
                "the token at https://github.com/orgs/acme/sso?a=b");
  EXPECT_EQ(SayAfter({Answered(403, "", {{"X-GitHub-SSO", "required; url=https://evil.org/sso"}})}),
            std::string(kWhere) +
                "the organisation asks for single sign-on, and the token is not authorised for it (403)\n  Authorise "
                "the token: GitHub, Settings, Developer settings, Configure SSO.");
}

TEST_F(GitHubClientTest, TakesNoPartOfAListForTheWhole) {
  EXPECT_EQ(SayListOf(Answered(200, PageJson({"main"}), {{"X-GitHub-SSO", "partial-results; organizations=1"}})),
            std::string(kWhere) +
                "the organisation asks for single sign-on, and the token is not authorised for it (403)\n  Authorise "
                "the token: GitHub, Settings, Developer settings, Configure SSO.");
}

TEST_F(GitHubClientTest, SaysThatSomebodyIsSuspendedOrBlocked) {
  EXPECT_EQ(SayAfter({Answered(403, Message("Sorry. Your account was suspended."))}),
            std::string(kWhere) +
                "GitHub refuses (403): Sorry. Your account was suspended.\n  The account that the token belongs to is "
                "suspended; use another account's token.");
  EXPECT_EQ(SayAfter({Answered(403, Message("Repository access blocked"))}),
            std::string(kWhere) +
                "GitHub refuses (403): Repository access blocked\n  GitHub has blocked the repository; its owner is "
                "told why on its page.");
  EXPECT_EQ(SayAfter({Answered(403, Message("... the `acme` organization has an IP allow list enabled ..."))}),
            std::string(kWhere) +
                "GitHub refuses (403): ... the `acme` organization has an IP allow list enabled ...\n  Ask an owner of "
                "acme to add this machine's address to the allow list.");
  EXPECT_EQ(SayAfter({Answered(451, Message("Repository access blocked"))}),
            std::string(kWhere) +
                "the repository is blocked for legal reasons (451)\n  GitHub tells its owner why on the repository's "
                "page.");
}

TEST_F(GitHubClientTest, ShowsNoControlCharactersOfAnAnswer) {
  EXPECT_EQ(SayAfter({Answered(418, Message("a\x1b[2J\nb"))}),
            std::string(kWhere) + "GitHub answered 418: a\\x1b[2J b");
}

TEST_F(GitHubClientTest, SaysThatTheRepositoryWasRenamed) {
  transport.Script("GET https://api.github.com/repositories/1296269",
                   {Answered(200, R"({"id":1296269,"full_name":"acme/store","default_branch":"main"})")});
  EXPECT_EQ(
      SayAfter({Answered(301, "", {{"Location", "https://api.github.com/repositories/1296269/branches?page=1"}})}),
      std::string(kWhere) +
          "the repository was renamed; it is now acme/store\n  Use acme/store from now on. (Whoever takes the "
          "old name would be believed otherwise.)");
}

TEST_F(GitHubClientTest, TakesTheTokenToNoOtherAddress) {
  EXPECT_EQ(SayAfter({Answered(302, "", {{"Location", "https://evil.org/repositories/1296269"}})}),
            std::string(kWhere) +
                "GitHub sends to another place: https://evil.org/repositories/1296269\n  The repository was renamed or "
                "moved, or GITHUB_API_URL is not the API's own address.");
  EXPECT_EQ(transport.Lines(), std::vector<std::string>{"GET /repos/acme/shop"});
}

TEST_F(GitHubClientTest, TriesAgainAfterPassingTroubleWithGrowingPauses) {
  EXPECT_EQ(SayAfter({Answered(502, ""), Broken(), Answered(503, ""), Answered(200, RepositoryJson())}),
            "main (default main)");
  EXPECT_EQ(sleeps, (std::vector<std::int64_t>{1000, 2000, 4000}));
}

TEST_F(GitHubClientTest, GivesUpAfterFourTries) {
  EXPECT_EQ(SayAfter({Broken()}), std::string(kWhere) +
                                      "the connection was reset\n  Check the network, and that this machine may reach "
                                      "https://api.github.com.");
  EXPECT_EQ(transport.requests().size(), 4U);
  transport.Forget();
  EXPECT_EQ(SayAfter({Answered(504, "<html>")}), std::string(kWhere) +
                                                     "GitHub answered 504 (Gateway Timeout)\n  Try again later; "
                                                     "https://www.githubstatus.com tells of outages.");
  EXPECT_EQ(transport.requests().size(), 4U);
}

TEST_F(GitHubClientTest, DoesNotTryAgainWhatWillNotHelp) {
  EXPECT_EQ(SayAfter({Fail({.what = "cannot ask", .why = "the certificate is not trusted", .hint = "Add it."})}),
            std::string(kWhere) + "the certificate is not trusted\n  Add it.");
  EXPECT_EQ(transport.requests().size(), 1U);
}

TEST_F(GitHubClientTest, WaitsForAShortLimit) {
  EXPECT_EQ(SayAfter({Answered(403, Message("You have exceeded a secondary rate limit"), {{"Retry-After", "30"}}),
                      Answered(429, ""), Answered(200, RepositoryJson())}),
            "main (default main)");
  EXPECT_EQ(sleeps, (std::vector<std::int64_t>{30'500, 60'500}));
}

TEST_F(GitHubClientTest, WaitsThreeTimesAtMost) {
  EXPECT_EQ(SayAfter({Answered(429, "", {{"Retry-After", "1"}})}),
            std::string(kWhere) +
                "GitHub's limit on requests is reached for this token; it ends in 1.0 s, at 2026-11-22T17:00:06.000Z\n"
                "  Wait until then, or use a token that nothing else uses.");
  EXPECT_EQ(sleeps.size(), 3U);
}

TEST_F(GitHubClientTest, SaysWhenALongLimitEndsAndAsksNothingUntilThen) {
  // The clock here is an hour ahead of GitHub's; what counts is GitHub's.
  const Scripted limited = Answered(
      403, Message("API rate limit exceeded for 192.0.2.1."),
      {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795364100"}, {"Date", "Sun, 22 Nov 2026 16:00:00 GMT"}});
  GitHubOptions options = Options();
  options.token = Secret();
  const std::unique_ptr<GitHub> github = Open(std::move(options));
  transport.Script(kShop, {limited, Answered(200, RepositoryJson())});
  transport.Script(PageUrl(1), {Answered(200, PageJson({"main"}))});
  const std::string text = std::string(kWhere) +
                           "GitHub's limit on requests is reached (60 an hour without a token); it ends in 15 min, at "
                           "2026-11-22T17:15:00.000Z\n  Set GITHUB_TOKEN: with a token it is 5,000 an hour.";
  EXPECT_EQ(Say(github->List({})), text);
  EXPECT_EQ(Say(github->List({})), text);
  EXPECT_EQ(transport.requests().size(), 1U);
  EXPECT_TRUE(sleeps.empty());
  now += std::chrono::minutes(15);
  EXPECT_EQ(Say(github->List({})), "main (default main)");
}

TEST_F(GitHubClientTest, BelievesNoAbsurdLimit) {
  for (const char* reset : {"999999999999999999", "18446744073709551615", "99999999999999999999999"}) {
    transport.Forget();
    EXPECT_TRUE(SayAfter({Answered(403, Message("API rate limit exceeded"),
                                   {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", reset}})})
                    .starts_with(std::string(kWhere) + "GitHub's limit on requests is reached"))
        << reset;
  }
}

TEST_F(GitHubClientTest, StopsAtOnce) {
  std::stop_source source;
  source.request_stop();
  const Result<BranchList> list = Open()->List(source.get_token());
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().Text(), std::string(kWhere) + "cancelled");
  EXPECT_TRUE(transport.requests().empty());
}

TEST_F(GitHubClientTest, NeverShowsTheToken) {
  for (const int status : {400, 401, 403, 404, 409, 410, 418, 422, 429, 500}) {
    EXPECT_EQ(SayAfter({Answered(status, "{}")}).find(kToken), std::string::npos) << status;
  }
}

}  // namespace
}  // namespace perch::git
