#include "config/leaves.h"

#include "base/text.h"
#include "config/schema.h"
#include "config/secrets.h"
#include "config/yaml_print.h"

namespace perch::config {
namespace {

void FindLeaves(const Value& value, const std::string& path, std::vector<Leaf>& leaves) {
  const Value::Map* map = value.AsMap();
  if (!map) {
    leaves.push_back({path, value});
    return;
  }
  for (const Value::Entry& entry : *map) {
    FindLeaves(entry.value, path.empty() ? entry.key : path + "." + entry.key, leaves);
  }
}

}  // namespace

Value Masked(Value values) {
  Value* secrets = values.Find("secrets");
  if (!secrets || !secrets->AsMap()) return values;
  for (Value::Entry& entry : *secrets->AsMap()) {
    if (!entry.value.AsMap()) continue;
    // The whole reference is one value now; its place is where its last part was set.
    const Value& last = entry.value.AsMap()->empty() ? entry.value : entry.value.AsMap()->back().value;
    entry.value = {.data = DescribeSecret(entry.value), .at = last.at, .from = last.from};
  }
  return values;
}

std::vector<Leaf> LeavesOf(const Value& values) {
  std::vector<Leaf> leaves;
  FindLeaves(Masked(values), "", leaves);
  return leaves;
}

std::string Place(const Value& value) {
  if (value.at.line == 0) return value.from.empty() ? "default" : value.from.str();
  const std::string place = value.at.file + ":" + std::to_string(value.at.line);
  if (value.from.empty()) return place;
  return place + "  " + (value.from.starts_with("the ") ? value.from.str() : "profile " + value.from);
}

std::string Shown(const Leaf& leaf) {
  // Masked references are shown as they are; all else as YAML.
  const bool secret = leaf.path.starts_with("secrets.") && leaf.value.AsString();
  return Printable(secret ? *leaf.value.AsString() : PrintInline(leaf.value));
}

std::string Reason(const Leaf& leaf) {
  if (leaf.value.from != "default" && !leaf.value.from.starts_with("perch's ")) return "";
  const Field* field = FieldAt(leaf.path);
  return field ? field->because : "";
}

}  // namespace perch::config
