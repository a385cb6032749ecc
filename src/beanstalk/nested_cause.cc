#include "beanstalk/nested_cause.h"

#include <optional>
#include <utility>

#include "beanstalk/operation_events.h"

namespace perch::beanstalk {
namespace {

constexpr int kDeepest = 5;  // stacks within stacks

}  // namespace

aws::StackEvent CauseInside(const aws::Client& client, aws::StackEvent cause, Time since,
                            std::chrono::milliseconds poll) {
  for (int depth = 0; depth < kDeepest; ++depth) {
    if (cause.type != "AWS::CloudFormation::Stack" || cause.physical_id.empty()) break;
    OperationEvents events(cause.physical_id, "", since);
    if (!client.Sleep(poll) || !ReadEvents(client, cause.physical_id, poll, events)) break;
    events.Finish();
    if (!events.cause()) break;
    aws::StackEvent inner = *events.cause();
    if (inner.physical_id == cause.physical_id) break;
    inner.logical_id = cause.logical_id + "/" + inner.logical_id;
    cause = std::move(inner);
  }
  return cause;
}

}  // namespace perch::beanstalk
