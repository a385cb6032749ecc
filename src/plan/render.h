#pragma once

#include <string>

#include "model/plan.h"

namespace perch::plan {

/// A plan for a terminal: one aligned line a step (action, branch, commit, reason), then the refusal if there is one,
/// then a line that counts. Names and reasons are made safe to print. Ends with a line end.
std::string PlanText(const Plan& plan);

/// A plan as one line of JSON: {"steps":[{"action","branch","slug","profile","commit","settings_hash","generation",
/// "reason","position"}],"refusal"}. `position` is null except for held branches.
std::string ToJson(const Plan& plan);
std::string ToJson(const Step& step);

}  // namespace perch::plan
