#include "web/markup.h"

#include <cassert>

#include "base/text.h"

namespace perch::web {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the well-formed UTF-8 sequence that `text` begins with; 0 if there is none.
std::size_t SequenceLength(std::string_view text) {
  const unsigned char first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || length > text.size() || !IsUtf8(text.substr(0, length))) return 0;
  return length;
}

// U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: they turn the reading direction of what follows.
bool ChangesDirection(std::string_view sequence) {
  if (sequence.size() != 3 || sequence[0] != '\xE2') return false;
  const unsigned char second = static_cast<unsigned char>(sequence[1]);
  const unsigned char third = static_cast<unsigned char>(sequence[2]);
  if (second == 0x80) return third == 0x8E || third == 0x8F || (third >= 0xAA && third <= 0xAE);
  return second == 0x81 && third >= 0xA6 && third <= 0xA9;
}

std::string Clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    const unsigned char first = static_cast<unsigned char>(sequence[0]);
    const bool control = (first < 0x20 && first != '\t' && first != '\n') || first == 0x7F ||
                         (first == 0xC2 && length == 2 && static_cast<unsigned char>(sequence[1]) < 0xA0);
    out += length == 0 || control || ChangesDirection(sequence) ? kReplacement : sequence;
    text.remove_prefix(sequence.size());
  }
  return out;
}

}  // namespace

Markup Escape(std::string_view text) { return Markup(EscapeHtml(Clean(text))); }

Markup Fill(std::string_view pattern, std::initializer_list<Slot> slots) {
  std::string out;
  while (true) {
    const std::size_t open = pattern.find('{');
    out += pattern.substr(0, open);
    if (open == std::string_view::npos) return Markup(std::move(out));
    const std::size_t close = pattern.find('}', open);
    assert(close != std::string_view::npos);
    const std::string_view name = pattern.substr(open + 1, close - open - 1);
    bool found = false;
    for (const Slot& slot : slots) {
      if (slot.name != name) continue;
      found = true;
      if (const Markup* markup = std::get_if<Markup>(&slot.value)) {
        out += markup->html();
      } else {
        out += Escape(std::get<std::string>(slot.value)).html();
      }
      break;
    }
    assert(found);
    static_cast<void>(found);
    pattern.remove_prefix(close + 1);
  }
}

std::string SafeUrl(std::string_view url) {
  const std::string_view rest = url.starts_with("https://")  ? url.substr(8)
                                : url.starts_with("http://") ? url.substr(7)
                                                             : std::string_view();
  if (rest.empty() || rest[0] == '/') return "";
  for (const char c : rest) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '\\') return "";
  }
  return std::string(url);
}

std::string Tidy(std::string_view text, std::size_t limit) {
  std::string clean = Clean(text);
  if (clean.size() <= limit) return clean;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xC0) == 0x80) --end;
  return clean.substr(0, end) + "…";
}

}  // namespace perch::web
