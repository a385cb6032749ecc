#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/view.h"
#include "model/branch.h"
#include "model/environment.h"
#include "model/plan.h"

namespace perch::engine {

/// A person's word to stop a branch, and who waits for it.
struct StopWord {
  std::optional<Status> answer;  ///< set once; guarded by the engine's mutex
};

/// Everything the engine knows about one branch. Guarded by the engine's mutex.
struct Place {
  std::string name;
  std::string slug;
  std::optional<Branch> branch;            ///< as last seen; nullopt when it is gone
  std::optional<Environment> environment;  ///< as last seen
  std::optional<Step> planned;             ///< the last full plan's step: the permission to create and to delete
  std::optional<Step> step;                ///< the newest decision; what the view tells
  std::uint64_t touched = 0;               ///< the tick when work last began or ended

  enum class Work { kNone, kChecking, kDeploying, kStopping, kDeleting };
  Work work = Work::kNone;
  Step target;            ///< of the work going on, or of the last one
  std::stop_source stop;  ///< ends the work going on
  State live = State::kQueued;
  std::optional<Stage> stage;
  std::optional<Time> stage_started_at;
  std::uint64_t live_generation = 0;
  std::string live_serving;    ///< what the link shows since the running deployment switched; "" before
  bool deletion_told = false;  ///< the platform itself reported that the environment is gone

  int failures = 0;        ///< in a row, for no fault of the branch; decides the back-off
  std::string trouble;     ///< why it is tried again later; "" when all is well
  bool try_again = false;  ///< the last try was cut short: repeat it whatever was recorded
  std::string told;        ///< the last trouble or refusal told, so that it is told once

  /// A failure that the platform could not record.
  struct Failure {
    std::string commit;
    std::string settings_hash;
  };
  std::optional<Failure> failure;
  std::vector<std::shared_ptr<StopWord>> stop_words;

  BranchView view;
  bool shown = false;
};

/// What a person sees of a place. `url` is used while the platform knows none.
BranchView ViewOf(const Place& place, const std::string& url);

/// The state that a branch is in while `stage` goes on.
State StateDuring(Stage stage);

}  // namespace perch::engine
