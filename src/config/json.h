#pragma once

#include <optional>
#include <string_view>

#include "config/diagnostics.h"
#include "config/yaml.h"

namespace perch::config {

/// Reads one JSON document (RFC 8259) into the same nodes as ParseYaml, with the place of each; nullopt and a
/// diagnostic at the first thing that is wrong. Duplicate keys are refused, all of them. Of `options` the limits count.
/// Time is linear in the size.
std::optional<Node> ParseJson(std::string_view text, Diagnostics& diagnostics, const YamlOptions& options);

}  // namespace perch::config
