#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/value.h"
#include "beanstalk/facts.h"
#include "beanstalk/settings.h"
#include "cfn/schemas.h"
#include "config/diagnostics.h"
#include "config/project.h"

/// What `perch template` and `perch config check` need before a template can be generated without asking AWS.
namespace perch::cli {

/// CloudFormation's schemas: the folder of $PERCH_CFN_SCHEMAS, else cfn-schemas in $XDG_DATA_HOME/perch (by default
/// ~/.local/share/perch) or /usr/share/perch; without any of them perch knows only what it generates itself. kUsage:
/// $PERCH_CFN_SCHEMAS names something else.
Result<cfn::Schemas> FindSchemas(const std::string& region);

/// Puts samples where `facts` has nothing, and gives the names of what they stand for.
std::vector<std::string> FillWithSamples(const beanstalk::AwsSettings& settings, beanstalk::Facts& facts);

/// The branch that stands for a profile: the first name of `environments` that is no pattern and gets it, else
/// "example".
std::string SampleBranch(const config::Project& project, const std::string& profile);

/// The team's own template of a profile, if it has one. kUsage: it cannot be read, or is none.
Result<std::optional<Value>> ReadOwnTemplate(const config::Project& project, const beanstalk::AwsSettings& settings);

}  // namespace perch::cli
