#include "config/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perch::config {
namespace {

namespace json = boost::json;
using boost::system::error_code;

/// Makes nodes of Boost.JSON's events. Those don't say where they stand, but of valid JSON each belongs to one word of
/// the text, so the words are walked along with them.
class Builder {
 public:
  static constexpr std::size_t max_object_size = -1, max_array_size = -1, max_key_size = -1, max_string_size = -1;

  Builder(std::string_view text, Diagnostics& diagnostics, const YamlOptions& options)
      : text_(text), diagnostics_(diagnostics), options_(options) {}

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& error) { return Open(Node::Kind::kMap, error); }
  bool on_array_begin(error_code& error) { return Open(Node::Kind::kList, error); }
  bool on_object_end(std::size_t, error_code&) { return Close(); }
  bool on_array_end(std::size_t, error_code&) { return Close(); }
  bool on_key_part(std::string_view part, std::size_t, error_code&) { return Add(part); }
  bool on_string_part(std::string_view part, std::size_t, error_code&) { return Add(part); }
  bool on_number_part(std::string_view, error_code&) { return true; }
  bool on_comment_part(std::string_view, error_code&) { return true; }
  bool on_comment(std::string_view, error_code&) { return true; }

  bool on_key(std::string_view rest, std::size_t, error_code& error) {
    Unclosed& map = open_.back();
    if (TooLong(map.node, map.keys++, error)) return false;
    Add(rest);
    const std::string_view word = NextWord();
    map.key = {.key = std::exchange(string_, ""), .key_at = At(word), .key_width = word.size()};
    const auto [first, fresh] = map.seen.emplace(map.key.key, map.key.key_at);
    map.repeated = !fresh;
    if (!fresh) {
      diagnostics_.Add({.at = map.key.key_at,
                        .width = map.key.key_width,
                        .text = "`" + map.key.key + "` is here twice",
                        .hint = "It is already at " + first->second.Text() + "; remove one of them."});
    }
    return true;
  }

  bool on_string(std::string_view rest, std::size_t, error_code& error) {
    Add(rest);
    const std::string_view word = NextWord();
    return Put({.text = std::exchange(string_, ""), .at = At(word), .width = word.size()}, error);
  }
  bool on_int64(std::int64_t, std::string_view, error_code& error) { return Plain(error); }
  bool on_uint64(std::uint64_t, std::string_view, error_code& error) { return Plain(error); }
  bool on_bool(bool, error_code& error) { return Plain(error); }
  bool on_null(error_code& error) { return Plain(error); }
  bool on_double(double number, std::string_view, error_code& error) {
    if (std::isfinite(number)) return Plain(error);
    const std::string_view word = NextWord();
    return Refuse({.at = At(word), .width = word.size(), .text = "this number is too large"}, error);
  }

  /// The place of a byte; ones that are asked for later stand later.
  Source At(std::size_t byte) {
    for (; counted_ < byte; ++counted_) {
      if (text_[counted_] != '\n') continue;
      ++line_;
      line_start_ = counted_ + 1;
    }
    return {.file = diagnostics_.file(), .line = line_, .column = int(byte - line_start_) + 1};
  }
  /// Whether a byte that was refused stands in a text.
  bool InText(std::size_t byte) const {
    const std::size_t start = text_.find_first_not_of(" \t\r\n,:", next_);
    return start < byte && text_[start] == '"';
  }
  bool refused() const { return refused_; }
  Node Take() { return std::move(root_); }

 private:
  /// A list or map whose end is still to come.
  struct Unclosed {
    Node node;
    std::size_t keys = 0;
    Node::Entry key{};  ///< of a map: the one whose value comes next
    bool repeated = false;
    std::unordered_map<std::string, Source> seen{};
  };

  std::string_view NextWord() {
    next_ = std::min(text_.find_first_not_of(" \t\r\n,:", next_), text_.size());
    const std::size_t start = next_;
    if (text_[start] == '"') {
      do next_ = text_.find_first_of("\"\\", next_ + 1);
      while (text_[next_] == '\\' && ++next_);
      ++next_;
    } else if (std::string_view("{}[]").contains(text_[start])) {
      ++next_;
    } else {
      next_ = std::min(text_.find_first_of(" \t\r\n,]}", start), text_.size());
    }
    return text_.substr(start, next_ - start);
  }
  Source At(std::string_view word) { return At(std::size_t(word.data() - text_.data())); }

  bool Refuse(Diagnostic diagnostic, error_code& error) {
    diagnostics_.Add(std::move(diagnostic));
    refused_ = true;
    error = make_error_code(json::error::exception);
    return false;
  }
  bool TooLong(const Node& node, std::size_t size, error_code& error) {
    if (size < options_.most_entries) return false;
    return !Refuse({.at = node.at,
                    .text = "this has more than " + std::to_string(options_.most_entries) + " entries",
                    .hint = "Make it shorter."},
                   error);
  }

  /// Whether a list is full, which would take one more.
  bool TooManyItems(error_code& error) {
    return !open_.empty() && open_.back().node.kind == Node::Kind::kList &&
           TooLong(open_.back().node, open_.back().node.items.size(), error);
  }

  bool Add(std::string_view part) {
    string_ += part;
    return true;
  }
  bool Plain(error_code& error) {
    const std::string_view word = NextWord();
    return Put({.text = std::string(word), .plain = true, .at = At(word), .width = word.size()}, error);
  }
  bool Open(Node::Kind kind, error_code& error) {
    Unclosed list{.node = {.kind = kind, .at = At(NextWord())}};
    if (int(open_.size()) >= options_.deepest) {
      return Refuse({.at = list.node.at,
                     .text = "this is nested more than " + std::to_string(options_.deepest) + " levels deep",
                     .hint = "No file that perch reads needs that."},
                    error);
    }
    if (TooManyItems(error)) return false;
    open_.push_back(std::move(list));
    return true;
  }
  bool Close() {
    NextWord();
    Node node = std::move(open_.back().node);
    open_.pop_back();
    Attach(std::move(node));
    return true;
  }
  bool Put(Node node, error_code& error) {
    if (TooManyItems(error)) return false;
    Attach(std::move(node));
    return true;
  }
  void Attach(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Unclosed& outer = open_.back();
    if (outer.node.kind == Node::Kind::kList) {
      outer.node.items.push_back(std::move(node));
    } else if (!outer.repeated) {
      outer.key.value = std::move(node);
      outer.node.entries.push_back(std::move(outer.key));
    }
  }

  std::string_view text_;
  Diagnostics& diagnostics_;
  const YamlOptions options_;
  std::size_t next_ = 0;     // where the next word is looked for
  std::size_t counted_ = 0;  // line_ and line_start_ are those of this byte
  std::size_t line_start_ = 0;
  int line_ = 1;
  std::string string_;  // what came of a text so far
  std::vector<Unclosed> open_;
  Node root_;
  bool refused_ = false;
};

/// What is most likely wrong where JSON was refused, inside of a text or between words.
std::string Hint(std::string_view text, std::size_t at, bool in_text) {
  const std::size_t last = text.substr(0, at).find_last_not_of(" \t\r\n");
  const char before = last == text.npos ? '\0' : text[last], here = at < text.size() ? text[at] : '\0';
  if (in_text && (here == '\n' || here == '\r')) return "A quote is not closed.";
  if (in_text) return "Is an escape such as `\\n` or `\\u00e4` wrong there, or half of a pair?";
  if (before == ',' && (here == '}' || here == ']')) return "Remove the comma before it.";
  if (here == '\'') return "Texts stand in double quotes.";
  if (here == '/' || here == '#') return "JSON has no comments.";
  return "A comma, a colon or a quote may be missing before it.";
}

}  // namespace

std::optional<Node> ParseJson(std::string_view text, Diagnostics& diagnostics, const YamlOptions& options) {
  if (!CheckBytes(text, diagnostics)) return std::nullopt;
  // One level more than allowed: the builder says it better.
  json::basic_parser<Builder> parser({.max_depth = std::size_t(options.deepest) + 1}, text, diagnostics, options);
  error_code error;
  const std::size_t end = parser.write_some(false, text.data(), text.size(), error);
  if (!error && end == text.size()) return parser.handler().Take();
  if (parser.handler().refused()) return std::nullopt;
  Diagnostic diagnostic{.at = parser.handler().At(end), .text = "this is not valid JSON: "};
  if (!error) {
    diagnostic.text = "there is more after the end of the JSON value";
    diagnostic.hint = "Remove it.";
  } else if (error == json::error::incomplete) {
    diagnostic.text += "it ends too early (" + error.message() + ")";
    diagnostic.hint = "A quote or bracket is not closed.";
  } else {
    diagnostic.text += "this cannot stand here (" + error.message() + ")";
    diagnostic.hint = Hint(text, end, parser.handler().InText(end));
  }
  diagnostics.Add(std::move(diagnostic));
  return std::nullopt;
}

}  // namespace perch::config
