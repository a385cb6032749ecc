#include "plan/planner.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "model/names.h"

namespace perch::plan {
namespace {

const std::string kOld(40, 'a');
const std::string kNew(40, 'b');

Time At(int seconds) { return Time(std::chrono::seconds(seconds)); }

WantedBranch Wanted(std::string name, std::string commit = kNew, std::string hash = "h1") {
  return {.branch = {.name = std::move(name), .commit = std::move(commit)}, .profile = "branch", .settings_hash = hash};
}

Environment Existing(std::string branch) {
  Environment environment;
  environment.app = "shop";
  environment.slug = SlugFor(branch);
  environment.branch = std::move(branch);
  environment.owner_mark = kOwnerMark;
  environment.profile = "branch";
  environment.generation = 7;
  environment.state = State::kReady;
  environment.settings_hash = "h1";
  return environment;
}

Environment Serving(std::string branch, const std::string& commit = kNew) {
  Environment environment = Existing(std::move(branch));
  environment.serving_commit = commit;
  environment.last_attempt =
      Attempt{.generation = 7, .commit = commit, .settings_hash = "h1", .result = Attempt::Result::kSucceeded};
  return environment;
}

Environment WithAttempt(Environment environment, const std::string& commit, Attempt::Result result,
                        std::string reason = "") {
  environment.last_attempt =
      Attempt{.generation = 7, .commit = commit, .settings_hash = "h1", .result = result, .reason = std::move(reason)};
  return environment;
}

struct World {
  std::vector<WantedBranch> branches;
  std::vector<Environment> environments;
  std::vector<std::string> asked;
  std::vector<std::string> working;
  std::vector<std::string> granted;
  Policy policy{.app = "shop"};

  Plan Make() const {
    return MakePlan({.branches = branches,
                     .environments = environments,
                     .asked = asked,
                     .working = working,
                     .granted = granted,
                     .policy = policy,
                     .now = At(0)});
  }
};

/// "action branch: reason" for each step.
std::vector<std::string> Say(const Plan& plan) {
  std::vector<std::string> lines;
  for (const Step& step : plan.steps) {
    lines.push_back(std::string(ActionName(step.action)) + " " + step.branch + ": " + step.reason);
  }
  return lines;
}
using Lines = std::vector<std::string>;

TEST(Planner, CreatesWhatIsMissing) {
  const World world{.branches = {Wanted("feature/cart")}};
  const Plan plan = world.Make();
  ASSERT_EQ(Say(plan), (Lines{"create feature/cart: branch has no environment"}));
  EXPECT_EQ(plan.steps[0].slug, "feature-cart");
  EXPECT_EQ(plan.steps[0].profile, "branch");
  EXPECT_EQ(plan.steps[0].commit, kNew);
  EXPECT_EQ(plan.steps[0].settings_hash, "h1");
  EXPECT_EQ(plan.steps[0].generation, 0U);
}

TEST(Planner, UpdatesToANewCommitWithTheGenerationSeen) {
  const World world{.branches = {Wanted("main")}, .environments = {Serving("main", kOld)}};
  const Plan plan = world.Make();
  EXPECT_EQ(Say(plan), (Lines{"update main: main is at bbbbbbb, the link shows aaaaaaa"}));
  EXPECT_EQ(plan.steps[0].generation, 7U);
}

TEST(Planner, KeepsWhatServesTheHead) {
  const World world{.branches = {Wanted("main")}, .environments = {Serving("main")}};
  EXPECT_EQ(Say(world.Make()), (Lines{"keep main: the link shows bbbbbbb, the newest commit"}));
}

TEST(Planner, RebuildsWhenTheSettingsChanged) {
  const World world{.branches = {Wanted("main", kNew, "h2")}, .environments = {Serving("main")}};
  EXPECT_EQ(Say(world.Make()), (Lines{"rebuild main: the settings of bbbbbbb changed"}));
}

World WithHosts(const std::string& made, const std::string& wanted) {
  World world{.branches = {Wanted("x", kNew, "h2")}, .environments = {Serving("x")}};
  world.environments[0].fixed = {{"host", made}, {"only then", "1"}};
  world.branches[0].fixed = {{"host", wanted}, {"only now", "2"}};
  return world;
}

TEST(Planner, ReplacesWhatCannotChangeInPlace) {
  World world = WithHosts("a.example.com", "b.example.com");
  const Plan plan = world.Make();
  EXPECT_EQ(Say(plan), (Lines{"replace x: its host changes from a.example.com to b.example.com: the environment is "
                              "deleted and made again, its data too"}));
  EXPECT_EQ(plan.steps[0].commit, kNew);
  EXPECT_EQ(plan.steps[0].settings_hash, "h2");
  EXPECT_EQ(plan.steps[0].generation, 7U);
  world.branches[0].settings_hash = "h1";
  EXPECT_EQ(world.Make().steps[0].action, Action::kReplace) << "it may change without a change of the settings";
  world.environments[0].fixed["zone"] = "1";
  world.branches[0].fixed["zone"] = "2";
  EXPECT_EQ(Say(world.Make()), (Lines{"replace x: its host changes from a.example.com to b.example.com, its zone "
                                      "changes from 1 to 2: the environment is deleted and made again, its data too"}));
}

TEST(Planner, ReplacesNothingWhenBothAgreeOrOneDoesNotKnow) {
  World world = WithHosts("a.example.com", "a.example.com");
  EXPECT_EQ(world.Make().steps[0].action, Action::kRebuild);
  world.branches[0].fixed = {{"host", "b.example.com"}};
  world.environments[0].fixed.clear();
  EXPECT_EQ(world.Make().steps[0].action, Action::kRebuild);
}

TEST(Planner, RefusesToReplaceWhatIsProtected) {
  World world = WithHosts("a.example.com", "b.example.com");
  world.policy.protect = {"x*"};
  EXPECT_EQ(
      Say(world.Make()),
      (Lines{"refuse x: its host changes from a.example.com to b.example.com, which takes deleting the "
             "environment, and 'x*' protects it; set the old value again, or take it out of 'protect' until it is "
             "replaced"}));
  world.asked = {"x"};
  EXPECT_EQ(world.Make().steps[0].action, Action::kRefuse);
}

TEST(Planner, AReplacementThatFailedIsNotRepeatedWithoutAWord) {
  World world = WithHosts("a.example.com", "b.example.com");
  world.environments[0].last_attempt = Attempt{
      .generation = 7, .commit = kNew, .settings_hash = "h2", .result = Attempt::Result::kFailed, .reason = "no quota"};
  EXPECT_EQ(Say(world.Make()), (Lines{"leave failed x: no quota; push again or redeploy"}));
  world.asked = {"x"};
  EXPECT_EQ(world.Make().steps[0].action, Action::kReplace);
}

TEST(Planner, AReplacementThatGoesOnIsNotDisturbed) {
  World world = WithHosts("a.example.com", "b.example.com");
  world.environments[0].deleting = true;
  world.working = {"x"};
  EXPECT_EQ(Say(world.Make()), (Lines{"keep x: it is being deleted and made again now"}));
  world.working.clear();
  EXPECT_EQ(world.Make().steps[0].action, Action::kDelete) << "a crash cut it short: its first half is finished";
  world.working = {"x"};
  world.branches = {Wanted("main")};
  EXPECT_EQ(world.Make().steps[1].action, Action::kDelete) << "the branch went meanwhile";
}

TEST(Planner, WhatAPersonStoppedIsNotReplaced) {
  World world = WithHosts("a.example.com", "b.example.com");
  world.environments[0].stopped = true;
  world.environments[0].stopped_commit = kNew;
  world.environments[0].stopped_settings_hash = "h2";
  EXPECT_EQ(world.Make().steps[0].action, Action::kLeaveStopped);
}

TEST(Planner, ReplacementsCountAsDeletions) {
  World world{.branches = {Wanted("main")}, .environments = {Serving("gone")}};
  for (const char* name : {"a", "b", "c"}) {
    world.branches.push_back(Wanted(name));
    world.branches.back().fixed = {{"host", "new"}};
    world.environments.push_back(Serving(name));
    world.environments.back().fixed = {{"host", "old"}};
  }
  const Plan plan = world.Make();
  EXPECT_EQ(plan.refusal,
            "4 deletions and replacements at once are more than the limit of 3, so none is done. If they are right, "
            "run: perch sweep --max-deletes 4");
  EXPECT_EQ(Say(plan)[0],
            "refuse a: its host changes from old to new: the environment is deleted and made again, its data too; not "
            "replaced: 4 deletions and replacements at once are more than the limit of 3");
  EXPECT_EQ(Say(plan)[3],
            "refuse gone: branch is gone; not deleted: 4 deletions and replacements at once are more than the limit of "
            "3");
  world.granted = {"a"};
  EXPECT_EQ(world.Make().refusal, "");
  world.granted.clear();
  world.policy.max_deletes = 4;
  EXPECT_EQ(world.Make().steps[0].action, Action::kReplace);
}

TEST(Planner, AHintStaysBelowWhatFailed) {
  EXPECT_EQ(LeftFailed("the link does not answer\n  Look at its log."),
            "the link does not answer; push again or redeploy\n  Look at its log.");
}

TEST(Planner, LeavesAFailedAttemptAloneUntilSomethingChanges) {
  World world{.branches = {Wanted("main")},
              .environments = {WithAttempt(Serving("main", kOld), kNew, Attempt::Result::kFailed, "the tests failed")}};
  EXPECT_EQ(Say(world.Make()), (Lines{"leave failed main: the tests failed; push again or redeploy"}));
  world.asked = {"main"};
  EXPECT_EQ(Say(world.Make()), (Lines{"retry main: a person asked to deploy bbbbbbb again"}));
  world.asked.clear();
  world.branches[0].settings_hash = "h2";
  EXPECT_EQ(Say(world.Make()), (Lines{"rebuild main: the settings of bbbbbbb changed"}));
  world.branches[0] = Wanted("main", std::string(40, 'c'));
  EXPECT_EQ(Say(world.Make()), (Lines{"update main: main is at ccccccc, the link shows aaaaaaa"}));
  world.branches[0] = Wanted("main", kOld);
  EXPECT_EQ(Say(world.Make()), (Lines{"keep main: the link shows aaaaaaa, the newest commit"}));
}

TEST(Planner, UpdatesWhatNeverCameUp) {
  World world{.branches = {Wanted("main")},
              .environments = {WithAttempt(Existing("main"), kOld, Attempt::Result::kFailed)}};
  EXPECT_EQ(Say(world.Make()), (Lines{"update main: bbbbbbb was pushed after aaaaaaa did not come up"}));
  world.environments = {Existing("main")};
  EXPECT_EQ(Say(world.Make()), (Lines{"retry main: nothing runs yet at bbbbbbb"}));
}

TEST(Planner, RetriesWhatACrashCutShort) {
  for (const Attempt::Result result : {Attempt::Result::kRunning, Attempt::Result::kInterrupted}) {
    const World world{.branches = {Wanted("main")}, .environments = {WithAttempt(Serving("main", kOld), kNew, result)}};
    EXPECT_EQ(Say(world.Make()), (Lines{"retry main: the last try to deploy bbbbbbb was cut short"}));
  }
}

TEST(Planner, LetsARunningDeploymentRun) {
  const World world{.branches = {Wanted("main")},
                    .environments = {WithAttempt(Serving("main", kOld), kNew, Attempt::Result::kRunning)},
                    .working = {"main"}};
  EXPECT_EQ(Say(world.Make()), (Lines{"keep main: bbbbbbb is being deployed now"}));
}

TEST(Planner, ReportsAnAppThatEnded) {
  World world{.branches = {Wanted("main")}, .environments = {Serving("main")}};
  world.environments[0].state = State::kFailed;
  world.environments[0].reason = "the app ended with exit code 3 five times";
  EXPECT_EQ(Say(world.Make()),
            (Lines{"leave failed main: the app ended with exit code 3 five times; push again or redeploy"}));
}

TEST(Planner, LeavesStoppedUntilAPushOrChangedSettingsOrAWord) {
  World world{.branches = {Wanted("main")}, .environments = {Serving("main")}};
  world.environments[0].stopped = true;
  world.environments[0].stopped_commit = kNew;
  world.environments[0].stopped_settings_hash = "h1";
  EXPECT_EQ(Say(world.Make()),
            (Lines{"leave stopped main: a person stopped it; a push or a redeploy starts it again"}));
  world.asked = {"main"};
  EXPECT_EQ(Say(world.Make()), (Lines{"retry main: a person asked to deploy bbbbbbb again"}));
  world.asked.clear();
  world.branches[0].settings_hash = "h2";
  EXPECT_EQ(Say(world.Make()), (Lines{"rebuild main: the settings of bbbbbbb changed"}));
  world.branches[0] = Wanted("main", kOld);
  EXPECT_EQ(Say(world.Make()), (Lines{"update main: aaaaaaa was pushed after it was stopped"}));
}

TEST(Planner, SkipsByPatternAndDeletesWhatIsSkippedNow) {
  World world{.branches = {Wanted("main"), Wanted("docs-no-infra")}, .environments = {Serving("main")}};
  EXPECT_EQ(Say(world.Make()), (Lines{"skip docs-no-infra: branches like '*-no-infra' are skipped",
                                      "keep main: the link shows bbbbbbb, the newest commit"}));
  world.environments.push_back(Serving("docs-no-infra"));
  EXPECT_EQ(Say(world.Make()), (Lines{"delete docs-no-infra: branches like '*-no-infra' are skipped",
                                      "keep main: the link shows bbbbbbb, the newest commit"}));
}

TEST(Planner, DeletesWhatHasNoBranchUnlessItIsProtected) {
  World world{.branches = {Wanted("other")}, .environments = {Serving("main"), Serving("feature/x"), Serving("other")}};
  world.policy.protect = {"main", "release/*"};
  const Plan plan = world.Make();
  EXPECT_EQ(Say(plan), (Lines{"delete feature/x: branch is gone", "protect main: branch is gone; 'main' protects it",
                              "keep other: the link shows bbbbbbb, the newest commit"}));
  EXPECT_EQ(plan.steps[0].commit, "");
  EXPECT_EQ(plan.steps[0].generation, 7U);
}

TEST(Planner, NeverTouchesWhatIsNotOurs) {
  World world{.branches = {Wanted("main")}, .environments = {Serving("a"), Serving("b"), Serving("main")}};
  world.environments[0].owner_mark = "someone";
  world.environments[1].app = "other";
  EXPECT_EQ(Say(world.Make()), (Lines{"keep main: the link shows bbbbbbb, the newest commit"}));
}

TEST(Planner, FinishesADeletionBeforeTheBranchGetsANewEnvironment) {
  World world{.branches = {Wanted("x")}, .environments = {Serving("x"), Serving("y")}};
  world.environments[0].deleting = world.environments[1].deleting = true;
  EXPECT_EQ(Say(world.Make()), (Lines{"delete x: its deletion began before the branch came back, and is finished first",
                                      "delete y: branch is gone; its deletion began and is finished now"}));
}

TEST(Planner, AnEmptyListingDeletesNothingWhateverTheLimit) {
  World world{.environments = {Serving("a"), Serving("b")}};
  world.policy.max_deletes = 100;
  world.environments[1].deleting = true;
  world.granted = {"a"};
  const Plan plan = world.Make();
  EXPECT_EQ(Say(plan),
            (Lines{"refuse a: branch is gone; not deleted: the list of branches is empty, and an empty list deletes "
                   "nothing",
                   "refuse b: branch is gone; its deletion began and is finished now; not deleted: the list of "
                   "branches is empty, and an empty list deletes nothing"}));
  EXPECT_EQ(plan.refusal,
            "the list of branches is empty, and an empty list deletes nothing. If the repository really has no "
            "branches, there is nothing to do; otherwise check that perch looks at the right repository.");
}

TEST(Planner, MoreDeletionsThanTheLimitAreAllRefused) {
  World world{.branches = {Wanted("main")}, .environments = {Serving("main")}};
  for (const char* name : {"a", "b", "c", "d"}) world.environments.push_back(Serving(name));
  Plan plan = world.Make();
  EXPECT_EQ(plan.steps[0].action, Action::kRefuse);
  EXPECT_EQ(plan.steps[0].reason, "branch is gone; not deleted: 4 deletions at once are more than the limit of 3");
  EXPECT_EQ(plan.refusal,
            "4 deletions at once are more than the limit of 3, so none is done. If they are right, run: perch sweep "
            "--max-deletes 4");
  world.policy.max_deletes = 4;
  plan = world.Make();
  EXPECT_EQ(plan.refusal, "");
  EXPECT_EQ(plan.steps[0].action, Action::kDelete);
}

TEST(Planner, DeletionsThatBeganOrWereGrantedDoNotCountAnew) {
  World world{.branches = {Wanted("main")}};
  for (const char* name : {"a", "b", "c", "d", "e"}) world.environments.push_back(Serving(name));
  world.environments[0].deleting = true;
  world.granted = {"b"};
  EXPECT_EQ(world.Make().refusal, "");
  world.granted.clear();
  const Plan plan = world.Make();
  EXPECT_EQ(plan.steps[0].action, Action::kDelete) << "it began before";
  EXPECT_EQ(plan.steps[1].action, Action::kRefuse);
}

TEST(Planner, TheLimitIsHalfOfTheUnprotectedBetweenThreeAndTen) {
  EXPECT_EQ(DeleteLimit(0), 3);
  EXPECT_EQ(DeleteLimit(7), 3);
  EXPECT_EQ(DeleteLimit(8), 4);
  EXPECT_EQ(DeleteLimit(20), 10);
  EXPECT_EQ(DeleteLimit(1000), 10);
}

TEST(Planner, HoldsTheNewestWhenTheLimitIsReached) {
  World world{.branches = {Wanted("a"), Wanted("b"), Wanted("c"), Wanted("main")}, .environments = {Serving("main")}};
  world.branches[0].branch.committed_at = At(30);
  world.branches[1].branch.committed_at = At(10);
  world.branches[2].branch.committed_at = At(30);
  world.policy.max_environments = 2;
  const Plan plan = world.Make();
  EXPECT_EQ(Say(plan), (Lines{"hold a: the limit of 2 environments is reached; place 1 in the queue",
                              "create b: branch has no environment",
                              "hold c: the limit of 2 environments is reached; place 2 in the queue",
                              "keep main: the link shows bbbbbbb, the newest commit"}));
  EXPECT_EQ(plan.steps[2].position, 2);
}

TEST(Planner, AnEnvironmentBeingDeletedKeepsItsPlaceUntilItIsGone) {
  World world{.branches = {Wanted("a")}, .environments = {Serving("b")}};
  world.policy.max_environments = 1;
  EXPECT_EQ(Say(world.Make()),
            (Lines{"hold a: the limit of 1 environment is reached; place 1 in the queue", "delete b: branch is gone"}));
}

TEST(Planner, ASettingsProblemLeavesWhatServesAlone) {
  World world{.branches = {Wanted("a", kNew, ""), Wanted("b", kNew, "")}, .environments = {Serving("b", kOld)}};
  for (WantedBranch& wanted : world.branches) wanted.problem = "perch.yaml:3:1: unknown key 'rnu'";
  EXPECT_EQ(Say(world.Make()), (Lines{"leave failed a: perch.yaml:3:1: unknown key 'rnu'",
                                      "leave failed b: perch.yaml:3:1: unknown key 'rnu'"}));
}

TEST(Planner, UnreadableSettingsTouchNothing) {
  World world{.branches = {Wanted("a", kNew, "")}, .environments = {Serving("a", kOld)}};
  world.branches[0].unavailable = "git did not answer";
  EXPECT_EQ(Say(world.Make()), (Lines{"refuse a: its settings cannot be read now: git did not answer"}));
}

TEST(Planner, TwoBranchesWithOneAddressAreBothRefused) {
  World world{.branches = {Wanted("a"), Wanted("b")}, .environments = {Serving("b", kOld)}};
  world.environments[0].slug = "a";
  EXPECT_EQ(Say(world.Make()), (Lines{"refuse a: it has the same address ('a') as 'b'; rename one of the branches",
                                      "refuse b: it has the same address ('a') as 'a'; rename one of the branches"}));
}

TEST(Planner, AnAddressIsFreedBeforeItIsGivenAgain) {
  World world{.branches = {Wanted("a")}, .environments = {Serving("b", kOld)}};
  world.environments[0].slug = "a";
  EXPECT_EQ(Say(world.Make()), (Lines{"refuse a: it has the same address ('a') as 'b'; rename one of the branches",
                                      "delete b: branch is gone"}));
}

TEST(Planner, NamesListedTwiceAreRefused) {
  World world{.branches = {Wanted("a"), Wanted("a", kOld)}, .environments = {Serving("b"), Serving("b")}};
  EXPECT_EQ(Say(world.Make()), (Lines{"refuse a: it is listed twice; nothing is done until that is cleared up",
                                      "refuse b: it is listed twice; nothing is done until that is cleared up"}));
}

TEST(Planner, ProtectionStopsEvenADeletionThatBegan) {
  World world{.branches = {Wanted("x")}, .environments = {Serving("main"), Serving("x")}};
  world.policy.protect = {"main", "x"};
  world.environments[0].deleting = world.environments[1].deleting = true;
  for (const Step& step : world.Make().steps) EXPECT_EQ(step.action, Action::kProtect) << step.branch;
}

}  // namespace
}  // namespace perch::plan
