#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch {

/// The parts of `text` between `separator`s; "" gives one empty part.
std::vector<std::string> Split(std::string_view text, char separator);

/// The lines of `text` without their "\n" or "\r\n"; a last empty line is left out.
std::vector<std::string> Lines(std::string_view text);

std::string Join(const std::vector<std::string>& parts, std::string_view separator);

/// Without leading and trailing spaces, tabs and line ends.
std::string_view Trim(std::string_view text);

/// ASCII letters in lower case; other bytes as they are.
std::string ToLower(std::string_view text);

bool EqualsIgnoreCase(std::string_view a, std::string_view b);

/// Lower-case hexadecimal of each byte.
std::string Hex(std::string_view bytes);

/// A whole decimal number without sign, spaces or leading '+'; nullopt otherwise or when it does not fit.
std::optional<std::uint64_t> ParseNumber(std::string_view text);

/// "512M", "2G", "64k", "1024" as bytes (powers of 1024); nullopt for anything else.
std::optional<std::int64_t> ParseBytes(std::string_view text);

/// "30s", "5m", "2h", "1d", "250ms" as milliseconds; nullopt for anything else.
std::optional<std::int64_t> ParseDuration(std::string_view text);

/// Bytes for people: "512 MiB", "1.5 GiB", "17 bytes".
std::string FormatBytes(std::int64_t bytes);

/// Whether `text` is well-formed UTF-8 (no overlong forms, no surrogates).
bool IsUtf8(std::string_view text);

/// For a terminal or log: invalid UTF-8 and control characters (but tab) as \xNN, so that hostile names can neither
/// move the cursor nor forge a line.
std::string Printable(std::string_view text);

/// The text of `path` relative forms made safe for a URL path segment (RFC 3986 unreserved kept, the rest %XX).
std::string PercentEncode(std::string_view text);

/// Decodes %XX (and nothing else); nullopt for a broken escape.
std::optional<std::string> PercentDecode(std::string_view text);

/// For HTML text and attribute values: & < > " ' escaped.
std::string EscapeHtml(std::string_view text);

}  // namespace perch
