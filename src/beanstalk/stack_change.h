#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aws/cloudformation.h"
#include "base/error.h"

namespace perch::beanstalk {

/// What a stack is to become.
struct StackRequest {
  std::string name;
  std::string template_body;  ///< compact; or
  std::string template_url;   ///< on S3, when it is over what a request may carry
  aws::TextMap tags;
  std::string change_set;                        ///< its name
  std::string token;                             ///< marks the operation's events
  std::vector<std::string> protected_ids;        ///< logical ids that no change may replace or remove
  std::string role_arn;                          ///< that CloudFormation acts with; "": the caller's own rights
  std::chrono::milliseconds longest{3'600'000};  ///< how long one operation may take until nobody waits for it any more
};

/// One line of progress: what happened to one resource.
struct StackProgress {
  Time time;
  std::string logical_id, type, status, reason;
};

/// How an operation ended.
struct StackOutcome {
  bool changed = false;  ///< false: there was nothing to do
  aws::Stack stack;      ///< as it is now
};

/// Brings stacks to what is asked, by change sets: the only way that makes an update conditional on what was looked at.
/// Whatever state a stack is in has its way (RemedyFor). Keeps nothing; may be stopped and repeated at any point.
class StackChanger {
 public:
  struct Hooks {
    /// Asked with the stack as it is (nullopt: none) before anything is done, and again right before the change set is
    /// executed: an error (kSuperseded, kRefused) ends it there.
    std::function<Status(const std::optional<aws::Stack>&)> still_wanted;
    std::function<void(const std::vector<aws::Change>&)> on_changes;
    std::function<void(const StackProgress&)> on_progress;
    std::function<void(const std::string&)> on_note;  ///< what is being repaired, for people
    /// Empties what stands in the way of a deletion.
    std::function<Status(const aws::Stack&)> before_delete;
  };
  /// `poll`: how long between two looks at a stack, at least 2 s against AWS.
  StackChanger(aws::Client client, std::chrono::milliseconds poll = std::chrono::seconds(3));

  /// nullopt: there is none (or only what remains of one).
  Result<std::optional<aws::Stack>> Find(const std::string& name_or_id) const;

  /// Creates or updates. kRefused: it would replace or remove what is protected, or the stack is in a state that a
  /// person must look at. kFailed: the first real cause, as AWS tells it. kSuperseded: somebody else's change came
  /// first.
  Result<StackOutcome> Apply(const StackRequest& request, const Hooks& hooks) const;

  /// Deletes by id and waits. `before_delete` runs before each try. kFailed with the first cause.
  Status Delete(const aws::Stack& stack, const std::string& token, const Hooks& hooks) const;

  /// Waits until nothing is under way; events since `since` go to `on_progress`.
  Result<aws::Stack> Wait(const std::string& stack_id, Time since, const Hooks& hooks,
                          std::chrono::milliseconds longest) const;

 private:
  Result<std::optional<aws::Stack>> MakeReady(std::optional<aws::Stack> stack, const StackRequest& request,
                                              const Hooks& hooks) const;
  Status ContinueRollback(const aws::Stack& stack, const StackRequest& request, const Hooks& hooks) const;
  Result<aws::ChangeSet> Prepare(const std::optional<aws::Stack>& stack, const StackRequest& request) const;
  Error CauseOf(const aws::Stack& stack, Time since) const;

  aws::Client client_;
  aws::CloudFormation cloudformation_;
  std::chrono::milliseconds poll_;
};

/// The event that made an operation fail: the earliest failure that is not only the consequence of another. `events`
/// are newest first, as AWS tells them; nullptr if none failed since then.
const aws::StackEvent* FirstCause(const std::vector<aws::StackEvent>& events, Time since);

/// Logical ids whose rollback failed, of the newest rollback.
std::vector<std::string> FailedInRollback(const std::vector<aws::StackEvent>& events);

}  // namespace perch::beanstalk
