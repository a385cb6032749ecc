#pragma once

#include "cli/context.h"

namespace perch::cli {

/// `perch doctor --policy ci|sweep`: the least IAM policy, as JSON. Asks AWS nothing.
int PrintPolicy(const Context& context);

}  // namespace perch::cli
