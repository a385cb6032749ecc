#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "perch-file-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(folder_).has_value()); }
  fs::path folder_;
};

TEST_F(File, WritesAndReadsBack) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", "one").has_value());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", "two", 0600).has_value());
  EXPECT_EQ(ReadFile(folder_ / "a").value(), "two");
  EXPECT_EQ(fs::status(folder_ / "a").permissions(), fs::perms(0600));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1) << "no temporary file stays behind";
}

TEST_F(File, ReadSaysWhyItCannot) {
  EXPECT_EQ(ReadFile(folder_ / "absent").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(ReadFile(folder_).error().why, "it is not a regular file");
  ASSERT_TRUE(WriteFileAtomically(folder_ / "big", "12345").has_value());
  EXPECT_EQ(ReadFile(folder_ / "big", 4).error().why, "it is larger than the limit of 4 bytes");
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(ReadFile(folder_ / "pipe").error().why, "it is not a regular file");
}

TEST_F(File, RemoveTreeNeverFollowsALink) {
  fs::create_directories(folder_ / "outside");
  ASSERT_TRUE(WriteFileAtomically(folder_ / "outside/precious", "x").has_value());
  fs::create_directories(folder_ / "tree/inner");
  fs::create_directory_symlink(folder_ / "outside", folder_ / "tree/inner/link");
  fs::create_directory_symlink(folder_ / "outside", folder_ / "direct");
  fs::permissions(folder_ / "tree/inner", fs::perms(0));
  EXPECT_TRUE(RemoveTree(folder_ / "tree").has_value());
  EXPECT_TRUE(RemoveTree(folder_ / "direct").has_value());
  EXPECT_FALSE(fs::exists(folder_ / "tree"));
  EXPECT_TRUE(fs::exists(folder_ / "outside/precious"));
  EXPECT_TRUE(RemoveTree(folder_ / "absent").has_value());
}

TEST_F(File, MakeFoldersTellsAFileInTheWay) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a", "").has_value());
  EXPECT_EQ(MakeFolders(folder_ / "a").error().why, "there is a file of that name");
  EXPECT_TRUE(MakeFolders(folder_ / "x/y/z").has_value());
}

TEST(RemoveTree, DeletesFoldersNestedDeeperThanDescriptorsAndPathsGo) {
  const std::filesystem::path top = std::filesystem::temp_directory_path() / ("perch-deep-" + std::to_string(getpid()));
  ASSERT_TRUE(MakeFolders(top));
  UniqueFd at(open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < 5000; ++i) {
    ASSERT_EQ(mkdirat(at.get(), "d", 0700), 0);
    at = UniqueFd(openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  at.Close();
  EXPECT_TRUE(RemoveTree(top));
  EXPECT_FALSE(std::filesystem::exists(top));
}

}  // namespace
}  // namespace perch
