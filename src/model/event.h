#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/environment.h"

namespace perch {

/// Something that happened to a branch. The terminal, --json, the journal and the page are all views of this one
/// stream.
struct Event {
  enum class Kind {
    kState,          ///< the branch's state is now `state`, because of `text`
    kStageStarted,   ///< `stage` began
    kStageFinished,  ///< `stage` ended well after `took`
    kStageFailed,    ///< `stage` failed after `took`; `text` says why
    kSwitched,       ///< the link shows `commit` now; `took` since the attempt began
    kDeleted,        ///< the environment is gone, proven
    kRefused,        ///< something was not done for safety; `text` says what and why
    kNotice,         ///< anything else a person should know; may have no branch
  };
  std::uint64_t id = 0;  ///< set by the event stream: grows by one, never repeats within a journal
  Time at;               ///< set by the event stream
  Kind kind = Kind::kNotice;
  std::string branch;  ///< "" for what concerns no branch
  std::string slug;
  std::string commit;
  std::uint64_t generation = 0;
  std::optional<State> state;
  std::optional<Stage> stage;
  std::chrono::milliseconds took{0};
  std::string text;  ///< masked; for people
};
std::string_view EventKindName(Event::Kind kind);  ///< "state", "stage-started", ...
std::optional<Event::Kind> ParseEventKind(std::string_view name);

}  // namespace perch
