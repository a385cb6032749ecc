#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace perch::aws {

/// AWS's times in XML and JSON texts: RFC 3339 with any number of decimals, "Z" or an offset. nullopt for anything
/// else.
std::optional<Time> ParseAwsTime(std::string_view text);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7); nullopt for anything else.
std::optional<Time> ParseHttpDate(std::string_view text);

}  // namespace perch::aws
