#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/branch.h"
#include "model/environment.h"
#include "model/plan.h"
#include "plan/policy.h"

namespace perch::plan {

/// A branch with what it should run with.
struct WantedBranch {
  Branch branch;
  std::string profile;
  std::string settings_hash;  ///< "" when `problem` is set
  std::string problem;        ///< why its settings cannot be used; "" when they can
  std::string unavailable;  ///< why its settings could not be read now: it is left exactly as it is; "" when they were
  std::map<std::string, std::string> fixed;  ///< Settings::fixed
};

/// Everything a plan depends on. Spans are only read during the call.
struct PlanInput {
  std::span<const WantedBranch> branches;     ///< a complete listing
  std::span<const Environment> environments;  ///< a complete listing
  std::span<const std::string> asked;         ///< branches that a person asked to deploy again
  std::span<const std::string> working;       ///< branches being deployed now: no crash cut their attempt short
  std::span<const std::string> granted;       ///< branches whose deletion an earlier plan allowed and which wait for it
  Policy policy;
  Time now;
};

/// Compares what should exist with what exists. Pure: the same input gives the same plan. O((b + e) log(b + e)).
/// An empty listing of branches deletes nothing. Two branches with one slug: both are refused. Environments without
/// perch's mark or of another app are not touched and not listed. Deletions that already began or were granted do not
/// count towards the limit. A replacement deletes too: it counts, and a protected environment is refused one. Steps
/// that are about a deletion alone, and skipped branches, have no commit.
Plan MakePlan(const PlanInput& input);

/// What of an environment would change that cannot change in place: "its host changes from a.example.com to
/// b.example.com"; "" if nothing. Labels that only one of the two has do not count.
std::string FixedChanges(const std::map<std::string, std::string>& made,
                         const std::map<std::string, std::string>& wanted);

/// Why a branch is left failed, with what a person can do about it in the first line: what follows is a hint or a log.
std::string LeftFailed(std::string_view why);

/// How many deletions, replacements among them, one listing may cause when `unprotected` environments are not
/// protected: the smaller of 10 and half of them, never under 3.
int DeleteLimit(int unprotected);

}  // namespace perch::plan
