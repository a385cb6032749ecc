#include "plan/render.h"

#include <gtest/gtest.h>

namespace perch::plan {
namespace {

Plan Example() {
  Plan plan;
  plan.steps.push_back({.action = Action::kCreate,
                        .branch = "feature/caf\xc3\xa9",
                        .slug = "feature-cafe-3aaaaaaaaaaa",
                        .profile = "branch",
                        .commit = std::string(40, 'a'),
                        .settings_hash = "h",
                        .reason = "branch has no environment"});
  plan.steps.push_back({.action = Action::kRefuse,
                        .branch = "x\n\x1b[2J",
                        .slug = "x",
                        .profile = "branch",
                        .generation = 3,
                        .reason = "branch is gone; not deleted: 4 deletions at once are more than the limit of 3"});
  plan.steps.push_back({.action = Action::kHold, .branch = "y", .slug = "y", .reason = "full", .position = 1});
  plan.refusal = "4 deletions at once are more than the limit of 3, so none is done.";
  return plan;
}

TEST(PlanText, IsAnAlignedTableSafeToPrint) {
  EXPECT_EQ(PlanText(Example()),
            "create  feature/caf\xc3\xa9  aaaaaaa  branch has no environment\n"
            "refuse  x\\x0a\\x1b[2J  -        branch is gone; not deleted: 4 deletions at once are more than the limit "
            "of 3\n"
            "hold    y             -        full\n"
            "\n"
            "4 deletions at once are more than the limit of 3, so none is done.\n"
            "\n"
            "1 create, 1 hold, 1 refuse\n");
}

TEST(PlanText, FoldsAReasonOfSeveralLinesIntoOne) {
  Plan plan;
  plan.steps.push_back({.action = Action::kLeaveFailed,
                        .branch = "x",
                        .commit = std::string(40, 'a'),
                        .reason = "unknown key 'rnu': perch.yaml:3:1\n  Write 'run'."});
  EXPECT_EQ(PlanText(plan),
            "leave failed  x  aaaaaaa  unknown key 'rnu': perch.yaml:3:1; Write 'run'.\n\n1 leave failed\n");
}

TEST(PlanText, SaysSoWhenThereIsNothing) { EXPECT_EQ(PlanText({}), "No branches and no environments.\n"); }

TEST(PlanJson, HasEveryField) {
  EXPECT_EQ(
      ToJson(Example()),
      "{\"steps\":[{\"action\":\"create\",\"branch\":\"feature/caf\xc3\xa9\",\"slug\":\"feature-cafe-"
      "3aaaaaaaaaaa\",\"profile\":\"branch\",\"commit\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
      "\"settings_hash\":\"h\",\"generation\":0,\"reason\":\"branch has no environment\",\"position\":null},"
      "{\"action\":\"refuse\",\"branch\":\"x\\n\\u001b[2J\",\"slug\":\"x\",\"profile\":\"branch\",\"commit\":\"\","
      "\"settings_hash\":\"\",\"generation\":3,\"reason\":\"branch is gone; not deleted: 4 deletions at once are "
      "more than the limit of 3\",\"position\":null},"
      "{\"action\":\"hold\",\"branch\":\"y\",\"slug\":\"y\",\"profile\":\"\",\"commit\":\"\",\"settings_hash\":"
      "\"\",\"generation\":0,\"reason\":\"full\",\"position\":1}],"
      "\"refusal\":\"4 deletions at once are more than the limit of 3, so none is done.\"}");
}

}  // namespace
}  // namespace perch::plan
