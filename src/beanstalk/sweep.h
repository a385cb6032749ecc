#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/error.h"
#include "base/value.h"
#include "beanstalk/marks.h"
#include "beanstalk/sweep_plan.h"
#include "engine/ports.h"

namespace perch::beanstalk {

/// What became of one stack.
struct SweptStack {
  enum class End { kGone, kStays, kFailed };
  std::string name, id, branch;
  End end = End::kFailed;
  std::string reason;                ///< why it stays or failed; what was found otherwise
  std::uint64_t versions = 0;        ///< deleted from its buckets
  std::vector<std::string> left;     ///< what goes on costing though the stack is gone: "bucket b (retained)"
  std::vector<std::string> removed;  ///< what it had caused outside of the stack, and went with it
  bool record = false;               ///< there was no stack, only what is recorded of one
};

struct SweepResult {
  std::vector<SweptStack> stacks;  ///< those that were to go, in the plan's order
  int Count(SweptStack::End end) const;
};

/// Deletes the stacks whose branch is gone, and of those that perch made all that is recorded of them. One listing of
/// stacks, one of each application's records, then one of branches; no call for a stack that stays. Not thread-safe.
class Sweep {
 public:
  struct Options {
    aws::Client client;
    engine::BranchSource* branches = nullptr;  ///< outlives the sweep
    SweepRules rules;
    std::optional<MarksPlace> marks;  ///< nullopt: the versions bucket of `rules.app`, where it has one
    /// Reads a template, JSON or YAML; what it cannot read is not deleted.
    std::function<Result<Value>(const std::string& text, const std::string& name)> read_template;
    /// A line about a stack, one at a time, from any thread; may be empty.
    std::function<void(const std::string& stack, const std::string& text)> progress;
    int parallel = 6;          ///< stacks emptied at once
    int parallel_buckets = 3;  ///< of one stack
    std::chrono::milliseconds first_poll = std::chrono::seconds(2);
    std::chrono::milliseconds longest_poll = std::chrono::seconds(15);
    std::chrono::minutes patience = std::chrono::minutes(90);  ///< for all deletions together
  };
  explicit Sweep(Options options);

  /// Reads both lists and the marks; changes nothing. Any doubt about a list is an error (kRefused), and so is a grace
  /// without a place for marks.
  Result<SweepPlan> Plan(std::stop_token stop);
  /// Whether `plan` has something to record.
  bool NeedsRecording(const SweepPlan& plan) const;
  /// Records first sightings and forgets what is over; nothing without a grace.
  Status Record(const SweepPlan& plan, std::stop_token stop);
  /// Deletes what `plan` says. Each branch and each stack is asked for once more right before. One that fails does not
  /// keep others.
  SweepResult Apply(const SweepPlan& plan, std::stop_token stop);

  const std::optional<MarksPlace>& marks() const { return options_.marks; }

 private:
  Options options_;
  Marks known_;
  std::vector<ApplicationFacts> applications_;  // of the app, as listed
};

}  // namespace perch::beanstalk
