#include "beanstalk/stack_wait.h"

#include "base/digest.h"
#include "base/text.h"
#include "beanstalk/nested_cause.h"
#include "beanstalk/operation_events.h"
#include "beanstalk/stack_status.h"

namespace perch::beanstalk {
namespace {

// An operation whose events don't show for so many readings is judged by the stack's status.
constexpr int kUnseen = 20;

Error NobodyWaits(const Operation& operation, const std::string& status) {
  Error error{.kind = ErrorKind::kUnavailable,
              .what = "CloudFormation is still at it",
              .where = operation.stack_name,
              .why = "after " + FormatDuration(operation.longest) + " the stack is " + status,
              .hint = "Nothing is lost: run it again and it waits on."};
  if (status == "UPDATE_IN_PROGRESS") {
    error.hint += " If nothing moves any more, `aws cloudformation cancel-update-stack --stack-name " +
                  operation.stack_name + "` takes the update back.";
  }
  return error;
}

}  // namespace

Error StoppedWaiting() { return {.kind = ErrorKind::kCancelled, .what = "stopped; what CloudFormation began goes on"}; }

std::string UniqueName(const std::string& beginning) {
  const std::string end = RandomHex(6);
  return beginning.empty() ? "p" + end : beginning.substr(0, 128 - end.size() - 1) + "-" + end;
}

Result<OperationEnd> WaitForEnd(const aws::Client& client, const Operation& operation, std::chrono::milliseconds poll,
                                const std::function<void(const StackProgress&)>& on_progress) {
  OperationEvents events(operation.stack_id, operation.token, operation.since);
  std::optional<Time> began;  // by CloudFormation's clock
  const auto over = [&](std::string status, std::string reason) {
    OperationEnd ended{
        .status = std::move(status), .reason = std::move(reason), .cause = events.cause(), .left = events.left()};
    if (ended.cause && began) ended.cause = CauseInside(client, *ended.cause, *began, poll);
    return ended;
  };
  const Time end = client.Now() + operation.longest;
  std::string status = "in progress";
  for (int readings = 1;; ++readings) {
    if (!client.Sleep(poll)) return Fail(StoppedWaiting());
    const bool ask_for_status = readings % kUnseen == 0 && !events.begun();
    if (ask_for_status) {
      const aws::Answer<aws::Stack> stack = aws::CloudFormation(client).DescribeStack(operation.stack_id);
      if (stack && !IsUnderWay(stack->status)) return over(stack->status, stack->status_reason);
      if (stack) status = stack->status;
    } else {
      const aws::Answer<void> read = ReadEvents(client, operation.stack_id, poll, events);
      if (!read) {
        if (read.error().cause == aws::Cause::kStopped) return Fail(StoppedWaiting());
        if (read.error().outcome == aws::Outcome::kNotFound) return over("DELETE_COMPLETE", "");
        if (read.error().outcome != aws::Outcome::kRetry) return Fail(read.error());
      }
      for (const aws::StackEvent& event : events.Finish()) {
        if (!began) began = event.time;
        if (event.physical_id == operation.stack_id) status = event.status;
        if (on_progress) {
          on_progress({event.time.value_or(client.Now()), event.logical_id, event.type, event.status, event.reason,
                       event.physical_id});
        }
      }
      if (events.end()) return over(events.end()->status, events.end()->reason);
    }
    if (client.Now() >= end) return Fail(NobodyWaits(operation, status));
  }
}

Error FailureOf(const std::string& stack_name, const OperationEnd& end) {
  Error error{.what = "the stack " + stack_name + " failed", .why = "it is " + Printable(end.status)};
  if (end.cause) {
    error.where = Printable(end.cause->logical_id) + " (" + Printable(end.cause->type) + ")";
    if (!end.cause->reason.empty()) error.why = Printable(end.cause->reason);
  } else if (!end.reason.empty()) {
    error.why += ": " + Printable(end.reason);
  }
  if (RemedyFor(end.status) == Remedy::kDeleteAndCreate) {
    error.hint = "Mend that and run it again: perch deletes what is left of the attempt and begins anew.";
  } else if (end.status == "UPDATE_ROLLBACK_COMPLETE") {
    error.hint = "The stack is what it was before. Mend that and run it again.";
  } else if (end.status == "UPDATE_ROLLBACK_FAILED") {
    error.hint = "Run it again: perch first goes on with taking the update back.";
  } else if (end.status == "DELETE_FAILED") {
    error.hint = "Mend that and run it again: perch deletes the rest.";
  }
  return error;
}

}  // namespace perch::beanstalk
