#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace perch::aws {

/// RFC 4648 with padding.
std::string Base64(std::string_view bytes);

/// nullopt for what Base64 does not write.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace perch::aws
