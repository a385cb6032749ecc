#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports.h"

namespace perch::engine::testing {

/// A full commit hash from one letter: "a" is forty a's.
inline std::string Commit(char letter) { return std::string(40, letter); }

/// A git host in memory. Thread-safe.
class FakeBranchSource : public BranchSource {
 public:
  /// Moves a branch and tells the watchers.
  void Push(const std::string& name, const std::string& commit) {
    {
      const std::lock_guard lock(mutex_);
      branches_[name] = commit;
    }
    Notify();
  }
  void Remove(const std::string& name) {
    {
      const std::lock_guard lock(mutex_);
      branches_.erase(name);
    }
    Notify();
  }
  /// As Push or Remove, but nobody is told.
  void MoveSilently(const std::string& name, const std::string& commit) {
    const std::lock_guard lock(mutex_);
    branches_[name] = commit;
  }
  void RemoveSilently(const std::string& name) {
    const std::lock_guard lock(mutex_);
    branches_.erase(name);
  }
  void Notify() {
    const std::lock_guard lock(watch_mutex_);
    for (const auto& [key, watcher] : watchers_) watcher();
  }

  /// From now on List fails (nullopt: works again).
  void FailListing(std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    list_error_ = std::move(error);
  }
  void FailFind(std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    find_error_ = std::move(error);
  }
  /// From now on List waits until its stop token, or until this is called with false.
  void HangListing(bool hang) {
    const std::lock_guard lock(mutex_);
    hang_ = hang;
    changed_.notify_all();
  }
  /// Waits until a List hangs.
  void WaitUntilHanging() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return hanging_ > 0; });
  }
  int lists() const {
    const std::lock_guard lock(mutex_);
    return lists_;
  }
  void WaitForLists(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return lists_ >= count; });
  }

  Result<BranchList> List(std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    ++lists_;
    changed_.notify_all();
    if (hang_) {
      ++hanging_;
      changed_.notify_all();
      const bool released = changed_.wait(lock, stop, [&] { return !hang_; });
      --hanging_;
      if (!released) return Fail({.kind = ErrorKind::kCancelled, .what = "cancelled"});
    }
    if (list_error_) return std::unexpected(*list_error_);
    BranchList list;
    for (const auto& [name, commit] : branches_) list.branches.push_back(Make(name, commit));
    return list;
  }
  Result<std::optional<Branch>> Find(const std::string& name, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (find_error_) return std::unexpected(*find_error_);
    const auto at = branches_.find(name);
    if (at == branches_.end()) return std::optional<Branch>();
    return std::optional(Make(name, at->second));
  }
  Result<std::optional<std::string>> ReadFile(const std::string&, const std::string&) override {
    return std::optional<std::string>();
  }
  Result<std::string> FilesDigest(const std::string& commit, const std::vector<std::string>&) override {
    return commit;
  }
  Status CheckOut(const std::string&, const std::filesystem::path&, std::stop_token) override { return {}; }
  Result<std::unique_ptr<Watch>> WatchForChanges(std::function<void()> on_change) override {
    const std::lock_guard lock(watch_mutex_);
    watchers_[++next_watcher_] = std::move(on_change);
    return std::make_unique<FakeWatch>(*this, next_watcher_);
  }

 private:
  class FakeWatch : public Watch {
   public:
    FakeWatch(FakeBranchSource& source, int key) : source_(source), key_(key) {}
    ~FakeWatch() override {
      const std::lock_guard lock(source_.watch_mutex_);
      source_.watchers_.erase(key_);
    }

   private:
    FakeBranchSource& source_;
    int key_;
  };

  static Branch Make(const std::string& name, const std::string& commit) {
    return {.name = name, .commit = commit, .tree = commit, .subject = "about " + name, .author = "Ada"};
  }

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, std::string> branches_;
  std::optional<Error> list_error_;
  std::optional<Error> find_error_;
  bool hang_ = false;
  int hanging_ = 0;
  int lists_ = 0;
  std::mutex watch_mutex_;
  std::map<int, std::function<void()>> watchers_;
  int next_watcher_ = 0;
};

/// Settings in memory: every branch has the hash "h1" until told otherwise. Thread-safe.
class FakeSettings : public SettingsSource {
 public:
  void SetHash(const std::string& branch, const std::string& hash) {
    const std::lock_guard lock(mutex_);
    hashes_[branch] = hash;
  }
  /// What the platform will say can only be changed by a replacement.
  void SetFixed(const std::string& branch, const std::map<std::string, std::string>& fixed) {
    const std::lock_guard lock(mutex_);
    fixed_[branch] = fixed;
  }
  /// From now on the branch's settings are an error (nullopt: fine again).
  void Break(const std::string& branch, std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    if (error) {
      errors_[branch] = *error;
    } else {
      errors_.erase(branch);
    }
  }
  Result<Settings> For(const Branch& branch) override {
    const std::lock_guard lock(mutex_);
    if (const auto error = errors_.find(branch.name); error != errors_.end()) return std::unexpected(error->second);
    Settings settings;
    settings.app = "shop";
    settings.branch = branch.name;
    settings.profile = "branch";
    const auto hash = hashes_.find(branch.name);
    settings.hash = hash == hashes_.end() ? "h1" : hash->second;
    if (const auto fixed = fixed_.find(branch.name); fixed != fixed_.end()) settings.fixed = fixed->second;
    return settings;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> hashes_;
  std::map<std::string, std::map<std::string, std::string>> fixed_;
  std::map<std::string, Error> errors_;
};

}  // namespace perch::engine::testing
