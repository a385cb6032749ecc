#include <algorithm>
#include <set>

#include "cfn/check_context.h"
#include "cfn/pattern.h"

namespace perch::cfn {
namespace {

const std::vector<std::string> kKeys = {"Condition", "CreationPolicy", "DeletionPolicy",
                                        "DependsOn", "Metadata",       "Properties",
                                        "Type",      "UpdatePolicy",   "UpdateReplacePolicy"};

/// User guide, "DeletionPolicy attribute": what can be kept as a snapshot.
constexpr std::string_view kSnapshots[] = {"AWS::DocDB::DBCluster",          "AWS::EC2::Volume",
                                           "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup",
                                           "AWS::Neptune::DBCluster",        "AWS::RDS::DBCluster",
                                           "AWS::RDS::DBInstance",           "AWS::Redshift::Cluster"};

bool CanSnapshot(std::string_view type) {
  return std::find(std::begin(kSnapshots), std::end(kSnapshots), type) != std::end(kSnapshots);
}

bool IsCustom(std::string_view type) {
  return type.starts_with("Custom::") || type == "AWS::CloudFormation::CustomResource";
}

void CheckType(Context& context, const ResourceInfo& resource, const Place& place, std::set<std::string_view>& told) {
  const std::string_view type = resource.type;
  static const Pattern kType(
      "^([A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}(::MODULE)?|Custom::[A-Za-z0-9_@-]{1,60})$");
  if (type.size() > 200 || !kType.Matches(type)) {
    return context.Error(place, Quoted(type) + " is no type of a resource",
                         context.Suggest(type, context.TypeNames(), "Types look like AWS::S3::Bucket."));
  }
  if (resource.schema || IsCustom(type) || type.ends_with("::MODULE") || context.macros) return;
  const std::string name(type);
  if (context.schemas.Exists(type)) {
    if (told.insert(type).second)
      context.Notice(place, "the schema of " + name + " cannot be read: its properties are not checked");
    return;
  }
  if (type == "AWS::CDK::Metadata") return;  // CloudFormation takes it; the registry does not list it
  const bool own = type.starts_with("AWS::") || type.starts_with("Alexa::");
  if (context.schemas.complete() && own) {
    return context.Error(place, "there is no resource type " + Quoted(type),
                         context.Suggest(type, context.TypeNames()));
  }
  if (!told.insert(type).second) return;
  context.Notice(place, "perch knows nothing about " + name + "'s properties",
                 own ? "Give it CloudFormation's schemas: PERCH_CFN_SCHEMAS=FOLDER." : "");
}

void CheckPolicies(Context& context, const ResourceInfo& resource, const Place& place, const Place& of_type) {
  const auto policy = [&](const char* name) -> const Value* {
    const Value* value = resource.value->Find(name);
    if (!value || FunctionOf(*value)) return value;
    const Place at(place, name, value->at);
    std::vector<std::string> known = {"Delete", "Retain", "Snapshot"};
    if (name == std::string_view("DeletionPolicy")) known.insert(known.begin() + 2, "RetainExceptOnCreate");
    const std::string* text = value->AsString();
    if (!text || std::find(known.begin(), known.end(), *text) == known.end()) {
      std::string all = "One of: ";
      for (const std::string& one : known) all += (one == "Delete" ? "" : ", ") + one;
      context.Error(at, (text ? Quoted(*text) : std::string(value->KindName())) + " is no " + name,
                    text ? context.Suggest(*text, known, all + ".") : all + ".");
    } else if (*text == "Snapshot" && !CanSnapshot(resource.type) && !resource.type.empty() && !context.macros) {
      context.Error(at, std::string(resource.type) + " cannot be kept as a snapshot", "Use Retain, or Delete.");
    }
    return value;
  };
  const Value* deletion = policy("DeletionPolicy");
  const Value* replacing = policy("UpdateReplacePolicy");
  const Value* properties = resource.value->Find("Properties");
  const bool database =
      resource.type == "AWS::RDS::DBInstance" && !(properties && properties->Find("DBClusterIdentifier"));
  if (!database && resource.type != "AWS::RDS::DBCluster") return;
  if (!deletion) {
    context.Warning(of_type,
                    "without a DeletionPolicy, deleting this " + std::string(database ? "database" : "cluster") +
                        " leaves a snapshot that is paid for",
                    "Say DeletionPolicy and UpdateReplacePolicy: Delete or Snapshot.");
  } else if (!replacing) {
    context.Warning(
        of_type,
        "DeletionPolicy does not hold when an update replaces the " + std::string(database ? "database" : "cluster"),
        "Say UpdateReplacePolicy too.");
  }
}

void CheckDependsOn(Context& context, const Value& depends, const Place& place) {
  const auto one = [&](const Value& value, const Place& at) {
    const std::string* id = value.AsString();
    if (!id) return context.Error(at, "DependsOn takes names of resources, not " + std::string(value.KindName()));
    if (context.resources.contains(*id) || context.macros) return;
    context.Error(
        at, "there is no resource " + Quoted(*id),
        context.parameters.contains(*id) ? "It is a parameter." : context.Suggest(*id, context.ResourceIds()));
  };
  const Value::List* list = depends.AsList();
  if (!list) return one(depends, place);
  for (std::size_t i = 0; i < list->size(); ++i) one((*list)[i], Place(place, i, (*list)[i]));
}

void CheckKeys(Context& context, const ResourceInfo& resource, const Place& place) {
  for (const Value::Entry& entry : *resource.value->AsMap()) {
    const Place at(place, entry);
    const bool map = entry.key == "Properties" || entry.key == "CreationPolicy" || entry.key == "UpdatePolicy";
    if (entry.key == "Condition") {
      CheckConditionName(context, at, entry.value);
    } else if (entry.key == "DependsOn") {
      CheckDependsOn(context, entry.value, at);
    } else if (map && !entry.value.AsMap() && !entry.value.IsNull()) {
      context.Error(at, Quoted(entry.key) + " is a map, not " + std::string(entry.value.KindName()));
    } else if (std::find(kKeys.begin(), kKeys.end(), entry.key) == kKeys.end() &&
               !(entry.key == "Version" && IsCustom(resource.type)) && !entry.key.starts_with("Fn::")) {
      const bool property = resource.schema && resource.schema->nodes[0].Property(entry.key) >= 0;
      context.Error(at, Quoted(entry.key) + " is no attribute of a resource",
                    property ? "It is a property: move it into `Properties`." : context.Suggest(entry.key, kKeys));
    }
  }
}

}  // namespace

void CheckResources(Context& context) {
  const Value* section = context.document.Find("Resources");
  if (!section || !section->AsMap()) return;
  const Place root;
  const Place place(root, "Resources", section->at);
  const Value nothing{.data = Value::Map()};
  std::set<std::string_view> told;
  for (const Value::Entry& entry : *section->AsMap()) {
    if (!entry.value.AsMap() || entry.key.starts_with("Fn::")) continue;
    const ResourceInfo& resource = context.resources.at(entry.key);
    const Place inner(place, entry);
    CheckKeys(context, resource, inner);
    const Value* type = entry.value.Find("Type");
    if (!type || !type->AsString()) {
      context.Error(type ? Place(inner, "Type", type->at) : inner,
                    type ? "the type of a resource is a text, not " + std::string(type->KindName())
                         : "the resource " + Quoted(entry.key) + " needs `Type`",
                    "For example AWS::S3::Bucket.");
      continue;
    }
    const Place of_type(inner, "Type", type->at);
    CheckType(context, resource, of_type, told);
    CheckPolicies(context, resource, inner, inner);
    const Value* properties = entry.value.Find("Properties");
    if (properties && !properties->AsMap()) continue;
    if (properties && FunctionOf(*properties)) continue;
    const Place at(inner, "Properties", properties ? properties->at : type->at);
    const Value& values = properties ? *properties : nothing;
    CheckProperties(context, resource, values, at);
    if (IsCustom(resource.type) && !values.Find("ServiceToken") && !context.macros) {
      context.Error(at, "a custom resource needs `ServiceToken`", "It is the ARN of the function that makes it.");
    }
    if (const Value* tags = values.Find("Tags")) CheckTags(context, resource, *tags, Place(at, "Tags", tags->at));
    CheckRules(context, resource, values, at);
  }
}

}  // namespace perch::cfn
