#include "git/location.h"

#include <gtest/gtest.h>

#include "git/testing.h"

namespace perch::git {
namespace {

namespace fs = std::filesystem;

class LocationTest : public testing::Test {
 protected:
  fs::path GitDir(const std::string& text) {
    const Result<Location> location = FindLocation(text);
    EXPECT_TRUE(location.has_value()) << location.error().Text();
    return location ? location->git_dir : fs::path();
  }
  static std::string Why(const std::string& text) { return FindLocation(text).error().why; }

  TemporaryFolder folder_;
  const fs::path repository_ = folder_.path() / "shop";
};

TEST_F(LocationTest, FindsTheRepositoryOfAWorkTreeAndOfAFolderInIt) {
  MakeRepository(repository_, {{"src/deep/a.txt", "a"}});
  EXPECT_EQ(GitDir(repository_.string()), repository_ / ".git");
  EXPECT_EQ(GitDir((repository_ / "src/deep").string()), repository_ / ".git");
  EXPECT_EQ(GitDir("file://" + repository_.string()), repository_ / ".git");
  EXPECT_EQ(GitDir((repository_ / ".git").string()), repository_ / ".git");
}

TEST_F(LocationTest, FindsABareRepositoryAlsoWithASpaceInItsName) {
  const fs::path bare = folder_.path() / "my shop.git";
  fs::create_directories(bare);
  Git(bare, {"init", "--quiet", "--bare"});
  EXPECT_EQ(GitDir(bare.string()), bare);
  EXPECT_EQ(GitDir("file://" + folder_.path().string() + "/my%20shop.git"), bare);
}

TEST_F(LocationTest, FindsTheCommonRepositoryOfALinkedWorkTree) {
  MakeRepository(repository_);
  Git(repository_, {"worktree", "add", "--quiet", "-b", "other", (folder_.path() / "linked").string()});
  EXPECT_EQ(GitDir((folder_.path() / "linked").string()), repository_ / ".git");
}

TEST_F(LocationTest, TakesAColonBeforeAnySlashForAHostUnlessSuchAFolderExists) {
  EXPECT_EQ(FindLocation("git@example.com:team/shop.git")->url, "git@example.com:team/shop.git");
  MakeRepository(folder_.path() / "a:b");
  EXPECT_EQ(GitDir((folder_.path() / "a:b").string()), folder_.path() / "a:b/.git");
}

TEST_F(LocationTest, ShowsAUrlWithoutItsCredentials) {
  const Result<Location> location = FindLocation("https://ada:s3cret@example.com/shop.git");
  ASSERT_TRUE(location.has_value());
  EXPECT_EQ(location->url, "https://ada:s3cret@example.com/shop.git");
  EXPECT_EQ(location->shown, "https://example.com/shop.git");
}

TEST_F(LocationTest, RefusesWhatIsNoRepositoryAndSaysWhy) {
  fs::create_directories(folder_.path() / "plain");
  EXPECT_EQ(FindLocation((folder_.path() / "plain").string()).error().Text(),
            "cannot use this repository: " + (folder_.path() / "plain").string() +
                ": it is not a git repository\n  Make it one with `git init`, or give another folder.");
  EXPECT_EQ(Why((folder_.path() / "absent").string()), "there is no such folder");
  EXPECT_EQ(Why(""), "its path or URL is empty");
  EXPECT_EQ(Why("--upload-pack=touch /tmp/x"), "it looks like an option");
  EXPECT_EQ(Why("ext::sh -c id"), "perch does not use git's transport helpers");
  EXPECT_EQ(Why("ftp://example.com/x"), "perch does not fetch from ftp://");
  EXPECT_EQ(Why("ssh://-oProxyCommand=id/x"), "it names no host");
  EXPECT_EQ(Why("https:///x"), "it names no host");
  EXPECT_EQ(FindLocation("").error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace perch::git
