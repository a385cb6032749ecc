#include "git/watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "git/testing.h"

namespace perch::git {
namespace {

namespace fs = std::filesystem;

/// Counts calls and waits for them; the deadline only guards against hanging.
class Calls {
 public:
  std::function<void()> Callback() {
    return [this] {
      const std::scoped_lock lock(mutex_);
      ++count_;
      changed_.notify_all();
    };
  }
  bool WaitForMoreThan(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return count_ > count; });
  }
  int count() {
    const std::scoped_lock lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

class WatchTest : public testing::Test {
 protected:
  void SetUp() override {
    MakeRepository(repository_);
    Result<std::unique_ptr<engine::Watch>> watch = WatchRefs(repository_ / ".git", calls_.Callback());
    ASSERT_TRUE(watch.has_value()) << watch.error().Text();
    watch_ = std::move(*watch);
  }
  /// Whether what `change` does is noticed.
  bool Notices(const std::function<void()>& change) {
    const int before = calls_.count();
    change();
    return calls_.WaitForMoreThan(before);
  }
  void Git_(std::vector<std::string> args) { Git(repository_, std::move(args)); }

  TemporaryFolder folder_;
  const fs::path repository_ = folder_.path() / "shop";
  Calls calls_;
  std::unique_ptr<engine::Watch> watch_;
};

TEST_F(WatchTest, NoticesANewAMovedAndADeletedBranch) {
  EXPECT_TRUE(Notices([&] { Git_({"branch", "new"}); }));
  EXPECT_TRUE(Notices([&] { CommitOn(repository_, "new", "x"); }));
  EXPECT_TRUE(Notices([&] { Git_({"branch", "-D", "--quiet", "new"}); }));
  EXPECT_TRUE(Notices([&] { Git_({"commit", "--quiet", "--allow-empty", "--message=on main"}); }));
}

TEST_F(WatchTest, NoticesBranchesInFoldersThatComeAndGo) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Notices([&] { Git_({"branch", "team/ada/cart"}); })) << i;
    EXPECT_TRUE(Notices([&] { CommitOn(repository_, "team/ada/cart", "x"); })) << i;
    EXPECT_TRUE(Notices([&] { Git_({"branch", "-D", "--quiet", "team/ada/cart"}); })) << i;
  }
}

TEST_F(WatchTest, NoticesTheDeletionOfAPackedBranch) {
  Git_({"branch", "packed"});
  Git_({"pack-refs", "--all"});
  EXPECT_TRUE(Notices([&] { Git_({"branch", "-D", "--quiet", "packed"}); }));
}

TEST_F(WatchTest, NoticesAPushFromAClone) {
  const fs::path clone = folder_.path() / "clone";
  Git(folder_.path(), {"clone", "--quiet", repository_.string(), clone.string()});
  EXPECT_TRUE(Notices([&] { Git(clone, {"push", "--quiet", "origin", "HEAD:refs/heads/feature/pushed"}); }));
  EXPECT_TRUE(Notices([&] { Git(clone, {"push", "--quiet", "origin", ":refs/heads/feature/pushed"}); }));
}

TEST_F(WatchTest, NoticesThatTheRepositoryWasReplaced) {
  EXPECT_TRUE(Notices([&] { fs::rename(repository_, folder_.path() / "old"); }));
  const int before = calls_.count();
  MakeRepository(repository_);
  EXPECT_TRUE(calls_.WaitForMoreThan(before));
  EXPECT_TRUE(Notices([&] { CommitOn(repository_, "after", "x"); }));
}

TEST_F(WatchTest, IsQuietAfterItsEnd) {
  watch_.reset();
  const int before = calls_.count();
  Git_({"branch", "new"});
  EXPECT_EQ(calls_.count(), before);
}

TEST(PollingWatch, TellsChangesFailuresAndRecoveriesOnce) {
  std::atomic<int> look = 0;
  Calls calls, looks;
  const std::function<void()> looked = looks.Callback();
  // What each look finds: the same, another, failures, and the same again.
  const Fingerprint fingerprint = [&](const std::stop_token&) -> Result<std::string> {
    const int now = look++;
    looked();
    if (now == 3 || now == 4) return Fail({.what = "away"});
    return now < 2 ? "one" : "two";
  };
  auto watch = WatchByPolling(fingerprint, std::chrono::milliseconds(1), calls.Callback());
  EXPECT_TRUE(looks.WaitForMoreThan(10));
  watch.reset();
  EXPECT_EQ(calls.count(), 4) << "the first look, one to two, the failure, the recovery";
}

TEST(PollingWatch, EndsAtOnceWhateverItsInterval) {
  Calls looks;
  auto watch = WatchByPolling(
      [looked = looks.Callback()](const std::stop_token&) -> Result<std::string> {
        looked();
        return "";
      },
      std::chrono::hours(1), [] {});
  EXPECT_TRUE(looks.WaitForMoreThan(0));
  watch.reset();
}

}  // namespace
}  // namespace perch::git
