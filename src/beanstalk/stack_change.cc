#include "beanstalk/stack_change.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "beanstalk/stack_status.h"

namespace perch::beanstalk {
namespace {

constexpr int kMostDeletes = 3;
constexpr std::size_t kMostEvents = 500;  // looked through for a cause
constexpr std::chrono::milliseconds kChangeSetTime = std::chrono::minutes(10);

/// AWS's words for a resource that only failed because another one did.
bool IsConsequence(const aws::StackEvent& event) {
  for (const std::string_view words : {"cancelled", "canceled", "The following resource(s) failed"}) {
    if (event.reason.find(words) != std::string::npos) return true;
  }
  return false;
}

bool IsOfStack(const aws::StackEvent& event) { return event.physical_id == event.stack_id; }

Error Cancelled() { return {.kind = ErrorKind::kCancelled, .what = "stopped; what CloudFormation began goes on"}; }

Error NobodyWaits(const aws::Stack& stack) {
  return {.kind = ErrorKind::kUnavailable,
          .what = "CloudFormation is still at it",
          .where = stack.name,
          .why = "the stack is " + stack.status,
          .hint = "Look again later with `perch status`; nothing was lost."};
}

std::string Changes(const std::vector<const aws::Change*>& changes) {
  std::string text;
  for (const aws::Change* change : changes) {
    text += (text.empty() ? "" : ", ") + change->logical_id + " (" + change->type + ")";
  }
  return text;
}

}  // namespace

const aws::StackEvent* FirstCause(const std::vector<aws::StackEvent>& events, Time since) {
  const aws::StackEvent* first = nullptr;
  const aws::StackEvent* consequence = nullptr;
  for (const aws::StackEvent& event : events) {
    if (event.time && *event.time < since) break;
    if (!event.status.ends_with("_FAILED") || IsOfStack(event)) continue;
    (IsConsequence(event) ? consequence : first) = &event;
  }
  return first ? first : consequence;
}

std::vector<std::string> FailedInRollback(const std::vector<aws::StackEvent>& events) {
  std::set<std::string> failed;
  for (const aws::StackEvent& event : events) {
    // The rollback began here; what failed before it made it necessary and is no part of it.
    if (IsOfStack(event) && event.status == "UPDATE_ROLLBACK_IN_PROGRESS") break;
    if (event.status == "UPDATE_FAILED" && !IsOfStack(event)) failed.insert(event.logical_id);
  }
  return {failed.begin(), failed.end()};
}

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
  std::set<std::string> seen;
  const Time end = client_.Now() + longest;
  while (true) {
    const aws::Answer<aws::Stack> stack = cloudformation_.DescribeStack(stack_id);
    if (!stack) return Fail(stack.error());
    if (hooks.on_progress) {
      std::vector<aws::StackEvent> fresh;
      const aws::Answer<void> read = cloudformation_.DescribeStackEvents(stack_id).ForEach([&](aws::StackEvent& event) {
        if (seen.contains(event.id) || (event.time && *event.time < since)) return false;
        fresh.push_back(event);
        return true;
      });
      if (!read) return Fail(read.error());
      for (auto event = fresh.rbegin(); event != fresh.rend(); ++event) {
        seen.insert(event->id);
        hooks.on_progress({event->time.value_or(since), event->logical_id, event->type, event->status, event->reason});
      }
    }
    if (!IsUnderWay(stack->status)) return *stack;
    if (client_.Now() >= end) return Fail(NobodyWaits(*stack));
    if (!client_.Sleep(poll_)) return Fail(Cancelled());
  }
}

Error StackChanger::CauseOf(const aws::Stack& stack, Time since) const {
  Error error{.what = "the stack " + stack.name + " failed", .why = "it is " + stack.status};
  std::vector<aws::StackEvent> events;
  const aws::Answer<void> read = cloudformation_.DescribeStackEvents(stack.id).ForEach([&](aws::StackEvent& event) {
    events.push_back(event);
    return events.size() < kMostEvents && !(event.time && *event.time < since);
  });
  const aws::StackEvent* cause = read ? FirstCause(events, since) : nullptr;
  if (!cause) {
    if (!stack.status_reason.empty()) error.why += ": " + stack.status_reason;
    return error;
  }
  error.where = cause->logical_id + " (" + cause->type + ")";
  error.why = cause->reason;
  return error;
}

Status StackChanger::ContinueRollback(const aws::Stack& stack, const StackRequest& request, const Hooks& hooks) const {
  std::vector<aws::StackEvent> events;
  const aws::Answer<void> read = cloudformation_.DescribeStackEvents(stack.id).ForEach([&](aws::StackEvent& event) {
    events.push_back(event);
    return events.size() < kMostEvents;
  });
  if (!read) return Fail(read.error());
  // First as it is: what stood in the way may be gone. Then without what failed, and nothing else.
  for (const std::vector<std::string>& skip : {std::vector<std::string>(), FailedInRollback(events)}) {
    const Time since = client_.Now();
    const std::string token = aws::Client::NewToken();
    const aws::Answer<void> begun = cloudformation_.ContinueUpdateRollback(stack.id, token, skip);
    if (!begun) return Fail(begun.error());
    const Result<aws::Stack> after = Wait(stack.id, since, hooks, request.longest);
    if (!after) return Fail(after.error());
    if (RemedyFor(after->status) == Remedy::kNone) return {};
    if (after->status != "UPDATE_ROLLBACK_FAILED") return Fail(CauseOf(*after, since));
  }
  return Fail({.kind = ErrorKind::kRefused,
               .what = "the stack " + stack.name + " cannot go back to what it was",
               .why = "its rollback fails again and again",
               .hint = "Look at its events in the CloudFormation console, or delete it with `perch down`."});
}

/// A stack that can be updated, or none.
Result<std::optional<aws::Stack>> StackChanger::MakeReady(std::optional<aws::Stack> stack, const StackRequest& request,
                                                          const Hooks& hooks) const {
  const auto note = [&](const std::string& text) {
    if (hooks.on_note) hooks.on_note(text);
  };
  for (int round = 0; round < kMostDeletes; ++round) {
    switch (RemedyFor(stack ? stack->status : "")) {
      case Remedy::kNone:
        return stack;
      case Remedy::kCreate:
        return std::nullopt;
      case Remedy::kWait: {
        note("waiting for what is under way: " + stack->status);
        const Result<aws::Stack> after = Wait(stack->id, client_.Now(), hooks, request.longest);
        if (!after) return Fail(after.error());
        break;
      }
      case Remedy::kContinueRollback: {
        note("an earlier update could not be taken back; going on with that first");
        if (const Status done = ContinueRollback(*stack, request, hooks); !done) return Fail(done.error());
        break;
      }
      case Remedy::kDeleteAndCreate:
      case Remedy::kDeleteAgain: {
        note("an earlier attempt left a stack that can only be deleted: " + stack->status);
        if (const Status done = Delete(*stack, aws::Client::NewToken(), hooks); !done) return Fail(done.error());
        break;
      }
      case Remedy::kAsk:
        return Fail({.kind = ErrorKind::kRefused,
                     .what = "the stack " + stack->name + " is in a state that perch never makes",
                     .why = stack->status,
                     .hint = "Look at it in the CloudFormation console first."});
    }
    Result<std::optional<aws::Stack>> now = Find(request.name);
    if (!now) return Fail(now.error());
    stack = *std::move(now);
  }
  return Fail({.kind = ErrorKind::kUnavailable,
               .what = "the stack " + request.name + " does not come to rest",
               .why = "somebody else keeps changing it",
               .hint = "Try again later."});
}

Result<aws::ChangeSet> StackChanger::Prepare(const std::optional<aws::Stack>& stack,
                                             const StackRequest& request) const {
  const aws::Answer<aws::ChangeSetIds> ids = cloudformation_.CreateChangeSet({.stack = stack ? stack->id : request.name,
                                                                              .name = request.change_set,
                                                                              .create = !stack,
                                                                              .template_body = request.template_body,
                                                                              .template_url = request.template_url,
                                                                              .tags = request.tags,
                                                                              .capabilities = {"CAPABILITY_IAM"},
                                                                              .role_arn = request.role_arn,
                                                                              .token = request.token});
  if (!ids) return Fail(ids.error());
  const Time end = client_.Now() + kChangeSetTime;
  while (true) {
    aws::Answer<aws::ChangeSet> set = cloudformation_.DescribeChangeSet(ids->change_set);
    if (!set) return Fail(set.error());
    if (set->status == "CREATE_COMPLETE" || set->nothing_to_do) return *std::move(set);
    if (set->status == "FAILED") {
      (void)cloudformation_.DeleteChangeSet(set->id);
      return Fail({.what = "CloudFormation refuses the change", .where = request.name, .why = set->status_reason});
    }
    if (client_.Now() >= end) {
      return Fail({.kind = ErrorKind::kUnavailable, .what = "the change set does not get ready", .where = set->id});
    }
    if (!client_.Sleep(poll_)) return Fail(Cancelled());
  }
}

Result<StackOutcome> StackChanger::Apply(const StackRequest& request, const Hooks& hooks) const {
  Result<std::optional<aws::Stack>> found = Find(request.name);
  if (!found) return Fail(found.error());
  if (const Status wanted = hooks.still_wanted(*found); !wanted) return Fail(wanted.error());
  const Result<std::optional<aws::Stack>> ready = MakeReady(*std::move(found), request, hooks);
  if (!ready) return Fail(ready.error());
  const std::optional<aws::Stack>& stack = *ready;
  const Result<aws::ChangeSet> set = Prepare(stack, request);
  if (!set) return Fail(set.error());
  if (set->nothing_to_do) {
    if (const aws::Answer<void> gone = cloudformation_.DeleteChangeSet(set->id); !gone) return Fail(gone.error());
    if (!stack) return Fail({.what = "CloudFormation says that a new stack has nothing in it", .where = request.name});
    return StackOutcome{.changed = false, .stack = *stack};
  }
  if (hooks.on_changes) hooks.on_changes(set->changes);
  std::vector<const aws::Change*> refused;
  for (const aws::Change& change : set->changes) {
    const bool is_protected = std::find(request.protected_ids.begin(), request.protected_ids.end(),
                                        change.logical_id) != request.protected_ids.end();
    const bool destroys = change.action == "Remove" ||
                          (change.action == "Modify" && change.replacement != "False" && !change.replacement.empty());
    if (is_protected && destroys) refused.push_back(&change);
  }
  if (!refused.empty()) {
    (void)cloudformation_.DeleteChangeSet(set->id);
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "the change would replace or remove what is protected",
                 .where = request.name,
                 .why = Changes(refused),
                 .hint = "Undo the setting that causes it, or move the data by hand first."});
  }
  // The last look: another update since then makes the change set obsolete by itself, a newer push does not.
  const Result<std::optional<aws::Stack>> now = Find(set->stack_id);
  if (!now) return Fail(now.error());
  if (const Status wanted = hooks.still_wanted(stack ? *now : std::nullopt); !wanted) {
    (void)cloudformation_.DeleteChangeSet(set->id);
    return Fail(wanted.error());
  }
  const Time since = client_.Now() - std::chrono::seconds(5);  // AWS's clock and ours
  if (const aws::Answer<void> begun = cloudformation_.ExecuteChangeSet(set->id, request.token); !begun) {
    if (begun.error().outcome != aws::Outcome::kConflict) return Fail(begun.error());
    Error error = begun.error();
    error.kind = ErrorKind::kSuperseded;
    error.what = "another change of " + request.name + " came first";
    return Fail(std::move(error));
  }
  const Result<aws::Stack> after = Wait(set->stack_id, since, hooks, request.longest);
  if (!after) return Fail(after.error());
  if (!IsDone(after->status)) return Fail(CauseOf(*after, since));
  return StackOutcome{.changed = true, .stack = *after};
}

Status StackChanger::Delete(const aws::Stack& stack, const std::string& token, const Hooks& hooks) const {
  if (stack.termination_protection) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "the stack " + stack.name + " must not be deleted",
                 .why = "its termination protection is on"});
  }
  Error last;
  for (int round = 0; round < kMostDeletes; ++round) {
    if (hooks.before_delete) {
      if (const Status ready = hooks.before_delete(stack); !ready) return Fail(ready.error());
    }
    const Time since = client_.Now() - std::chrono::seconds(5);
    if (const aws::Answer<void> begun = cloudformation_.DeleteStack(stack.id, token + std::to_string(round)); !begun) {
      return Fail(begun.error());
    }
    const Result<aws::Stack> after = Wait(stack.id, since, hooks, std::chrono::hours(1));
    if (!after) {
      if (after.error().kind == ErrorKind::kNotFound) return {};
      return Fail(after.error());
    }
    if (after->status == "DELETE_COMPLETE") return {};
    last = CauseOf(*after, since);
    if (after->status != "DELETE_FAILED") break;
  }
  return Fail(std::move(last));
}

}  // namespace perch::beanstalk
