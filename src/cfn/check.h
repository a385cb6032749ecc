#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "base/value.h"
#include "cfn/schemas.h"

namespace perch::cfn {

/// Something about a template that a person should know before it is sent.
struct Finding {
  enum class Severity {
    kError,    ///< CloudFormation, or the service behind it, would refuse it
    kWarning,  ///< it would be accepted, and is probably not meant
    kNotice,   ///< something could not be checked
  };
  Severity severity = Severity::kError;
  std::string path;  ///< "Resources.Queue.Properties.DelaySeconds"; list items by position: "…Subnets[0]"
  Source at;         ///< where a person wrote it; line 0 for what perch generated
  std::string text;  ///< what is wrong, one line, no full stop
  std::string hint;  ///< what to do, a sentence; may be ""

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// Everything that can be known to be wrong with a template without asking AWS, sorted by place, without doubles. Pure,
/// never throws, linear in the template's size; hostile input is only ever findings.
///
/// Checked: the sections and their shapes; logical ids; the limits of CloudFormation (user guide, "Understand
/// CloudFormation quotas"); that each Ref, GetAtt, Sub, DependsOn, Condition and FindInMap resolves and that the
/// attribute exists; that nothing depends on itself in a circle (told as the chain); each function's shape; properties
/// against `schemas` (unknown, missing, of the wrong type, enumerations, patterns, lengths, ranges, exclusions);
/// deletion policies; Beanstalk's option settings; what no schema says of RDS, Route 53 and S3.
std::vector<Finding> Check(const Value& document, const Schemas& schemas);

/// Bytes of a template that may be sent in a request, and by way of S3 (user guide, quotas).
inline constexpr std::size_t kMostInlineBytes = 51'200;
inline constexpr std::size_t kMostTemplateBytes = 1'000'000;

}  // namespace perch::cfn
