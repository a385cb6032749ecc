#include "config/template.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "config/json.h"

namespace perch::config {
namespace {

constexpr YamlOptions kTemplateLimits = {.deepest = 64, .most_entries = 5000, .any_scalar_key = true};
constexpr std::size_t kMostTemplateBytes = 1'000'000;  // CloudFormation's quota for a template sent by way of S3

Value Call(const Node& node, Value argument) {
  if (node.tag.empty()) return argument;
  if (node.tag == "!GetAtt" && argument.AsString()) {
    const std::string text = *argument.AsString();
    const std::size_t dot = text.find('.');
    Value::List parts{{.data = text.substr(0, dot), .at = node.at}};
    if (dot != text.npos) parts.push_back({.data = text.substr(dot + 1), .at = node.at});
    argument.data = std::move(parts);
  }
  Value::Map call;
  call.push_back({LongForm(node.tag), std::move(argument), node.at});
  return {.data = std::move(call), .at = node.at};
}

/// JSON where the text says it is JSON. YAML's flow maps begin with a brace, too, so YAML has a say when JSON fails.
std::optional<Node> Parse(std::string_view text, Diagnostics& diagnostics) {
  const std::string_view start = Trim(text);
  if (!start.starts_with('{')) return ParseYaml(text, diagnostics, kTemplateLimits);
  Diagnostics as_json(diagnostics.file(), text);
  std::optional<Node> node = ParseJson(text, as_json, kTemplateLimits);
  if (as_json.empty()) return node;
  if (!ToLower(diagnostics.file()).ends_with(".json")) {
    Diagnostics as_yaml(diagnostics.file(), text);
    std::optional<Node> yaml = ParseYaml(text, as_yaml, kTemplateLimits);
    if (as_yaml.empty()) return yaml;
  }
  for (Diagnostic& diagnostic : as_json.Sorted()) diagnostics.Add(std::move(diagnostic));
  return std::nullopt;
}

}  // namespace

std::span<const std::string> ShortTags() {
  static const std::vector<std::string> tags = {"!Ref",       "!GetAtt", "!Sub",         "!Join",   "!If",
                                                "!Select",    "!Split",  "!ImportValue", "!GetAZs", "!FindInMap",
                                                "!Transform", "!Base64", "!Cidr",        "!Equals", "!And",
                                                "!Or",        "!Not",    "!Condition",   "!Length", "!ToJsonString"};
  return tags;
}

std::string LongForm(std::string_view tag) {
  if (std::find(ShortTags().begin(), ShortTags().end(), tag) == ShortTags().end()) return "";
  const std::string name(tag.substr(1));
  return name == "Ref" || name == "Condition" ? name : "Fn::" + name;
}

Value TemplateValue(const Node& node) {
  Value value{.at = node.at};
  if (node.kind == Node::Kind::kScalar) {
    if (node.tag.empty()) return CoreScalar(node);
    value.data = node.text;
  } else if (node.kind == Node::Kind::kList) {
    Value::List list;
    for (const Node& item : node.items) {
      if (!item.broken) list.push_back(TemplateValue(item));
    }
    value.data = std::move(list);
  } else {
    Value::Map map;
    for (const Node::Entry& entry : node.entries) {
      if (!entry.value.broken) map.push_back({entry.key, TemplateValue(entry.value), entry.key_at});
    }
    value.data = std::move(map);
  }
  return Call(node, std::move(value));
}

Result<Value> ReadTemplate(std::string_view text, const std::string& file_name) {
  Diagnostics diagnostics(file_name, text);
  if (text.size() > kMostTemplateBytes) {
    diagnostics.Add({.text = "the template is larger than 1 MB",
                     .hint = "CloudFormation takes no larger one; move parts of it into a nested stack."});
    return Fail(diagnostics.ToError());
  }
  const std::optional<Node> node = Parse(text, diagnostics);
  if (node && diagnostics.empty() && (node->kind != Node::Kind::kMap || !node->tag.empty())) {
    const bool empty = node->kind == Node::Kind::kScalar && node->plain && node->text.empty();
    diagnostics.Add({.at = empty ? Source() : node->at,
                     .text = empty ? "the template is empty" : "a template must be a map",
                     .hint = "It has at least the key `Resources`."});
  }
  if (!node || !diagnostics.empty()) return Fail(diagnostics.ToError());
  return TemplateValue(*node);
}

}  // namespace perch::config
