#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "git/repository.h"
#include "git/testing.h"

namespace perch::git {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::ElementsAre;

/// A TCP port that accepts connections and never says a word.
class SilentHost {
 public:
  SilentHost() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_.get(), 8), 0);
    EXPECT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  int port() const { return port_; }
  int fd() const { return socket_.get(); }

 private:
  UniqueFd socket_;
  int port_ = 0;
};

/// `git daemon` for a folder of repositories, on a free port, until this goes.
class Daemon {
 public:
  explicit Daemon(const fs::path& folder) {
    port_ = SilentHost().port();  // free again by now
    thread_ = std::jthread([this, folder](const std::stop_token& stop) {
      (void)RunProcess({.argv = {"git", "daemon", "--export-all", "--reuseaddr", "--listen=127.0.0.1",
                                 "--port=" + std::to_string(port_), "--base-path=" + folder.string(), folder.string()},
                        .timeout = std::chrono::minutes(5)},
                       stop);
    });
    // Until it answers; each try takes as long as starting git.
    for (int i = 0; i < 500; ++i) {
      const auto probe = RunProcess({.argv = {"git", "ls-remote", Url("shop")}});
      if (probe && probe->exit_code == 0) return;
    }
    ADD_FAILURE() << "git daemon does not answer";
  }
  std::string Url(const std::string& name) const { return "git://127.0.0.1:" + std::to_string(port_) + "/" + name; }
  void End() {
    thread_.request_stop();
    thread_.join();
  }

 private:
  int port_ = 0;
  std::jthread thread_;
};

class RemoteTest : public testing::Test {
 protected:
  void SetUp() override {
    MakeRepository(origin_);
    CommitOn(origin_, "feature/a", "Add a");
    daemon_ = std::make_unique<Daemon>(folder_.path() / "host");
    repository_ = Open({.location = daemon_->Url("shop"), .folder = state_, .poll = milliseconds(20)});
  }
  TemporaryFolder folder_;
  const fs::path origin_ = folder_.path() / "host/shop";
  const fs::path state_ = folder_.path() / "state";
  std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<Repository> repository_;
};

TEST_F(RemoteTest, ListsFetchesAndChecksOut) {
  const Result<BranchList> list = repository_->List({});
  ASSERT_THAT(Names(list), ElementsAre("feature/a", "main"));
  EXPECT_EQ(list->default_branch, "main");
  EXPECT_EQ(list->branches[0].subject, "Add a");
  EXPECT_EQ(repository_->ReadFile(list->branches[1].commit, "a.txt").value(), "a\n");
  const fs::path out = folder_.path() / "out";
  fs::create_directories(out);
  ASSERT_TRUE(repository_->CheckOut(list->branches[1].commit, out, {}).has_value());
  EXPECT_EQ(ReadFile(out / "a.txt").value(), "a\n");
}

TEST_F(RemoteTest, FollowsMovesRewritesDeletionsAndNewNamesInTheirPlace) {
  ASSERT_THAT(Names(repository_->List({})), ElementsAre("feature/a", "main"));
  const std::string rewritten = CommitOn(origin_, "feature/a", "Add a, again");
  EXPECT_EQ(repository_->List({})->branches[0].commit, rewritten);
  Git(origin_, {"update-ref", "-d", "refs/heads/feature/a"});
  CommitOn(origin_, "feature", "now a branch where a folder was");
  EXPECT_THAT(Names(repository_->List({})), ElementsAre("feature", "main"));
}

TEST_F(RemoteTest, FindsOneBranchWithoutAListing) {
  const std::string commit = CommitOn(origin_, "feature/b", "x");
  EXPECT_EQ(repository_->Find("feature/b", {}).value()->commit, commit);
  EXPECT_EQ(repository_->Find("feature", {}).value(), std::nullopt);
  EXPECT_EQ(repository_->Find("b", {}).value(), std::nullopt);
  EXPECT_EQ(repository_->Find("feature/*", {}).value(), std::nullopt);
  Git(origin_, {"update-ref", "-d", "refs/heads/feature/b"});
  EXPECT_EQ(repository_->Find("feature/b", {}).value(), std::nullopt);
  CommitOn(origin_, "feature/b/c", "below what was a branch");
  EXPECT_TRUE(repository_->Find("feature/b/c", {}).value().has_value());
}

TEST_F(RemoteTest, AHostThatWentAwayIsAnErrorAndNeverTheOldList) {
  ASSERT_TRUE(repository_->List({}).has_value());
  daemon_->End();
  const Result<BranchList> list = repository_->List({});
  ASSERT_FALSE(list.has_value());
  EXPECT_EQ(list.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(list.error().why, testing::HasSubstr("Connection refused"));
  EXPECT_EQ(list.error().hint, "Check that the git server is running and that its port is right.");
  EXPECT_FALSE(repository_->Find("main", {}).has_value());
}

TEST_F(RemoteTest, ARemoteThatLostAllBranchesIsAnErrorAndTheMirrorKeepsThem) {
  ASSERT_TRUE(repository_->List({}).has_value());
  Git(origin_, {"checkout", "--quiet", "--detach"});
  Git(origin_, {"update-ref", "-d", "refs/heads/main"});
  Git(origin_, {"update-ref", "-d", "refs/heads/feature/a"});
  EXPECT_EQ(repository_->List({}).error().why, "the repository has no branch");
}

TEST_F(RemoteTest, PollingNoticesAPush) {
  std::mutex mutex;
  std::condition_variable condition;
  int calls = 0;
  auto watch = repository_->WatchForChanges([&] {
    const std::scoped_lock lock(mutex);
    ++calls;
    condition.notify_all();
  });
  ASSERT_TRUE(watch.has_value());
  // The first look may come after the first push, so push until one is noticed.
  for (int i = 0; i < 200; ++i) {
    CommitOn(origin_, "feature/a", "push " + std::to_string(i));
    std::unique_lock lock(mutex);
    if (condition.wait_for(lock, milliseconds(200), [&] { return calls > 0; })) break;
  }
  watch->reset();
  EXPECT_GT(calls, 0);
}

TEST(SilentRemote, IsAnErrorAfterTheTimeOut) {
  const SilentHost host;
  const TemporaryFolder folder;
  for (const std::string scheme : {"git://127.0.0.1:", "http://ada:s3cret@127.0.0.1:"}) {
    const auto repository = Open({.location = scheme + std::to_string(host.port()) + "/shop",
                                  .folder = folder.path() / "state",
                                  .list_timeout = milliseconds(200)});
    const Result<BranchList> list = repository->List({});
    ASSERT_FALSE(list.has_value());
    EXPECT_EQ(list.error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(list.error().why, "git did not finish within 200 ms");
    EXPECT_THAT(list.error().Text(), testing::Not(testing::HasSubstr("s3cret")));
    EXPECT_FALSE(repository->Find("main", {}).has_value());
  }
}

TEST(SshRemote, IsFetchedThroughTheSshProgramOfTheUser) {
  const TemporaryFolder folder;
  MakeRepository(folder.path() / "my shop");
  // Stands for ssh: runs on this machine what it is asked to run on the other.
  const fs::path ssh = folder.path() / "ssh";
  ASSERT_TRUE(WriteFileAtomically(ssh, "#!/bin/sh\nfor word; do command=$word; done\nexec sh -c \"$command\"\n", 0755)
                  .has_value());
  setenv("GIT_SSH", ssh.c_str(), 1);
  setenv("GIT_SSH_VARIANT", "simple", 1);
  const auto repository =
      Open({.location = "git@host:" + (folder.path() / "my shop").string(), .folder = folder.path() / "state"});
  const Result<BranchList> list = repository->List({});
  EXPECT_THAT(Names(list), ElementsAre("main"));
  EXPECT_EQ(list->default_branch, "main");
  unsetenv("GIT_SSH");
  unsetenv("GIT_SSH_VARIANT");
}

TEST(HttpRemote, ThatWantsAPasswordIsAnErrorWithAHintAndNoPrompt) {
  const SilentHost host;
  std::jthread server([&] {
    const UniqueFd client(accept4(host.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    char request[4096];
    EXPECT_GT(read(client.get(), request, sizeof request), 0);
    const std::string answer =
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"git\"\r\nContent-Length: 0\r\n"
        "Connection: close\r\n\r\n";
    EXPECT_EQ(write(client.get(), answer.data(), answer.size()), ssize_t(answer.size()));
  });
  const TemporaryFolder folder;
  const std::string url = "http://127.0.0.1:" + std::to_string(host.port());
  const auto repository = Open({.location = url + "/shop", .folder = folder.path() / "state"});
  const Result<BranchList> list = repository->List({});
  ASSERT_FALSE(list.has_value());
  EXPECT_EQ(list.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(list.error().why,
              testing::HasSubstr("could not read Username for '" + url + "': terminal prompts disabled"));
  EXPECT_EQ(list.error().hint, "Give git the credentials: a credential helper (git help credentials), or an ssh URL.");
}

TEST(SilentRemote, CanBeStopped) {
  const SilentHost host;
  const TemporaryFolder folder;
  const auto repository =
      Open({.location = "git://127.0.0.1:" + std::to_string(host.port()) + "/shop", .folder = folder.path() / "state"});
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(repository->List(stop.get_token()).error().kind, ErrorKind::kCancelled);
}

}  // namespace
}  // namespace perch::git
