#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "config/project.h"

namespace perch::config {
namespace {

constexpr char kHead[] = "app: shop\nrun: {command: ./serve}\n";

/// A folder of its own, gone afterwards.
class LoadTest : public testing::Test {
 protected:
  LoadTest() {
    char name[] = "/tmp/perch-config-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~LoadTest() override { EXPECT_TRUE(RemoveTree(folder_)); }
  std::string ErrorOf(const std::filesystem::path& path) {
    const Result<Project> project = Load(path);
    return project ? "" : project.error().Text();
  }
  std::filesystem::path folder_;
};

TEST_F(LoadTest, AMissingFileSaysHowToMakeOne) {
  EXPECT_EQ(ErrorOf(folder_ / "perch.yaml"), "there is no configuration: " + folder_.string() +
                                                 "/perch.yaml: the file does not exist\n"
                                                 "  Run `perch init` to write one, or name another with --config.");
}

TEST_F(LoadTest, AFolderOrPipeInItsPlaceIsUnreadable) {
  ASSERT_EQ(mkdir((folder_ / "folder.yaml").c_str(), 0755), 0);
  ASSERT_EQ(mkfifo((folder_ / "pipe.yaml").c_str(), 0644), 0);
  for (const char* name : {"folder.yaml", "pipe.yaml"}) {
    EXPECT_EQ(ErrorOf(folder_ / name), "cannot read the configuration: " + (folder_ / name).string() +
                                           ": it is not a regular file\n"
                                           "  Is this really a perch.yaml? Name another file with --config.");
  }
}

TEST_F(LoadTest, TenMegabytesAreRefused) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "perch.yaml", std::string(10 << 20, '#')));
  EXPECT_EQ(ErrorOf(folder_ / "perch.yaml"), "cannot read the configuration: " + (folder_ / "perch.yaml").string() +
                                                 ": it is larger than the limit of 1048576 bytes\n"
                                                 "  Is this really a perch.yaml? Name another file with --config.");
}

TEST_F(LoadTest, TheRepositoryIsItsFolderUnlessItSaysOtherwise) {
  const auto load = [&](const std::string& line) {
    EXPECT_TRUE(WriteFileAtomically(folder_ / "perch.yaml", kHead + line));
    const Result<Project> project = Load(folder_ / "perch.yaml");
    EXPECT_TRUE(project);
    return project ? project->repository : "";
  };
  EXPECT_EQ(load(""), folder_.string());
  EXPECT_EQ(load("repository: ../shop.git\n"), folder_.parent_path().string() + "/shop.git");
  EXPECT_EQ(load("repository: /srv/shop.git\n"), "/srv/shop.git");
  EXPECT_EQ(load("repository: git@example.com:shop.git\n"), "git@example.com:shop.git");
  EXPECT_EQ(load("repository: https://example.com/shop.git\n"), "https://example.com/shop.git");
}

}  // namespace
}  // namespace perch::config
