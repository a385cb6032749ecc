#pragma once

#include <string>

#include "base/value.h"

namespace perch::config {

/// A map as YAML in block style, lists in flow style; ends with a line end unless it is empty. Reading it back gives
/// the same value.
std::string PrintYaml(const Value& map);

/// One value on one line: `8000`, `npm ci`, `[a, "b c"]`, `{a: 1}`; texts are quoted only where YAML needs it.
std::string PrintInline(const Value& value);

}  // namespace perch::config
