#include "config/schema.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/text.h"
#include "config/check.h"
#include "config/yaml.h"

namespace perch::config {
namespace {

using Type = Field::Type;

constexpr std::pair<std::string_view, Type> kSimpleTypes[] = {
    {"text", Type::kText},
    {"name", Type::kName},
    {"host name", Type::kHostName},
    {"URL path", Type::kUrlPath},
    {"path", Type::kPath},
    {"relative path", Type::kRelativePath},
    {"absolute path", Type::kAbsolutePath},
    {"pattern", Type::kPattern},
    {"profile name", Type::kProfileName},
    {"variable name", Type::kVariableName},
    {"value", Type::kValue},
    {"true or false", Type::kFlag},
    {"command", Type::kCommand},
    {"map", Type::kMap},
    {"profile", Type::kMap},
    {"template", Type::kTemplate},
};

std::vector<std::string> Words(std::string_view list) {
  std::vector<std::string> words = Split(list, ',');
  for (std::string& word : words) word = Trim(word);
  return words;
}

/// A key that the example switched off, "  #dockerfile: Dockerfile", switched on.
std::string SwitchOn(const std::string& line) {
  const std::size_t at = line.find_first_not_of(' ');
  if (at == std::string::npos || line[at] != '#' || at + 1 >= line.size()) return line;
  if (!std::islower(static_cast<unsigned char>(line[at + 1])) || line.find(':', at) == std::string::npos) return line;
  return line.substr(0, at) + line.substr(at + 1);
}

std::optional<std::int64_t> ParseBound(Type type, std::string_view text) {
  if (type == Type::kDuration) return ParseDuration(text);
  if (type == Type::kSize) return ParseBytes(text);
  const std::optional<std::uint64_t> number = ParseNumber(text);
  return number ? std::optional(std::int64_t(*number)) : std::nullopt;
}

/// Nobody wrote it anywhere.
void MarkDefault(Value& value, const std::string& from) {
  value.at = {};
  value.from = from;
  if (auto* list = std::get_if<Value::List>(&value.data)) {
    for (Value& item : *list) MarkDefault(item, from);
  } else if (Value::Map* map = value.AsMap()) {
    for (Value::Entry& entry : *map) {
      entry.key_at = {};
      MarkDefault(entry.value, from);
    }
  }
}

/// Whether a default is told in words, for people, and is no value.
bool IsInWords(const Field& field) {
  if (field.type == Type::kText) return !field.default_text.starts_with('"');
  return field.type == Type::kList && !field.default_text.starts_with('[');
}

/// Turns the example's nodes and its "#:" lines into fields.
class SchemaReader {
 public:
  SchemaReader(std::string_view example, std::string file) : file_(std::move(file)) {
    for (const std::string& line : Lines(example)) lines_.push_back(SwitchOn(line));
  }

  Result<Field> Run() {
    const std::string text = Join(lines_, "\n") + "\n";
    Diagnostics diagnostics(file_, text);
    const std::optional<Node> root = ParseYaml(text, diagnostics);
    if (!root || !diagnostics.empty()) return Fail(diagnostics.ToError());
    Field schema{.type = Type::kMap};
    ReadFields(*root, schema.fields);
    ReadDefaults(schema);
    // What profiles may set is known only when all has been read.
    for (Field& field : schema.fields) {
      if (field.key != "profiles" || field.element.empty()) continue;
      Field& profile = field.element[0];
      for (const Field& other : schema.fields) {
        if (other.per_profile) profile.fields.push_back(other);
      }
    }
    if (!problem_.empty()) return Fail({.kind = ErrorKind::kFailed, .what = problem_});
    return schema;
  }

 private:
  void Problem(const Source& at, const std::string& text) {
    if (problem_.empty()) problem_ = at.Text() + ": " + text;
  }

  /// The texts after "#:" in the comment right above a line, as one; "" without one.
  std::string Annotation(int line) const {
    std::string annotation;
    for (int above = line - 2; above >= 0; --above) {
      const std::string_view text = Trim(lines_[std::size_t(above)]);
      if (!text.starts_with('#')) break;
      if (!text.starts_with("#:")) continue;
      annotation = std::string(Trim(text.substr(2))) + (annotation.empty() ? "" : ";") + annotation;
    }
    return annotation;
  }

  void ReadFields(const Node& map, std::vector<Field>& fields) {
    for (const Node::Entry& entry : map.entries) {
      const std::string annotation = Annotation(entry.key_at.line);
      if (annotation.empty()) {
        Problem(entry.key_at, "`" + entry.key + "` has no line with its type above it");
      } else {
        AddField(entry, annotation, fields);
      }
    }
  }

  void AddField(const Node::Entry& entry, const std::string& annotation, std::vector<Field>& fields) {
    const auto same = [&](const Field& other) { return other.key == entry.key; };
    if (std::any_of(fields.begin(), fields.end(), same)) return;
    Field field{.key = entry.key, .at = entry.key_at};
    std::vector<std::string> clauses = Split(annotation, ';');
    ReadType(std::string(Trim(clauses[0])), entry, field);
    for (std::size_t i = 1; i < clauses.size(); ++i) ReadClause(Trim(clauses[i]), field);
    fields.push_back(std::move(field));
  }

  void ReadClause(std::string_view clause, Field& field) {
    if (clause == "required") {
      field.required = true;
    } else if (clause == "per profile") {
      field.per_profile = true;
    } else if (clause == "a branch may set it") {
      field.from_branch = true;
    } else if (clause == "on aws") {
      field.on_aws = true;
    } else if (clause.starts_with("because: ")) {
      field.because = clause.substr(9);
    } else if (clause.starts_with("default: ")) {
      field.default_text = clause.substr(9);
    } else if (clause.starts_with("instead of ")) {
      field.instead_of = Words(clause.substr(11));
    } else if (const std::string_view name = clause.substr(0, clause.find(": ")); IsBuiltIn(name)) {
      perchs_[field.at.line].emplace_back(name, clause.substr(name.size() + 2));
    } else {
      Problem(field.at, "`" + std::string(clause) + "` is no known clause");
    }
  }

  static bool IsBuiltIn(std::string_view name) {
    return std::find(kBuiltInProfiles.begin(), kBuiltInProfiles.end(), name) != kBuiltInProfiles.end();
  }

  /// The value that a default's text means; null, and a problem, when it is none for the field.
  Value ReadDefault(const Field& field, const std::string& text, const std::string& from) {
    Diagnostics diagnostics(file_, text);
    Node node{.kind = Node::Kind::kMap};
    node.entries.push_back({field.key, field.at, 1, ParseYaml(text, diagnostics).value_or(Node{.broken = true})});
    const Value checked = Check(node, {.type = Type::kMap, .fields = {field}}, {}, diagnostics);
    const Value* value = checked.Find(field.key);
    if (!value || !diagnostics.empty()) {
      Problem(field.at, "`" + text + "` is no default for it");
      return {};
    }
    Value marked = *value;
    MarkDefault(marked, from);
    return marked;
  }

  void ReadDefaults(Field& map) {
    for (Field& field : map.fields) {
      ReadDefaults(field);
      for (Field& element : field.element) ReadDefaults(element);
      if (!field.default_text.empty() && !IsInWords(field)) {
        field.default_value = ReadDefault(field, field.default_text, "default");
      }
      const auto perchs = perchs_.find(field.at.line);
      if (perchs == perchs_.end()) continue;
      for (const auto& [name, text] : perchs->second) {
        field.perchs[name] = ReadDefault(field, text, "perch's " + name);
      }
      if (field.perchs.size() != kBuiltInProfiles.size() || field.because.empty()) {
        Problem(field.at, "`" + field.key + "` needs a default for each of perch's profiles, and a `because`");
      }
    }
  }

  void ReadType(const std::string& text, const Node::Entry& entry, Field& field) {
    if (text.starts_with("one of ")) {
      field.type = Type::kChoice;
      field.choices = Words(std::string_view(text).substr(7));
    } else if (text.starts_with("list of ")) {
      field.type = Type::kList;
      field.element.push_back({.key = entry.key, .at = field.at});
      ReadType(text.substr(8), entry, field.element[0]);
    } else if (text.starts_with("map from ")) {
      ReadNamed(text.substr(9), entry, field);
    } else if (!ReadRange(text, field)) {
      const auto known = std::find_if(std::begin(kSimpleTypes), std::end(kSimpleTypes),
                                      [&](const auto& t) { return t.first == text; });
      if (known == std::end(kSimpleTypes)) return Problem(field.at, "`" + text + "` is no known type");
      field.type = known->second;
      if (text == "map") ReadFields(entry.value, field.fields);
    }
  }

  void ReadNamed(const std::string& text, const Node::Entry& entry, Field& field) {
    const std::size_t to = text.find(" to ");
    if (to == std::string::npos) return Problem(field.at, "`map from` needs a ` to `");
    Field key{.at = field.at};
    ReadType(text.substr(0, to), entry, key);
    field.type = Type::kNamed;
    field.key_type = key.type;
    field.element.push_back({.key = entry.key, .at = field.at});
    const std::string element = text.substr(to + 4);
    if (element != "map" && element != "profile") return ReadType(element, entry, field.element[0]);
    field.element[0].type = Type::kMap;
    for (const Node::Entry& named : entry.value.entries) {
      for (const Node::Entry& inner : named.value.entries) {
        const std::string annotation = Annotation(inner.key_at.line);
        if (!annotation.empty() && inner.key_at.line != named.key_at.line) {
          AddField(inner, annotation, field.element[0].fields);
        }
      }
    }
  }

  bool ReadRange(const std::string& text, Field& field) {
    constexpr std::pair<std::string_view, Type> kRanges[] = {
        {"whole number ", Type::kNumber}, {"duration ", Type::kDuration}, {"size ", Type::kSize}};
    for (const auto& [prefix, type] : kRanges) {
      if (!text.starts_with(prefix)) continue;
      field.type = type;
      field.range = text.substr(prefix.size());
      const std::size_t to = field.range.find(" to ");
      if (!field.range.starts_with("from ") || to == std::string::npos) {
        Problem(field.at, "a range is written `from A to B`");
        return true;
      }
      const auto low = ParseBound(type, std::string_view(field.range).substr(5, to - 5));
      const auto high = ParseBound(type, std::string_view(field.range).substr(to + 4));
      if (!low || !high || *low > *high) Problem(field.at, "`" + field.range + "` is no range");
      field.low = low.value_or(0);
      field.high = high.value_or(0);
      return true;
    }
    return false;
  }

  std::string file_;
  std::vector<std::string> lines_;
  /// By the line of the key: perch's own defaults, as profile and text. They are read when the whole field is known.
  std::map<int, std::vector<std::pair<std::string, std::string>>> perchs_;
  std::string problem_;
};

std::string Plural(const Field& field) {
  switch (field.type) {
    case Type::kRelativePath:
      return "paths inside the code";
    case Type::kAbsolutePath:
      return "absolute paths";
    case Type::kPattern:
      return "names or patterns";
    default:
      return "texts";
  }
}

}  // namespace

const Field* Field::Find(std::string_view wanted) const {
  const auto at = std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.key == wanted; });
  return at == fields.end() ? nullptr : &*at;
}

std::vector<std::string> Field::Keys() const {
  std::vector<std::string> keys;
  for (const Field& field : fields) keys.push_back(field.key);
  return keys;
}

const Field* FieldAt(std::string_view path) {
  const Field* field = &Schema();
  for (const std::string& key : Split(path, '.')) {
    if (!field) return nullptr;
    field = field->type == Field::Type::kNamed ? &field->element[0] : field->Find(key);
  }
  return field;
}

Result<Field> ReadSchema(std::string_view example, const std::string& file) {
  return SchemaReader(example, file).Run();
}

const Field& Schema() {
  static const Field schema = [] {
    Result<Field> read = ReadSchema(ExampleText(), "docs/perch.example.yaml");
    if (!read) {  // the build's own tests keep this from ever being shipped
      std::fprintf(stderr, "%s\n", read.error().Text().c_str());
      std::abort();
    }
    return *std::move(read);
  }();
  return schema;
}

std::string Describe(const Field& field) {
  switch (field.type) {
    case Type::kText:
    case Type::kValue:
      return "a text";
    case Type::kName:
    case Type::kProfileName:
      return "a name";
    case Type::kHostName:
      return "a host name";
    case Type::kUrlPath:
      return "a path that begins with '/'";
    case Type::kPath:
      return "the path of a file";
    case Type::kRelativePath:
      return "a path inside the code";
    case Type::kAbsolutePath:
      return "an absolute path";
    case Type::kPattern:
      return "a name or pattern";
    case Type::kVariableName:
      return "the name of an environment variable";
    case Type::kNumber:
      return "a whole number " + field.range;
    case Type::kDuration:
      return "a length of time " + field.range;
    case Type::kSize:
      return "a size " + field.range;
    case Type::kFlag:
      return "true or false";
    case Type::kChoice:
      return "one of " + Join(field.choices, ", ");
    case Type::kCommand:
      return "a command: a text, or a list of words";
    case Type::kList:
      return "a list of " + Plural(field.element[0]);
    case Type::kMap:
    case Type::kNamed:
    case Type::kTemplate:
      return "a map";
  }
  return "";
}

}  // namespace perch::config
