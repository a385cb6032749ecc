#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// What the names of all kinds are made of; for src/model's own files.
namespace perch::internal {

/// The length of a tail.
inline constexpr std::size_t kTailLength = 12;

/// 57 bits of the SHA-256 of `bytes` in base 32 (RFC 4648, lower case), the first character one of 2..7.
std::string Tail(std::string_view bytes);

/// Whether all of `text` looks like a tail.
bool IsTail(std::string_view text);

/// Whether `text` ends as "-" and a tail.
bool HasTail(std::string_view text);

/// What can be kept of the looks of `text`: a-z, 0-9, and every run of anything else one '-', none at either end; at
/// most `longest` characters. May be "".
std::string Readable(std::string_view text, std::size_t longest);

/// `text` itself when it is readable already, at most `longest` long and without a tail; else what can be kept of it
/// and a tail of its hash. No two texts share a label. `longest` is at least 14.
std::string Label(std::string_view text, std::size_t longest);

}  // namespace perch::internal
