#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace perch {

/// What a person is told about a branch: one vocabulary on terminal, page and API.
enum class State {
  kQueued,
  kBuilding,
  kTesting,
  kStarting,
  kReady,
  kFailed,
  kAsleep,
  kStopped,
  kSkipped,
  kHeld,
  kDeleting,
  kGone,
};
std::string_view StateName(State state);  ///< "queued", "building", ...
std::optional<State> ParseState(std::string_view name);

/// The steps of a deployment, in order. A log belongs to each.
enum class Stage { kCheckout, kBuild, kTest, kRelease, kSeed, kStart, kHealth, kSwitch, kRetire };
std::string_view StageName(
    Stage stage);  ///< "checkout", "build", "test", "release", "seed", "start", "health", "switch", "retire"
std::optional<Stage> ParseStage(std::string_view name);

/// The last try to bring a commit up. Written before the try begins (result kRunning), so that a crash leaves a trace.
struct Attempt {
  enum class Result { kRunning, kSucceeded, kFailed, kInterrupted };
  std::uint64_t generation = 0;
  std::string commit;
  std::string settings_hash;
  Result result = Result::kRunning;
  std::optional<Stage> stage;  ///< where it is, or where it failed
  std::string reason;          ///< why it failed, a sentence for people
  Time started_at;
  std::optional<Time> ended_at;
};

/// An environment as its platform tells it: identity (never changes) and record (changes).
struct Environment {
  // Identity.
  std::string app;
  std::string branch;
  std::string slug;
  std::string owner_mark;  ///< who made it; only environments with perch's mark for this state are ever touched

  // Record.
  std::string profile;
  std::uint64_t generation = 0;  ///< grows by one with each attempt and each stop or deletion; the fence
  State state = State::kQueued;
  std::string reason;
  std::string url;
  std::string serving_commit;  ///< "" while nothing serves
  std::string serving_tree;
  std::string settings_hash;                 ///< of what serves
  std::map<std::string, std::string> fixed;  ///< Settings::fixed as it was made; empty when that is not known
  std::optional<Attempt> last_attempt;
  bool stopped = false;  ///< a person stopped it; holds for `stopped_commit` with `stopped_settings_hash`
  std::string stopped_commit;
  std::string stopped_settings_hash;
  bool deleting = false;  ///< a deletion began and must be finished
  Time created_at;
  Time updated_at;
};

/// perch's owner mark.
inline constexpr std::string_view kOwnerMark = "perch";

}  // namespace perch
