#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports.h"

namespace perch::engine::testing {

/// A platform in memory that keeps the contract of Platform: fence, attempts written before the act, the old release
/// serving on. It can fail or wait at any stage, and checks that no branch is worked on twice at once. Thread-safe.
class FakePlatform : public Platform {
 public:
  /// What was done: "deploy main aaaaaaa", "deployed main aaaaaaa", "delete main", "deleted main", "stop main".
  std::vector<std::string> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  int most_at_once() const {
    const std::lock_guard lock(mutex_);
    return most_at_once_;
  }
  bool two_on_one_branch() const {
    const std::lock_guard lock(mutex_);
    return two_on_one_branch_;
  }
  std::vector<std::string> Environments() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, environment] : environments_)
      names.push_back(name + " " + environment.serving_commit.substr(0, 1));
    return names;
  }

  /// Puts an environment there, or takes it away, as if an earlier or another perch had.
  void Set(Environment environment) {
    const std::lock_guard lock(mutex_);
    environments_[environment.branch] = std::move(environment);
  }
  void Erase(const std::string& branch) {
    const std::lock_guard lock(mutex_);
    environments_.erase(branch);
  }
  /// Changes an environment behind the engine's back, and tells it.
  void Change(const std::string& branch, const std::function<void(Environment&)>& change) {
    std::function<void(const std::string&)> callback;
    {
      const std::lock_guard lock(mutex_);
      change(environments_.at(branch));
      callback = on_change_;
    }
    if (callback) callback(branch);
  }

  /// Deployments of the branch wait at the stage until Release; so does its deletion for kRetire.
  void Block(const std::string& branch, Stage stage) {
    const std::lock_guard lock(mutex_);
    blocked_.insert({branch, stage});
  }
  void Release(const std::string& branch, Stage stage) {
    const std::lock_guard lock(mutex_);
    blocked_.erase({branch, stage});
    changed_.notify_all();
  }
  void WaitUntilAt(const std::string& branch, Stage stage) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return at_.contains({branch, stage}); });
  }
  /// The next `times` deployments of the branch fail at the stage.
  void FailAt(const std::string& branch, Stage stage, Error error, int times = 1'000'000) {
    const std::lock_guard lock(mutex_);
    failures_[{branch, stage}] = {std::move(error), times};
  }
  void FailDeletion(std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    delete_error_ = std::move(error);
  }
  void FailListing(std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    list_error_ = std::move(error);
  }
  /// Replacements leave as it was what they are for.
  void ReplaceNothing() {
    const std::lock_guard lock(mutex_);
    stubborn_ = true;
  }
  /// Failed attempts leave no record, as on a full disk.
  void ForgetFailures() {
    const std::lock_guard lock(mutex_);
    forgets_ = true;
  }
  /// Called while the platform holds nothing, right before a deployment asks whether it is still wanted.
  void BeforeSwitch(std::function<void()> callback) {
    const std::lock_guard lock(mutex_);
    before_switch_ = std::move(callback);
  }

  Status Validate(const Settings&) const override { return {}; }
  std::map<std::string, std::string> Fixed(const Settings& settings) const override { return settings.fixed; }

  Result<std::vector<Environment>> List() override {
    const std::lock_guard lock(mutex_);
    if (list_error_) return std::unexpected(*list_error_);
    std::vector<Environment> list;
    for (const auto& [name, environment] : environments_) list.push_back(environment);
    return list;
  }
  Result<std::optional<Environment>> Find(const std::string& branch) override {
    const std::lock_guard lock(mutex_);
    const auto at = environments_.find(branch);
    if (at == environments_.end()) return std::optional<Environment>();
    return std::optional(at->second);
  }

  Status Deploy(const DeployRequest& request, const Emit& emit, std::stop_token stop) override {
    const Step& step = request.step;
    const Busy busy(*this, step.branch);
    {
      const std::lock_guard lock(mutex_);
      const auto at = environments_.find(step.branch);
      if ((at == environments_.end() ? 0 : at->second.generation) != step.generation) {
        return Fail({.kind = ErrorKind::kSuperseded, .what = "another generation"});
      }
      const char* verb = request.fresh_data ? "reset " : step.action == Action::kReplace ? "replace " : "deploy ";
      calls_.push_back(verb + step.branch + " " + step.commit.substr(0, 7));
      Environment& environment = environments_[step.branch];
      environment.app = "shop";
      environment.branch = step.branch;
      environment.slug = step.slug;
      environment.owner_mark = kOwnerMark;
      environment.profile = step.profile;
      environment.url = "http://" + step.slug + ".localhost:7878/";
      ++environment.generation;
      environment.stopped = false;
      environment.last_attempt =
          Attempt{.generation = environment.generation, .commit = step.commit, .settings_hash = step.settings_hash};
    }
    const Status status = Stages(request, emit, stop);
    const std::lock_guard lock(mutex_);
    if (!IsCurrent(step)) {
      calls_.push_back("ended " + step.branch + " " + step.commit.substr(0, 7) + ": another generation");
      return Fail({.kind = ErrorKind::kSuperseded, .what = "another generation"});
    }
    Environment& environment = environments_.at(step.branch);
    if (status) {
      environment.last_attempt->result = Attempt::Result::kSucceeded;
      if (!stubborn_) environment.fixed = request.settings.fixed;
      calls_.push_back("deployed " + step.branch + " " + step.commit.substr(0, 7));
      return {};
    }
    const bool own_fault = status.error().kind == ErrorKind::kFailed;
    environment.last_attempt->result = own_fault ? Attempt::Result::kFailed : Attempt::Result::kInterrupted;
    environment.last_attempt->reason = status.error().what;
    if (own_fault && forgets_) environment.last_attempt.reset();
    calls_.push_back("ended " + step.branch + " " + step.commit.substr(0, 7) + ": " + status.error().what);
    return status;
  }

  Status Stop(const Step& step, const Emit&) override {
    const Busy busy(*this, step.branch);
    const std::lock_guard lock(mutex_);
    const auto at = environments_.find(step.branch);
    if (at == environments_.end() || at->second.generation != step.generation) {
      return Fail({.kind = ErrorKind::kSuperseded, .what = "another generation"});
    }
    calls_.push_back("stop " + step.branch);
    ++at->second.generation;
    at->second.stopped = true;
    at->second.stopped_commit = step.commit;
    at->second.stopped_settings_hash = step.settings_hash;
    at->second.state = State::kStopped;
    return {};
  }

  Status Delete(const Step& step, const Emit& emit) override {
    const Busy busy(*this, step.branch);
    {
      const std::lock_guard lock(mutex_);
      const auto at = environments_.find(step.branch);
      if (at == environments_.end()) return {};
      if (at->second.generation != step.generation) {
        return Fail({.kind = ErrorKind::kSuperseded, .what = "another generation"});
      }
      calls_.push_back("delete " + step.branch);
      if (delete_error_) return std::unexpected(*delete_error_);
      ++at->second.generation;
      at->second.deleting = true;
    }
    Wait(step.branch, Stage::kRetire, {});
    emit({.kind = Event::Kind::kDeleted, .text = step.reason});
    const std::lock_guard lock(mutex_);
    environments_.erase(step.branch);
    calls_.push_back("deleted " + step.branch);
    return {};
  }

  Status RecordFailure(const Step& step, const std::string& reason) override {
    const std::lock_guard lock(mutex_);
    const auto at = environments_.find(step.branch);
    if (forgets_ || at == environments_.end()) return Fail({.what = "cannot write"});
    at->second.last_attempt = Attempt{.commit = step.commit,
                                      .settings_hash = step.settings_hash,
                                      .result = Attempt::Result::kFailed,
                                      .reason = reason};
    return {};
  }
  Result<LogPiece> ReadLog(const std::string&, std::uint64_t, Stage, std::uint64_t, std::size_t) override {
    return LogPiece{};
  }
  void OnChange(std::function<void(const std::string&)> callback) override {
    const std::lock_guard lock(mutex_);
    on_change_ = std::move(callback);
  }

 private:
  using Place = std::pair<std::string, Stage>;

  /// Counts who is at work.
  class Busy {
   public:
    Busy(FakePlatform& platform, std::string branch) : platform_(platform), branch_(std::move(branch)) {
      const std::lock_guard lock(platform_.mutex_);
      platform_.two_on_one_branch_ |= !platform_.busy_.insert(branch_).second;
      platform_.most_at_once_ = std::max(platform_.most_at_once_, static_cast<int>(platform_.busy_.size()));
    }
    ~Busy() {
      const std::lock_guard lock(platform_.mutex_);
      platform_.busy_.erase(branch_);
    }
    Busy(const Busy&) = delete;

   private:
    FakePlatform& platform_;
    const std::string branch_;
  };

  Status Stages(const DeployRequest& request, const Emit& emit, std::stop_token stop) {
    const Step& step = request.step;
    for (const Stage stage : {Stage::kCheckout, Stage::kBuild, Stage::kTest, Stage::kStart, Stage::kHealth}) {
      emit({.kind = Event::Kind::kStageStarted, .stage = stage});
      if (!Wait(step.branch, stage, stop)) return Fail({.kind = ErrorKind::kCancelled, .what = "cancelled"});
      if (const Status failed = FailureAt(step.branch, stage); !failed) {
        emit({.kind = Event::Kind::kStageFailed, .stage = stage, .text = failed.error().what});
        return failed;
      }
      emit({.kind = Event::Kind::kStageFinished, .stage = stage});
    }
    std::function<void()> before_switch;
    {
      const std::lock_guard lock(mutex_);
      before_switch = before_switch_;
    }
    if (before_switch) before_switch();
    if (const Status wanted = request.still_wanted(); !wanted) return wanted;
    {
      const std::lock_guard lock(mutex_);
      if (!IsCurrent(step)) return Fail({.kind = ErrorKind::kSuperseded, .what = "another generation"});
      Environment& environment = environments_.at(step.branch);
      environment.serving_commit = step.commit;
      environment.settings_hash = step.settings_hash;
      environment.state = State::kReady;
      environment.reason.clear();
    }
    emit({.kind = Event::Kind::kSwitched, .commit = step.commit});
    Wait(step.branch, Stage::kSwitch, {});
    return {};
  }

  /// Whether the environment is still the one that the step's attempt made or found.
  bool IsCurrent(const Step& step) const {
    const auto at = environments_.find(step.branch);
    return at != environments_.end() && at->second.generation == step.generation + 1;
  }

  /// Waits while the place is blocked; false when stopped.
  bool Wait(const std::string& branch, Stage stage, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    const Place place{branch, stage};
    at_.insert(place);
    changed_.notify_all();
    const bool passed = changed_.wait(lock, stop, [&] { return !blocked_.contains(place); });
    at_.erase(place);
    return passed && !stop.stop_requested();
  }

  Status FailureAt(const std::string& branch, Stage stage) {
    const std::lock_guard lock(mutex_);
    const auto at = failures_.find({branch, stage});
    if (at == failures_.end()) return {};
    const Error error = at->second.first;
    if (--at->second.second == 0) failures_.erase(at);
    return std::unexpected(error);
  }

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Environment> environments_;
  std::vector<std::string> calls_;
  std::set<std::string> busy_;
  int most_at_once_ = 0;
  bool two_on_one_branch_ = false;
  std::set<Place> blocked_;
  std::multiset<Place> at_;
  std::map<Place, std::pair<Error, int>> failures_;
  std::optional<Error> delete_error_;
  std::optional<Error> list_error_;
  bool forgets_ = false;
  bool stubborn_ = false;
  std::function<void()> before_switch_;
  std::function<void(const std::string&)> on_change_;
};

}  // namespace perch::engine::testing
