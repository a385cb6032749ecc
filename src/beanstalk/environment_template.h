#pragma once

#include <string>

#include "base/error.h"
#include "beanstalk/facts.h"
#include "beanstalk/settings.h"
#include "cfn/template.h"

namespace perch::beanstalk {

/// The host that an environment answers at: its own one, or <slug>.<domain>.
std::string HostOf(const AwsSettings& settings, const std::string& branch);

/// One branch's or stage's stack. Pure: the same settings and facts give the same bytes. kUsage when the image is for
/// another architecture than the instances.
Result<cfn::Template> EnvironmentTemplate(const AwsSettings& settings, const Facts& facts);

}  // namespace perch::beanstalk
