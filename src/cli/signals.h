#pragma once

#include <signal.h>

#include <chrono>
#include <optional>

namespace perch::cli {

/// Blocks INT, TERM and HUP in this thread and all it starts later, and ignores PIPE; Wait then takes them one by one.
/// Make one before any thread.
class Signals {
 public:
  Signals();
  /// The next signal; nullopt when the time is over.
  std::optional<int> Wait(std::optional<std::chrono::milliseconds> timeout = std::nullopt) const;

 private:
  sigset_t set_;
};

}  // namespace perch::cli
