// The part of StackChanger that brings a stack out of the states in which it cannot be changed.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "beanstalk/stack_change.h"
#include "beanstalk/stack_identity.h"
#include "beanstalk/stack_status.h"

namespace perch::beanstalk {
namespace {

constexpr int kMostDeletes = 3;
constexpr int kMostLooks = 8;  // of a deletion, those that only waited included
constexpr int kMostContinues = 4;
constexpr std::chrono::milliseconds kLongestDelete = std::chrono::hours(1);

void Note(const StackChanger::Hooks& hooks, const std::string& text) {
  if (hooks.on_note) hooks.on_note(text);
}

/// CloudFormation breaks off a creation to delete; an update has to end first.
bool DeletableUnderWay(std::string_view status) {
  return status == "CREATE_IN_PROGRESS" || status == "ROLLBACK_IN_PROGRESS";
}

Error Stays(const aws::Stack& stack, std::string why) {
  return {
      .kind = ErrorKind::kRefused, .what = "the stack " + stack.name + " must not be deleted", .why = std::move(why)};
}

}  // namespace

/// true: it can be changed, or there is none; false: something was done, look again.
Result<bool> StackChanger::MakeReady(const std::optional<aws::Stack>& stack, const StackRequest& request,
                                     const Hooks& hooks) const {
  switch (RemedyFor(stack ? stack->status : "")) {
    case Remedy::kNone:
    case Remedy::kCreate:
      return true;
    case Remedy::kWait: {
      Note(hooks, "waiting for what is under way: " + stack->status);
      const Operation whatever{
          .stack_id = stack->id, .stack_name = stack->name, .since = client_.Now(), .longest = request.longest};
      const Result<OperationEnd> end = WaitForEnd(client_, whatever, poll_, hooks.on_progress);
      if (!end) return Fail(end.error());
      return false;
    }
    case Remedy::kContinueRollback: {
      Note(hooks, "an earlier update could not be taken back; going on with that first");
      if (const Status done = ContinueRollback(*stack, request, hooks); !done) return Fail(done.error());
      return false;
    }
    case Remedy::kDeleteAgain:
    case Remedy::kDeleteAndCreate: {
      if (const Status may = MayDeleteAgain(*stack, request); !may) return Fail(may.error());
      Note(hooks, "an earlier attempt left a stack that can only be deleted: " + stack->status);
      const Status done = DeleteById(*stack, request.token, hooks, Deletion::kOnlyFailed);
      if (!done) return Fail(done.error());
      return false;
    }
    case Remedy::kAsk:
      break;
  }
  return Fail({.kind = ErrorKind::kRefused,
               .what = "the stack " + stack->name + " is in a state that perch never makes",
               .why = stack->status,
               .hint = "Look at it in the CloudFormation console first."});
}

/// Deleting without being asked to: only what carries perch's mark, and nothing protected that ever held data.
Status StackChanger::MayDeleteAgain(const aws::Stack& stack, const StackRequest& request) const {
  if (!HasOwner(stack.tags)) return Fail(Stays(stack, "it lacks perch's owner mark"));
  if (RemedyFor(stack.status) == Remedy::kDeleteAndCreate || request.protected_ids.empty()) return {};
  std::string left;
  const aws::Answer<void> listed =
      cloudformation_.ListStackResources(stack.id).ForEach([&](const aws::StackResource& resource) {
        const bool is_protected = std::find(request.protected_ids.begin(), request.protected_ids.end(),
                                            resource.logical_id) != request.protected_ids.end();
        if (is_protected && resource.status != "DELETE_COMPLETE") left = resource.logical_id;
        return true;
      });
  if (!listed) return Fail(listed.error());
  if (left.empty()) return {};
  Error error = Stays(stack, "an earlier deletion of it failed, and " + Printable(left) + " is protected");
  error.hint = "Save its data, then delete the stack in the CloudFormation console.";
  return Fail(std::move(error));
}

Status StackChanger::ContinueRollback(const aws::Stack& stack, const StackRequest& request, const Hooks& hooks) const {
  // First as it is: what stood in the way may be gone. Then without what failed, and nothing else.
  std::vector<std::string> skip;
  OperationEnd end;
  for (int round = 0; round < kMostContinues; ++round) {
    if (!skip.empty()) Note(hooks, "leaving out what cannot go back: " + Join(skip, ", "));
    const Operation operation{
        .stack_id = stack.id, .stack_name = stack.name, .token = UniqueName(request.token), .longest = request.longest};
    const aws::Answer<void> begun = cloudformation_.ContinueUpdateRollback(stack.id, operation.token, skip);
    // Somebody else does it, or it was deleted: the next look sees.
    if (!begun && begun.error().outcome == aws::Outcome::kConflict) return {};
    if (!begun && begun.error().outcome == aws::Outcome::kNotFound) return {};
    if (!begun) return Fail(begun.error());
    Result<OperationEnd> over = WaitForEnd(client_, operation, poll_, hooks.on_progress);
    if (!over) return Fail(over.error());
    if (over->status != "UPDATE_ROLLBACK_FAILED") return {};
    end = *std::move(over);
    if (end.left.empty()) break;
    skip = end.left;
  }
  Error error = FailureOf(stack.name, end);
  error.kind = ErrorKind::kRefused;
  error.what = "the stack " + stack.name + " cannot go back to what it was";
  error.hint = "Look at its events in the CloudFormation console, or delete it with `perch down`.";
  return Fail(std::move(error));
}

Status StackChanger::Delete(const aws::Stack& stack, const std::string& token, const Hooks& hooks) const {
  return DeleteById(stack, token, hooks, Deletion::kAny);
}

Status StackChanger::DeleteById(const aws::Stack& stack, const std::string& token, const Hooks& hooks,
                                Deletion which) const {
  // DeleteStack has no condition. So: by id, which never comes back, and read again right before. nullopt: nothing to
  // delete (any more).
  const auto look = [&]() -> Result<std::optional<aws::Stack>> {
    Result<std::optional<aws::Stack>> now = Find(stack.id);
    if (!now || !*now) return now;
    if ((*now)->termination_protection) return Fail(Stays(**now, "its termination protection is on"));
    if (const Status same = SameIdentity(**now, stack.tags); !same) return Fail(same.error());
    const Remedy remedy = RemedyFor((*now)->status);
    const bool only_goes = remedy == Remedy::kDeleteAndCreate || remedy == Remedy::kDeleteAgain;
    const bool going = (*now)->status == "DELETE_IN_PROGRESS";
    if (which == Deletion::kOnlyFailed && !only_goes && !going) return std::nullopt;
    if (hooks.still_wanted && !going) {
      if (const Status wanted = hooks.still_wanted(*now); !wanted) return Fail(wanted.error());
    }
    return now;
  };
  const auto failed = [&](Error error) {
    error.what = "the stack " + stack.name + " could not be deleted";
    return Fail(std::move(error));
  };
  const auto must_wait = [](const aws::Stack& now) { return IsUnderWay(now.status) && !DeletableUnderWay(now.status); };
  Error last{.kind = ErrorKind::kUnavailable, .why = "something is under way on it again and again"};
  for (int looks = 0, tries = 0; looks < kMostLooks && tries < kMostDeletes; ++looks) {
    Result<std::optional<aws::Stack>> now = look();
    if (!now) return Fail(now.error());
    if (*now && !must_wait(**now) && hooks.before_delete) {
      if (const Status ready = hooks.before_delete(**now); !ready) return Fail(ready.error());
      now = look();
      if (!now) return Fail(now.error());
    }
    if (!*now) return {};
    Operation operation{
        .stack_id = stack.id, .stack_name = stack.name, .since = client_.Now(), .longest = kLongestDelete};
    if (must_wait(**now)) {
      Note(hooks, "waiting for what is under way: " + (*now)->status);
    } else {
      operation.token = UniqueName(token);
      const aws::Answer<void> begun = cloudformation_.DeleteStack(stack.id, operation.token);
      if (!begun && begun.error().outcome == aws::Outcome::kConflict) {  // an update began just then
        last = begun.error();
        if (!client_.Sleep(poll_)) return Fail(StoppedWaiting());
        continue;
      }
      if (!begun) return Fail(begun.error());
      ++tries;
    }
    const Result<OperationEnd> end = WaitForEnd(client_, operation, poll_, hooks.on_progress);
    if (!end) return Fail(end.error());
    if (end->status == "DELETE_COMPLETE") return {};
    if (operation.token.empty()) continue;
    last = FailureOf(stack.name, *end);
    const bool again = end->status == "DELETE_FAILED" && tries < kMostDeletes;
    if (!again && hooks.on_cause && end->cause) hooks.on_cause(*end->cause);
    if (!again) return failed(std::move(last));
  }
  return failed(std::move(last));
}

}  // namespace perch::beanstalk
