#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace perch::cfn {

/// One configuration option of Elastic Beanstalk (developer guide, "Configuration options": general options, and those
/// of the Docker platform).
struct Option {
  enum class Kind {
    kText,
    kTruth,    ///< "true" or "false"
    kWhole,    ///< `least` to `most`
    kChoice,   ///< one of `choices`
    kChoices,  ///< some of `choices`, with commas
  };
  std::string_view space;  ///< the namespace; a last "*" stands for any name: "aws:elbv2:listener:*"
  std::string_view name;   ///< "*": any, as in aws:elasticbeanstalk:application:environment
  Kind kind = Kind::kText;
  std::string_view choices = "";  ///< with '|' between them
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::string_view default_value = "";  ///< "" when there is none
  bool immutable = false;               ///< cannot be changed once the environment is made
};

/// All options, those of one namespace beside each other.
std::span<const Option> Options();

/// The option of a namespace; nullptr for none. Namespaces with a name in them ("aws:elbv2:listener:443") are found by
/// their pattern, and options of any name by theirs.
const Option* FindOption(std::string_view space, std::string_view option);

/// Whether the namespace has any options.
bool IsOptionSpace(std::string_view space);

/// What is wrong with the value: "`five` is no whole number"; "" when nothing is.
std::string OptionValueProblem(const Option& option, std::string_view value);

/// Bytes of all NAME=VALUE pairs of an environment's variables together, and the longest name and value in characters
/// (developer guide, "Environment properties").
inline constexpr std::size_t kMostVariableBytes = 4096;
inline constexpr std::size_t kLongestVariableName = 128;
inline constexpr std::size_t kLongestVariableValue = 256;
inline constexpr std::string_view kVariables = "aws:elasticbeanstalk:application:environment";

}  // namespace perch::cfn
