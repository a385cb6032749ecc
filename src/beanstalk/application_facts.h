#pragma once

#include <string>

#include "aws/cloudformation.h"
#include "base/error.h"
#include "beanstalk/settings.h"

namespace perch::beanstalk {

/// What an environment needs of its application's stack.
struct ApplicationFacts {
  std::string stack;                ///< its name
  std::string versions_bucket;      ///< bundles, large templates, records
  std::string repository_uri;       ///< "111122223333.dkr.ecr.eu-central-1.amazonaws.com/perch/shop/staging"
  std::string beanstalk;            ///< Beanstalk's name of the application
  std::string cloudformation_role;  ///< ARN; "" when it has none
};

/// kUsage, naming `perch bootstrap`, when there is none that is ready.
Result<ApplicationFacts> FindApplication(const aws::CloudFormation& cloudformation, const std::string& app,
                                         Application application);

/// From a stack that was read already.
Result<ApplicationFacts> ApplicationFactsOf(const aws::Stack& stack, Application application);

}  // namespace perch::beanstalk
