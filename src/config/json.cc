#include "config/json.h"

#include <charconv>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/text.h"

namespace perch::config {
namespace {

void AppendUtf8(std::uint32_t code, std::string& text) {
  if (code < 0x80) {
    text += char(code);
  } else if (code < 0x800) {
    text += char(0xc0 | (code >> 6));
    text += char(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    text += char(0xe0 | (code >> 12));
    text += char(0x80 | ((code >> 6) & 0x3f));
    text += char(0x80 | (code & 0x3f));
  } else {
    text += char(0xf0 | (code >> 18));
    text += char(0x80 | ((code >> 12) & 0x3f));
    text += char(0x80 | ((code >> 6) & 0x3f));
    text += char(0x80 | (code & 0x3f));
  }
}

class JsonReader {
 public:
  JsonReader(std::string_view text, Diagnostics& diagnostics, const YamlOptions& options)
      : text_(text), diagnostics_(diagnostics), options_(options) {}

  std::optional<Node> Run() {
    Skip();
    std::optional<Node> root = Read(1);
    if (!root) return std::nullopt;
    Skip();
    if (at_ < text_.size()) return Complain("there is more after the end of the JSON value", "Remove it.");
    return root;
  }

 private:
  Source Here() const { return {.file = diagnostics_.file(), .line = line_, .column = int(at_ - line_start_) + 1}; }

  std::nullopt_t Complain(std::string what, std::string hint) {
    diagnostics_.Add({.at = Here(), .text = std::move(what), .hint = std::move(hint)});
    return std::nullopt;
  }
  std::nullopt_t Invalid(const std::string& what) { return Complain("this is not valid JSON: " + what, ""); }

  bool Is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool Take(char c) {
    if (!Is(c)) return false;
    ++at_;
    return true;
  }
  void Skip() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }

  std::optional<Node> Read(int depth) {
    Node node{.at = Here()};
    if (at_ >= text_.size()) return Invalid("it ends too early");
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      if (depth > options_.deepest) {
        return Complain("this is nested more than " + std::to_string(options_.deepest) + " levels deep",
                        "No file that perch reads needs that.");
      }
      return c == '{' ? ReadMap(std::move(node), depth) : ReadList(std::move(node), depth);
    }
    const std::size_t start = at_;
    if (c == '"') {
      std::optional<std::string> text = ReadText();
      if (!text) return std::nullopt;
      node.text = *std::move(text);
    } else {
      node.plain = true;
      while (at_ < text_.size() && std::string_view(",]} \t\r\n:\"").find(text_[at_]) == std::string_view::npos) ++at_;
      node.text = text_.substr(start, at_ - start);
      if (!IsWord(node.text)) {
        at_ = start;
        return Invalid("a value must be a text in quotes, a number, true, false, null, a list or a map");
      }
    }
    node.width = std::max<std::size_t>(1, at_ - start);
    return node;
  }

  static bool IsWord(std::string_view word) {
    if (word == "true" || word == "false" || word == "null") return true;
    if (word.starts_with('-')) word.remove_prefix(1);
    if (word.empty() || word[0] < '0' || word[0] > '9') return false;
    if (word.size() > 1 && word[0] == '0' && word[1] >= '0' && word[1] <= '9') return false;
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    return error == std::errc() && end == word.data() + word.size() && !word.ends_with('.');
  }

  bool TooLong(const Node& node, std::size_t size) {
    if (size < options_.most_entries) return false;
    diagnostics_.Add({.at = node.at,
                      .text = "this has more than " + std::to_string(options_.most_entries) + " entries",
                      .hint = "Make it shorter."});
    return true;
  }

  std::optional<Node> ReadList(Node node, int depth) {
    node.kind = Node::Kind::kList;
    ++at_;
    Skip();
    if (Take(']')) return node;
    while (true) {
      if (TooLong(node, node.items.size())) return std::nullopt;
      std::optional<Node> item = Read(depth + 1);
      if (!item) return std::nullopt;
      node.items.push_back(*std::move(item));
      Skip();
      if (Take(']')) return node;
      if (!Take(',')) return Invalid("`,` or `]` is missing");
      Skip();
    }
  }

  std::optional<Node> ReadMap(Node node, int depth) {
    node.kind = Node::Kind::kMap;
    ++at_;
    Skip();
    if (Take('}')) return node;
    std::unordered_map<std::string, Source> seen;
    for (std::size_t count = 0;; ++count) {
      if (TooLong(node, count)) return std::nullopt;
      Node::Entry entry{.key_at = Here()};
      const std::size_t start = at_;
      if (!Is('"')) return Invalid("a key must be a text in quotes");
      std::optional<std::string> key = ReadText();
      if (!key) return std::nullopt;
      entry.key = *std::move(key);
      entry.key_width = at_ - start;
      Skip();
      if (!Take(':')) return Invalid("`:` is missing after the key");
      Skip();
      std::optional<Node> value = Read(depth + 1);
      if (!value) return std::nullopt;
      entry.value = *std::move(value);
      const auto [first, fresh] = seen.emplace(entry.key, entry.key_at);
      if (fresh) {
        node.entries.push_back(std::move(entry));
      } else {
        diagnostics_.Add({.at = entry.key_at,
                          .width = entry.key_width,
                          .text = "`" + entry.key + "` is here twice",
                          .hint = "It is already at " + first->second.Text() + "; remove one of them."});
      }
      Skip();
      if (Take('}')) return node;
      if (!Take(',')) return Invalid("`,` or `}` is missing");
      Skip();
    }
  }

  std::optional<std::string> ReadText() {
    std::string text;
    ++at_;
    while (true) {
      if (at_ >= text_.size() || text_[at_] == '\n') return Invalid("a text is not closed");
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return text;
      }
      if (static_cast<unsigned char>(c) < 0x20) return Invalid("a control character must be written as an escape");
      if (c != '\\') {
        text += c;
        ++at_;
        continue;
      }
      if (!ReadEscape(text)) return Invalid("this escape is unknown, or is half of a pair");
    }
  }

  bool ReadEscape(std::string& text) {
    constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (const std::size_t known = kLetters.find(letter); known != kLetters.npos) {
      text += kMeanings[known];
      at_ += 2;
      return true;
    }
    std::optional<std::uint32_t> code = CodeUnit(at_);
    if (!code || (*code >= 0xdc00 && *code < 0xe000)) return false;
    std::size_t length = 6;
    if (*code >= 0xd800 && *code < 0xdc00) {  // the first half of a pair (RFC 8259, section 7)
      const std::optional<std::uint32_t> low = CodeUnit(at_ + 6);
      if (!low || *low < 0xdc00 || *low >= 0xe000) return false;
      code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
      length = 12;
    }
    AppendUtf8(*code, text);
    at_ += length;
    return true;
  }

  /// The four digits of \uXXXX at a place of the text.
  std::optional<std::uint32_t> CodeUnit(std::size_t at) const {
    if (at + 6 > text_.size() || text_[at] != '\\' || text_[at + 1] != 'u') return std::nullopt;
    std::uint32_t code = 0;
    const char* first = text_.data() + at + 2;
    const auto [end, error] = std::from_chars(first, first + 4, code, 16);
    return error == std::errc() && end == first + 4 ? std::optional(code) : std::nullopt;
  }

  std::string_view text_;
  Diagnostics& diagnostics_;
  const YamlOptions options_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
};

}  // namespace

std::optional<Node> ParseJson(std::string_view text, Diagnostics& diagnostics, const YamlOptions& options) {
  if (!CheckBytes(text, diagnostics)) return std::nullopt;
  return JsonReader(text, diagnostics, options).Run();
}

}  // namespace perch::config
