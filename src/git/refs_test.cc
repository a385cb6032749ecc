#include "git/refs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "git/testing.h"

namespace perch::git {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class RefsTest : public testing::Test {
 protected:
  void SetUp() override { MakeRepository(repository_); }

  Result<std::vector<Branch>> Read() { return ReadBranches(refs_, {}); }
  std::vector<std::string> ReadNames() {
    std::vector<std::string> names;
    const Result<std::vector<Branch>> branches = Read();
    EXPECT_TRUE(branches.has_value()) << branches.error().Text();
    if (branches) {
      for (const Branch& branch : *branches) names.push_back(branch.name);
    }
    return names;
  }
  bool IsThere(const std::string& name) {
    const Result<std::optional<Branch>> found = ReadBranch(refs_, name, {});
    EXPECT_TRUE(found.has_value()) << found.error().Text();
    return found && found->has_value();
  }

  TemporaryFolder folder_;
  const fs::path repository_ = folder_.path() / "shop";
  const LocalRefs refs_{.git_dir = repository_ / ".git", .shown = "shop"};
};

TEST_F(RefsTest, TellsEachBranchWithItsLastCommit) {
  const std::string commit = CommitOn(repository_, "feature/cart", "Add a cart\n\nIt holds things.");
  const Result<std::vector<Branch>> branches = Read();
  ASSERT_TRUE(branches.has_value()) << branches.error().Text();
  ASSERT_EQ(branches->size(), 2u);
  const Branch& cart = branches->front();
  EXPECT_EQ(cart.name, "feature/cart");
  EXPECT_EQ(cart.commit, commit);
  EXPECT_EQ(cart.tree, Git(repository_, {"rev-parse", "HEAD^{tree}"}));
  EXPECT_EQ(cart.subject, "Add a cart");
  EXPECT_EQ(cart.author, "Ada");
  EXPECT_EQ(FormatTime(cart.committed_at), "2023-11-14T22:15:00.000Z");
  EXPECT_EQ(branches->back().name, "main");
}

TEST_F(RefsTest, KeepsAnyNameThatGitAllows) {
  const std::vector<std::string> names = {"--all",        "-x",           "$(touch pwned)", "\"quoted'",
                                          "Feature/A",    "feature-a",    "feature/a",      std::string(250, 'n'),
                                          "größe/ümläut", "🦜",           "a|b;c&d",        "a@b",
                                          "HEAD",         "refs/heads/x", "\xff\xfe",       "%00"};
  const std::string commit = Head(repository_);
  std::vector<std::string> expected = {"main"};
  for (const std::string& name : names) {
    if (!IsBranchName(name)) continue;
    Git(repository_, {"update-ref", "refs/heads/" + name, commit});
    expected.push_back(name);
  }
  std::ranges::sort(expected);
  EXPECT_EQ(expected.size(), names.size()) << "only the name with a space is not allowed";
  EXPECT_EQ(ReadNames(), expected);
  for (const std::string& name : expected) EXPECT_TRUE(IsThere(name)) << name;
  Git(repository_, {"pack-refs", "--all"});
  EXPECT_EQ(ReadNames(), expected);
  for (const std::string& name : expected) EXPECT_TRUE(IsThere(name)) << name;
}

TEST_F(RefsTest, KnowsTheNamesThatGitForbids) {
  for (const std::string name :
       {"",   "a b",  "a..b",   "a@{1}",      "a^", "a~1", "a:b",  "a?", "a*",   "[a",   "a\\b",
        ".a", "a/.b", "a.lock", "a/b.lock/c", "/a", "a/",  "a//b", "a.", "a\nb", "a\x7f"}) {
    EXPECT_FALSE(IsBranchName(name)) << name;
    const Result<ProcessResult> git = RunProcess({.argv = {"git", "check-ref-format", "refs/heads/" + name}});
    EXPECT_NE(git->exit_code, 0) << "git allows " << name;
    EXPECT_FALSE(IsThere(name)) << name;
  }
}

TEST_F(RefsTest, FindsOnlyTheExactBranch) {
  CommitOn(repository_, "feature/a", "x");
  CommitOn(repository_, "refs/heads/odd", "x");
  Git(repository_, {"tag", "release"});
  EXPECT_TRUE(IsThere("feature/a"));
  for (const std::string name : {"feature", "feature/", "feature/*", "eature/a", "release", "odd", "main^", "main@{0}",
                                 "HEAD", "tags/release", "../tags/release", "-x", "--all"}) {
    EXPECT_FALSE(IsThere(name)) << name;
  }
}

TEST_F(RefsTest, ABrokenBranchIsAnErrorAndNotAShorterList) {
  ASSERT_TRUE(WriteFileAtomically(repository_ / ".git/refs/heads/broken", "").has_value());
  const Result<std::vector<Branch>> branches = Read();
  ASSERT_FALSE(branches.has_value());
  EXPECT_EQ(branches.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(
      branches.error().Text(),
      "cannot list the branches: shop: refs/heads/broken is broken: its file holds no commit, or cannot be read\n"
      "  Run `git fsck` there; if the branch is not needed, delete it with `git update-ref -d refs/heads/broken`.");
  EXPECT_FALSE(ReadBranch(refs_, "broken", {}).has_value());
}

TEST_F(RefsTest, ABranchWithoutItsCommitIsAnError) {
  ASSERT_TRUE(WriteFileAtomically(repository_ / ".git/refs/heads/lost", std::string(40, '1') + "\n").has_value());
  const Result<std::vector<Branch>> branches = Read();
  ASSERT_FALSE(branches.has_value());
  EXPECT_EQ(branches.error().why, "missing object " + std::string(40, '1') + " for refs/heads/lost");
  EXPECT_FALSE(ReadBranch(refs_, "lost", {}).has_value());
}

TEST_F(RefsTest, AFolderOfBranchesThatCannotBeOpenedIsAnError) {
  if (geteuid() == 0) GTEST_SKIP() << "root opens every folder";
  CommitOn(repository_, "feature/a", "x");
  fs::permissions(repository_ / ".git/refs/heads/feature", fs::perms::none);
  const Result<std::vector<Branch>> branches = Read();
  const Result<std::optional<Branch>> found = ReadBranch(refs_, "feature/a", {});
  fs::permissions(repository_ / ".git/refs/heads/feature", fs::perms::owner_all);
  ASSERT_FALSE(branches.has_value());
  EXPECT_THAT(branches.error().why, testing::HasSubstr("Permission denied"));
  EXPECT_FALSE(found.has_value());
}

TEST_F(RefsTest, TellsTheDefaultBranch) {
  EXPECT_EQ(ReadDefaultBranch(refs_, {}), "main");
  Git(repository_, {"symbolic-ref", "HEAD", "refs/heads/feature/a"});
  EXPECT_EQ(ReadDefaultBranch(refs_, {}), "feature/a");
  ASSERT_TRUE(WriteFileAtomically(repository_ / ".git/HEAD", std::string(40, '1') + "\n").has_value());
  EXPECT_EQ(ReadDefaultBranch(refs_, {}), "");
}

TEST(RemoteRefs, AreParsed) {
  const std::string hash(40, 'a');
  const Result<RemoteRefs> refs =
      ParseRemoteRefs("ref: refs/heads/main\tHEAD\n" + hash + "\tHEAD\n" + hash + "\trefs/heads/feature/a\n" + hash +
                      "\trefs/heads/main\n" + hash + "\trefs/tags/v1\n");
  ASSERT_TRUE(refs.has_value());
  EXPECT_EQ(refs->default_branch, "main");
  EXPECT_THAT(refs->heads, ElementsAre(std::pair("feature/a", hash), std::pair("main", hash)));
  EXPECT_FALSE(ParseRemoteRefs("<html>\n").has_value());
}

}  // namespace
}  // namespace perch::git
