#pragma once

#include "model/plan.h"
#include "model/value.h"

namespace perch::cli {

/// A plan from what the API sent; unknown actions become kKeep.
Plan ReadPlanJson(const Value& json);

}  // namespace perch::cli
