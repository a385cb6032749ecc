#include "cli/state_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::cli {
namespace {

TEST(StateLock, OneAtATimeAndPrivate) {
  std::string name = (std::filesystem::temp_directory_path() / "perch-lock-XXXXXX").string();
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  const std::filesystem::path folder = std::filesystem::path(name) / "state";
  {
    const auto first = LockState(folder);
    ASSERT_TRUE(first.has_value());
    struct stat info{};
    ASSERT_EQ(stat(folder.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    const auto second = LockState(folder);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().what, "another perch serve works on this state");
    EXPECT_EQ(second.error().why, "process " + std::to_string(getpid()));
  }
  EXPECT_TRUE(LockState(folder).has_value()) << "the lock goes with its holder";
  EXPECT_TRUE(RemoveTree(name).has_value());
}

}  // namespace
}  // namespace perch::cli
