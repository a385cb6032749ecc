#include "config/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "base/suggest.h"
#include "base/text.h"
#include "config/template.h"

namespace perch::config {
namespace {

/// An event of libyaml, freed when this goes.
struct Event {
  yaml_event_t raw{};
  ~Event() { yaml_event_delete(&raw); }
};

std::string Text(const yaml_char_t* bytes, std::size_t size) {
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

/// Reads events into nodes. libyaml counts characters where we count bytes, so places are converted.
class Reader {
 public:
  Reader(std::string_view text, Diagnostics& diagnostics, const YamlOptions& options)
      : text_(text), diagnostics_(diagnostics), options_(options) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    line_starts_.push_back(0);
    for (std::size_t at = 0; at < text.size(); ++at) {
      if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80) bytes_.push_back(std::uint32_t(at));
      if (text[at] == '\n') line_starts_.push_back(at + 1);
    }
  }
  Reader(const Reader&) = delete;
  ~Reader() { yaml_parser_delete(&parser_); }

  std::optional<Node> Run() {
    Node root;
    root.plain = true;
    bool seen = false;
    while (true) {
      Event event;
      if (!Next(event)) return std::nullopt;
      switch (event.raw.type) {
        case YAML_STREAM_END_EVENT:
          FindTabs();
          return root;
        case YAML_DOCUMENT_START_EVENT:
          if (seen) {
            Complain(At(event.raw.start_mark), 3, "a second document begins here",
                     "The file is one document: remove the `---` line and what follows it.");
            return std::nullopt;
          }
          seen = true;
          if (event.raw.data.document_start.version_directive ||
              event.raw.data.document_start.tag_directives.start != event.raw.data.document_start.tag_directives.end) {
            Complain(At(event.raw.start_mark), 1, "YAML directives are not supported", "Remove the line.");
          }
          break;
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
          break;
        default: {
          std::optional<Node> node = Build(event, 1);
          if (!node) return std::nullopt;
          root = std::move(*node);
        }
      }
    }
  }

 private:
  Source At(const yaml_mark_t& mark) const {
    const std::size_t at = mark.index < bytes_.size() ? bytes_[mark.index] : text_.size();
    const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), at);
    return {.file = diagnostics_.file(),
            .line = int(next - line_starts_.begin()),
            .column = int(at - *std::prev(next)) + 1};
  }

  std::size_t Width(const yaml_mark_t& start, const yaml_mark_t& end) const {
    if (start.line != end.line || end.column <= start.column) return 1;
    return std::size_t(At(end).column - At(start).column);
  }

  void Complain(Source at, std::size_t width, std::string what, std::string hint) {
    diagnostics_.Add({.at = std::move(at), .width = width, .text = std::move(what), .hint = std::move(hint)});
  }

  bool Next(Event& event) {
    if (yaml_parser_parse(&parser_, &event.raw)) return true;
    const Source at = At(parser_.problem_mark);
    const std::string_view line = LineOf(text_, at.line);
    if (at.column <= int(line.size()) && line[std::size_t(at.column - 1)] == '\t') {
      Complain(at, 1, "a tab cannot be used for indentation", "Use spaces instead.");
      return false;
    }
    const auto problem = std::string(parser_.problem ? parser_.problem : "it cannot be read");
    Diagnostic diagnostic{.at = at, .text = "this is not valid YAML: " + problem, .hint = SyntaxHint(problem)};
    if (parser_.context && parser_.context_mark.line + 1 != std::size_t(at.line)) {
      diagnostic.trail.push_back(std::string(parser_.context) + " that begins at " + At(parser_.context_mark).Text());
    }
    diagnostics_.Add(std::move(diagnostic));
    return false;
  }

  static std::string SyntaxHint(std::string_view problem) {
    if (problem.starts_with("mapping values are not allowed")) {
      return "A value that holds `: ` needs quotes; or the indentation of this line is wrong.";
    }
    if (problem.starts_with("found character that cannot start")) return "Put the text in quotes.";
    if (problem.starts_with("could not find expected ':'")) return "A line of a map is written `key: value`.";
    if (problem.starts_with("did not find expected key")) {
      return "Check the indentation, and that text after a quoted value is not left over.";
    }
    if (problem.starts_with("found unexpected end of stream")) return "A quote or bracket is not closed.";
    if (problem.find("',' or") != std::string_view::npos) return "A bracket is not closed, or a comma is missing.";
    return "";
  }

  /// What perch refuses although YAML has it. The node goes on as broken, so that the other errors are found too.
  void Refuse(const Event& event, const yaml_char_t* anchor, const yaml_char_t* tag, Node& node) {
    if (event.raw.type == YAML_ALIAS_EVENT) {
      node.broken = true;
      Complain(node.at, node.width, "aliases (`*name`) are not supported",
               "Write the value again, or let a profile inherit it with `extends`.");
      return;
    }
    if (anchor) {
      node.broken = true;
      Complain(node.at, 1 + std::string_view(reinterpret_cast<const char*>(anchor)).size(),
               "anchors (`&name`) are not supported", "Remove it; profiles share settings with `extends`.");
    }
    if (!tag) return;
    node.tag = reinterpret_cast<const char*>(tag);
    if (!LongForm(node.tag).empty()) return;
    constexpr std::string_view kStandard = "tag:yaml.org,2002:";
    std::string hint = "Remove it; perch knows the type of each key.";
    if (node.tag.starts_with(kStandard)) {
      node.tag = "!!" + node.tag.substr(kStandard.size());
    } else if (const std::string nearest = DidYouMean(node.tag, ShortTags()); !nearest.empty()) {
      hint = "D" + nearest.substr(1);
    }
    node.broken = true;
    Complain(node.at, std::min<std::size_t>(node.tag.size(), 60), "there is no tag `" + node.tag.substr(0, 60) + "`",
             hint);
  }

  std::optional<Node> Build(const Event& event, int depth) {
    Node node;
    node.at = At(event.raw.start_mark);
    node.width = Width(event.raw.start_mark, event.raw.end_mark);
    switch (event.raw.type) {
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event.raw.data.scalar;
        Refuse(event, scalar.anchor, scalar.tag, node);
        node.text = Text(scalar.value, scalar.length);
        node.plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
        if (event.raw.end_mark.line > event.raw.start_mark.line) {
          texts_.emplace_back(event.raw.start_mark.line, event.raw.end_mark.line);
        }
        return node;
      }
      case YAML_SEQUENCE_START_EVENT:
        Refuse(event, event.raw.data.sequence_start.anchor, event.raw.data.sequence_start.tag, node);
        node.kind = Node::Kind::kList;
        return !TooDeep(node, depth) && ReadList(node, depth) ? std::optional(std::move(node)) : std::nullopt;
      case YAML_MAPPING_START_EVENT:
        Refuse(event, event.raw.data.mapping_start.anchor, event.raw.data.mapping_start.tag, node);
        node.kind = Node::Kind::kMap;
        return !TooDeep(node, depth) && ReadMap(node, depth) ? std::optional(std::move(node)) : std::nullopt;
      default:
        Refuse(event, nullptr, nullptr, node);
        return node;
    }
  }

  bool TooDeep(const Node& node, int depth) {
    if (depth <= options_.deepest) return false;
    Complain(node.at, 1, "this is nested more than " + std::to_string(options_.deepest) + " levels deep",
             "No file that perch reads needs that.");
    return true;
  }

  bool TooLong(const Node& node, std::size_t size) {
    if (size < options_.most_entries) return false;
    Complain(node.at, 1, "this has more than " + std::to_string(options_.most_entries) + " entries",
             "Make it shorter.");
    return true;
  }

  bool ReadList(Node& node, int depth) {
    while (true) {
      Event event;
      if (!Next(event)) return false;
      if (event.raw.type == YAML_SEQUENCE_END_EVENT) return true;
      if (TooLong(node, node.items.size())) return false;
      std::optional<Node> item = Build(event, depth + 1);
      if (!item) return false;
      node.items.push_back(std::move(*item));
    }
  }

  bool ReadMap(Node& node, int depth) {
    std::unordered_map<std::string, Source> seen;
    for (std::size_t count = 0;; ++count) {
      Event event;
      if (!Next(event)) return false;
      if (event.raw.type == YAML_MAPPING_END_EVENT) return true;
      if (TooLong(node, count)) return false;
      std::optional<Node> key = Build(event, depth + 1);
      Event value_event;
      if (!key || !Next(value_event)) return false;
      std::optional<Node> value = Build(value_event, depth + 1);
      if (!value) return false;
      if (!IsGoodKey(*key)) continue;
      const auto [first, fresh] = seen.emplace(key->text, key->at);
      if (!fresh) {
        Complain(key->at, key->width, "`" + key->text + "` is here twice",
                 "It is already at " + first->second.Text() + "; remove one of them.");
        continue;
      }
      node.entries.push_back({std::move(key->text), key->at, key->width, std::move(*value)});
    }
  }

  bool IsGoodKey(const Node& key) {
    if (key.broken) return false;
    if (!key.tag.empty()) {
      Complain(key.at, key.tag.size(), "a key cannot have the tag `" + key.tag + "`", "Remove the tag.");
      return false;
    }
    if (key.kind != Node::Kind::kScalar) {
      Complain(key.at, 1, "a key must be text", "Write `key: value`.");
      return false;
    }
    if (key.plain && key.text == "<<") {
      Complain(key.at, 2, "merge keys (`<<`) are not supported", "Let a profile inherit with `extends`.");
      return false;
    }
    if (key.plain && !CoreScalar(key).AsString() && !(options_.any_scalar_key && !key.text.empty())) {
      const std::string shown = key.text.empty() ? "an empty key" : "the key " + key.text;
      Complain(key.at, key.width, shown + " is " + std::string(CoreScalar(key).KindName()) + " in YAML, not text",
               key.text.empty() ? "Write `key: value`." : "Put it in quotes: \"" + key.text + "\".");
      return false;
    }
    return true;
  }

  /// libyaml lets tabs through inside brackets; people must not have to know where.
  void FindTabs() {
    std::size_t next = 0;
    std::sort(texts_.begin(), texts_.end());
    for (std::size_t line = 0; line < line_starts_.size(); ++line) {
      while (next < texts_.size() && texts_[next].second < line) ++next;
      if (next < texts_.size() && texts_[next].first < line) continue;
      std::string_view rest = text_.substr(line_starts_[line]);
      rest = rest.substr(0, rest.find('\n'));
      const std::size_t first = rest.find_first_not_of(" \t\r");
      if (first == std::string_view::npos || rest[first] == '#') continue;
      const std::size_t tab = rest.substr(0, first).find('\t');
      if (tab == std::string_view::npos) continue;
      Complain({.file = diagnostics_.file(), .line = int(line) + 1, .column = int(tab) + 1}, 1,
               "a tab cannot be used for indentation", "Use spaces instead.");
    }
  }

  std::string_view text_;
  Diagnostics& diagnostics_;
  const YamlOptions options_;
  yaml_parser_t parser_{};
  std::vector<std::uint32_t> bytes_;                        // where each character begins
  std::vector<std::size_t> line_starts_;                    // where each line begins
  std::vector<std::pair<std::size_t, std::size_t>> texts_;  // first and last line of each scalar of several lines
};

}  // namespace

const Node* Node::Find(std::string_view key) const {
  const auto at = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return at == entries.end() ? nullptr : &at->value;
}

std::optional<Node> ParseYaml(std::string_view text, Diagnostics& diagnostics, const YamlOptions& options) {
  if (!CheckBytes(text, diagnostics)) return std::nullopt;
  return Reader(text, diagnostics, options).Run();
}

}  // namespace perch::config
