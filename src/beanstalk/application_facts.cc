#include "beanstalk/application_facts.h"

#include "base/text.h"
#include "beanstalk/environment_of.h"
#include "beanstalk/stack_names.h"
#include "beanstalk/stack_status.h"
#include "model/resource_names.h"

namespace perch::beanstalk {
namespace {

std::unexpected<Error> NotThere(const std::string& stack, Application application, std::string why) {
  const std::string name(ApplicationName(application));
  return Fail({.kind = ErrorKind::kUsage,
               .what = "the application that " + name + "'s environments share is not there",
               .where = stack,
               .why = std::move(why),
               .hint = "Make it once with `perch bootstrap " + name + "`."});
}

}  // namespace

Result<ApplicationFacts> ApplicationFactsOf(const aws::Stack& stack, Application application) {
  ApplicationFacts facts{.stack = stack.name,
                         .versions_bucket = OutputOf(stack, exports::kVersionsBucket),
                         .repository_uri = OutputOf(stack, exports::kRepositoryUri),
                         .beanstalk = OutputOf(stack, exports::kApplication),
                         .cloudformation_role = OutputOf(stack, "CloudFormationRole")};
  if (facts.versions_bucket.empty() || facts.repository_uri.empty() || facts.beanstalk.empty())
    return NotThere(stack.name, application, "its stack is " + stack.status + " and lacks outputs");
  return facts;
}

Result<ApplicationFacts> FindApplication(const aws::CloudFormation& cloudformation, const std::string& app,
                                         Application application) {
  const std::string name = ApplicationStackNameFor(app, ApplicationName(application));
  const aws::Answer<aws::Stack> stack = cloudformation.DescribeStack(name);
  if (stack) return ApplicationFactsOf(*stack, application);
  if (stack.error().outcome == aws::Outcome::kNotFound) return NotThere(name, application, "there is no such stack");
  return Fail(stack.error());
}

}  // namespace perch::beanstalk
