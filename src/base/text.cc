#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>

namespace perch {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr char kHexUpper[] = "0123456789ABCDEF";

/// The length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none (Unicode 15, table 3-7).
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xbf; };
  const unsigned b0 = byte(0), b1 = byte(1);
  if (b0 < 0x80) return text.empty() ? 0 : 1;
  if (b0 >= 0xc2 && b0 <= 0xdf) return tail(1) ? 2 : 0;
  if (b0 >= 0xe0 && b0 <= 0xef) {
    if (b0 == 0xe0 && b1 < 0xa0) return 0;
    if (b0 == 0xed && b1 > 0x9f) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (b0 >= 0xf0 && b0 <= 0xf4) {
    if (b0 == 0xf0 && b1 < 0x90) return 0;
    if (b0 == 0xf4 && b1 > 0x8f) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// Splits "30s" into 30 and "s".
std::optional<std::pair<std::int64_t, std::string_view>> NumberAndUnit(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() || number < 0) return std::nullopt;
  return std::pair(number, text.substr(std::size_t(end - text.data())));
}

std::optional<std::int64_t> Scaled(std::int64_t number, std::int64_t scale) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(number, scale, &product)) return std::nullopt;
  return product;
}

}  // namespace

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (std::size_t at; (at = text.find(separator, start)) != std::string_view::npos; start = at + 1) {
    parts.emplace_back(text.substr(start, at - start));
  }
  parts.emplace_back(text.substr(start));
  return parts;
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines = Split(text, '\n');
  if (lines.back().empty()) lines.pop_back();
  for (std::string& line : lines) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
  }
  return lines;
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i) text += separator;
    text += parts[i];
  }
  return text;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  }
  return lower;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ToLower(a) == ToLower(b);
}

std::string Hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (unsigned char byte : bytes) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> ParseBytes(std::string_view text) {
  const auto parts = NumberAndUnit(text);
  if (!parts) return std::nullopt;
  const std::string unit = ToLower(parts->second);
  if (unit.empty()) return parts->first;
  if (unit == "k") return Scaled(parts->first, 1LL << 10);
  if (unit == "m") return Scaled(parts->first, 1LL << 20);
  if (unit == "g") return Scaled(parts->first, 1LL << 30);
  return std::nullopt;
}

std::optional<std::int64_t> ParseDuration(std::string_view text) {
  const auto parts = NumberAndUnit(text);
  if (!parts) return std::nullopt;
  if (parts->second == "ms") return parts->first;
  if (parts->second == "s") return Scaled(parts->first, 1000);
  if (parts->second == "m") return Scaled(parts->first, 60 * 1000);
  if (parts->second == "h") return Scaled(parts->first, 60 * 60 * 1000);
  if (parts->second == "d") return Scaled(parts->first, 24 * 60 * 60 * 1000);
  return std::nullopt;
}

std::string FormatBytes(std::int64_t bytes) {
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  double value = double(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  char text[40];
  std::snprintf(text, sizeof text, value < 10 && value != double(int(value)) ? "%.1f %s" : "%.0f %s", value,
                kUnits[unit]);
  return text;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string Printable(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t length = Utf8Length(text);
    const unsigned char first = static_cast<unsigned char>(text[0]);
    // C1 controls (U+0080..U+009F) and the bidirectional overrides (U+202A..U+202E, U+2066..U+2069) can forge what is
    // shown.
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    const bool c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    const bool bidi = sequence.starts_with("\xe2\x80") && sequence >= "\xe2\x80\xaa" && sequence <= "\xe2\x80\xae";
    const bool isolate = sequence.starts_with("\xe2\x81") && sequence >= "\xe2\x81\xa6" && sequence <= "\xe2\x81\xa9";
    if (length == 0 || c1 || bidi || isolate || (first < 0x20 && first != '\t') || first == 0x7f) {
      for (unsigned char c : sequence) {
        safe += "\\x";
        safe += kHex[c >> 4];
        safe += kHex[c & 15];
      }
    } else {
      safe += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return safe;
}

std::string PercentEncode(std::string_view text) {
  std::string encoded;
  for (unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded += char(c);
    } else {
      encoded += '%';
      encoded += kHexUpper[c >> 4];
      encoded += kHexUpper[c & 15];
    }
  }
  return encoded;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = digit(text[i + 1]), low = digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += char(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace perch
