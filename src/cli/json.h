#pragma once

#include <string_view>

#include "base/error.h"
#include "base/value.h"

namespace perch::cli {

/// Reads JSON that a running serve sent. Integers that do not fit 64 bits become doubles.
Result<Value> ParseJson(std::string_view text);

/// A string member, "" if it is absent or no string.
std::string StringAt(const Value& object, std::string_view key);
/// A number member, 0 if it is absent or no whole number.
std::int64_t NumberAt(const Value& object, std::string_view key);

}  // namespace perch::cli
