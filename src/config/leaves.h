#pragma once

#include <string>
#include <vector>

#include "base/value.h"

namespace perch::config {

/// One line of `config explain`: a value that is no map, with its path.
struct Leaf {
  std::string path;  ///< "run.health"
  Value value;
};

/// Secrets become texts that say where their values come from.
Value Masked(Value values);

/// All leaves of a resolved tree, secrets masked, in its order.
std::vector<Leaf> LeavesOf(const Value& values);

/// The value on one line, safe for a terminal.
std::string Shown(const Leaf& leaf);

/// Where the value comes from: "perch.yaml:7  profile branch", "default", "perch's production".
std::string Place(const Value& value);

/// Why a value is as it is when nobody wrote it, and perch has a reason for it; "" otherwise.
std::string Reason(const Leaf& leaf);

}  // namespace perch::config
