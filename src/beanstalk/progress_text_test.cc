#include "beanstalk/progress_text.h"

#include <gtest/gtest.h>

namespace perch::beanstalk {
namespace {

class ProgressTextTest : public testing::Test {
 protected:
  /// What the next event, so many seconds later, is told as.
  std::string After(int seconds, std::string id, std::string status, std::string reason = "") {
    now += std::chrono::seconds(seconds);
    return text.Line(
        {.time = now, .logical_id = std::move(id), .status = std::move(status), .reason = std::move(reason)});
  }
  ProgressText text{"shop-cart"};
  Time now = *ParseTime("2026-11-22T12:00:00Z");
};

TEST_F(ProgressTextTest, EachResourceIsToldWhenItBeginsAndWhenItIsThere) {
  EXPECT_EQ(After(0, "shop-cart", "CREATE_IN_PROGRESS", "User Initiated"), "");
  EXPECT_EQ(After(1, "Database", "CREATE_IN_PROGRESS"), "Database: creating");
  EXPECT_EQ(After(1, "Database", "CREATE_IN_PROGRESS", "Resource creation Initiated"), "");
  EXPECT_EQ(After(0, "Group", "CREATE_IN_PROGRESS"), "Group: creating");
  EXPECT_EQ(text.Busy(), (std::vector<std::string>{"Database", "Group"}));
  EXPECT_EQ(After(0, "Group", "CREATE_COMPLETE"), "Group: created");
  EXPECT_EQ(After(240, "Database", "CREATE_COMPLETE"), "Database: created (4 min 1 s)");
  EXPECT_EQ(text.Busy(), std::vector<std::string>());
  EXPECT_EQ(After(1, "shop-cart", "CREATE_COMPLETE"), "stack: created (4 min 3 s)");
}

TEST_F(ProgressTextTest, AReplacementIsCalledSo) {
  EXPECT_EQ(After(0, "Version", "UPDATE_IN_PROGRESS",
                  "Requested update requires the creation of a new physical resource; hence creating one."),
            "Version: replacing");
  EXPECT_EQ(After(0, "Version", "UPDATE_IN_PROGRESS", "Resource creation Initiated"), "");
  EXPECT_EQ(After(5, "Version", "UPDATE_COMPLETE"), "Version: replaced (5.0 s)");
  EXPECT_EQ(After(0, "shop-cart", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), "stack: updated");
  EXPECT_EQ(After(0, "Version", "DELETE_IN_PROGRESS"), "Version: deleting");
  EXPECT_EQ(After(0, "Version", "DELETE_COMPLETE"), "Version: deleted");
}

TEST_F(ProgressTextTest, AFailureSaysWhyAndItsConsequencesSaySo) {
  EXPECT_EQ(After(0, "shop-cart", "UPDATE_IN_PROGRESS", "User Initiated"), "");
  EXPECT_EQ(After(0, "Database", "UPDATE_IN_PROGRESS"), "Database: updating");
  EXPECT_EQ(After(0, "Environment", "UPDATE_IN_PROGRESS"), "Environment: updating");
  EXPECT_EQ(After(9, "Database", "UPDATE_FAILED", "no room"), "Database: failed (9.0 s): no room");
  EXPECT_EQ(After(0, "Environment", "UPDATE_FAILED", "Resource update cancelled"),
            "Environment: given up, because another one failed");
  EXPECT_EQ(After(0, "shop-cart", "UPDATE_ROLLBACK_IN_PROGRESS", "[Database] failed"),
            "stack: taking the update back: [Database] failed");
  EXPECT_EQ(After(0, "shop-cart", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"), "");
  EXPECT_EQ(After(3, "shop-cart", "UPDATE_ROLLBACK_COMPLETE"), "stack: as it was before (3.0 s)");
}

TEST_F(ProgressTextTest, WhatIsKeptIsNotCalledDeleted) {
  EXPECT_EQ(After(0, "shop-cart", "DELETE_IN_PROGRESS", "User Initiated"), "");
  EXPECT_EQ(After(0, "Database", "DELETE_SKIPPED"), "Database: kept");
  EXPECT_EQ(After(0, "Bucket", "DELETE_FAILED", "not empty"), "Bucket: failed: not empty");
  EXPECT_EQ(After(0, "shop-cart", "DELETE_FAILED", "[Bucket]"), "stack: failed: [Bucket]");
}

TEST_F(ProgressTextTest, WhatNobodyKnowsIsShownAsItCame) {
  EXPECT_EQ(After(0, "Bucket", "PONDERING", "why not"), "Bucket: PONDERING: why not");
  EXPECT_EQ(After(0, "shop-cart", "PONDERING"), "stack: PONDERING");
}

}  // namespace
}  // namespace perch::beanstalk
