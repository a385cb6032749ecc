#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/environment.h"

namespace perch::engine {

/// A branch as a person sees it: git host, platform and queue put together. What `perch ls`, the API and the page show.
struct BranchView {
  std::string branch;
  std::string slug;
  std::string profile;
  State state = State::kQueued;
  std::string reason;  ///< why it is in this state, for people; may be ""
  std::string url;
  std::string commit;          ///< the branch's head; "" when the branch is gone
  std::string serving_commit;  ///< what the link shows; "" for nothing
  std::string title;           ///< the head commit's subject
  std::string author;
  std::optional<Time> committed_at;  ///< nullopt when there is no head, or its host does not tell (GitHub's list)
  std::optional<Time> created_at;    ///< when the environment was made; nullopt when there is none
  Time updated_at;                   ///< when the environment last changed, else the commit's time; Time(): unknown
  std::optional<Stage> stage;        ///< what is being done now
  std::optional<Time> stage_started_at;
  std::optional<int> position;  ///< in the queue of held branches, from 1
  std::uint64_t generation = 0;
  std::optional<Attempt> last_attempt;
};

/// The contract's fields of `perch ls --json` and GET /api/environments, one JSON object without spaces or line ends;
/// more fields follow those of the contract.
std::string ToJson(const BranchView& view);
std::string ToJson(const std::vector<BranchView>& views);

}  // namespace perch::engine
