#include <algorithm>
#include <map>
#include <set>

#include "base/suggest.h"
#include "base/text.h"
#include "cfn/check_context.h"
#include "cfn/option_settings.h"
#include "cfn/pattern.h"

namespace perch::cfn {
namespace {

/// Names with a last "*" taken for what they stand for: a listener's is its own port.
std::vector<std::string> SpaceNames(std::string_view like) {
  std::vector<std::string> names;
  for (const Option& option : Options()) {
    std::string name(option.space);
    if (name.ends_with('*')) {
      const std::size_t colon = like.rfind(':');
      name.pop_back();
      name += colon == like.npos ? "default" : std::string(like.substr(colon + 1));
    }
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> OptionNames(std::string_view space) {
  std::vector<std::string> names;
  for (const Option& option : Options()) {
    if (FindOption(space, option.name) == &option && option.name != "*") names.emplace_back(option.name);
  }
  return names;
}

std::string Choices(const Option& option) {
  if (option.choices.empty()) return "";
  std::vector<std::string> choices = Split(option.choices, '|');
  return std::string(option.kind == Option::Kind::kChoices ? "Some of: " : "One of: ") + Join(choices, ", ") + ".";
}

class OptionSettings {
 public:
  OptionSettings(Context& context, const Value& settings, const Place& place)
      : context_(context), settings_(settings), place_(place) {}

  void Check() {
    const Value::List* list = settings_.AsList();
    if (!list) return;
    for (std::size_t i = 0; i < list->size(); ++i) Setting((*list)[i], Place(place_, i, (*list)[i]), false);
    if (variable_bytes_ > kMostVariableBytes) {
      context_.Error(
          place_,
          "the environment's variables have " + std::to_string(variable_bytes_) + " bytes together, and may have 4096",
          "Keep long ones in Secrets Manager or in a file of the app.");
    }
    if (shared_ && !has_balancer_ && !unknown_) {
      context_.Error(place_, "a shared load balancer needs its ARN",
                     "Set `SharedLoadBalancer` in aws:elbv2:loadbalancer.");
    }
  }

 private:
  void Setting(const Value& setting, const Place& place, bool maybe) {
    if (const Value::Entry* function = FunctionOf(setting)) {
      const Value::List* arguments = function->value.AsList();
      if (function->key != "Fn::If" || !arguments || arguments->size() != 3) {
        unknown_ = true;
        return;
      }
      const Place at(place, *function);
      for (std::size_t i = 1; i <= 2; ++i) Setting((*arguments)[i], Place(at, i, (*arguments)[i]), true);
      return;
    }
    std::string buffers[4];
    const std::string* space = LiteralOf(&setting, "Namespace", buffers[0]);
    const std::string* name = LiteralOf(&setting, "OptionName", buffers[1]);
    if (!space || !name) return;
    const std::string* resource = LiteralOf(&setting, "ResourceName", buffers[2]);
    const std::string* value = LiteralOf(&setting, "Value", buffers[3]);
    if (!maybe && !seen_.insert(*space + '\0' + *name + '\0' + (resource ? *resource : "")).second) {
      context_.Error(place, Quoted(*name) + " of " + Printable(*space) + " is set already",
                     "Beanstalk takes each option once.");
    }
    if (!IsOptionSpace(*space)) {
      // The platforms' own ones are many, and not listed here.
      if (space->starts_with("aws:elasticbeanstalk:container:")) return;
      return context_.Error(Key(setting, place, "Namespace"), "there is no namespace " + Quoted(*space) + " of options",
                            context_.Suggest(*space, SpaceNames(*space)));
    }
    const Option* option = FindOption(*space, *name);
    if (!option) {
      return context_.Error(Key(setting, place, "OptionName"), Printable(*space) + " has no option " + Quoted(*name),
                            context_.Suggest(*name, OptionNames(*space)));
    }
    if (*space == kVariables) return Variable(*name, setting.Find("Value"), value, place, maybe);
    const Presence there = PresenceOf(setting.Find("Value"));
    has_balancer_ |= option->name == "SharedLoadBalancer" && there != Presence::kAbsent && !(value && value->empty());
    if (*space == "aws:autoscaling:scheduledaction" && PresenceOf(setting.Find("ResourceName")) == Presence::kAbsent) {
      context_.Error(place, "a scheduled action needs `ResourceName`", "It is the action's name.");
    }
    if (!value) return;
    if (option->name == "LoadBalancerIsShared" && !maybe && EqualsIgnoreCase(*value, "true")) shared_ = true;
    const std::string problem = OptionValueProblem(*option, *value);
    if (!problem.empty()) {
      context_.Error(Key(setting, place, "Value"), Quoted(*name) + " of " + Printable(*space) + ": " + problem,
                     Choices(*option));
    }
  }

  void Variable(const std::string& name, const Value* whole, const std::string* value, const Place& place, bool maybe) {
    if (CharacterCount(name) > kLongestVariableName) {
      context_.Error(place, "the variable " + Quoted(name) + " has a name of " + std::to_string(CharacterCount(name)) +
                                " characters, and may have 128");
    }
    if (name.find('=') != std::string::npos || name.empty()) {
      context_.Error(place, Quoted(name) + " is no name of a variable", "Names have letters, digits and _.");
    }
    if (value && CharacterCount(*value) > kLongestVariableValue) {
      context_.Error(place,
                     "the value of the variable " + Quoted(name) + " has " + std::to_string(CharacterCount(*value)) +
                         " characters, and may have 256",
                     "Keep it in Secrets Manager or in a file of the app.");
    }
    if (maybe || PresenceOf(whole) == Presence::kAbsent) return;
    variable_bytes_ += name.size() + 1 + (value ? value->size() : 0);
  }

  static Place Key(const Value& setting, const Place& place, std::string_view key) {
    for (const Value::Entry& entry : *setting.AsMap()) {
      if (entry.key == key) return Place(place, entry);
    }
    return place;
  }

  Context& context_;
  const Value& settings_;
  const Place& place_;
  std::set<std::string> seen_;
  std::size_t variable_bytes_ = 0;
  bool shared_ = false, has_balancer_ = false, unknown_ = false;
};

}  // namespace

/// Beanstalk API reference, CreateEnvironment.
void CheckEnvironment(Context& context, const Value& properties, const Place& place) {
  const auto at = [&](std::string_view name) {
    for (const Value::Entry& entry : *properties.AsMap()) {
      if (entry.key == name) return Place(place, entry);
    }
    return place;
  };
  const auto has = [&](std::string_view name) { return PresenceOf(properties.Find(name)) == Presence::kPresent; };
  const auto lacks = [&](std::string_view name) { return PresenceOf(properties.Find(name)) == Presence::kAbsent; };
  if (has("PlatformArn") && has("SolutionStackName")) {
    context.Error(at("SolutionStackName"), "the environment has `PlatformArn` and `SolutionStackName`",
                  "Keep `PlatformArn`: it can change without a new environment.");
  } else if (lacks("PlatformArn") && lacks("SolutionStackName") && lacks("TemplateName") && !context.macros) {
    context.Error(place, "the environment needs `PlatformArn`, `SolutionStackName` or `TemplateName`",
                  "It says which platform the app runs on.");
  }
  std::string buffer;
  static const Pattern kName("^[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]$");
  for (const char* name : {"EnvironmentName", "CNAMEPrefix"}) {
    const std::string* text = LiteralOf(&properties, name, buffer);
    if (!text || kName.Matches(*text)) continue;
    context.Error(at(name),
                  Quoted(*text) + " is no " +
                      (name == std::string_view("CNAMEPrefix") ? "prefix of a host name" : "name of an environment"),
                  "Letters, digits and hyphens, with no hyphen at its ends.");
  }
  if (const Value* settings = properties.Find("OptionSettings")) {
    const Place inner = at("OptionSettings");
    OptionSettings(context, *settings, inner).Check();
  }
}

}  // namespace perch::cfn
