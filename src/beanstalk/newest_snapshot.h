#pragma once

#include <string>

#include "aws/rds.h"
#include "base/error.h"

namespace perch::beanstalk {

/// The identifier of the newest whole snapshot, manual or automated, of the database of an app's staging. kUsage when
/// there is none.
Result<std::string> NewestSnapshot(const aws::Rds& rds, const std::string& app);

}  // namespace perch::beanstalk
