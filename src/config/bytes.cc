#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"
#include "config/yaml.h"

namespace perch::config {
namespace {

/// A byte that the file must not hold, and why.
struct BadByte {
  std::size_t at;
  std::string text, hint;
};

/// The length of the character at the start of `text`, 0 if it is not UTF-8.
std::size_t CharacterLength(std::string_view text) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    if (IsUtf8(text.substr(0, length))) return length;
  }
  return 0;
}

std::optional<BadByte> FirstBadByte(std::string_view text) {
  const auto name = [&](std::size_t at) { return "the byte 0x" + Hex(text.substr(at, 1)); };
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte < 0x7f) {
      ++at;
      continue;
    }
    const bool lone_return = byte == '\r' && !text.substr(at + 1).starts_with('\n');
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f || lone_return) {
      return BadByte{at, name(at) + " is a control character", "Remove it."};
    }
    const std::size_t length = CharacterLength(text.substr(at));
    if (length == 0) return BadByte{at, name(at) + " is not valid UTF-8", "Save the file as UTF-8."};
    const std::string_view character = text.substr(at, length);
    // libyaml takes these for line ends, editors do not: what a reader sees as a comment could be a key.
    if (character == "\xc2\x85" || character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9") {
      return BadByte{at, "there is an invisible line break (Unicode) here",
                     "Remove it, or write an ordinary line end."};
    }
    at += length;
  }
  return std::nullopt;
}

}  // namespace

bool CheckBytes(std::string_view text, Diagnostics& diagnostics) {
  if (text.size() > kMostYamlBytes) {
    const bool own = diagnostics.file().ends_with("perch.yaml");
    diagnostics.Add({.text = "the file is larger than 1 MiB",
                     .hint = own ? "Is this really a perch.yaml?" : "CloudFormation takes no larger template."});
    return false;
  }
  if (std::optional<BadByte> bad = FirstBadByte(text)) {
    const std::string_view before = text.substr(0, bad->at);
    const std::size_t line_start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
    const auto line = int(std::count(before.begin(), before.end(), '\n')) + 1;
    diagnostics.Add({.at = {.file = diagnostics.file(), .line = line, .column = int(bad->at - line_start) + 1},
                     .text = std::move(bad->text),
                     .hint = std::move(bad->hint)});
    return false;
  }
  if (text.starts_with("\xef\xbb\xbf")) {
    diagnostics.Add({.at = {.file = diagnostics.file(), .line = 1, .column = 1},
                     .text = "the file begins with a byte order mark",
                     .hint = "Save it as UTF-8 without one."});
    return false;
  }
  return true;
}

}  // namespace perch::config
