#include "config/check.h"

#include <algorithm>
#include <utility>

#include "base/suggest.h"
#include "base/text.h"
#include "config/scalars.h"
#include "config/template.h"

namespace perch::config {
namespace {

using Type = Field::Type;

/// At most `longest` bytes of a text, whole characters.
std::string Short(const std::string& text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0) == 0x80) --longest;
  return text.substr(0, longest) + "…";
}

/// What a person wrote, short, for "not …".
std::string Found(const Node& node) {
  if (node.kind == Node::Kind::kList) return "a list";
  if (node.kind == Node::Kind::kMap) return "a map";
  const Value value = CoreScalar(node);
  if (value.IsNull()) return "nothing";
  if (value.AsString()) return "the text \"" + Short(node.text, 40) + "\"";
  return Short(node.text, 40);
}

bool SaysYesOrNo(const Node& node) {
  const std::string text = ToLower(node.text);
  return text == "yes" || text == "no" || text == "on" || text == "off" || text == "true" || text == "false" ||
         text == "y" || text == "n";
}

/// All the places of the schema that have a key, as "run" or "limits": where a misplaced key may belong.
void FindElsewhere(const Field& map, const std::string& path, std::string_view key, std::vector<std::string>& places) {
  for (const Field& field : map.fields) {
    if (field.key == key) places.push_back(path);
    if (field.type == Type::kMap) FindElsewhere(field, path.empty() ? field.key : path + "." + field.key, key, places);
  }
}

class Checker {
 public:
  Checker(const Field& schema, CheckOptions options, Diagnostics& diagnostics)
      : schema_(schema), nulls_(options.nulls), diagnostics_(diagnostics) {}

  Value Run(const Node& root) {
    Value empty{.data = Value::Map{}, .at = root.at};
    if (root.broken) return empty;
    if (HasTag(root, "the file")) return empty;
    if (root.kind != Node::Kind::kMap) {
      Complain(root, "the file must be a map of keys, not " + Found(root), "Write lines such as `app: shop`.");
      return empty;
    }
    return CheckMap(root, schema_, "").value_or(empty);
  }

 private:
  void Complain(const Source& at, std::size_t width, std::string text, std::string hint) {
    diagnostics_.Add({.at = at, .width = width, .text = std::move(text), .hint = std::move(hint), .conceal = conceal_});
  }
  void Complain(const Node& node, std::string text, std::string hint = "") {
    Complain(node.at, node.kind == Node::Kind::kScalar ? node.width : 1, std::move(text), std::move(hint));
  }

  std::string WrongType(const Node& node, const Field& field, const std::string& path) const {
    const std::string found = conceal_ && node.kind == Node::Kind::kScalar ? "a text" : Found(node);
    return "`" + path + "` must be " + Describe(field) + ", not " + found;
  }

  std::optional<Value> CheckValue(const Node& node, const Field& field, const std::string& path) {
    if (node.broken) return std::nullopt;
    if (field.type != Type::kTemplate && HasTag(node, "`" + path + "`")) return std::nullopt;
    if (IsNothing(node)) {
      if (nulls_) return Value{.at = node.at};
      Complain(node, "`" + path + "` has no value",
               field.type == Type::kValue ? "Write \"\" for an empty one." : "Write one, or remove the line.");
      return std::nullopt;
    }
    switch (field.type) {
      case Type::kMap:
        return CheckMap(node, field, path);
      case Type::kNamed:
        return CheckNamed(node, field, path);
      case Type::kList:
        return CheckList(node, field, path);
      case Type::kCommand:
        return CheckCommand(node, field, path);
      case Type::kTemplate:
        return CheckTemplate(node, field, path);
      default:
        return CheckScalar(node, field, path);
    }
  }

  static bool IsNothing(const Node& node) {
    return node.kind == Node::Kind::kScalar && node.tag.empty() && CoreScalar(node).IsNull();
  }

  /// Complains about a tag where none means anything.
  bool HasTag(const Node& node, const std::string& what) {
    if (node.tag.empty()) return false;
    std::vector<std::string> templates;
    for (const Field& field : schema_.fields) {
      if (field.type == Type::kTemplate) templates.push_back("`" + field.key + "`");
    }
    Complain(node.at, node.tag.size(), "the tag `" + node.tag + "` means nothing in " + what,
             "CloudFormation's tags count only in " + Join(templates, ", ") + ".");
    return true;
  }

  /// What CloudFormation makes of it is checked later, when the whole template is known.
  std::optional<Value> CheckTemplate(const Node& node, const Field& field, const std::string& path) {
    if (node.kind != Node::Kind::kMap || !node.tag.empty()) {
      Complain(node, WrongType(node, field, path), "Write it as in CloudFormation's YAML.");
      return std::nullopt;
    }
    return CheckTemplateParts(node, path, nulls_) ? std::optional(TemplateValue(node)) : std::nullopt;
  }

  bool CheckTemplateParts(const Node& node, const std::string& path, bool nulls) {
    if (node.broken) return false;
    if (IsNothing(node)) {
      if (!nulls) Complain(node, "`" + Short(path, 80) + "` has no value", "Write one, or remove the line.");
      return nulls;
    }
    if (node.kind == Node::Kind::kScalar) {
      const std::string why = WhyNot(Type::kValue, node.text);
      if (!why.empty()) Complain(node, "`" + Short(path, 80) + "` " + why);
      return why.empty();
    }
    bool good = true;
    for (const Node& item : node.items) good = CheckTemplateParts(item, path, false) && good;
    for (const Node::Entry& entry : node.entries) {
      good = CheckTemplateParts(entry.value, path + "." + entry.key, nulls && node.tag.empty()) && good;
    }
    return good;
  }

  std::optional<Value> CheckMap(const Node& node, const Field& field, const std::string& path) {
    if (node.kind != Node::Kind::kMap) {
      const std::string value = node.kind == Node::Kind::kScalar && !conceal_ ? Short(node.text, 60) : "…";
      Complain(node, WrongType(node, field, path),
               field.Find("command") && value.find('\n') == value.npos && path.find('.') == path.npos
                   ? "Write `" + field.key + ": {command: " + value + "}`."
                   : "It has the keys " + Join(field.Keys(), ", ") + ".");
      return std::nullopt;
    }
    Value::Map map;
    for (const Node::Entry& entry : node.entries) {
      const Field* known = field.Find(entry.key);
      if (!known) {
        UnknownKey(entry, field, path);
        continue;
      }
      const bool before = std::exchange(conceal_, conceal_ || entry.key == "secrets");
      const std::string inner = path.empty() ? entry.key : path + "." + entry.key;
      if (std::optional<Value> value = CheckValue(entry.value, *known, inner)) {
        map.push_back({entry.key, *std::move(value), entry.key_at});
      }
      conceal_ = before;
      for (const std::string& other : known->instead_of) {
        const Node* also = node.Find(other);
        if (!also || IsNothing(*also) || IsNothing(entry.value)) continue;
        Complain(entry.key_at, entry.key_width, "`" + other + "` and `" + entry.key + "` exclude each other",
                 "Keep one of them.");
      }
    }
    return Value{.data = std::move(map), .at = node.at};
  }

  void UnknownKey(const Node::Entry& entry, const Field& field, const std::string& path) {
    const std::vector<std::string> known = field.Keys();
    std::string hint = DidYouMean(entry.key, known);
    if (hint.empty()) {
      std::vector<std::string> places;
      FindElsewhere(schema_, "", entry.key, places);
      if (places.size() == 1) {
        hint = places[0].empty() ? "It belongs to the top level." : "It belongs into `" + places[0] + "`.";
      } else {
        hint = "Here are possible: " + Join(known, ", ") + ".";
      }
    } else {
      hint[0] = 'D';
    }
    Complain(entry.key_at, entry.key_width,
             "unknown key `" + Short(entry.key, 60) + "`" + (path.empty() ? "" : " in `" + path + "`"), hint);
  }

  std::optional<Value> CheckNamed(const Node& node, const Field& field, const std::string& path) {
    if (node.kind != Node::Kind::kMap) {
      Complain(node, WrongType(node, field, path), "Write lines such as `NAME: value` below it.");
      return std::nullopt;
    }
    const Field& element = field.element[0];
    const bool are_profiles = path == "profiles", before = nulls_;
    Value::Map map;
    for (const Node::Entry& entry : node.entries) {
      const std::string inner = path + "." + entry.key;
      const std::string why = WhyNot(field.key_type, entry.key);
      const bool is_variable = field.key_type == Type::kVariableName;
      if (!why.empty()) {
        Complain(entry.key_at, entry.key_width, "the name `" + Short(entry.key, 60) + "` in `" + path + "` " + why, "");
      } else if (is_variable && IsPerchsVariable(entry.key)) {
        Complain(entry.key_at, entry.key_width, "`" + inner + "` cannot be set: perch sets " + entry.key + " itself",
                 "Use another name.");
      } else {
        nulls_ = nulls_ || are_profiles;
        if (std::optional<Value> value = CheckValue(entry.value, element, inner)) {
          map.push_back({entry.key, *std::move(value), entry.key_at});
        }
        nulls_ = before;
      }
    }
    return Value{.data = std::move(map), .at = node.at};
  }

  std::optional<Value> CheckList(const Node& node, const Field& field, const std::string& path) {
    if (node.kind != Node::Kind::kList) {
      Complain(node, WrongType(node, field, path),
               node.kind == Node::Kind::kScalar && !conceal_
                   ? "Write `" + field.key + ": [" + Short(node.text, 60) + "]`."
                   : "");
      return std::nullopt;
    }
    Value::List list;
    const bool before = std::exchange(nulls_, false);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      std::optional<Value> item = CheckValue(node.items[i], field.element[0], path + "[" + std::to_string(i + 1) + "]");
      if (item) list.push_back(*std::move(item));
    }
    nulls_ = before;
    return Value{.data = std::move(list), .at = node.at};
  }

  std::optional<Value> CheckCommand(const Node& node, const Field& field, const std::string& path) {
    if (node.kind == Node::Kind::kScalar && CoreScalar(node).AsString()) {
      const std::string why = WhyNot(Type::kCommand, node.text);
      if (!why.empty()) {
        Complain(node, "`" + path + "` " + why);
        return std::nullopt;
      }
      return Value{.data = node.text, .at = node.at};
    }
    if (node.kind != Node::Kind::kList) {
      Complain(node, WrongType(node, field, path));
      return std::nullopt;
    }
    Value::List words;
    for (const Node& word : node.items) {
      if (word.broken || HasTag(word, "`" + path + "`")) return std::nullopt;
      std::string why = word.kind != Node::Kind::kScalar ? "must be a text" : WhyNot(Type::kValue, word.text);
      if (word.kind == Node::Kind::kScalar && word.plain && CoreScalar(word).IsNull()) why = "is missing";
      if (word.kind == Node::Kind::kScalar && words.empty() && word.text.empty()) why = "must not be empty";
      if (!why.empty()) {
        Complain(word, "word " + std::to_string(words.size() + 1) + " of `" + path + "` " + why);
        return std::nullopt;
      }
      words.push_back({.data = word.text, .at = word.at});
    }
    if (words.empty()) {
      Complain(node, "`" + path + "` is an empty list", "Write the program and its arguments.");
      return std::nullopt;
    }
    return Value{.data = std::move(words), .at = node.at};
  }

  std::optional<Value> CheckScalar(const Node& node, const Field& field, const std::string& path) {
    if (node.kind != Node::Kind::kScalar) {
      Complain(node, WrongType(node, field, path),
               path.starts_with("env.") ? "For secrets there is `secrets`, at the operator's." : "");
      return std::nullopt;
    }
    Value value = CoreScalar(node);
    switch (field.type) {
      case Type::kFlag:
        if (std::holds_alternative<bool>(value.data)) return value;
        Complain(node, WrongType(node, field, path),
                 SaysYesOrNo(node) ? "YAML 1.2 knows only true and false, without quotes." : "");
        return std::nullopt;
      case Type::kNumber:
        return CheckNumber(node, field, path);
      case Type::kDuration:
      case Type::kSize:
        return CheckMeasure(node, field, path);
      case Type::kChoice:
        return CheckChoice(node, field, path);
      case Type::kValue:
        value.data = node.text;
        break;
      default:
        if (!value.AsString()) {
          Complain(node, WrongType(node, field, path),
                   conceal_ ? "If that is meant as text, put it in quotes."
                            : "If that is meant as text, put it in quotes: \"" + Short(node.text, 60) + "\".");
          return std::nullopt;
        }
    }
    const std::string why = WhyNot(field.type, node.text);
    if (why.empty()) return value;
    Complain(node, "`" + path + "` " + why);
    return std::nullopt;
  }

  std::optional<Value> CheckNumber(const Node& node, const Field& field, const std::string& path) {
    Value value = CoreScalar(node);
    const auto* number = std::get_if<std::int64_t>(&value.data);
    if (number && *number >= field.low && *number <= field.high) return value;
    const bool quoted = !node.plain && ParseNumber(node.text);
    Complain(node, WrongType(node, field, path), quoted ? "Write it without quotes." : "");
    return std::nullopt;
  }

  std::optional<Value> CheckMeasure(const Node& node, const Field& field, const std::string& path) {
    const bool duration = field.type == Type::kDuration;
    const std::optional<std::int64_t> measure = duration ? ParseDuration(node.text) : ParseBytes(node.text);
    if (measure && *measure >= field.low && *measure <= field.high) return Value{.data = node.text, .at = node.at};
    std::string hint;
    if (!measure) {
      const bool bare = ParseNumber(node.text).has_value();
      hint = duration ? (bare ? "Add the unit: " + Short(node.text, 20) + "s, " + Short(node.text, 20) + "m."
                              : "Write a whole number with ms, s, m, h or d, such as 90s.")
                      : "Write a whole number of bytes, or one with k, M or G, such as 512M.";
    }
    Complain(node, WrongType(node, field, path), hint);
    return std::nullopt;
  }

  std::optional<Value> CheckChoice(const Node& node, const Field& field, const std::string& path) {
    Value value = CoreScalar(node);
    const bool numbers = ParseNumber(field.choices[0]).has_value();
    const bool fits = numbers ? std::holds_alternative<std::int64_t>(value.data) : value.AsString() != nullptr;
    if (fits && std::find(field.choices.begin(), field.choices.end(), node.text) != field.choices.end()) return value;
    std::string hint = DidYouMean(node.text, field.choices);
    if (!hint.empty()) hint[0] = 'D';
    Complain(node, WrongType(node, field, path), hint);
    return std::nullopt;
  }

  const Field& schema_;
  bool nulls_;
  bool conceal_ = false;
  Diagnostics& diagnostics_;
};

}  // namespace

Value Check(const Node& root, const Field& schema, CheckOptions options, Diagnostics& diagnostics) {
  return Checker(schema, options, diagnostics).Run(root);
}

}  // namespace perch::config
