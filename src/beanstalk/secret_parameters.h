#pragma once

#include <map>
#include <string>

#include "aws/parameters.h"
#include "base/error.h"
#include "base/secret.h"
#include "beanstalk/settings.h"

namespace perch::beanstalk {

/// Keeps the values of secret variables in Parameter Store, where instances read them; what is there already is not
/// written again. kUsage where a value is known neither here nor there.
Status PutSecrets(const aws::Ssm& ssm, const AwsSettings& settings, const std::map<std::string, Secret>& values);

}  // namespace perch::beanstalk
