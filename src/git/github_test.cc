#include "git/github.h"

#include <condition_variable>

#include "engine/testing/fake_branch_source.h"
#include "git/github_testing.h"
#include "git/testing.h"

namespace perch::git {
namespace {

namespace fs = std::filesystem;

const std::string kApiShop = kShop.substr(4);

class GitHubSourceTest : public GitHubTest {
 protected:
  static std::string RefUrl(const std::string& encoded) { return kShop + "/git/ref/heads%2F" + encoded; }
  static std::string CommitUrl(const std::string& commit) { return kShop + "/git/commits/" + commit; }
  static std::string FileUrl(const std::string& encoded, const std::string& commit) {
    return kShop + "/contents/" + encoded + "?ref=" + commit;
  }
  /// "cart at 1234567, tree 1234567, Add the cart, Ada, 2026-…", "not there", or the error.
  static std::string Say(const Result<std::optional<Branch>>& branch) {
    if (!branch) return branch.error().Text();
    if (!*branch) return "not there";
    return (*branch)->name + " at " + (*branch)->commit.substr(0, 7) + ", tree " + (*branch)->tree.substr(0, 7) + ", " +
           (*branch)->subject + ", " + (*branch)->author + ", " + FormatTime((*branch)->committed_at);
  }
  static std::string Say(const Result<std::optional<std::string>>& file) {
    if (!file) return file.error().Text();
    return *file ? "'" + **file + "'" : "not there";
  }
  std::string SayFound(const std::string& name) { return Say(Open()->Find(name, {})); }
  void MakeRepositoryReadable() {
    transport.Script(kShop, {Answered(200, RepositoryJson())});
    transport.Script(RefUrl("main"), {Answered(200, RefJson("main", CommitFor("main")))});
  }
  static Scripted Raw(const std::string& text) {
    return net::RemoteResponse{
        .status = 200, .headers = {{"content-type", "application/vnd.github.raw+json; charset=utf-8"}}, .body = text};
  }

  const std::string cart = CommitFor("cart");
  const std::string not_found = "cannot look for branch cart: acme/shop on github.com: ";
};

TEST_F(GitHubSourceTest, FindsABranchWithAllItsFields) {
  transport.Script(RefUrl("cart"), {Answered(200, RefJson("cart", cart))});
  transport.Script(CommitUrl(cart), {Answered(200, CommitJson(cart))});
  EXPECT_EQ(SayFound("cart"), "cart at " + cart.substr(0, 7) + ", tree " + CommitFor("tree").substr(0, 7) +
                                  ", Add the cart, Ada, 2026-11-02T10:00:00.000Z");
}

TEST_F(GitHubSourceTest, EscapesEveryByteOfAName) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"feature/cart", "feature%2Fcart"},
      {"a#b", "a%23b"},
      {"50%", "50%25"},
      {"%2e%2e%2fx", "%252e%252e%252fx"},
      {"a&b=c+d;e", "a%26b%3Dc%2Bd%3Be"},
      {"caf\xC3\xA9", "caf%C3%A9"},
      {"\"quoted\"<b>", "%22quoted%22%3Cb%3E"},
      {"refs/heads/x", "refs%2Fheads%2Fx"},
      {"@", "%40"},
  };
  for (const auto& [name, encoded] : names) {
    transport.Script(RefUrl(encoded), {Answered(200, RefJson(name, cart))});
    transport.Script(CommitUrl(cart), {Answered(200, CommitJson(cart))});
    EXPECT_TRUE(SayFound(name).starts_with(name + " at ")) << SayFound(name);
  }
}

TEST_F(GitHubSourceTest, ANameThatGitDoesNotAllowIsNotThere) {
  for (const char* name : {"", "a b", "a?b", "a..b", "../../user", "a\nb", "/a", "a//b", "a~1", "a.lock"}) {
    EXPECT_EQ(SayFound(name), "not there");
  }
  EXPECT_TRUE(transport.requests().empty());
}

TEST_F(GitHubSourceTest, ANameThatIsNotUtf8CannotBeLookedFor) {
  EXPECT_EQ(
      SayFound("caf\xE9"),
      "cannot look for branch caf\\xe9: acme/shop on github.com: its name is not UTF-8, and GitHub's API knows no "
      "other names\n  Use the repository's git URL, or rename the branch.");
}

TEST_F(GitHubSourceTest, IsSureThatABranchIsNotThereOnlyWhenTheRepositoryIsReadable) {
  const std::string hint =
      "\n  Check that the repository has a commit, and that the token has the permission contents: read.";
  transport.Script(RefUrl("cart"), {NotThere()});
  MakeRepositoryReadable();
  EXPECT_EQ(SayFound("cart"), "not there");
  EXPECT_EQ(transport.Lines(),
            (std::vector<std::string>{"GET /repos/acme/shop/git/ref/heads%2Fcart", "GET /repos/acme/shop",
                                      "GET /repos/acme/shop/git/ref/heads%2Fmain"}));

  transport.Script(RefUrl("main"), {NotThere()});
  EXPECT_EQ(SayFound("cart"), not_found + "GitHub says 404, but for the default branch main too" + hint);
  EXPECT_EQ(SayFound("main"),
            "cannot look for branch main: acme/shop on github.com: GitHub says 404, but it is the repository's default "
            "branch" +
                hint);
  transport.Script(kShop, {NotThere()});
  EXPECT_EQ(SayFound("cart"),
            not_found +
                "GitHub says that it is not there (404); the token may not see it\n  Check the spelling of "
                "acme/shop, and that the token has the permission metadata: read there.");
  transport.Script(kShop, {Answered(500, "")});
  EXPECT_EQ(SayFound("cart"), not_found +
                                  "GitHub answered 500 (Internal Server Error)\n  Try again later; "
                                  "https://www.githubstatus.com tells of outages.");
}

TEST_F(GitHubSourceTest, AnEmptyRepositoryIsNoAnswer) {
  transport.Script(RefUrl("cart"), {Answered(409, R"({"message":"Git Repository is empty."})")});
  EXPECT_EQ(SayFound("cart"), not_found + "GitHub answered 409 (Conflict): Git Repository is empty.");
}

TEST_F(GitHubSourceTest, TakesNoOtherBranchForTheOneAskedFor) {
  const std::string strange = "\n  Try again; if it stays so, use the repository's git URL instead.";
  const std::string why = not_found + "the answer cannot be understood: ";
  MakeRepositoryReadable();
  transport.Script(CommitUrl(cart), {Answered(200, CommitJson(cart))});
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[" + RefJson("cart-2", cart) + "," + RefJson("cart/x", cart) + "]", "not there"},
      {"[]", "not there"},
      {RefJson("cart2", cart), why + "it is about 'refs/heads/cart2'" + strange},
      {"[" + RefJson("main", cart) + "]", why + "it lists something else than was asked for" + strange},
      {"[1]", why + "it lists something else than was asked for" + strange},
      {"\"cart\"", why + "it is not about a branch" + strange},
      {"{}", why + "it is about ''" + strange},
      {RefJson("cart", "abc"), why + "the branch has no commit" + strange},
      {R"({"ref":"refs/heads/cart","object":{"type":"tag","sha":")" + cart + R"("}})",
       why + "the branch points at a tag, not at a commit" + strange},
      {"{", why + "it is not whole JSON (incomplete JSON)" + strange},
  };
  for (const auto& [body, expected] : cases) {
    transport.Script(RefUrl("cart"), {Answered(200, body)});
    EXPECT_EQ(SayFound("cart"), expected) << body;
  }
  transport.Script(RefUrl("cart"), {Answered(200, "[" + RefJson("cart-2", "x") + "," + RefJson("cart", cart) + "]")});
  EXPECT_TRUE(SayFound("cart").starts_with("cart at " + cart.substr(0, 7))) << SayFound("cart");
}

TEST_F(GitHubSourceTest, RemembersCommitsAndFillsThemIntoLists) {
  const std::unique_ptr<GitHub> github = Open();
  transport.Script(RefUrl("cart"), {Answered(200, RefJson("cart", cart))});
  transport.Script(CommitUrl(cart), {Answered(200, CommitJson(cart))});
  MakeRepositoryReadable();
  transport.Script(PageUrl(1), {Answered(200, PageJson({"cart", "main"}))});
  ASSERT_TRUE(github->Find("cart", {}));
  transport.Forget();
  ASSERT_TRUE(github->Find("cart", {}));
  EXPECT_EQ(transport.Lines(), std::vector<std::string>{"GET /repos/acme/shop/git/ref/heads%2Fcart"});
  const Result<BranchList> list = github->List({});
  ASSERT_TRUE(list) << list.error().Text();
  EXPECT_EQ(list->branches[0].subject, "Add the cart");
  EXPECT_EQ(list->branches[0].tree, CommitFor("tree"));
  EXPECT_EQ(list->branches[1].tree, "");
  EXPECT_EQ(list->branches[1].committed_at, Time{});
}

TEST_F(GitHubSourceTest, ReadsAFileAsItIs) {
  const std::string bytes = std::string("app: shop\0\xff\r\n", 13);
  transport.Script(FileUrl("perch.yaml", cart), {Raw(bytes)});
  EXPECT_EQ(Say(Open()->ReadFile(cart, "perch.yaml")), "'" + bytes + "'");
  EXPECT_EQ(HeaderOf(transport.requests()[0], "Accept"), "application/vnd.github.raw+json");
  transport.Script(FileUrl("a%20b%2Fc%23%3Fd%25.txt", cart), {Raw("")});
  EXPECT_EQ(Say(Open()->ReadFile(cart, "a b/c#?d%.txt")), "''");
}

TEST_F(GitHubSourceTest, AFileIsMissingOnlyWhenTheCommitIsThere) {
  transport.Script(FileUrl("perch.yaml", cart), {NotThere()});
  transport.Script(CommitUrl(cart), {NotThere()});
  EXPECT_EQ(
      Say(Open()->ReadFile(cart, "perch.yaml")),
      "cannot read perch.yaml of commit " + cart.substr(0, 10) + ": acme/shop on github.com: commit " +
          cart.substr(0, 10) +
          ": GitHub says that it is not there (404); the token may not see it\n  Check the spelling of acme/shop, "
          "and that the token has the permission contents: read there.");
  transport.Script(CommitUrl(cart), {Answered(200, CommitJson(cart))});
  EXPECT_EQ(Say(Open()->ReadFile(cart, "perch.yaml")), "not there");
}

TEST_F(GitHubSourceTest, AFolderIsNoFile) {
  transport.Script(FileUrl("src", cart), {Answered(200, R"([{"type":"file","path":"src/a"}])")});
  EXPECT_EQ(Say(Open()->ReadFile(cart, "src")), "not there");
  transport.Script(FileUrl("sub", cart), {Answered(200, R"({"type":"submodule"})")});
  EXPECT_EQ(Say(Open()->ReadFile(cart, "sub")),
            "cannot read sub of commit " + cart.substr(0, 10) +
                ": acme/shop on github.com: the answer cannot be understood: it is not the file's content\n"
                "  Try again; if it stays so, use the repository's git URL instead.");
}

TEST_F(GitHubSourceTest, ReadsNoPathOutOfTheTree) {
  for (const char* path : {"", "/", "..", "../x", "a/../b", "./a", "a//b", "a/"}) {
    EXPECT_EQ(Say(Open()->ReadFile(cart, path)), "not there") << path;
  }
  EXPECT_EQ(Say(Open()->ReadFile("main&x=", "a")),
            "cannot read a of commit main&x=: main&x=: it is not a commit's full hash");
  EXPECT_TRUE(transport.requests().empty());
}

TEST_F(GitHubSourceTest, AHugeFileIsTheAuthorsMistake) {
  transport.Script(FileUrl("perch.yaml", cart), {Raw(std::string((1 << 20) + 1, 'x'))});
  const Result<std::optional<std::string>> file = Open()->ReadFile(cart, "perch.yaml");
  EXPECT_EQ(Say(file), "cannot read perch.yaml of commit " + cart.substr(0, 10) + ": it is larger than 1 MiB");
  EXPECT_EQ(file.error().kind, ErrorKind::kUsage);
}

/// A tree as GitHub lists it, from a real repository.
std::string TreeJson(const fs::path& repository, const std::string& commit) {
  std::vector<std::string> entries;
  for (const std::string& line : Split(Git(repository, {"ls-tree", "-r", "-t", "-z", commit}), '\0')) {
    if (line.empty()) continue;
    const std::vector<std::string> halves = Split(line, '\t');
    const std::vector<std::string> words = Split(halves[0], ' ');
    entries.push_back(R"({"path":)" + JsonString(halves[1]) + R"(,"mode":")" + words[0] + R"(","type":")" + words[1] +
                      R"(","sha":")" + words[2] + R"("})");
  }
  return R"({"sha":"x","tree":[)" + Join(entries, ",") + R"(],"truncated":false})";
}

TEST_F(GitHubSourceTest, DigestsFilesAsGitDoes) {
  const TemporaryFolder folder;
  const fs::path shop = folder.path() / "shop";
  MakeRepository(
      shop, {{"seed/b.sql", "b"}, {"seed.sql", "s"}, {"seed-x/a", "a"}, {"src/main.py", "m"}, {"caf\xC3\xA9", "c"}});
  const std::string commit = Head(shop);
  const std::string tree = Git(shop, {"rev-parse", "HEAD^{tree}"});
  const std::unique_ptr<Repository> by_git = git::Open({.location = shop.string(), .folder = folder.path() / "state"});
  std::string details = CommitJson(commit);
  details.replace(details.find(CommitFor("tree")), 40, tree);
  transport.Script(CommitUrl(commit), {Answered(200, details)});
  transport.Script(kShop + "/git/trees/" + tree + "?recursive=1", {Answered(200, TreeJson(shop, commit))});
  const std::unique_ptr<GitHub> github = Open();
  for (const std::vector<std::string>& globs :
       std::vector<std::vector<std::string>>{{"*"}, {"seed*"}, {"seed/*"}, {"*.py", "caf*"}, {"nothing"}, {}}) {
    const Result<std::string> ours = github->FilesDigest(commit, globs);
    ASSERT_TRUE(ours) << ours.error().Text();
    EXPECT_EQ(*ours, *by_git->FilesDigest(commit, globs));
  }
}

TEST_F(GitHubSourceTest, DigestsNoPartOfATree) {
  const std::string url = kShop + "/git/trees/" + CommitFor("tree") + "?recursive=1";
  transport.Script(CommitUrl(cart), {Answered(200, CommitJson(cart))});
  const std::string entry = R"({"path":"a","mode":"100644","type":"blob","sha":")" + cart + R"("})";
  for (const auto& [body, why] : std::vector<std::pair<std::string, std::string>>{
           {R"({"tree":[],"truncated":true})", "the commit has more files than GitHub lists at once"},
           {R"({"tree":[]})", "it is not a list of files"},
           {R"({"tree":[{}],"truncated":false})", "an entry of the list of files is not whole"},
           {R"({"tree":[)" + entry + "," + entry + R"(],"truncated":false})", "it lists a file twice"},
           {"[]", "it is not a list of files"}}) {
    transport.Script(url, {Answered(200, body)});
    const Result<std::string> digest = Open()->FilesDigest(cart, {"*"});
    ASSERT_FALSE(digest);
    EXPECT_EQ(digest.error().Text(), "cannot list the files of commit " + cart.substr(0, 10) +
                                         ": acme/shop on github.com: the answer cannot be understood: " + why +
                                         "\n  Try again; if it stays so, use the repository's git URL instead.");
  }
}

TEST_F(GitHubSourceTest, ChecksOutByGitOnly) {
  const TemporaryFolder folder;
  const Status without = Open()->CheckOut(cart, folder.path(), {});
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().Text(),
            "cannot check out commit " + cart.substr(0, 10) +
                ": acme/shop on github.com: GitHub's REST API only tells of branches and single files\n  Give the "
                "repository by its git URL: https://github.com/acme/shop.git");
  EXPECT_EQ(without.error().kind, ErrorKind::kUsage);

  const fs::path shop = folder.path() / "shop";
  MakeRepository(shop);
  fs::create_directory(folder.path() / "tree");
  const std::unique_ptr<GitHub> github =
      Open(Options(), git::Open({.location = "file://" + shop.string(), .folder = folder.path() / "state"}));
  const Status done = github->CheckOut(Head(shop), folder.path() / "tree", {});
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_EQ(*perch::ReadFile(folder.path() / "tree/a.txt"), "a\n");
  EXPECT_TRUE(transport.requests().empty());
}

TEST_F(GitHubSourceTest, WatchesByConditionalRequests) {
  FakeRepository repository;
  std::mutex mutex;
  std::condition_variable changed;
  int calls = 0;
  int looks = 0;
  const auto wait = [&](const int& counter, int more_than) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), [&] { return counter > more_than; });
  };
  transport.Otherwise([&](const net::RemoteRequest& request) {
    const std::lock_guard lock(mutex);
    ++looks;
    changed.notify_all();
    return repository.Answer(request);
  });
  GitHubOptions options = Options();
  options.poll = std::chrono::milliseconds(1);
  const std::unique_ptr<GitHub> github = Open(std::move(options));
  auto watch = github->WatchForChanges([&] {
    const std::lock_guard lock(mutex);
    ++calls;
    changed.notify_all();
  });
  ASSERT_TRUE(watch);
  EXPECT_TRUE(wait(looks, 10));
  EXPECT_EQ(repository.unconditional, 2);
  {
    const std::lock_guard lock(mutex);
    repository.branches["new"] = cart;
  }
  EXPECT_TRUE(wait(calls, 1));
  watch->reset();
  EXPECT_EQ(calls, 2) << "the first look, and the push";
}

}  // namespace
}  // namespace perch::git
