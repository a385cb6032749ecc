#include "git/github_branches.h"

#include "git/github_testing.h"

namespace perch::git {
namespace {

constexpr const char* kWhere = "cannot list the branches: acme/shop on github.com: ";
constexpr const char* kStrange = "\n  Try again; if it stays so, use the repository's git URL instead.";
constexpr const char* kDoubt = "\n  The list was read 5 times and is not believed; nothing was done. Try again.";

std::string NotUnderstood(const std::string& why) {
  return std::string(kWhere) + "the answer cannot be understood: " + why + kStrange;
}

class GitHubBranchesTest : public GitHubTest {
 protected:
  /// `count` branches "b00001"... beside main.
  void MakeBranches(int count) {
    for (int i = 1; i <= count; ++i) {
      std::string name = std::to_string(i);
      name = "b" + std::string(5 - name.size(), '0') + name;
      repository.branches[name] = CommitFor(name);
    }
    transport.Otherwise([this](const net::RemoteRequest& request) { return repository.Answer(request); });
  }

  FakeRepository repository;
};

TEST_F(GitHubBranchesTest, ReadsOnePageOnce) {
  MakeBranches(2);
  EXPECT_EQ(SayList(), "b00001 b00002 main (default main)");
  EXPECT_EQ(transport.Lines(),
            (std::vector<std::string>{"GET /repos/acme/shop", "GET /repos/acme/shop/branches?per_page=100&page=1"}));
}

TEST_F(GitHubBranchesTest, SortsByName) {
  EXPECT_EQ(SayListOf(Answered(200, PageJson({"zebra", "main", "Main", "caf\xC3\xA9", "a/b"}))),
            "Main a/b caf\xC3\xA9 main zebra (default main)");
}

TEST_F(GitHubBranchesTest, ReadsTenThousandBranchesOverAHundredPages) {
  MakeBranches(9999);
  const std::unique_ptr<GitHub> github = Open();
  const Result<BranchList> list = github->List({});
  ASSERT_TRUE(list) << list.error().Text();
  EXPECT_EQ(list->branches.size(), 10'000U);
  EXPECT_EQ(list->branches[5000].name, "b05001");
  EXPECT_EQ(list->branches[5000].commit, CommitFor("b05001"));
  // The last page is full and has no link: one more is asked for. The second reading is free.
  EXPECT_EQ(transport.requests().size(), 2 * (1 + 101U));
  EXPECT_EQ(repository.unconditional, 1 + 101);
}

TEST_F(GitHubBranchesTest, PaysNothingWhenNothingChanged) {
  MakeBranches(250);
  const std::unique_ptr<GitHub> github = Open();
  ASSERT_TRUE(github->List({}));
  const int before = repository.unconditional;
  EXPECT_EQ(Say(github->List({})), Say(github->List({})));
  EXPECT_EQ(repository.unconditional, before);
}

TEST_F(GitHubBranchesTest, SeesAChangeOnALaterPageThoughTheFirstIsTheSame) {
  MakeBranches(250);
  const std::unique_ptr<GitHub> github = Open();
  ASSERT_TRUE(github->List({}));
  repository.branches["b00150"] = CommitFor("moved");
  repository.branches.erase("b00160");
  const Result<BranchList> list = github->List({});
  ASSERT_TRUE(list) << list.error().Text();
  EXPECT_EQ(list->branches.size(), 250U);
  EXPECT_EQ(list->branches[149].commit, CommitFor("moved"));
}

TEST_F(GitHubBranchesTest, SeesTheBranchThatOpensASecondPage) {
  MakeBranches(99);  // with main one full page, whose bytes stay the same
  const std::unique_ptr<GitHub> github = Open();
  ASSERT_TRUE(github->List({}));
  repository.branches["z"] = CommitFor("z");
  const Result<BranchList> list = github->List({});
  ASSERT_TRUE(list) << list.error().Text();
  EXPECT_EQ(list->branches.size(), 101U);
}

TEST_F(GitHubBranchesTest, MissesNoBranchWhenAnotherIsDeletedWhileItReads) {
  MakeBranches(250);
  bool deleted = false;
  repository.before_page = [&](int page) {
    if (page == 2 && !std::exchange(deleted, true)) repository.branches.erase("b00007");
  };
  const Result<BranchList> list = Open()->List({});
  ASSERT_TRUE(list) << list.error().Text();
  ASSERT_EQ(list->branches.size(), 250U);
  EXPECT_EQ(list->branches[99].name, "b00101") << "it slipped onto page 1 between the requests for pages 1 and 2";
}

TEST_F(GitHubBranchesTest, MissesNoBranchWhenAnotherIsMadeWhileItReads) {
  MakeBranches(250);
  bool made = false;
  repository.before_page = [&](int page) {
    if (page == 2 && !std::exchange(made, true)) repository.branches["a"] = CommitFor("a");
  };
  const Result<BranchList> list = Open()->List({});
  ASSERT_TRUE(list) << list.error().Text();
  EXPECT_EQ(list->branches.size(), 252U);
}

TEST_F(GitHubBranchesTest, GivesUpWhenTheBranchesNeverRest) {
  MakeBranches(250);
  int pushes = 0;
  repository.before_page = [&](int) { repository.branches["main"] = CommitFor(std::to_string(++pushes)); };
  EXPECT_EQ(SayList(), std::string(kWhere) + "the branches kept changing while they were read" + kDoubt);
}

TEST_F(GitHubBranchesTest, BelievesNoListThatEndsBeforeItsLastPage) {
  MakeBranches(250);
  transport.Script(PageUrl(2), {Answered(200, PageJson({"b00101", "main"}))});
  EXPECT_EQ(SayList(), std::string(kWhere) + "the list ended with page 2, though GitHub had told of page 3" + kDoubt);
}

TEST_F(GitHubBranchesTest, BelievesNoEmptyPageInTheMiddle) {
  MakeBranches(250);
  transport.Script(PageUrl(2), {Answered(200, "[]")});
  EXPECT_EQ(SayList(), std::string(kWhere) + "the list ended with page 1, though GitHub had told of page 3" + kDoubt);
}

TEST_F(GitHubBranchesTest, AsksForTheNextPageWhenSomebodyTakesTheLinksAway) {
  MakeBranches(250);
  transport.Otherwise([this](const net::RemoteRequest& request) {
    Scripted answer = repository.Answer(request);
    std::erase_if(answer->headers, [](const auto& header) { return header.first == "Link"; });
    return answer;
  });
  const Result<BranchList> list = Open()->List({});
  ASSERT_TRUE(list) << list.error().Text();
  EXPECT_EQ(list->branches.size(), 251U);
}

TEST_F(GitHubBranchesTest, AServerErrorOnAnyPageIsAnError) {
  for (const int page : {1, 2, 3}) {
    MakeBranches(250);
    transport.Script(PageUrl(page), {Answered(500, R"({"message":"Server Error"})")});
    EXPECT_EQ(SayList(), std::string(kWhere) +
                             "GitHub answered 500 (Internal Server Error): Server Error\n  Try again later; "
                             "https://www.githubstatus.com tells of outages.");
    transport.Script(PageUrl(page), {repository.Answer({.url = PageUrl(page).substr(4)})});
  }
}

TEST_F(GitHubBranchesTest, AnEmptyListIsAnError) {
  EXPECT_EQ(SayListOf(Answered(200, "[]")), std::string(kWhere) +
                                                "the repository has no branch with a commit\n"
                                                "  Make a first commit there, or push one.");
}

TEST_F(GitHubBranchesTest, AListWithoutTheDefaultBranchIsAnError) {
  EXPECT_EQ(SayListOf(Answered(200, PageJson({"feature"}))),
            std::string(kWhere) + "the default branch main is not among the 1 branches of the list" + kDoubt);
}

TEST_F(GitHubBranchesTest, ABranchThatComesTwiceIsAnError) {
  EXPECT_EQ(SayListOf(Answered(200, PageJson({"main", "cart", "cart"}))),
            std::string(kWhere) + "branch cart came twice" + kDoubt);
}

TEST_F(GitHubBranchesTest, TakesTheDefaultBranchThatIsThereWhenItIsRenamedMeanwhile) {
  transport.Script(kShop, {Answered(200, RepositoryJson("master")), Answered(200, RepositoryJson("main"))});
  transport.Script(PageUrl(1), {Answered(200, PageJson({"main"}))});
  EXPECT_EQ(SayList(), "main (default main)");
}

TEST_F(GitHubBranchesTest, SaysWhatIsStrangeAboutAPage) {
  const std::string commit = CommitFor("x");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "it is not whole JSON (incomplete JSON)"},
      {R"([{"name":"main","commit":{"sha":")", "it is not whole JSON (incomplete JSON)"},
      {"[] []", "it is not whole JSON (extra data)"},
      {"<html>", "it is not whole JSON (syntax error)"},
      {"{}", "it is not a list of branches"},
      {"null", "it is not a list of branches"},
      {"[null]", "branch 1 of the page has no name (page 1)"},
      {"[[]]", "branch 1 of the page has no name (page 1)"},
      {R"([{"name":7}])", "branch 1 of the page has no name (page 1)"},
      {R"([{"name":"main"}])", "branch 1 of the page has no commit: 'main' (page 1)"},
      {R"([{"name":"main","commit":"x"}])", "branch 1 of the page has no commit: 'main' (page 1)"},
      {R"([{"name":"main","commit":{"sha":"abc"}}])", "branch 1 of the page has no commit: 'main' (page 1)"},
      {"[" + BranchJson("main\x1b[2J", commit) + "]",
       R"(branch 1 of the page has a name that git does not allow: 'main\x1b[2J' (page 1))"},
      {"[" + BranchJson("main", commit) + "," + BranchJson("../x", commit) + "]",
       "branch 2 of the page has a name that git does not allow: '../x' (page 1)"},
      {"[" + BranchJson(std::string(2'000'000, 'x'), commit) + "]",
       "branch 1 of the page has a name of 2000000 bytes (page 1)"},
      {"[" + BranchJson("caf\xEF\xBF\xBD", commit) + "]",
       "branch 1 of the page has a name that is not UTF-8, which GitHub cannot tell exactly: 'caf\xEF\xBF\xBD'; rename "
       "that branch (page 1)"},
  };
  for (const auto& [body, why] : cases) {
    std::string expected = NotUnderstood(why);
    if (!why.ends_with("(page 1)")) expected = NotUnderstood(why + " (page 1)");
    EXPECT_EQ(SayListOf(Answered(200, body)), expected) << body.substr(0, 100);
  }
}

TEST_F(GitHubBranchesTest, IsNotBroughtDownByNestedOrInvalidAnswers) {
  EXPECT_EQ(SayListOf(Answered(200, std::string(1'000'000, '['))),
            NotUnderstood("it is not whole JSON (too deep) (page 1)"));
  EXPECT_EQ(SayListOf(Answered(200, "[{\"name\":\"caf\xE9\"}]")).substr(0, 100),
            NotUnderstood("it is not whole JSON").substr(0, 100));
  EXPECT_EQ(SayListOf(Answered(200, PageJson(std::vector<std::string>(101, "x")))),
            NotUnderstood("it has more branches than were asked for"));
}

TEST_F(GitHubBranchesTest, SaysWhatIsStrangeAboutTheRepository) {
  for (const auto& [body, why] : std::vector<std::pair<std::string, std::string>>{
           {"[]", "it is not about a repository"},
           {"{}", "it is not about a repository"},
           {R"({"id":-1,"full_name":"acme/shop","default_branch":"main"})", "it is not about a repository"},
           {R"({"id":1,"full_name":"acme/shop"})", "the default branch has a name that git does not allow: ''"},
           {R"({"id":1,"full_name":"evil/shop","default_branch":"main"})", "it is about evil/shop"}}) {
    transport.Script(kShop, {Answered(200, body)});
    EXPECT_EQ(SayList(), NotUnderstood(why));
  }
}

TEST_F(GitHubBranchesTest, FollowsNoLinkToElsewhereNorInCircles) {
  const std::string here = "https://api.github.com/repositories/1296269/branches?per_page=100&page=";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"<https://evil.org/repositories/1296269/branches?page=2>; rel=\"next\"",
       "it says that the list goes on elsewhere, at https://evil.org/repositories/1296269/branches?page=2"},
      {"<https://api.github.com.evil.org/repositories/1296269/branches?page=2>; rel=next",
       "it says that the list goes on elsewhere, at "
       "https://api.github.com.evil.org/repositories/1296269/branches?page=2"},
      {"<https://api.github.com/repositories/7/branches?page=2>; rel=\"next\"",
       "it says that the list goes on elsewhere, at https://api.github.com/repositories/7/branches?page=2"},
      {"<" + here + "1>; rel=\"next\"", "after page 1 it leads to page 1"},
      {"<" + here + "3>; rel=\"next\"", "after page 1 it leads to page 3"},
      {"<" + here + "x>; rel=\"next\"", "its link has no page number: " + here + "x"},
      {"<" + here + "2; rel=\"next\"", "its Link header is none"},
      {"next", "its Link header is none"},
  };
  for (const auto& [link, why] : cases) {
    EXPECT_EQ(SayListOf(Answered(200, PageJson({"main"}), {{"Link", link}})), NotUnderstood(why)) << link;
  }
  for (const net::RemoteRequest& request : transport.requests()) {
    EXPECT_TRUE(request.url.starts_with("https://api.github.com/repos/acme/shop")) << request.url;
  }
}

TEST_F(GitHubBranchesTest, EndsAListWithoutEnd) {
  transport.Otherwise([](const net::RemoteRequest& request) {
    if ("GET " + request.url == kShop) return Answered(200, RepositoryJson());
    const int page = static_cast<int>(*ParseNumber(request.url.substr(request.url.rfind('=') + 1)));
    return Answered(200, PageJson({page == 1 ? "main" : "b" + std::to_string(page)}), {{"Link", LinkTo(page + 1, 0)}});
  });
  EXPECT_EQ(SayList(), std::string(kWhere) + "it has more than 1000 pages" + kDoubt);
}

TEST_F(GitHubBranchesTest, A304ThatNobodyAskedForIsAnError) {
  EXPECT_EQ(SayListOf(Answered(304, "")), std::string(kWhere) + "GitHub answered 304 (Not Modified)");
}

TEST_F(GitHubBranchesTest, StopsBetweenReadings) {
  MakeBranches(250);
  std::stop_source source;
  repository.before_page = [&](int page) {
    if (page == 2) source.request_stop();
  };
  const Result<BranchList> list = Open()->List(source.get_token());
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().Text(), "cannot list the branches: acme/shop on github.com: cancelled");
  EXPECT_EQ(list.error().kind, ErrorKind::kCancelled);
}

}  // namespace
}  // namespace perch::git
