#pragma once

#include <string_view>

namespace perch {

/// Whether all of `name` fits `pattern`: `*` is any run of bytes ('/' too, since people write "*-no-infra"), `?` any
/// one byte; everything else stands for itself. Time is linear in the product of the lengths, whatever the pattern.
bool GlobMatches(std::string_view pattern, std::string_view name);

}  // namespace perch
