#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "web/backend.h"

/// For tests: a world that does what it is told.
namespace perch::web {

/// A journal in memory.
class FakeJournal : public engine::Journal {
 public:
  Status Append(const Event& event) override {
    const std::scoped_lock lock(mutex_);
    events_.push_back(event);
    return {};
  }
  Result<std::vector<Event>> Read(const std::string& slug, std::uint64_t after, int limit) override {
    const std::scoped_lock lock(mutex_);
    std::vector<Event> found;
    for (const Event& event : events_) {
      if (event.id <= after || (!slug.empty() && event.slug != slug)) continue;
      if (static_cast<int>(found.size()) == limit) break;
      found.push_back(event);
    }
    return found;
  }
  Result<std::vector<Event>> ReadNewest(const std::string& slug, int limit) override {
    Result<std::vector<Event>> all = Read(slug, 0, 1 << 30);
    if (static_cast<int>(all->size()) > limit) all->erase(all->begin(), all->end() - limit);
    return all;
  }
  std::uint64_t LastId() override {
    const std::scoped_lock lock(mutex_);
    return events_.empty() ? 0 : events_.back().id;
  }
  Status Trim(std::uint64_t) override { return {}; }

 private:
  std::mutex mutex_;
  std::vector<Event> events_;
};

/// Branches that tests set, and a record of what was asked for.
class FakeBackend : public Backend {
 public:
  explicit FakeBackend(const Clock& clock) : events_(clock, nullptr) {
    to_journal_ = events_.Subscribe([this](const Event& event) { static_cast<void>(journal_.Append(event)); });
  }

  void Set(engine::BranchView view) {
    const std::scoped_lock lock(mutex_);
    views_[view.branch] = std::move(view);
  }
  void Remove(const std::string& branch) {
    const std::scoped_lock lock(mutex_);
    views_.erase(branch);
  }
  void SetLog(const std::string& branch, Stage stage, const std::string& text, bool ended) {
    const std::scoped_lock lock(mutex_);
    logs_[{branch, stage}] = {text, ended};
  }
  void FailLooks(std::optional<Error> error) {
    const std::scoped_lock lock(mutex_);
    look_error_ = std::move(error);
  }
  void SetPlan(Result<Plan> plan) {
    const std::scoped_lock lock(mutex_);
    plan_ = std::move(plan);
  }
  void FailChanges(std::optional<Error> error) {
    const std::scoped_lock lock(mutex_);
    change_error_ = std::move(error);
  }
  std::vector<std::string> asked() {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

  std::vector<engine::BranchView> Views() override {
    const std::scoped_lock lock(mutex_);
    std::vector<engine::BranchView> views;
    for (const std::pair<const std::string, engine::BranchView>& entry : views_) views.push_back(entry.second);
    return views;
  }
  std::optional<engine::BranchView> FindView(const std::string& slug_or_branch) override {
    for (engine::BranchView& view : Views()) {
      if (view.slug == slug_or_branch || view.branch == slug_or_branch) return std::move(view);
    }
    return std::nullopt;
  }
  std::optional<Error> LastLookError() override {
    const std::scoped_lock lock(mutex_);
    return look_error_;
  }
  Result<Plan> Preview() override { return Asked("preview"); }
  Result<Plan> Sweep(std::optional<int> max_deletes, bool apply) override {
    return Asked(std::string("sweep ") + (apply ? "apply " : "show ") +
                 (max_deletes ? std::to_string(*max_deletes) : "default"));
  }
  void Look() override { static_cast<void>(Asked("look")); }
  Status Redeploy(const std::string& branch) override { return Change("redeploy " + branch); }
  Status Reset(const std::string& branch) override { return Change("reset " + branch); }
  Status StopBranch(const std::string& branch) override { return Change("stop " + branch); }
  Result<engine::LogPiece> ReadLog(const std::string& branch, std::uint64_t, Stage stage, std::uint64_t from,
                                   std::size_t limit) override {
    const std::scoped_lock lock(mutex_);
    const auto found = logs_.find({branch, stage});
    if (found == logs_.end()) return Fail({.kind = ErrorKind::kNotFound, .what = "there is no such log"});
    const std::string& text = found->second.first;
    const std::size_t start = std::min<std::size_t>(from, text.size());
    engine::LogPiece piece{.text = text.substr(start, limit), .ended = found->second.second};
    piece.next = start + piece.text.size();
    return piece;
  }
  engine::EventStream& events() override { return events_; }
  engine::Journal& journal() override { return journal_; }

 private:
  Result<Plan> Asked(std::string what) {
    const std::scoped_lock lock(mutex_);
    asked_.push_back(std::move(what));
    return plan_;
  }
  Status Change(std::string what) {
    const std::scoped_lock lock(mutex_);
    asked_.push_back(std::move(what));
    if (change_error_) return Fail(*change_error_);
    return {};
  }

  engine::EventStream events_;
  FakeJournal journal_;
  std::unique_ptr<engine::EventStream::Subscription> to_journal_;
  std::mutex mutex_;
  std::map<std::string, engine::BranchView> views_;
  std::map<std::pair<std::string, Stage>, std::pair<std::string, bool>> logs_;
  std::optional<Error> look_error_;
  std::optional<Error> change_error_;
  Result<Plan> plan_ = Plan{};
  std::vector<std::string> asked_;
};

}  // namespace perch::web
