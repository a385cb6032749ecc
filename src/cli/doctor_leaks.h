#pragma once

#include "cli/context.h"

namespace perch::cli {

/// `perch doctor --leaks`: what earlier environments left on AWS, with the command that removes each. Deletes nothing.
/// Exit code 1 when there is something.
int RunDoctorLeaks(const Context& context);

}  // namespace perch::cli
