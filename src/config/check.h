#pragma once

#include <optional>

#include "base/value.h"
#include "config/diagnostics.h"
#include "config/schema.h"
#include "config/yaml.h"

namespace perch::config {

struct CheckOptions {
  bool nulls = false;  ///< `null` takes an inherited value away: true at the top level of a branch's own file
};

/// Holds a file's nodes against the schema. Gives the file as a value that holds only what is right; all else is in
/// `diagnostics`. In the result, a command is a string or a list of strings, a length of time or a size is as it was
/// written, a variable's value is a string.
Value Check(const Node& root, const Field& schema, CheckOptions options, Diagnostics& diagnostics);

}  // namespace perch::config
