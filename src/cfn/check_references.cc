#include <algorithm>
#include <cctype>
#include <set>

#include "base/text.h"
#include "cfn/check_context.h"

namespace perch::cfn {
namespace {

constexpr std::string_view kPseudoParameters[] = {"AWS::AccountId", "AWS::NoValue",  "AWS::NotificationARNs",
                                                  "AWS::Partition", "AWS::Region",   "AWS::StackId",
                                                  "AWS::StackName", "AWS::URLSuffix"};

/// Types whose properties GetAtt gives too, besides what their schemas list (user guide, return values of each type).
constexpr std::string_view kGivesProperties[] = {"AWS::EC2::SecurityGroup", "AWS::EC2::Subnet",
                                                 "AWS::EC2::VPC",           "AWS::ElasticLoadBalancingV2::LoadBalancer",
                                                 "AWS::RDS::DBInstance",    "AWS::RDS::DBParameterGroup",
                                                 "AWS::SNS::Topic",         "AWS::SQS::Queue",
                                                 "AWS::SSM::Parameter"};

bool FitsAttribute(std::string_view pattern, std::string_view name) {
  if (pattern.find('*') == pattern.npos) return pattern == name;
  const std::vector<std::string> want = Split(pattern, '.');
  const std::vector<std::string> have = Split(name, '.');
  if (want.size() != have.size()) return false;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (want[i] != "*" && want[i] != have[i]) return false;
  }
  return true;
}

void CheckAttribute(Context& context, const Place& place, std::string_view id, std::string_view attribute) {
  const auto resource = context.resources.find(id);
  if (resource == context.resources.end()) {
    if (context.macros) return;
    if (context.parameters.contains(id)) {
      return context.Error(place, Quoted(id) + " is a parameter: it has no attributes", "Use `Ref`.");
    }
    return context.Error(place, "there is no resource " + Quoted(id), context.Suggest(id, context.ResourceIds()));
  }
  const auto& [value, type, schema] = resource->second;
  if (!schema || type == "AWS::CloudFormation::CustomResource" ||
      (type == "AWS::CloudFormation::Stack" && attribute.starts_with("Outputs."))) {
    return;
  }
  for (const std::string& known : schema->attributes) {
    if (FitsAttribute(known, attribute)) return;
  }
  std::vector<std::string> known = schema->attributes;
  if (schema->nodes[0].Property(attribute) >= 0) {
    if (std::find(std::begin(kGivesProperties), std::end(kGivesProperties), type) != std::end(kGivesProperties)) return;
    return context.Error(place, Quoted(attribute) + " is a property of " + std::string(type) + ", but no attribute",
                         known.empty() ? "It has no attributes: use `Ref`." : "Attributes: " + Join(known, ", ") + ".");
  }
  if (known.empty()) {
    return context.Error(place, std::string(type) + " has no attribute " + Quoted(attribute),
                         "It has no attributes at all: use `Ref`.");
  }
  context.Error(
      place, std::string(type) + " has no attribute " + Quoted(attribute),
      context.Suggest(attribute, known, known.size() <= 12 ? "Attributes: " + Join(known, ", ") + "." : std::string()));
}

void RefuseResource(Context& context, const Place& place, std::string_view id) {
  context.Error(place, "a condition refers to the resource " + Quoted(id),
                "Conditions are settled before any resource is made: they can only look at parameters and mappings.");
}

}  // namespace

void CheckRef(Context& context, const Place& place, std::string_view id, Where where) {
  if (id.starts_with("AWS::")) {
    if (std::find(std::begin(kPseudoParameters), std::end(kPseudoParameters), id) != std::end(kPseudoParameters))
      return;
    const std::vector<std::string> known(std::begin(kPseudoParameters), std::end(kPseudoParameters));
    return context.Error(place, "there is no pseudo parameter " + Quoted(id), context.Suggest(id, known));
  }
  if (context.resources.contains(id)) {
    if (where == Where::kConditions) RefuseResource(context, place, id);
    return;
  }
  if (context.parameters.contains(id) || context.macros) return;
  context.Error(place, "there is no resource or parameter " + Quoted(id),
                context.Suggest(id, context.Referable(),
                                context.conditions.contains(id) ? "It is a condition: use `Fn::If`." : ""));
}

void CheckGetAtt(Context& context, const Place& place, const Value& argument, Where where) {
  std::string_view id, attribute;
  if (const std::string* text = argument.AsString()) {
    const std::size_t dot = text->find('.');
    if (dot != std::string::npos) {
      id = std::string_view(*text).substr(0, dot);
      attribute = std::string_view(*text).substr(dot + 1);
    }
  } else if (const Value::List* list = argument.AsList(); list && list->size() >= 2 && (*list)[0].AsString()) {
    id = *(*list)[0].AsString();
    const std::string* name = (*list)[1].AsString();
    const bool computed = FunctionOf((*list)[1]) != nullptr;
    if (name && list->size() == 2) attribute = *name;
    // ["Stack", "Outputs", "Url"] is not what AWS documents, and yet what it takes.
    std::string joined;
    for (std::size_t i = 1; list->size() > 2 && i < list->size() && (*list)[i].AsString(); ++i) {
      joined += (i > 1 ? "." : "") + *(*list)[i].AsString();
    }
    if (computed || !joined.empty()) {
      if (where == Where::kConditions) return RefuseResource(context, place, id);
      if (!joined.empty()) return CheckAttribute(context, place, id, joined);
      if (!context.resources.contains(id) && !context.macros) {
        context.Error(place, "there is no resource " + Quoted(id), context.Suggest(id, context.ResourceIds()));
      }
      return;
    }
  }
  if (id.empty() || attribute.empty()) {
    return context.Error(place, "`Fn::GetAtt` takes [resource, attribute]", "For example [\"Bucket\", \"Arn\"].");
  }
  if (where == Where::kConditions) return RefuseResource(context, place, id);
  CheckAttribute(context, place, id, attribute);
}

std::vector<SubName> SubNames(std::string_view text) {
  std::vector<SubName> names;
  for (std::size_t at = 0; (at = text.find("${", at)) != text.npos;) {
    const std::size_t end = text.find('}', at);
    if (end == text.npos) break;
    const std::string_view name = text.substr(at + 2, end - at - 2);
    at = end + 1;
    if (name.starts_with('!')) continue;
    const auto fits = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '_' || c == ':'; };
    names.push_back({name, !name.empty() && std::all_of(name.begin(), name.end(), fits)});
  }
  return names;
}

void CheckSub(Context& context, const Place& place, const Value& argument, Where where) {
  const std::string* text = argument.AsString();
  const Value::List* list = argument.AsList();
  const Value::Map* variables = nullptr;
  if (list && list->size() == 2) {
    text = (*list)[0].AsString();
    variables = (*list)[1].AsMap();
  }
  if (!text || (list && !variables)) {
    return context.Error(place, "`Fn::Sub` takes a text, or [text, {variable: value}]",
                         "Its text cannot itself be a function.");
  }
  std::set<std::string_view> own, used;
  if (variables) {
    for (const Value::Entry& entry : *variables) own.insert(entry.key);
  }
  for (const auto& [name, valid] : SubNames(*text)) {
    if (!used.insert(name).second) continue;
    if (own.contains(name)) continue;
    if (!valid) {
      context.Error(place, Quoted("${" + std::string(name) + "}") + " is no name that `Fn::Sub` can replace",
                    "Write `${!…}` for a `${…}` that should stay as it is.");
    } else if (name.find('.') != name.npos) {
      const std::string_view id = name.substr(0, name.find('.'));
      if (where == Where::kConditions) {
        RefuseResource(context, place, id);
      } else {
        CheckAttribute(context, place, id, name.substr(id.size() + 1));
      }
    } else {
      CheckRef(context, place, name, where);
    }
  }
  for (const std::string_view name : own) {
    if (!used.contains(name))
      context.Warning(place, "the variable " + Quoted(name) + " is not in the text of `Fn::Sub`");
  }
}

void CheckConditionName(Context& context, const Place& place, const Value& name) {
  const std::string* text = name.AsString();
  if (!text) return context.Error(place, "a condition is named by a text, not by " + std::string(name.KindName()));
  if (context.conditions.contains(*text) || context.macros) return;
  context.Error(place, "there is no condition " + Quoted(*text),
                context.Suggest(*text, context.ConditionNames(),
                                context.conditions.empty() ? "The template has no Conditions." : ""));
}

}  // namespace perch::cfn
