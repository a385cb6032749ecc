#include "cli/doctor_policy.h"

#include <cstdio>

#include "beanstalk/iam_needs.h"
#include "cfn/print.h"
#include "cli/application_input.h"
#include "cli/output.h"

namespace perch::cli {

int PrintPolicy(const Context& context) {
  const Arguments& arguments = context.arguments;
  const Result<ApplicationInput> input = ReadApplication(context.config_file, "staging");
  if (!input) return Report(input.error(), arguments.json);
  const Value policy =
      arguments.policy == "sweep" ? beanstalk::SweepPolicy(input->settings) : beanstalk::DeployPolicy(input->settings);
  std::printf("%s", cfn::PrintJson(policy).c_str());
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace perch::cli
