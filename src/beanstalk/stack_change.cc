#include "beanstalk/stack_change.h"

#include <algorithm>
#include <utility>

#include "beanstalk/stack_identity.h"
#include "beanstalk/stack_status.h"

namespace perch::beanstalk {
namespace {

constexpr int kMostLooks = 12;
constexpr std::chrono::milliseconds kChangeSetTime = std::chrono::minutes(10);
// Small changes are computed at once on peers; AWS needs seconds and is then asked in the usual rhythm.
constexpr std::chrono::milliseconds kFirstLook = std::chrono::milliseconds(100);

/// Whether a call failed because the stack or change set is no more what it was: looking again will tell.
bool SomebodyElse(const aws::Failure& failure) {
  return failure.outcome == aws::Outcome::kConflict || failure.outcome == aws::Outcome::kNotFound;
}

bool Destroys(const aws::Change& change) {
  const bool replaces = !change.replacement.empty() && change.replacement != "False";
  return change.action == "Remove" || (change.action == "Modify" && replaces);
}

Status Ask(const StackChanger::Hooks& hooks, const std::optional<aws::Stack>& stack) {
  return hooks.still_wanted ? hooks.still_wanted(stack) : Status();
}

}  // namespace

StackChanger::StackChanger(aws::Client client, std::chrono::milliseconds poll)
    : client_(client), cloudformation_(std::move(client)), poll_(poll) {}

Result<std::optional<aws::Stack>> StackChanger::Find(const std::string& name_or_id) const {
  aws::Answer<aws::Stack> stack = cloudformation_.DescribeStack(name_or_id);
  if (stack) {
    if (stack->status == "DELETE_COMPLETE") return std::nullopt;
    return *std::move(stack);
  }
  if (stack.error().outcome == aws::Outcome::kNotFound) return std::nullopt;
  return Fail(stack.error());
}

Result<aws::Stack> StackChanger::Wait(const std::string& stack_id, Time since, const Hooks& hooks,
                                      std::chrono::milliseconds longest) const {
  const Time end = client_.Now() + longest;
  while (true) {
    const aws::Answer<aws::Stack> stack = cloudformation_.DescribeStack(stack_id);
    if (!stack) return Fail(stack.error());
    if (!IsUnderWay(stack->status)) return *stack;
    const Operation whatever{
        .stack_id = stack_id, .stack_name = stack->name, .since = since, .longest = end - client_.Now()};
    const Result<OperationEnd> over = WaitForEnd(client_, whatever, poll_, hooks.on_progress);
    if (!over) return Fail(over.error());
    if (!client_.Sleep(poll_)) return Fail(StoppedWaiting());
    since = client_.Now();
  }
}

Result<StackOutcome> StackChanger::Apply(const StackRequest& request, const Hooks& hooks) const {
  std::string how = "its status";
  for (int look = 0; look < kMostLooks; ++look) {
    if (look > 0 && !client_.Sleep(poll_)) return Fail(StoppedWaiting());
    const Result<std::optional<aws::Stack>> found = Find(request.name);
    if (!found) return Fail(found.error());
    const std::optional<aws::Stack>& stack = *found;
    if (stack && stack->status != "REVIEW_IN_PROGRESS") {
      if (const Status ours = SameIdentity(*stack, request.tags); !ours) return Fail(ours.error());
    }
    if (const Status wanted = Ask(hooks, stack); !wanted) return Fail(wanted.error());
    const Result<bool> ready = MakeReady(stack, request, hooks);
    if (!ready) return Fail(ready.error());
    if (!*ready) continue;
    Result<std::optional<StackOutcome>> outcome = Change(stack, request, hooks, how);
    if (!outcome) return Fail(outcome.error());
    if (*outcome) return Protect(**std::move(outcome), request);
    if (hooks.on_note) hooks.on_note("somebody else changed the stack meanwhile; looking again");
  }
  return Fail({.kind = ErrorKind::kUnavailable,
               .what = "the stack " + request.name + " was changed by others again and again",
               .why = "it was looked at " + std::to_string(kMostLooks) + " times; the last that kept it: " + how,
               .hint = "See who else deploys this branch, and run it again."});
}

Result<std::optional<StackOutcome>> StackChanger::Change(const std::optional<aws::Stack>& found,
                                                         const StackRequest& request, const Hooks& hooks,
                                                         std::string& how) const {
  const std::optional<aws::Stack> stack = RemedyFor(found ? found->status : "") == Remedy::kNone ? found : std::nullopt;
  const Result<std::optional<aws::ChangeSet>> set = Prepare(stack, request, how);
  if (!set) return Fail(set.error());
  if (!*set) return std::nullopt;
  if ((*set)->nothing_to_do) {
    const aws::Answer<void> gone = cloudformation_.DeleteChangeSet((*set)->id);
    if (!gone && gone.error().outcome != aws::Outcome::kNotFound) return Fail(gone.error());
    if (!stack) return Fail({.what = "CloudFormation says that a new stack has nothing in it", .where = request.name});
    return StackOutcome{.changed = false, .stack = *stack};
  }
  const auto give_up = [&] { (void)cloudformation_.DeleteChangeSet((*set)->id); };
  if (const Status agreed = Agree(**set, request, hooks); !agreed) {
    give_up();
    return Fail(agreed.error());
  }
  // The last look: another update since then makes the change set obsolete by itself, a newer push does not.
  const Result<std::optional<aws::Stack>> now = Find((*set)->stack_id);
  if (!now) return Fail(now.error());
  const bool gone = !*now, moved = stack && *now && RemedyFor((*now)->status) != Remedy::kNone;
  if (gone || moved) {
    give_up();
    how = gone ? "it was deleted" : "it went on to " + (*now)->status;
    return std::nullopt;
  }
  if (const Status wanted = Ask(hooks, stack ? *now : std::nullopt); !wanted) {
    give_up();
    return Fail(wanted.error());
  }
  return Execute(**set, request, hooks, how);
}

/// A change set that is ready to be executed, or has nothing to do.
Result<std::optional<aws::ChangeSet>> StackChanger::Prepare(const std::optional<aws::Stack>& stack,
                                                            const StackRequest& request, std::string& how) const {
  // Made against the id: an update of a stack that was deleted and made again meanwhile must not happen.
  const aws::Answer<aws::ChangeSetIds> ids =
      cloudformation_.CreateChangeSet({.stack = stack ? stack->id : request.name,
                                       .name = UniqueName(request.change_set),
                                       .create = !stack,
                                       .template_body = request.template_body,
                                       .template_url = request.template_url,
                                       .tags = request.tags,
                                       .capabilities = {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"},
                                       .role_arn = request.role_arn,
                                       .token = UniqueName(request.token)});
  const auto void_by = [&](std::string why) {
    how = std::move(why);
    return std::nullopt;
  };
  if (!ids && SomebodyElse(ids.error())) return void_by(Error(ids.error()).why);
  if (!ids) return Fail(ids.error());
  const Time end = client_.Now() + kChangeSetTime;
  for (bool first = true;; first = false) {
    if (!client_.Sleep(first ? std::min(kFirstLook, poll_) : poll_)) return Fail(StoppedWaiting());
    aws::Answer<aws::ChangeSet> set = cloudformation_.DescribeChangeSet(ids->change_set);
    if (!set && set.error().outcome == aws::Outcome::kNotFound) return void_by(Error(set.error()).why);
    if (!set) return Fail(set.error());
    if (set->status.starts_with("DELETE_")) return void_by("its change set was deleted");
    if (set->status == "CREATE_COMPLETE" || set->nothing_to_do) return *std::move(set);
    if (set->status == "FAILED") {
      (void)cloudformation_.DeleteChangeSet(set->id);
      return Fail({.what = "CloudFormation refuses the change", .where = request.name, .why = set->status_reason});
    }
    if (client_.Now() >= end) {
      return Fail({.kind = ErrorKind::kUnavailable,
                   .what = "the change set does not get ready",
                   .where = set->id,
                   .why = "it is " + set->status,
                   .hint = "Run it again."});
    }
  }
}

Status StackChanger::Agree(const aws::ChangeSet& set, const StackRequest& request, const Hooks& hooks) const {
  if (hooks.on_changes) hooks.on_changes(set.changes);
  std::string refused;
  for (const aws::Change& change : set.changes) {
    const bool is_protected = std::find(request.protected_ids.begin(), request.protected_ids.end(),
                                        change.logical_id) != request.protected_ids.end();
    if (!is_protected || !Destroys(change)) continue;
    refused += (refused.empty() ? "" : ", ") + change.logical_id + " (" + change.type + ")";
  }
  if (!refused.empty()) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "the change would replace or remove what is protected",
                 .where = request.name,
                 .why = refused,
                 .hint = "Undo the setting that causes it, or move the data by hand first."});
  }
  return hooks.confirm ? hooks.confirm(set.changes) : Status();
}

Result<std::optional<StackOutcome>> StackChanger::Execute(const aws::ChangeSet& set, const StackRequest& request,
                                                          const Hooks& hooks, std::string& how) const {
  const Operation operation{.stack_id = set.stack_id,
                            .stack_name = request.name,
                            .token = UniqueName(request.token),
                            .longest = request.longest};
  const aws::Answer<void> begun = cloudformation_.ExecuteChangeSet(set.id, operation.token);
  if (!begun && SomebodyElse(begun.error())) {
    how = Error(begun.error()).why;
    return std::nullopt;
  }
  if (!begun) return Fail(begun.error());
  if (!request.wait) {
    const aws::Answer<aws::Stack> stack = cloudformation_.DescribeStack(set.stack_id);
    if (!stack) return Fail(stack.error());
    return StackOutcome{.changed = true, .stack = *stack};
  }
  const Result<OperationEnd> end = WaitForEnd(client_, operation, poll_, hooks.on_progress);
  if (!end) return Fail(end.error());
  if (end->status.starts_with("DELETE_")) {
    return Fail({.kind = ErrorKind::kSuperseded,
                 .what = "somebody deleted the stack " + request.name + " while it was changing",
                 .where = set.stack_id,
                 .hint = "Run it again if the branch shall have an environment."});
  }
  if (!IsDone(end->status)) {
    if (hooks.on_cause && end->cause) hooks.on_cause(*end->cause);
    return Fail(FailureOf(request.name, *end));
  }
  if (!client_.Sleep(poll_)) return Fail(StoppedWaiting());
  const aws::Answer<aws::Stack> stack = cloudformation_.DescribeStack(set.stack_id);
  if (!stack) return Fail(stack.error());
  return StackOutcome{.changed = true, .stack = *stack};
}

Result<StackOutcome> StackChanger::Protect(StackOutcome outcome, const StackRequest& request) const {
  if (!request.termination_protection || outcome.stack.termination_protection) return outcome;
  const aws::Answer<void> done = cloudformation_.UpdateTerminationProtection(outcome.stack.id, true);
  if (!done) return Fail(done.error());
  outcome.stack.termination_protection = true;
  return outcome;
}

}  // namespace perch::beanstalk
