#pragma once

#include "cli/context.h"

namespace perch::cli {

/// `perch doctor` where environments live on AWS: only reads, and says of each thing whether a deployment can use it.
int RunDoctorOnAws(const Context& context);

}  // namespace perch::cli
