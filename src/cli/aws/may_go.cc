#include "cli/aws/may_go.h"

#include <span>

#include "base/text.h"
#include "plan/planner.h"

namespace perch::cli {

Status MayGo(AwsWorld& world, const Looked& looked, const std::string& branch, const std::string& nothing_done) {
  plan::Policy policy = world.project().Policy();
  policy.skip = {"*"};  // as if nobody wanted it: the plan then says whether it may go
  const Environment* environment = looked.FindEnvironment(branch);
  const Plan plan = plan::MakePlan({.branches = {},
                                    .environments = std::span<const Environment>(environment, environment ? 1 : 0),
                                    .policy = policy});
  for (const Step& step : plan.steps) {
    if (step.action != Action::kProtect) continue;
    return Fail({.kind = ErrorKind::kRefused,
                 .what = nothing_done,
                 .where = Printable(branch),
                 .why = step.reason,
                 .hint = "Take it out of `branches.protect` first, if it really shall go."});
  }
  const std::string profile = environment ? environment->profile : "";
  if (world.project().Current()->project.IsForGood(profile)) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = nothing_done,
                 .where = Printable(branch),
                 .why = "it is the app's " + profile,
                 .hint = "Delete its stack by hand in the CloudFormation console, if it really shall go."});
  }
  return {};
}

}  // namespace perch::cli
