#include "git/repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "git/testing.h"
#include "git/watch.h"

namespace perch::git {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class RepositoryTest : public testing::Test {
 protected:
  std::unique_ptr<Repository> OpenRepository() {
    return Open({.location = repository_.string(), .folder = folder_.path() / "state"});
  }
  TemporaryFolder folder_;
  const fs::path repository_ = folder_.path() / "shop";
};

TEST_F(RepositoryTest, ListsBranchesSortedByName) {
  MakeRepository(repository_);
  for (const char* name : {"feature/a", "feature-a", "Feature/A"}) CommitOn(repository_, name, "x");
  const Result<BranchList> list = OpenRepository()->List({});
  EXPECT_THAT(Names(list), ElementsAre("Feature/A", "feature-a", "feature/a", "main"));
  EXPECT_EQ(list->default_branch, "main");
}

TEST_F(RepositoryTest, AnEmptyRepositoryIsAnErrorAndNotAnEmptyList) {
  fs::create_directories(repository_);
  Git(repository_, {"init", "--quiet"});
  const Result<BranchList> list = OpenRepository()->List({});
  ASSERT_FALSE(list.has_value());
  EXPECT_EQ(list.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(list.error().Text(), "cannot list the branches: " + repository_.string() +
                                     ": the repository has no branch with a commit\n"
                                     "  Make a first commit there, or push one.");
}

TEST_F(RepositoryTest, ARepositoryThatWentAwayIsAnErrorAndItsBranchesAreNotGone) {
  MakeRepository(repository_);
  const auto repository = OpenRepository();
  fs::rename(repository_, folder_.path() / "elsewhere");
  EXPECT_EQ(repository->List({}).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(repository->Find("main", {}).error().kind, ErrorKind::kUnavailable);
  fs::create_directories(repository_ / ".git");
  EXPECT_EQ(repository->Find("main", {}).error().why, "not a git repository: '" + repository_.string() + "/.git'");
  EXPECT_EQ(repository->Find("main", {}).error().hint, "Check the path or URL.");
}

TEST_F(RepositoryTest, FindsWhatWasJustPushed) {
  MakeRepository(repository_);
  const auto repository = OpenRepository();
  EXPECT_EQ(repository->Find("new", {}).value(), std::nullopt);
  const std::string commit = CommitOn(repository_, "new", "x");
  EXPECT_EQ(repository->Find("new", {}).value()->commit, commit);
  Git(repository_, {"update-ref", "-d", "refs/heads/new"});
  EXPECT_EQ(repository->Find("new", {}).value(), std::nullopt);
}

TEST_F(RepositoryTest, NeverMissesABranchWhileOthersAreMovedAndPacked) {
  MakeRepository(repository_);
  for (int i = 0; i < 10; ++i) CommitOn(repository_, "steady/" + std::to_string(i), "x");
  const auto repository = OpenRepository();
  std::atomic<bool> done = false;
  std::jthread pusher([&] {
    for (int i = 0; i < 10; ++i) {
      CommitOn(repository_, "steady/3", "moved " + std::to_string(i));
      CommitOn(repository_, "moving", "x");
      Git(repository_, {"pack-refs", "--all", "--prune"});
      Git(repository_, {"update-ref", "-d", "refs/heads/moving"});
    }
    done = true;
  });
  do {
    const std::vector<std::string> names = Names(repository->List({}));
    for (int i = 0; i < 10; ++i) EXPECT_THAT(names, testing::Contains("steady/" + std::to_string(i)));
    EXPECT_TRUE(repository->Find("steady/3", {}).value().has_value());
  } while (!done);
}

TEST_F(RepositoryTest, ReadsARepositoryOfAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  MakeRepository(repository_);
  for (const auto& entry : fs::recursive_directory_iterator(repository_))
    ASSERT_EQ(lchown(entry.path().c_str(), 65534, 65534), 0);
  ASSERT_EQ(chown(repository_.c_str(), 65534, 65534), 0);
  const auto repository = OpenRepository();
  const Result<BranchList> list = repository->List({});
  ASSERT_THAT(Names(list), ElementsAre("main"));
  fs::create_directories(folder_.path() / "out");
  EXPECT_TRUE(repository->CheckOut(list->branches[0].commit, folder_.path() / "out", {}).has_value());
}

TEST_F(RepositoryTest, IsNotMisledByTheVariablesOfAHook) {
  MakeRepository(repository_);
  setenv("GIT_DIR", "/nonexistent", 1);
  setenv("GIT_INDEX_FILE", "/nonexistent/index", 1);
  setenv("GIT_QUARANTINE_PATH", "/nonexistent", 1);
  const Result<BranchList> list = OpenRepository()->List({});
  for (const char* name : {"GIT_DIR", "GIT_INDEX_FILE", "GIT_QUARANTINE_PATH"}) unsetenv(name);
  EXPECT_THAT(Names(list), ElementsAre("main"));
}

TEST_F(RepositoryTest, WritesNothingIntoALocalRepository) {
  MakeRepository(repository_);
  const auto snapshot = [&] {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(repository_)) {
      files.push_back(entry.path().string() + " " + std::to_string(entry.last_write_time().time_since_epoch().count()));
    }
    std::ranges::sort(files);
    return files;
  };
  const std::vector<std::string> before = snapshot();
  const auto repository = OpenRepository();
  fs::create_directories(folder_.path() / "out");
  EXPECT_TRUE(repository->List({}).has_value());
  EXPECT_TRUE(repository->CheckOut(Head(repository_), folder_.path() / "out", {}).has_value());
  EXPECT_TRUE(repository->FilesDigest(Head(repository_), {"*"}).has_value());
  EXPECT_EQ(snapshot(), before);
}

TEST_F(RepositoryTest, ChecksOutSeveralCommitsAtTheSameTime) {
  MakeRepository(repository_);
  const auto repository = OpenRepository();
  const std::string commit = Head(repository_);
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const fs::path out = folder_.path() / ("out" + std::to_string(i));
      fs::create_directories(out);
      if (repository->CheckOut(commit, out, {}) && fs::exists(out / "a.txt")) ++good;
    });
  }
  threads.clear();
  EXPECT_EQ(good, 4);
}

TEST_F(RepositoryTest, IsPolledWhenTheSystemGrantsNoWatch) {
  MakeRepository(repository_);
  const auto repository = OpenRepository();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit tight{.rlim_cur = 0, .rlim_max = limit.rlim_max};
  std::mutex mutex;
  std::condition_variable called;
  int calls = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  const Result<std::unique_ptr<engine::Watch>> refused = WatchRefs(repository_ / ".git", [] {});
  Result<std::unique_ptr<engine::Watch>> watch = repository->WatchForChanges([&] {
    const std::scoped_lock lock(mutex);
    ++calls;
    called.notify_all();
  });
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().Text(),
            "cannot watch the branches: " + repository_.string() +
                "/.git: Too many open files\n"
                "  Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances with sysctl.");
  ASSERT_TRUE(watch.has_value());
  // The first look may have failed for the same reason, so push until a push is noticed.
  std::unique_lock lock(mutex);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(called.wait_for(lock, std::chrono::seconds(20), [&] { return calls > i; })) << i;
    CommitOn(repository_, "new", "push " + std::to_string(i));
  }
}

TEST_F(RepositoryTest, AStoppedCallSaysSo) {
  MakeRepository(repository_);
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(OpenRepository()->List(stopped.get_token()).error().kind, ErrorKind::kCancelled);
}

}  // namespace
}  // namespace perch::git
