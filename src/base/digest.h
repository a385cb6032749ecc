#pragma once

#include <string>
#include <string_view>

namespace perch {

/// The SHA-256 of `bytes` in lower-case hexadecimal (64 characters).
std::string Sha256Hex(std::string_view bytes);

/// The SHA-256 of `bytes`, 32 raw bytes.
std::string Sha256(std::string_view bytes);

/// HMAC-SHA-256 of `bytes` under `key`, 32 raw bytes.
std::string HmacSha256(std::string_view key, std::string_view bytes);

/// HMAC-SHA-256 of `bytes` under `key`, lower-case hexadecimal.
std::string HmacSha256Hex(std::string_view key, std::string_view bytes);

/// `n` bytes from the system's random source, in lower-case hexadecimal (2n characters).
std::string RandomHex(int n);

/// Whether two texts are equal, in time that depends on their lengths only.
bool EqualInConstantTime(std::string_view a, std::string_view b);

}  // namespace perch
