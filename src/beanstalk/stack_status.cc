#include "beanstalk/stack_status.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace perch::beanstalk {
namespace {

constexpr std::pair<std::string_view, Remedy> kRemedies[] = {
    {"", Remedy::kCreate},
    {"DELETE_COMPLETE", Remedy::kCreate},
    {"REVIEW_IN_PROGRESS", Remedy::kCreate},
    {"CREATE_COMPLETE", Remedy::kNone},
    {"UPDATE_COMPLETE", Remedy::kNone},
    {"UPDATE_ROLLBACK_COMPLETE", Remedy::kNone},
    {"IMPORT_IN_PROGRESS", Remedy::kAsk},
    {"IMPORT_ROLLBACK_IN_PROGRESS", Remedy::kAsk},
    {"IMPORT_COMPLETE", Remedy::kNone},
    {"IMPORT_ROLLBACK_COMPLETE", Remedy::kNone},
    {"CREATE_FAILED", Remedy::kDeleteAndCreate},
    {"ROLLBACK_COMPLETE", Remedy::kDeleteAndCreate},
    {"ROLLBACK_FAILED", Remedy::kDeleteAndCreate},
    {"UPDATE_ROLLBACK_FAILED", Remedy::kContinueRollback},
    {"DELETE_FAILED", Remedy::kDeleteAgain},
};

constexpr std::string_view kReview = "REVIEW_IN_PROGRESS";
constexpr std::string_view kCleaningUp = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS";

}  // namespace

Remedy RemedyFor(std::string_view status) {
  const auto known = std::find_if(std::begin(kRemedies), std::end(kRemedies),
                                  [&](const auto& entry) { return entry.first == status; });
  if (known != std::end(kRemedies)) return known->second;
  return IsUnderWay(status) ? Remedy::kWait : Remedy::kAsk;
}

bool IsDone(std::string_view status) {
  return status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE" || status == kCleaningUp;
}

bool IsUnderWay(std::string_view status) { return status.ends_with("_IN_PROGRESS") && status != kReview; }

}  // namespace perch::beanstalk
