#pragma once

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "local/platform.h"

namespace perch::local::testing {

using Files = std::map<std::string, std::string>;

/// Branches that a test makes up: commits are maps from path to content. "-> target" as content makes a symbolic link.
/// Thread-safe.
class FakeSource : public engine::BranchSource {
 public:
  /// Moves a branch to a new commit with these files; gives it.
  Branch Push(const std::string& branch, const Files& files);
  int checkouts() const;
  /// Makes check-outs fail.
  void BreakCheckOuts(bool broken);

  Result<BranchList> List(std::stop_token stop) override;
  Result<std::optional<Branch>> Find(const std::string& name, std::stop_token stop) override;
  Result<std::optional<std::string>> ReadFile(const std::string& commit, const std::string& path) override;
  Result<std::string> FilesDigest(const std::string& commit, const std::vector<std::string>& globs) override;
  Status CheckOut(const std::string& commit, const std::filesystem::path& folder, std::stop_token stop) override;
  Result<std::unique_ptr<engine::Watch>> WatchForChanges(std::function<void()> on_change) override;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Branch> heads_;
  std::map<std::string, Files> commits_;
  int checkouts_ = 0, pushes_ = 0;
  bool broken_ = false;
};

/// Links that only remember where they go. Thread-safe.
class FakeTraffic : public engine::Traffic {
 public:
  void Route(const std::string& slug, std::uint16_t port) override;
  void Unroute(const std::string& slug) override;
  void Drain(std::uint16_t port, std::chrono::milliseconds timeout) override;
  /// 0: nowhere.
  std::uint16_t PortOf(const std::string& slug) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint16_t> routes_;
};

/// A state folder of its own, a platform on it, and what a test says to it. All is ended and removed at the end.
class World {
 public:
  World();
  explicit World(std::filesystem::path folder);  ///< on a folder that stays
  ~World();

  /// Settings that run /app/app.py with python3; a test changes what it needs.
  Settings Defaults() const;
  /// Deploys a branch's new commit with the planner's usual step.
  Status Deploy(const std::string& branch, const Files& files, const Settings& settings);
  Status Deploy(const Branch& head, const Settings& settings, std::stop_token stop = {});
  Status Delete(const std::string& branch);
  Status Stop(const std::string& branch);
  Environment Find(const std::string& branch);
  Step StepFor(const Branch& head, const Settings& settings);
  std::string Log(const std::string& branch, Stage stage, std::uint64_t generation = 0);
  /// What the branch's link answers to a GET: the body; "" when it does not.
  std::string Get(const std::string& branch, const std::string& path = "/");
  /// What a Python expression gives inside of the branch's app; the exception's name if it raises one.
  std::string Do(const std::string& branch, const std::string& python);
  /// Lines like "build started", "build finished", "test failed: the tests failed: exit code 1", in order.
  std::vector<std::string> Events();
  void ClearEvents();
  /// Opens the platform anew, as a restarted perch does; the former one's memory is lost, its apps stay.
  Status Reopen();
  Status Open();
  std::filesystem::path EnvironmentFolder(const std::string& branch) const;
  /// Waits until the platform told of a change of some branch `count` times; a hang guard ends it.
  bool WaitForChanges(int count);

  std::filesystem::path folder;
  FakeSource source;
  FakeTraffic traffic;
  Options options;
  std::unique_ptr<LocalPlatform> platform;
  std::map<std::string, Settings> settings;  ///< by branch; of the last Deploy

 private:
  bool temporary_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
  int changes_ = 0;
};

/// A small HTTP app in Python: answers `text` to every GET; "/env/NAME" with that variable, "/do/HEX" with
/// what a Python expression gives. `before` is Python that runs first.
std::string App(const std::string& text, const std::string& before = "");

}  // namespace perch::local::testing
