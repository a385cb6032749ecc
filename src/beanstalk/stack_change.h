#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aws/cloudformation.h"
#include "base/error.h"
#include "beanstalk/stack_wait.h"

namespace perch::beanstalk {

/// What a stack is to become.
struct StackRequest {
  std::string name;
  std::string template_body;  ///< compact; or
  std::string template_url;   ///< on S3, when it is over what a request may carry (51,200 bytes)
  aws::TextMap tags;          ///< with perch's identity: a stack with another one is refused
  std::string change_set;     ///< what its name begins with: a letter, then letters, digits and hyphens
  std::string token;          ///< what the tokens of the operation's events begin with; of the same characters
  std::vector<std::string> protected_ids;        ///< logical ids that no change may replace or remove
  std::string role_arn;                          ///< that CloudFormation acts with; "": the one it acted with before
  bool wait = true;                              ///< false: it is over as soon as CloudFormation has begun
  bool termination_protection = false;           ///< true: switched on when it is not; false: left as it is
  std::chrono::milliseconds longest{3'600'000};  ///< how long one operation may take until nobody waits for it any more
};

/// How an operation ended.
struct StackOutcome {
  bool changed = false;  ///< false: there was nothing to do
  aws::Stack stack;      ///< as it is now
};

/// Brings stacks to what is asked, by change sets: the only way that makes an update conditional on what was looked at.
/// Whatever state a stack is in has its way (RemedyFor). Keeps nothing; may be stopped and repeated at any point, and
/// several may be at the same stack: whose change set was made from what is no more looks again.
class StackChanger {
 public:
  struct Hooks {
    /// Asked with the stack as it is (nullopt: none) before anything is done, after each wait, right before a change
    /// set is executed and right before a deletion: an error (kSuperseded, kRefused) ends it there.
    std::function<Status(const std::optional<aws::Stack>&)> still_wanted;
    std::function<void(const std::vector<aws::Change>&)> on_changes;
    /// Asked after on_changes, when nothing refuses them: an error ends it there.
    std::function<Status(const std::vector<aws::Change>&)> confirm;
    std::function<void(const StackProgress&)> on_progress;
    std::function<void(const std::string&)> on_note;  ///< what is being repaired, for people
    /// The first real cause, before the failure is told: its resource may have a log.
    std::function<void(const aws::StackEvent&)> on_cause;
    /// Empties what stands in the way of a deletion.
    std::function<Status(const aws::Stack&)> before_delete;
  };
  /// `poll`: how long between two looks at a stack, at least 2 s against AWS.
  StackChanger(aws::Client client, std::chrono::milliseconds poll = std::chrono::seconds(3));

  /// nullopt: there is none (or only what remains of one).
  Result<std::optional<aws::Stack>> Find(const std::string& name_or_id) const;

  /// Creates or updates. kRefused: it would replace or remove what is protected, the stack is another's, or it is in a
  /// state that a person must look at. kFailed: the first real cause, as AWS tells it. kSuperseded: what still_wanted
  /// says, or somebody deleted the stack meanwhile. kUnavailable: nobody waits any more. A new stack that was not
  /// agreed to stays behind in REVIEW_IN_PROGRESS, empty: deleting it could hit another's that began just then.
  Result<StackOutcome> Apply(const StackRequest& request, const Hooks& hooks) const;

  /// Deletes by id and waits. `before_delete` runs before each try. kFailed with the first cause, kRefused with
  /// termination protection or when it became another's. A stack that came up under its name later is never touched.
  Status Delete(const aws::Stack& stack, const std::string& token, const Hooks& hooks) const;

  /// Waits until nothing is under way; events since `since` go to `on_progress`.
  Result<aws::Stack> Wait(const std::string& stack_id, Time since, const Hooks& hooks,
                          std::chrono::milliseconds longest) const;

 private:
  enum class Deletion { kAny, kOnlyFailed };

  Result<bool> MakeReady(const std::optional<aws::Stack>& stack, const StackRequest& request, const Hooks& hooks) const;
  Status ContinueRollback(const aws::Stack& stack, const StackRequest& request, const Hooks& hooks) const;
  Status MayDeleteAgain(const aws::Stack& stack, const StackRequest& request) const;
  Status DeleteById(const aws::Stack& stack, const std::string& token, const Hooks& hooks, Deletion which) const;

  // nullopt: somebody else changed the stack meanwhile; `how` is then what AWS said, if it did.
  Result<std::optional<StackOutcome>> Change(const std::optional<aws::Stack>& stack, const StackRequest& request,
                                             const Hooks& hooks, std::string& how) const;
  Result<std::optional<aws::ChangeSet>> Prepare(const std::optional<aws::Stack>& stack, const StackRequest& request,
                                                std::string& how) const;
  Status Agree(const aws::ChangeSet& set, const StackRequest& request, const Hooks& hooks) const;
  Result<std::optional<StackOutcome>> Execute(const aws::ChangeSet& set, const StackRequest& request,
                                              const Hooks& hooks, std::string& how) const;
  Result<StackOutcome> Protect(StackOutcome outcome, const StackRequest& request) const;

  aws::Client client_;
  aws::CloudFormation cloudformation_;
  std::chrono::milliseconds poll_;
};

}  // namespace perch::beanstalk
