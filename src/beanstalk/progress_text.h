#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "beanstalk/stack_wait.h"

namespace perch::beanstalk {

/// Turns what happens to a stack's resources into lines for people: "Database: created (4 min 2 s)". Pure.
class ProgressText {
 public:
  explicit ProgressText(std::string stack_name) : stack_name_(std::move(stack_name)) {}

  /// The next event's line; "" when it says nothing new. Not made fit for a terminal.
  std::string Line(const StackProgress& event);

  /// Logical ids of what is being worked on, by name; without the stack itself.
  std::vector<std::string> Busy() const;

 private:
  std::string OfStack(const StackProgress& event, const std::string& took) const;

  struct Work {
    std::string verb;  // "creating"
    Time began;
  };
  const std::string stack_name_;
  std::map<std::string, Work> under_way_;  // by logical id
};

}  // namespace perch::beanstalk
