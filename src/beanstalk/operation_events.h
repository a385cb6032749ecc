#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "aws/cloudformation.h"

namespace perch::beanstalk {

/// Puts together one operation's events from what DescribeStackEvents tells, newest first, again and again. Operations
/// on a stack follow each other: from its first event on, all that happens belongs to it until the stack's own final
/// event, rollback included. Pure.
class OperationEvents {
 public:
  /// `token`: the ClientRequestToken that the operation was begun with; "": whatever is under way, told from `since`
  /// on.
  OperationEvents(std::string stack_id, std::string token, Time since)
      : stack_id_(std::move(stack_id)), token_(std::move(token)), since_(since) {}

  /// Takes the next event of a reading; false: older ones are not needed.
  bool Take(const aws::StackEvent& event);
  /// Ends a reading: the operation's events that were not told before, oldest first.
  std::vector<aws::StackEvent> Finish();

  /// Whether any event of the operation was seen.
  bool begun() const { return begun_; }
  /// The stack's own event that ended the operation; nullopt: not over. With a token an update is over as soon as its
  /// resources are what they shall be; the removal of old ones goes on.
  const std::optional<aws::StackEvent>& end() const { return end_; }
  /// The failure that made the others: the earliest that is not only the consequence of another.
  const std::optional<aws::StackEvent>& cause() const { return cause_ ? cause_ : consequence_; }
  /// Logical ids whose rollback failed.
  std::vector<std::string> left() const { return {left_.begin(), left_.end()}; }

 private:
  bool IsOfStack(const aws::StackEvent& event) const { return event.physical_id == stack_id_; }
  void Note(const aws::StackEvent& event);

  std::string stack_id_, token_;
  Time since_;
  std::vector<aws::StackEvent> reading_;  // newest first
  std::set<std::string> in_reading_;      // pages that grow meanwhile may repeat events
  std::optional<aws::StackEvent> newest_of_stack_;
  bool found_ = false;  // this reading has the token
  int ends_ = 0;        // final events of the stack in this reading
  std::set<std::string> seen_;
  bool begun_ = false;
  std::optional<aws::StackEvent> end_, cause_, consequence_;
  std::set<std::string> left_;
};

/// One reading: as many pages as the events that are not known yet, with `poll` between them.
aws::Answer<void> ReadEvents(const aws::Client& client, const std::string& stack_id, std::chrono::milliseconds poll,
                             OperationEvents& events);

}  // namespace perch::beanstalk
