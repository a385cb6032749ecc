#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aws/cloudformation.h"
#include "base/error.h"

namespace perch::beanstalk {

/// One line of progress: what happened to one resource.
struct StackProgress {
  Time time;
  std::string logical_id, type, status, reason, physical_id;
};

/// An operation on a stack that CloudFormation is at.
struct Operation {
  std::string stack_id, stack_name;
  std::string token;  ///< that it was begun with; "": whatever is under way
  Time since;         ///< without a token: events before it don't count
  std::chrono::milliseconds longest;
};

/// How an operation ended.
struct OperationEnd {
  std::string status, reason;            ///< that it brought the stack to
  std::optional<aws::StackEvent> cause;  ///< the first real failure
  std::vector<std::string> left;         ///< logical ids whose rollback failed
};

/// Waits until an operation is over by reading events only: each is told once, in order, and never more than one call
/// is made in `poll`, further pages included. Calls that could not be answered are made again until the time is over.
/// kUnavailable when it is; kCancelled when stopped: the operation goes on in both cases. A stack that is gone has
/// ended in DELETE_COMPLETE.
Result<OperationEnd> WaitForEnd(const aws::Client& client, const Operation& operation, std::chrono::milliseconds poll,
                                const std::function<void(const StackProgress&)>& on_progress);

/// What a failed operation says to people: its first real cause, where it was, what to do.
Error FailureOf(const std::string& stack_name, const OperationEnd& end);

/// A change set's name or an operation's token, at most 128 bytes (API reference): what a run that was killed left
/// behind has another one, so that it can't be taken for ours.
std::string UniqueName(const std::string& beginning);

/// For a wait that was stopped.
Error StoppedWaiting();

}  // namespace perch::beanstalk
