#include "beanstalk/environment_of.h"

#include "base/text.h"
#include "beanstalk/stack_names.h"
#include "beanstalk/stack_status.h"
#include "model/names.h"

namespace perch::beanstalk {
namespace {

/// Whether a creation of the stack ever went well: only then something serves.
bool Serves(const aws::Stack& stack) {
  return stack.status == "CREATE_COMPLETE" || stack.status.starts_with("UPDATE_");
}

State StateOf(const aws::Stack& stack) {
  if (stack.status.starts_with("DELETE_")) return State::kDeleting;
  if (IsUnderWay(stack.status) && !IsDone(stack.status)) return State::kStarting;
  return IsDone(stack.status) ? State::kReady : State::kFailed;
}

State StateOf(const BranchRecord& record) {
  if (record.deleting) return State::kDeleting;
  if (!record.stopped_commit.empty()) return State::kStopped;
  if (!record.last_attempt) return State::kQueued;
  switch (record.last_attempt->result) {
    case Attempt::Result::kRunning:
      return State::kBuilding;
    case Attempt::Result::kFailed:
      return State::kFailed;
    case Attempt::Result::kSucceeded:
    case Attempt::Result::kInterrupted:
      return State::kQueued;
  }
  return State::kQueued;
}

/// What became of an attempt that was left to CloudFormation; nothing else is known of one that is still running.
void TakeResult(const aws::Stack& stack, Attempt& attempt) {
  const bool left = attempt.result == Attempt::Result::kRunning && attempt.stage == Stage::kStart;
  if (!left || IsUnderWay(stack.status)) return;
  if (!IsDone(stack.status)) {
    attempt.result = Attempt::Result::kFailed;
    attempt.reason = stack.status_reason.empty() ? "the stack is " + stack.status : stack.status_reason;
  } else if (GenerationOf(stack) == attempt.generation) {
    attempt.result = Attempt::Result::kSucceeded;
  }
}

void TakeFixed(const aws::Stack& stack, std::map<std::string, std::string>& fixed) {
  if (const std::string host = OutputOf(stack, outputs::kHost); !host.empty()) fixed["host"] = host;
  // arn:aws:cloudformation:REGION:ACCOUNT:stack/…
  const std::vector<std::string> arn = Split(stack.id, ':');
  if (arn.size() > 3 && !arn[3].empty()) fixed["region"] = arn[3];
}

}  // namespace

std::string OutputOf(const aws::Stack& stack, std::string_view name) {
  const aws::TextMap::const_iterator found = stack.outputs.find(std::string(name));
  return found == stack.outputs.end() ? "" : found->second;
}

std::uint64_t GenerationOf(const aws::Stack& stack) {
  return ParseNumber(OutputOf(stack, outputs::kGeneration)).value_or(0);
}

Environment EnvironmentOf(const std::optional<aws::Stack>& stack, const BranchRecord& record) {
  Environment environment{.app = record.identity.app,
                          .branch = record.identity.branch,
                          .slug = SlugFor(record.identity.branch),
                          .owner_mark = record.identity.owner,
                          .profile = record.identity.profile,
                          .generation = record.generation,
                          .state = StateOf(record),
                          .fixed = record.fixed,
                          .last_attempt = record.last_attempt,
                          .stopped = !record.stopped_commit.empty(),
                          .stopped_commit = record.stopped_commit,
                          .stopped_settings_hash = record.stopped_settings_hash,
                          .deleting = record.deleting,
                          .created_at = record.created_at,
                          .updated_at = record.updated_at};
  if (stack && environment.last_attempt) TakeResult(*stack, *environment.last_attempt);
  const bool failed = environment.last_attempt && environment.last_attempt->result == Attempt::Result::kFailed;
  if (stack) {
    environment.generation = std::max(record.generation, GenerationOf(*stack));
    environment.state = record.deleting ? State::kDeleting : StateOf(*stack);
    environment.reason = stack->status_reason;
    environment.deleting = record.deleting || stack->status.starts_with("DELETE_");
    environment.created_at = stack->created.value_or(record.created_at);
    environment.updated_at = std::max(record.updated_at, stack->updated.value_or(environment.created_at));
    TakeFixed(*stack, environment.fixed);
    if (Serves(*stack)) {
      environment.url = OutputOf(*stack, outputs::kUrl);
      environment.serving_commit = OutputOf(*stack, outputs::kCommit);
      environment.serving_tree = OutputOf(*stack, outputs::kTree);
      environment.settings_hash = OutputOf(*stack, outputs::kSettingsHash);
    }
    const bool at_rest = environment.state == State::kReady || environment.state == State::kFailed;
    if (at_rest && failed) environment.state = State::kFailed;
  }
  if (failed && environment.state == State::kFailed) environment.reason = environment.last_attempt->reason;
  return environment;
}

}  // namespace perch::beanstalk
