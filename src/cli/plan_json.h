#pragma once

#include "base/value.h"
#include "model/plan.h"

namespace perch::cli {

/// A plan from what the API sent; unknown actions become kKeep.
Plan ReadPlanJson(const Value& json);

}  // namespace perch::cli
