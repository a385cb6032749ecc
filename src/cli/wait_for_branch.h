#pragma once

#include <cstdint>
#include <string>

#include "cli/control.h"

namespace perch::cli {

/// Prints a branch's events above `after` as they come (as JSON lines with `json`) until its attempt ends; the exit
/// code tells how.
int WaitForBranch(const Control& control, const std::string& slug, const std::string& commit, std::int64_t after,
                  bool json);

}  // namespace perch::cli
