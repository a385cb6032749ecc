#include "cfn/template.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>

namespace perch::cfn {
namespace {

constexpr std::size_t kLongestLogicalId = 255;  // user guide, "CloudFormation quotas"

/// Ids come from our own code only; people's are checked as data, by Check.
void RequireNewId(const Value::Map& section, const std::string& id) {
  const bool fits = !id.empty() && id.size() <= kLongestLogicalId &&
                    std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
  const bool taken = std::any_of(section.begin(), section.end(), [&](const auto& entry) { return entry.key == id; });
  if (fits && !taken) return;
  std::fprintf(stderr, "perch: bug: the logical id '%s' is %s\n", id.c_str(), taken ? "used twice" : "not one");
  std::abort();
}

Value TextList(const std::vector<std::string>& texts) {
  Value::List list;
  for (const std::string& text : texts) list.push_back({.data = text});
  return {.data = std::move(list)};
}

void Put(Value::Map& map, std::string key, Value value) { map.push_back({std::move(key), std::move(value), {}}); }

void PutMap(Value::Map& map, std::string key, Value::Map section) {
  if (!section.empty()) Put(map, std::move(key), {.data = std::move(section)});
}

}  // namespace

std::string_view KeepName(Keep keep) {
  switch (keep) {
    case Keep::kDelete:
      return "Delete";
    case Keep::kSnapshot:
      return "Snapshot";
    case Keep::kRetain:
      return "Retain";
  }
  return "";
}

Template::Template(std::string description) : description_(std::move(description)) {}

void Template::AddResource(const std::string& id, std::string_view type, Value properties, Extra extra) {
  RequireNewId(resources_, id);
  Value::Map resource;
  resource.reserve(8);
  Put(resource, "Type", {.data = std::string(type)});
  if (!extra.condition.empty()) Put(resource, "Condition", {.data = std::move(extra.condition)});
  if (!extra.depends_on.empty()) Put(resource, "DependsOn", TextList(extra.depends_on));
  if (extra.deletion_policy) Put(resource, "DeletionPolicy", {.data = std::string(KeepName(*extra.deletion_policy))});
  if (extra.update_replace_policy) {
    Put(resource, "UpdateReplacePolicy", {.data = std::string(KeepName(*extra.update_replace_policy))});
  }
  if (extra.metadata) Put(resource, "Metadata", extra.metadata->value());
  if (properties.AsMap() && !properties.AsMap()->empty()) Put(resource, "Properties", std::move(properties));
  Put(resources_, id, {.data = std::move(resource)});
}

void Template::AddOutput(std::string id, Output output) {
  RequireNewId(outputs_, id);
  Value::Map map;
  map.reserve(4);
  if (!output.condition.empty()) Put(map, "Condition", {.data = std::move(output.condition)});
  if (!output.description.empty()) Put(map, "Description", {.data = std::move(output.description)});
  Put(map, "Value", output.value.value());
  if (output.export_name) Put(map, "Export", Object({{"Name", *output.export_name}}).value());
  Put(outputs_, std::move(id), {.data = std::move(map)});
}

void Template::AddCondition(std::string id, Expression condition) {
  RequireNewId(conditions_, id);
  Put(conditions_, std::move(id), std::move(condition.value));
}

void Template::SetMetadata(std::string key, Json value) { Put(metadata_, std::move(key), std::move(value).value()); }

Value Template::Document() const& { return Template(*this).Document(); }

Value Template::Document() && {
  Value::Map document;
  Put(document, "AWSTemplateFormatVersion", {.data = std::string("2010-09-09")});
  if (!description_.empty()) Put(document, "Description", {.data = std::move(description_)});
  PutMap(document, "Metadata", std::move(metadata_));
  PutMap(document, "Conditions", std::move(conditions_));
  PutMap(document, "Resources", std::move(resources_));
  PutMap(document, "Outputs", std::move(outputs_));
  return {.data = std::move(document)};
}

void Properties::Put(const char* name, Value value) {
  if (map_.empty()) map_.reserve(4);  // growing copies nothing, but moves large entries again and again
  map_.push_back({name, std::move(value), {}});
}

}  // namespace perch::cfn
