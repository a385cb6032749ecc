#include "beanstalk/operation_events.h"

#include <string_view>
#include <utility>

#include "beanstalk/stack_status.h"

namespace perch::beanstalk {
namespace {

// Operations that may have come after ours between two readings. An operation that does not show yet must not make us
// read the whole history.
constexpr int kMostLaterEnds = 4;

constexpr std::string_view kReview = "REVIEW_IN_PROGRESS";

bool IsFinal(std::string_view status) { return !IsUnderWay(status) && status != kReview; }

/// AWS's words for a resource that only failed because another one did.
bool IsConsequence(const std::string& reason) {
  for (const std::string_view words : {"Resource creation cancelled", "Resource update cancelled",
                                       "Resource deletion cancelled", "The following resource(s) failed"}) {
    if (reason.starts_with(words)) return true;
  }
  return false;
}

}  // namespace

bool OperationEvents::Take(const aws::StackEvent& event) {
  if (IsOfStack(event) && !newest_of_stack_) newest_of_stack_ = event;
  if (seen_.contains(event.id)) return false;
  if (!in_reading_.insert(event.id).second) return true;
  if (token_.empty() && event.time && *event.time < since_) return false;
  if (!token_.empty() && !begun_) {
    if (IsOfStack(event) && event.status == kReview) return false;
    if (IsOfStack(event) && IsFinal(event.status) && event.token != token_) {
      if (found_ || ++ends_ > kMostLaterEnds) return false;
    }
    found_ = found_ || event.token == token_;
  }
  reading_.push_back(event);
  return true;
}

std::vector<aws::StackEvent> OperationEvents::Finish() {
  std::vector<aws::StackEvent> fresh;
  for (auto event = reading_.rbegin(); event != reading_.rend() && !end_; ++event) {
    if (!begun_ && !token_.empty() && event->token != token_) continue;
    begun_ = true;
    seen_.insert(event->id);
    Note(*event);
    fresh.push_back(std::move(*event));
  }
  // No clock is asked: nothing is under way when the newest that the stack tells of itself is final. One that is gone
  // is gone for every operation, also for one that another's deletion came before.
  if (!end_ && newest_of_stack_) {
    const std::string& status = newest_of_stack_->status;
    if (token_.empty() ? IsFinal(status) : status == "DELETE_COMPLETE") end_ = newest_of_stack_;
  }
  reading_.clear();
  in_reading_.clear();
  newest_of_stack_.reset();
  found_ = false;
  ends_ = 0;
  return fresh;
}

void OperationEvents::Note(const aws::StackEvent& event) {
  if (IsOfStack(event)) {
    // What failed until here made the rollback necessary and is no part of it.
    if (event.status == "UPDATE_ROLLBACK_IN_PROGRESS") left_.clear();
    if (!token_.empty() && (IsFinal(event.status) || IsDone(event.status))) end_ = event;
    return;
  }
  if (!event.status.ends_with("_FAILED")) return;
  if (event.status == "UPDATE_FAILED") left_.insert(event.logical_id);
  std::optional<aws::StackEvent>& first = IsConsequence(event.reason) ? consequence_ : cause_;
  if (!first) first = event;
}

aws::Answer<void> ReadEvents(const aws::Client& client, const std::string& stack_id, std::chrono::milliseconds poll,
                             OperationEvents& events) {
  const aws::Pages<aws::StackEvent> pages = aws::CloudFormation(client).DescribeStackEvents(stack_id);
  for (const aws::Answer<std::vector<aws::StackEvent>>& page : pages) {
    if (!page) return aws::Failed(page.error());
    for (const aws::StackEvent& event : *page) {
      if (!events.Take(event)) return {};
    }
    if (!client.Sleep(poll)) return aws::Failed({.outcome = aws::Outcome::kRetry, .cause = aws::Cause::kStopped});
  }
  return {};
}

}  // namespace perch::beanstalk
