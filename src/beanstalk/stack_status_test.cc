#include "beanstalk/stack_status.h"

#include <gtest/gtest.h>

namespace perch::beanstalk {
namespace {

/// All statuses of the API's model, and one that is not in it.
TEST(StackStatus, EachHasItsRemedy) {
  const std::pair<const char*, Remedy> cases[] = {
      {"", Remedy::kCreate},
      {"CREATE_IN_PROGRESS", Remedy::kWait},
      {"CREATE_FAILED", Remedy::kDeleteAndCreate},
      {"CREATE_COMPLETE", Remedy::kNone},
      {"ROLLBACK_IN_PROGRESS", Remedy::kWait},
      {"ROLLBACK_FAILED", Remedy::kDeleteAndCreate},
      {"ROLLBACK_COMPLETE", Remedy::kDeleteAndCreate},
      {"DELETE_IN_PROGRESS", Remedy::kWait},
      {"DELETE_FAILED", Remedy::kDeleteAgain},
      {"DELETE_COMPLETE", Remedy::kCreate},
      {"UPDATE_IN_PROGRESS", Remedy::kWait},
      {"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Remedy::kWait},
      {"UPDATE_COMPLETE", Remedy::kNone},
      {"UPDATE_FAILED", Remedy::kAsk},
      {"UPDATE_ROLLBACK_IN_PROGRESS", Remedy::kWait},
      {"UPDATE_ROLLBACK_FAILED", Remedy::kContinueRollback},
      {"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Remedy::kWait},
      {"UPDATE_ROLLBACK_COMPLETE", Remedy::kNone},
      {"REVIEW_IN_PROGRESS", Remedy::kCreate},
      {"IMPORT_IN_PROGRESS", Remedy::kAsk},
      {"IMPORT_COMPLETE", Remedy::kNone},
      {"IMPORT_ROLLBACK_IN_PROGRESS", Remedy::kAsk},
      {"IMPORT_ROLLBACK_FAILED", Remedy::kAsk},
      {"IMPORT_ROLLBACK_COMPLETE", Remedy::kNone},
      {"SOMETHING_NEW", Remedy::kAsk},
  };
  for (const auto& [status, remedy] : cases) EXPECT_EQ(RemedyFor(status), remedy) << status;
}

TEST(StackStatus, DoneAndUnderWay) {
  EXPECT_TRUE(IsDone("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"));
  EXPECT_FALSE(IsDone("UPDATE_ROLLBACK_COMPLETE"));
  EXPECT_TRUE(IsUnderWay("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"));
  EXPECT_FALSE(IsUnderWay("REVIEW_IN_PROGRESS"));
}

}  // namespace
}  // namespace perch::beanstalk
