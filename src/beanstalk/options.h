#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "beanstalk/facts.h"
#include "beanstalk/settings.h"
#include "cfn/types/beanstalk.h"

namespace perch::beanstalk {

/// Gathers option settings. Each is written even when it has its default: CloudFormation does not reset what disappears
/// from a template.
class Options {
 public:
  Options() { list_.reserve(80); }
  void Set(std::string_view option_namespace, std::string_view name, const cfn::Text& value);
  // Names of their own: a text literal would rather become a bool than a Text.
  void SetFlag(std::string_view option_namespace, std::string_view name, bool value);
  void SetNumber(std::string_view option_namespace, std::string_view name, int value);
  /// Of a scheduled action.
  void SetFor(std::string_view resource, std::string_view option_namespace, std::string_view name,
              const cfn::Text& value);
  std::vector<cfn::beanstalk::OptionSetting> Take() { return std::move(list_); }

 private:
  std::vector<cfn::beanstalk::OptionSetting> list_;
};

/// What of an environment's other resources its options name.
struct OptionParts {
  std::string host;
  cfn::Text instance_profile;
  cfn::Text security_group;
};

/// All options but the environment variables.
void SetOptions(Options& options, const AwsSettings& settings, const Facts& facts, const OptionParts& parts);

/// Facts::ever_written says so when an environment once had office hours.
inline constexpr std::string_view kOfficeHoursMark = "office-hours";

/// Before a name in Facts::ever_written: it was a secret variable.
inline constexpr std::string_view kSecretMark = "secret:";

}  // namespace perch::beanstalk
