#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/value.h"
#include "beanstalk/facts.h"
#include "beanstalk/settings.h"
#include "cfn/check.h"

namespace perch::beanstalk {

/// A template with all that is known to be wrong with it. It may be sent when `problems` is empty and no finding is an
/// error.
struct Generated {
  Value document;
  std::vector<Problem> problems;  ///< of perch.yaml
  std::vector<cfn::Finding> findings;

  bool Fits() const;
};

/// The environment's template: perch's own with what `resources`, `outputs` and `override` change, or `own_template`
/// completed. kUsage when the image does not fit the instances; kRefused when something that a branch says would make
/// CloudFormation look up a secret. Pure.
Result<Generated> GenerateEnvironment(const AwsSettings& settings, const Facts& facts,
                                      const std::optional<Value>& own_template, const cfn::Schemas& schemas);

/// The application's template. Pure.
Generated GenerateApplication(const AwsSettings& settings, const cfn::Schemas& schemas);

/// What of an environment can only be changed by deleting and creating it, as labels for people and values:
/// engine::Platform::Fixed.
std::map<std::string, std::string> FixedOf(const AwsSettings& settings, const std::string& branch);

}  // namespace perch::beanstalk
