#pragma once

#include "base/clock.h"

namespace perch::cli {

/// The time of this machine. Everything below src/cli gets its time from here.
inline Clock SystemClock() {
  return [] { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); };
}

}  // namespace perch::cli
