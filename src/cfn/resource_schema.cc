#include "cfn/resource_schema.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <map>

namespace perch::cfn {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostBytes = 4 << 20;
constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostNodes = 50'000;
constexpr std::size_t kMostPatterns = 2000;

std::string Text(const json::string& text) { return {text.data(), text.size()}; }

std::string NumberText(double number) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

unsigned KindOf(std::string_view name) {
  constexpr std::pair<std::string_view, unsigned> kKinds[] = {
      {"string", kText}, {"integer", kWhole}, {"number", kDecimal}, {"boolean", kTruth},
      {"array", kItems}, {"object", kFields}, {"null", kNull}};
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
  }
  return 0;
}

SchemaNode::Names NamesOf(const json::value* value) {
  SchemaNode::Names names;
  const json::array* list = value ? value->if_array() : nullptr;
  if (!list) return names;
  for (const json::value& item : *list) {
    if (const json::string* name = item.if_string()) names.push_back(Text(*name));
  }
  return names;
}

/// "/properties/Endpoint/Address" as "Endpoint.Address"; "" when it is no such pointer.
std::string Dotted(std::string_view pointer) {
  constexpr std::string_view kStart = "/properties/";
  if (!pointer.starts_with(kStart)) return "";
  std::string dotted(pointer.substr(kStart.size()));
  for (std::size_t at; (at = dotted.find("/items/properties/")) != dotted.npos;) dotted.replace(at, 18, "/*/");
  for (std::size_t at; (at = dotted.find("/properties/")) != dotted.npos;) dotted.replace(at, 12, "/");
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  return dotted;
}

class Reader {
 public:
  Reader(const json::object& root, ResourceSchema& into) : root_(root), schema_(into) {}

  void Read() {
    schema_.nodes.emplace_back();
    Fill(0, root_);
    // References are read here, not where they stand: a circle of them ends.
    for (std::size_t i = 0; i < waiting_.size() && !too_large_; ++i) {
      const auto [node, at] = waiting_[i];
      Fill(node, *at);
    }
  }
  bool too_large() const { return too_large_; }

 private:
  int Add(const json::value& value) {
    if (schema_.nodes.size() >= kMostNodes) too_large_ = true;
    if (too_large_) return -1;
    const int node = int(schema_.nodes.size());
    schema_.nodes.emplace_back();
    if (const json::object* object = value.if_object()) Fill(node, *object);
    return node;
  }

  std::vector<int> AddAll(const json::value& value) {
    std::vector<int> nodes;
    if (const json::array* list = value.if_array()) {
      for (const json::value& item : *list) nodes.push_back(Add(item));
    }
    if (too_large_) nodes.clear();
    return nodes;
  }

  /// The node of "#/definitions/Tag"; -1 for a pointer to nothing.
  int Reference(std::string_view pointer) {
    const auto known = references_.find(pointer);
    if (known != references_.end()) return known->second;
    int node = -1;
    if (const json::object* object = Target(pointer); object && schema_.nodes.size() < kMostNodes) {
      node = int(schema_.nodes.size());
      schema_.nodes.emplace_back();
      waiting_.emplace_back(node, object);
    }
    references_.emplace(pointer, node);
    return node;
  }

  const json::object* Target(std::string_view pointer) const {
    if (pointer == "#") return &root_;
    if (!pointer.starts_with("#/")) return nullptr;
    const json::value* found = nullptr;
    const json::object* object = &root_;
    for (std::string_view rest = pointer.substr(2); object; object = found ? found->if_object() : nullptr) {
      const std::size_t end = rest.find('/');
      found = object->if_contains(rest.substr(0, end));
      if (end == rest.npos) return found ? found->if_object() : nullptr;
      rest.remove_prefix(end + 1);
    }
    return nullptr;
  }

  /// Those beyond the limit are kept as one that cannot be told.
  Pattern Keep(std::string_view text) { return Pattern(++patterns_ <= kMostPatterns ? text : "("); }

  void Fill(int index, const json::object& object) {
    // Into a local one: adding nodes moves them.
    SchemaNode node;
    for (const auto& [key, value] : object) {
      if (too_large_) return;
      if (!Value(key, value, node)) Structure(key, value, node);
    }
    if (const json::value* property_list = object.if_contains("enumCaseInsensitive")) {
      Choices(*property_list, node);
      node.choices_ignore_case = true;
    }
    schema_.nodes[std::size_t(index)] = std::move(node);
  }

  /// Keywords that limit a value; false for another one.
  bool Value(std::string_view key, const json::value& value, SchemaNode& node) {
    boost::system::error_code error;
    const auto number = [&]() -> std::optional<double> {
      const double n = value.to_number<double>(error);
      return error ? std::nullopt : std::optional(n);
    };
    const auto count = [&]() -> std::optional<std::size_t> {
      const std::uint64_t n = value.to_number<std::uint64_t>(error);
      return error ? std::nullopt : std::optional<std::size_t>(n);
    };
    if (key == "type") {
      if (const json::string* name = value.if_string()) node.kinds = KindOf(*name);
      unsigned kinds = 0;
      for (const std::string& name : NamesOf(&value)) kinds |= KindOf(name);
      node.kinds |= kinds;
    } else if (key == "enum") {
      Choices(value, node);
    } else if (key == "const") {
      Choices(json::array{value}, node);
    } else if (key == "pattern") {
      if (const json::string* text = value.if_string()) node.pattern = Keep(*text);
    } else if (key == "minimum") {
      node.minimum = number();
    } else if (key == "maximum") {
      node.maximum = number();
    } else if (key == "minLength") {
      node.least_length = count();
    } else if (key == "maxLength") {
      node.most_length = count();
    } else if (key == "minItems") {
      node.least_items = count();
    } else if (key == "maxItems") {
      node.most_items = count();
    } else if (key == "uniqueItems") {
      node.unique_items = value.is_bool() && value.get_bool();
    } else {
      return false;
    }
    return true;
  }

  void Structure(std::string_view key, const json::value& value, SchemaNode& node) {
    const json::object* object = value.if_object();
    if (key == "$ref") {
      if (const json::string* pointer = value.if_string()) node.ref = Reference(*pointer);
    } else if (key == "properties" && object) {
      for (const auto& [name, nested] : *object) node.properties.emplace_back(name, Add(nested));
      std::sort(node.properties.begin(), node.properties.end());
    } else if (key == "patternProperties" && object) {
      for (const auto& [name, nested] : *object) node.pattern_properties.emplace_back(Keep(name), Add(nested));
    } else if (key == "additionalProperties") {
      if (object) node.additional = Add(value);
      node.closed = value.is_bool() && !value.get_bool();
    } else if (key == "items" && object) {
      node.items = Add(value);
    } else if (key == "required") {
      node.required = NamesOf(&value);
    } else if (key == "requiredXor") {
      Groups(value, node.exactly_one);
    } else if (key == "requiredOr") {
      Groups(value, node.at_least_one);
    } else if ((key == "dependentRequired" || key == "dependentExcluded") && object) {
      for (const auto& [name, others] : *object) {
        (key == "dependentRequired" ? node.needs : node.excludes).emplace_back(name, NamesOf(&others));
      }
    } else if (key == "anyOf") {
      node.any_of = AddAll(value);
    } else if (key == "oneOf") {
      node.one_of = AddAll(value);
    } else if (key == "allOf") {
      node.all_of = AddAll(value);
    } else if (key == "if") {
      node.if_node = Add(value);
    } else if (key == "then") {
      node.then_node = Add(value);
    } else if (key == "else") {
      node.else_node = Add(value);
    }
  }

  /// One list of names, or a list of such lists.
  static void Groups(const json::value& value, std::vector<SchemaNode::Names>& into) {
    if (SchemaNode::Names names = NamesOf(&value); !names.empty()) return into.push_back(std::move(names));
    const json::array* lists = value.if_array();
    for (std::size_t i = 0; lists && i < lists->size(); ++i) {
      if (SchemaNode::Names names = NamesOf(&(*lists)[i]); !names.empty()) into.push_back(std::move(names));
    }
  }

  static void Choices(const json::value& value, SchemaNode& node) {
    const json::array* list = value.if_array();
    if (!list) return;
    std::vector<std::string> choices;
    for (const json::value& item : *list) {
      if (const json::string* text = item.if_string()) {
        choices.push_back(Text(*text));
      } else if (const bool* truth = item.if_bool()) {
        choices.emplace_back(*truth ? "true" : "false");
      } else if (const std::int64_t* whole = item.if_int64()) {
        choices.push_back(std::to_string(*whole));
      } else if (item.is_number()) {
        choices.push_back(NumberText(item.to_number<double>()));
      } else {
        return;
      }
    }
    node.choices = std::move(choices);
  }

  const json::object& root_;
  ResourceSchema& schema_;
  std::map<std::string, int, std::less<>> references_;
  std::vector<std::pair<int, const json::object*>> waiting_;
  std::size_t patterns_ = 0;
  bool too_large_ = false;
};

/// Attributes are what only AWS sets, down to the values: an object itself is none.
void ReadAttributes(const json::object& root, ResourceSchema& schema) {
  for (const std::string& pointer : NamesOf(root.if_contains("readOnlyProperties"))) {
    std::string name = Dotted(pointer);
    if (name.empty()) continue;
    if (name.find('.') == name.npos) schema.read_only.push_back(name);
    schema.attributes.push_back(std::move(name));
  }
  std::sort(schema.attributes.begin(), schema.attributes.end());
  const std::vector<std::string> all = schema.attributes;
  std::erase_if(schema.attributes, [&](const std::string& name) {
    const auto next = std::lower_bound(all.begin(), all.end(), name + ".");
    return next != all.end() && next->starts_with(name + ".");
  });
  const auto read = [&](const char* key, std::vector<std::string>& into) {
    for (const std::string& pointer : NamesOf(root.if_contains(key))) into.push_back(Dotted(pointer));
    std::sort(into.begin(), into.end());
  };
  read("createOnlyProperties", schema.replacing);
  read("conditionalCreateOnlyProperties", schema.maybe_replacing);
}

}  // namespace

int SchemaNode::Property(std::string_view name) const {
  const auto at = std::lower_bound(properties.begin(), properties.end(), name,
                                   [](const auto& property, std::string_view n) { return property.first < n; });
  return at != properties.end() && at->first == name ? at->second : -1;
}

Result<ResourceSchema> ParseResourceSchema(std::string_view text, std::string_view type) {
  const auto fail = [&](std::string why) {
    return Fail({.what = "cannot read the schema of " + std::string(type.substr(0, 255)), .why = std::move(why)});
  };
  if (text.size() > kMostBytes) return fail("it is larger than 4 MiB");
  boost::system::error_code error;
  const json::value document = json::parse(text, error, {}, {.max_depth = kDeepest});
  if (error) return fail(error.message());
  const json::object* root = document.if_object();
  if (!root) return fail("it is no JSON object");
  ResourceSchema schema{.type = std::string(type)};
  Reader reader(*root, schema);
  reader.Read();
  if (reader.too_large()) return fail("it has more than 50,000 parts");
  ReadAttributes(*root, schema);
  return schema;
}

}  // namespace perch::cfn
