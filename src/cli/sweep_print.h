#pragma once

#include <string>

#include "beanstalk/sweep.h"

namespace perch::cli {

/// The plan for people: what goes, what waits, and what is about branches but stays; the rest only as a number unless
/// `all`.
std::string SweepPlanText(const beanstalk::SweepPlan& plan, bool all);

/// What became of it, with what may still cost.
std::string SweepResultText(const beanstalk::SweepPlan& plan, const beanstalk::SweepResult& result);

/// Both as one JSON object; `result` nullptr: nothing was applied.
std::string SweepJson(const std::string& region, const beanstalk::SweepPlan& plan,
                      const beanstalk::SweepResult* result);

}  // namespace perch::cli
