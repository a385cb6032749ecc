#include <algorithm>

#include "cfn/check_context.h"
#include "cfn/pattern.h"

namespace perch::cfn {
namespace {

const std::vector<std::string> kKeys = {"AllowedPattern", "AllowedValues", "ConstraintDescription",
                                        "Default",        "Description",   "MaxLength",
                                        "MaxValue",       "MinLength",     "MinValue",
                                        "NoEcho",         "Type"};
const std::vector<std::string> kTypes = {"String", "Number", "List<Number>", "List<String>", "CommaDelimitedList"};

/// "AWS::EC2::Subnet::Id", "List<AWS::EC2::Subnet::Id>", "AWS::SSM::Parameter::Value<String>".
bool IsType(const std::string& type) {
  static const Pattern kAws(
      "^(AWS::SSM::Parameter::(Name|Value<(String|List<String>|CommaDelimitedList|(List<)?AWS::[A-Za-z0-9:]+>?)>)"
      "|(List<)?AWS::[A-Za-z0-9]+::[A-Za-z0-9:]+>?)$");
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end() || kAws.Matches(type);
}

void CheckDefault(Context& context, const Value& parameter, const std::string& type, const Place& place) {
  const Value* value = parameter.Find("Default");
  if (!value) return;
  const Place at(place, "Default", value->at);
  std::string buffer;
  const std::string* text = ScalarText(*value, buffer);
  if (!text) return context.Error(at, "a parameter's default is a text, not " + std::string(value->KindName()));
  if (text->size() > 4096) {
    return context.Error(at, "the default has " + std::to_string(text->size()) + " bytes, and may have 4096");
  }
  if (type == "Number" && text->find_first_not_of("0123456789+-.eE") != std::string::npos) {
    return context.Error(at, "the default " + Quoted(*text) + " is no number");
  }
  const Value* allowed = parameter.Find("AllowedValues");
  if (allowed && allowed->AsList() && type.find("List") == std::string::npos) {
    const auto same = [&](const Value& item) {
      std::string other;
      const std::string* choice = ScalarText(item, other);
      return choice && *choice == *text;
    };
    if (std::none_of(allowed->AsList()->begin(), allowed->AsList()->end(), same)) {
      context.Error(at, "the default " + Quoted(*text) + " is not among `AllowedValues`");
    }
  }
  const Value* expression = parameter.Find("AllowedPattern");
  if (expression && expression->AsString() && context.Spend(Context::kPatternWork)) {
    // A parameter's pattern must fit the whole text.
    if (!Pattern("^(?:" + *expression->AsString() + ")$").Matches(*text)) {
      context.Error(at, "the default " + Quoted(*text) + " does not fit `AllowedPattern`",
                    "It must match " + *expression->AsString());
    }
  }
  const std::optional<std::int64_t> least = WholeOf(parameter.Find("MinLength"));
  const std::optional<std::int64_t> most = WholeOf(parameter.Find("MaxLength"));
  const auto length = std::int64_t(CharacterCount(*text));
  if ((least && length < *least) || (most && length > *most)) {
    context.Error(
        at, "the default has " + std::to_string(length) + " characters, which `MinLength` or `MaxLength` forbids");
  }
  const std::optional<std::int64_t> number = WholeOf(value);
  const std::optional<std::int64_t> low = WholeOf(parameter.Find("MinValue"));
  const std::optional<std::int64_t> high = WholeOf(parameter.Find("MaxValue"));
  if (number && ((low && *number < *low) || (high && *number > *high))) {
    context.Error(at, "the default " + std::to_string(*number) + " is outside of `MinValue` and `MaxValue`");
  }
}

}  // namespace

void CheckParameters(Context& context) {
  const Value* section = context.document.Find("Parameters");
  if (!section || !section->AsMap()) return;
  const Place root;
  const Place place(root, "Parameters", section->at);
  for (const Value::Entry& parameter : *section->AsMap()) {
    if (!parameter.value.AsMap() || parameter.key.starts_with("Fn::")) continue;
    const Place inner(place, parameter);
    for (const Value::Entry& entry : *parameter.value.AsMap()) {
      if (std::find(kKeys.begin(), kKeys.end(), entry.key) != kKeys.end()) continue;
      context.Error(Place(inner, entry), Quoted(entry.key) + " is no part of a parameter",
                    context.Suggest(entry.key, kKeys));
    }
    const Value* type = parameter.value.Find("Type");
    if (!type) {
      context.Error(inner, "the parameter " + Quoted(parameter.key) + " needs `Type`", "Most are `String`.");
      continue;
    }
    if (!type->AsString() || !IsType(*type->AsString())) {
      std::string buffer;
      const std::string* text = ScalarText(*type, buffer);
      context.Error(
          Place(inner, "Type", type->at),
          text ? Quoted(*text) + " is no type of a parameter"
               : "the type of a parameter is a text, not " + std::string(type->KindName()),
          text ? context.Suggest(*text, kTypes, "One of: String, Number, CommaDelimitedList, List<Number>.") : "");
      continue;
    }
    CheckDefault(context, parameter.value, *type->AsString(), inner);
  }
}

}  // namespace perch::cfn
