#pragma once

#include "beanstalk/settings.h"
#include "cfn/template.h"

namespace perch::beanstalk {

/// The stack that the environments of an app share, made once for production and once for staging: network, load
/// balancer, Beanstalk application, image repository, roles. `settings` are those of the profile that the application
/// is named after. Everything that holds data (images, versions) outlives the stack in production.
cfn::Template ApplicationTemplate(const AwsSettings& settings);

}  // namespace perch::beanstalk
