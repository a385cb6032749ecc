#pragma once

#include "beanstalk/settings.h"
#include "config/diagnostics.h"
#include "config/project.h"

namespace perch::cli {

/// Adds what AWS would refuse of the profiles that branches can get and of those that their applications are made from,
/// and what cannot be because environments share an application. As if the platform were aws, whatever the file says.
void FindAwsProblems(const config::Project& project, config::Diagnostics& diagnostics);

/// One of its problems as config check shows it.
config::Diagnostic DiagnosticOf(const config::Project& project, const beanstalk::Problem& problem);

}  // namespace perch::cli
