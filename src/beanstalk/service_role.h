#pragma once

#include "cfn/types/iam.h"

namespace perch::beanstalk {

/// The role that CloudFormation makes, changes and deletes the environments of `app` with, so that whoever deploys
/// needs no right to any of it. Names are narrowed to the app's where AWS allows it; roles that it makes must have
/// `boundary` (a policy's ARN). What a team adds under `resources` may need more. Which actions each resource type
/// takes is what AWS's guides and the registry's schemas tell, never seen at AWS.
cfn::iam::Role EnvironmentsRole(const std::string& app, const cfn::Json& boundary);

}  // namespace perch::beanstalk
