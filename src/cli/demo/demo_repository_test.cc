#include "cli/demo/demo_repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "cli/demo/files.h"
#include "git/repository.h"

namespace perch::demo {
namespace {

namespace fs = std::filesystem;

const Time kTime = *ParseTime("2026-05-04T10:00:00Z");

class DemoRepositoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "perch-demo-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    Result<DemoRepository> made = MakeDemoRepository(folder_ / "it's here", kTime);
    ASSERT_TRUE(made.has_value()) << made.error().Text();
    demo_ = *made;
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(folder_).has_value()); }

  BranchList List() {
    const auto repository = git::Repository::Open({.location = demo_.bare.string(), .folder = folder_ / "state"});
    const Result<BranchList> list = (*repository)->List({});
    EXPECT_TRUE(list.has_value());
    return list.value_or(BranchList{});
  }
  ProcessResult Shell(const std::string& text, const fs::path& cwd) {
    const auto result =
        RunProcess({.argv = {"/bin/sh", "-c", text},
                    .env = {{{"PATH", getenv("PATH")}, {"HOME", folder_.string()}, {"PYTHONDONTWRITEBYTECODE", "1"}}},
                    .cwd = cwd.string()});
    return result.value_or(ProcessResult{});
  }

  fs::path folder_;
  DemoRepository demo_;
};

TEST_F(DemoRepositoryTest, HasTheBranchesThatItTellsOf) {
  std::vector<std::string> lines;
  const BranchList list = List();
  for (const Branch& branch : list.branches) {
    lines.push_back(branch.name + " | " + branch.author + " | " + branch.subject + " | " +
                    FormatTime(branch.committed_at));
  }
  EXPECT_THAT(lines,
              testing::ElementsAre(
                  "docs/typo-no-infra | Dinh Thu Ha | README: whole sentences | 2026-05-04T08:00:00.000Z",
                  "feature/dark-checkout | Chiara Russo | Buy without leaving the page | 2026-05-04T07:00:00.000Z",
                  "feature/gift-wrap | Esther O'Neill | Dress the shop up for the season | 2026-05-04T09:20:00.000Z",
                  "fix/rounding | Farid Haddad | Round with round() | 2026-05-04T09:45:00.000Z",
                  "main | Bj\xc3\xb6rn Lindqvist | Give every branch a place | 2026-04-28T10:00:00.000Z"));
  EXPECT_EQ(list.default_branch, "main");
  std::vector<std::string> told, there;
  for (const DemoBranch& branch : demo_.branches) told.push_back(branch.name);
  for (const Branch& branch : list.branches) there.push_back(branch.name);
  EXPECT_EQ(told, there);
}

TEST_F(DemoRepositoryTest, GivesTheSameCommitsEachTime) {
  const Result<DemoRepository> again = MakeDemoRepository(folder_ / "again", kTime);
  ASSERT_TRUE(again.has_value());
  const std::string refs = "git for-each-ref --format='%(objectname) %(refname)' refs/heads";
  EXPECT_EQ(Shell(refs, demo_.bare).out, Shell(refs, again->bare).out);
  EXPECT_EQ(Lines(Shell(refs, demo_.bare).out).size(), 5u);
}

TEST_F(DemoRepositoryTest, TestsPassOrFailOnEachBranchAsExpected) {
  for (const DemoBranch& branch : demo_.branches) {
    const ProcessResult result =
        Shell("git switch -q " + branch.name + " && /usr/bin/python3 -S -m unittest discover --quiet", demo_.work_tree);
    EXPECT_EQ(result.Succeeded(), branch.expected != State::kFailed) << branch.name << "\n" << result.err;
    if (branch.expected == State::kFailed) {
      EXPECT_THAT(result.err, testing::HasSubstr("test_half_a_cent_is_rounded_up"));
    }
  }
}

TEST_F(DemoRepositoryTest, TheRecipesDoWhatTheySay) {
  const BranchList before = List();
  ASSERT_EQ(demo_.recipes.size(), 4u);
  for (const DemoRecipe& recipe : demo_.recipes) {
    const ProcessResult result = Shell(demo_.enter + " && " + recipe.command, "/");
    EXPECT_TRUE(result.Succeeded()) << recipe.title << "\n" << result.err;
    EXPECT_EQ(result.out + result.err, "") << recipe.title;
    if (recipe.title == "Push a mistake") {
      EXPECT_NE(Shell("/usr/bin/python3 -S -m unittest discover -q", demo_.work_tree).exit_code, 0);
    }
  }
  std::vector<std::string> lines;
  for (const Branch& branch : List().branches)
    lines.push_back(branch.name + " | " + branch.author + " | " + branch.subject);
  EXPECT_THAT(lines, testing::ElementsAre("docs/typo-no-infra | Dinh Thu Ha | README: whole sentences",
                                          "feature/gift-wrap | You | Wrens on the paper",
                                          "feature/yours | You | A warmer welcome",
                                          "fix/rounding | Farid Haddad | Round with round()",
                                          "main | Bj\xc3\xb6rn Lindqvist | Give every branch a place"));
  EXPECT_THAT(Shell("git show feature/gift-wrap:shop/pages.py", demo_.bare).out,
              testing::HasSubstr("paper with wrens on it"));
  EXPECT_THAT(Shell("git show feature/yours:shop/pages.py", demo_.bare).out, testing::HasSubstr("Lovely things"));
}

TEST_F(DemoRepositoryTest, IsFoundAgainAndNeverOverwritten) {
  const Result<DemoRepository> found = FindDemoRepository(folder_ / "it's here");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->bare, demo_.bare);
  EXPECT_EQ(FindDemoRepository(folder_).error().kind, ErrorKind::kNotFound);
  const Result<DemoRepository> again = MakeDemoRepository(folder_ / "it's here", kTime);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(again.error().why, "something is there already");
}

TEST(ShopFiles, AreThoseOfTheExample) {
  const fs::path example = "examples/shop";
  if (!fs::exists(example)) GTEST_SKIP() << "run it in the root of the sources";
  std::set<std::string> there, embedded;
  for (const auto& entry : fs::recursive_directory_iterator(example)) {
    const std::string path = fs::relative(entry.path(), example).string();
    if (entry.is_regular_file() && path.find("__pycache__") == path.npos) there.insert(path);
  }
  for (const EmbeddedFile& file : ShopFiles()) {
    embedded.insert(std::string(file.path));
    EXPECT_EQ(ReadFile(example / file.path).value(), file.content) << file.path;
  }
  EXPECT_EQ(there, embedded);
}

}  // namespace
}  // namespace perch::demo
