#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/cloudformation.h"
#include "base/clock.h"
#include "base/error.h"
#include "beanstalk/application_facts.h"
#include "beanstalk/marks.h"
#include "model/tags.h"

namespace perch::beanstalk {

/// What becomes of a stack in a sweep.
enum class Verdict {
  kDelete,
  kWait,                  ///< its branch is gone, but not for as long as the grace
  kKeep,                  ///< its branch is there
  kProtected,             ///< a pattern protects the stack or its branch
  kTerminationProtected,  ///< by CloudFormation's own switch
  kNested,                ///< part of another stack: it goes with that one
  kInProgress,            ///< something is under way, or its status is one that a person must look at
  kHeldBack,              ///< another stack of the same branch must stay
  kNoMark,                ///< nobody said that perch may touch it
  kOtherApp,              ///< an environment of another app
  kUnreadable,            ///< its tags are not as perch writes them
};
std::string_view VerdictName(Verdict verdict);  ///< "delete", "wait", "keep", "protected", …

/// What the operator decided.
struct SweepRules {
  std::string app;                            ///< whose environments go by perch's own tags; "": of none
  bool adopt = false;                         ///< also stacks that perch did not make, by their tag `tag`
  std::string tag = "branch";                 ///< its value is the branch's plain name
  std::vector<std::string> protect_stacks;    ///< globs over stack names
  std::vector<std::string> protect_branches;  ///< globs
  std::vector<std::string> protect_profiles = {"production", "staging"};  ///< of environments that perch made
  std::chrono::milliseconds grace{0};                                     ///< how long a branch must have been gone
  std::optional<int> max_deletes;                                         ///< counts instead of the limit
  std::function<int(int unprotected)> limit;                              ///< plan::DeleteLimit
};

/// What is recorded of a branch without a stack: what its deployments left may be there.
struct LoneRecord {
  ApplicationFacts application;
  std::string key, etag;
  Identity identity;
  bool deleting = false;  ///< a deletion was decided, and has not come to its end
  std::string problem;    ///< why it cannot be used; all but application and key is empty then
};

/// A stack with what is to be done, and why: a sentence that goes on from its name.
struct StackVerdict {
  aws::Stack stack;    ///< as listed; outputs and parameters are left out
  std::string branch;  ///< "" when it has none that we may read
  Verdict verdict = Verdict::kNoMark;
  std::string reason;
  bool orphan = false;               ///< its branch is certainly not in the list
  std::optional<LoneRecord> record;  ///< there is no stack, only this; `stack` is then made up from it
};

struct SweepPlan {
  std::vector<StackVerdict> stacks;  ///< every stack of the listing, in its order, then records without a stack
  std::string refusal;               ///< why nothing at all may be deleted; "" when nothing speaks against it
  std::string refusal_hint;

  int Count(Verdict verdict) const;
};

struct SweepInput {
  std::span<const aws::Stack> stacks;     ///< a complete listing, not empty
  std::span<const std::string> branches;  ///< a complete listing, made after that of the stacks
  const Marks* marks = nullptr;           ///< needed with a grace
  Time now;
  std::span<const LoneRecord> records;  ///< listed after the stacks and before the branches
  std::string region;                   ///< of the records
};

/// Compares both lists. Pure. An empty list refuses the whole, and so do more deletions than the limit: the smaller of
/// 10 and half of the stacks that are not protected, never under 3, or `max_deletes`. Several stacks of one branch all
/// go or all stay.
SweepPlan MakeSweepPlan(const SweepInput& input, const SweepRules& rules);

/// The marks as they should be after `plan`: stacks whose branch is gone keep their first sighting or get `now`; those
/// whose branch is back lose it, and so do stacks that are not in the listing of its account and `region` any more, and
/// marks older than 90 days. What the plan says nothing about stays.
Marks MarksAfter(const SweepPlan& plan, const Marks& marks, std::string_view region, Time now);

/// What identifies a stack to a sweep: the branch, or why it has none.
struct StackBranch {
  std::optional<std::string> branch;
  Verdict verdict = Verdict::kNoMark;  ///< when there is no branch
  std::string reason;
};
StackBranch BranchOf(const aws::Stack& stack, const SweepRules& rules);

/// Why a stack may not be deleted by its own doing (nested, protected, under way); nullopt if it may. `now` is for
/// stacks in REVIEW_IN_PROGRESS, which a deployment may be about to fill.
std::optional<StackVerdict> MustStay(const aws::Stack& stack, const std::string& branch, const SweepRules& rules,
                                     Time now);

}  // namespace perch::beanstalk
