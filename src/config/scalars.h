#pragma once

#include <string>
#include <string_view>

#include "config/schema.h"

namespace perch::config {

/// What is wrong with a text where `type` is wanted: "must not begin with '-'"; "" when it fits. Ranges, choices and
/// structure are not its business.
std::string WhyNot(Field::Type type, std::string_view text);

/// Whether perch sets this environment variable itself: PORT, HOST, DATABASE_URL, BUCKET_DIR, PERCH_*.
bool IsPerchsVariable(std::string_view name);

}  // namespace perch::config
