#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch {

enum class Action {
  kCreate,        ///< the branch has no environment
  kUpdate,        ///< a newer commit
  kRebuild,       ///< the same commit with changed settings
  kRetry,         ///< the same commit again: a person's word, or an attempt that a crash cut short
  kReplace,       ///< what cannot change in place changes: deleted, with its data, and made again
  kKeep,          ///< all is as it should be
  kLeaveStopped,  ///< a person stopped it
  kLeaveFailed,   ///< this commit failed with these settings
  kSkip,          ///< a pattern says that this branch has no environment
  kHold,          ///< the limit of environments is reached
  kDelete,        ///< the branch is gone, or is skipped now
  kProtect,       ///< it would be deleted, but it is protected
  kRefuse,        ///< it should be deleted or changed, but that is not safe now
};
std::string_view ActionName(Action action);  ///< "create", "update", ..., "leave stopped", ...

/// Whether applying the step changes anything.
bool Changes(Action action);

/// One line of a plan. The commit and generation are the fence: apply checks both again before it acts.
struct Step {
  Action action = Action::kKeep;
  std::string branch;
  std::string slug;
  std::string profile;
  std::string commit;            ///< what should run; "" for a branch that is gone
  std::string settings_hash;     ///< what it should run with
  std::uint64_t generation = 0;  ///< the environment's as seen; 0 if there is none
  std::string reason;            ///< why, in words for people: "branch has no environment"
  std::optional<int> position;   ///< kHold: place in the queue, from 1
};

/// What brings what exists to what should exist. Steps are sorted by branch name.
struct Plan {
  std::vector<Step> steps;
  /// Why deletions were refused as a whole (an empty listing, over the limit); "" if they were not.
  std::string refusal;
};

}  // namespace perch
