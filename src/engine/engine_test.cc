#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "engine/testing/engine_fixture.h"

namespace perch::engine {
namespace {

using testing::Commit;
using testing::EngineFixture;
using Lines = std::vector<std::string>;

class EngineTest : public EngineFixture {};

TEST_F(EngineTest, BringsEveryBranchUpAndTellsEachState) {
  source.Push("main", Commit('a'));
  source.Push("x-no-infra", Commit('b'));
  Start();
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready a", "x-no-infra skipped"}));
  EXPECT_EQ(platform.calls(), (Lines{"deploy main aaaaaaa", "deployed main aaaaaaa"}));
  EXPECT_EQ(StatesOf("main"), (Lines{"queued", "building", "testing", "starting", "ready"}));
  const BranchView view = *engine->FindView("main");
  EXPECT_EQ(view.reason, "the link shows aaaaaaa, the newest commit");
  EXPECT_EQ(view.title, "about main");
  EXPECT_EQ(view.author, "Ada");
  EXPECT_EQ(view.commit, Commit('a'));
  EXPECT_EQ(view.generation, 1U);
  EXPECT_EQ(view.url, "http://main.localhost:7878/");
}

TEST_F(EngineTest, APushUpdatesAndADeletionRemoves) {
  source.Push("main", Commit('a'));
  source.Push("feature/x", Commit('a'));
  Start();
  WaitUntilIdle();
  source.Push("main", Commit('b'));
  source.Remove("feature/x");
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready b"}));
  EXPECT_EQ(platform.Environments(), (Lines{"main b"}));
  EXPECT_EQ(StatesOf("feature/x").back(), "gone");
  EXPECT_EQ(engine->FindView("feature-x")->state, State::kGone);
  EXPECT_EQ(TextsOf(Event::Kind::kDeleted), (Lines{"branch is gone"}));
}

TEST_F(EngineTest, AFailedAttemptIsNotRepeatedUntilAPushOrAWord) {
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  platform.FailAt("main", Stage::kTest, {.what = "the tests failed"});
  source.Push("main", Commit('b'));
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main failed a"}));
  EXPECT_EQ(engine->FindView("main")->reason, "the tests failed; push again or redeploy");
  const std::size_t calls = platform.calls().size();
  EXPECT_TRUE(engine->LookNow());
  WaitUntilIdle();
  EXPECT_EQ(platform.calls().size(), calls);
  platform.FailAt("main", Stage::kTest, {.what = "the tests failed"}, 1);
  EXPECT_TRUE(engine->Redeploy("main"));
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main failed a"}));
  EXPECT_TRUE(engine->Redeploy("main"));
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready b"}));
}

TEST_F(EngineTest, AResetMakesTheDataAnewOnce) {
  source.Push("main", Commit('a'));
  source.Push("kept", Commit('a'));
  SetPolicy({.app = "shop", .protect = {"kept"}});
  Start();
  WaitUntilIdle();
  const std::size_t before = platform.calls().size();
  EXPECT_EQ(engine->Reset("kept").error().Text(),
            "cannot reset 'kept': it is protected, and its data would be lost\n"
            "  Take it out of `branches.protect` first, if that is meant.");
  EXPECT_EQ(engine->Reset("mian").error().kind, ErrorKind::kNotFound);
  platform.FailAt("main", Stage::kTest, {.what = "the tests failed"}, 1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(engine->Reset("main"));
    WaitUntilIdle();
  }
  EXPECT_TRUE(engine->Redeploy("main"));
  WaitUntilIdle();
  Lines begun;
  for (const std::string& call : platform.calls()) {
    if (call.starts_with("reset ") || call.starts_with("deploy ")) begun.push_back(call);
  }
  EXPECT_GE(before, 2u);
  EXPECT_EQ(Lines(begun.end() - 3, begun.end()),
            (Lines{"reset main aaaaaaa", "reset main aaaaaaa", "deploy main aaaaaaa"}));
}

TEST_F(EngineTest, AFailureThatCannotBeRecordedIsNotRepeatedEither) {
  platform.ForgetFailures();
  platform.FailAt("main", Stage::kBuild, {.what = "the build failed"});
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main failed"}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(engine->LookNow());
    WaitUntilIdle();
  }
  EXPECT_EQ(platform.calls(), (Lines{"deploy main aaaaaaa", "ended main aaaaaaa: the build failed"}));
  EXPECT_EQ(Say(), (Lines{"main failed"}));
}

TEST_F(EngineTest, WhatIsNotTheBranchsFaultIsTriedAgain) {
  platform.FailAt("main", Stage::kCheckout, {.kind = ErrorKind::kUnavailable, .what = "no space left"}, 3);
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready a"}));
  EXPECT_EQ(platform.calls().size(), 8U);
  EXPECT_EQ(TextsOf(Event::Kind::kNotice), (Lines{"it is tried again soon: no space left"}));
}

TEST_F(EngineTest, ChangedSettingsRebuild) {
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  settings.SetHash("main", "h2");
  engine->Look();
  WaitUntilIdle();
  EXPECT_EQ(platform.calls().size(), 4U);
}

TEST_F(EngineTest, WhatCannotChangeInPlaceIsReplacedOnce) {
  source.Push("main", Commit('a'));
  settings.SetFixed("main", {{"host", "old"}});
  Start();
  WaitUntilIdle();
  settings.SetFixed("main", {{"host", "new"}});
  engine->Look();
  WaitUntilIdle();
  const Lines calls = {"deploy main aaaaaaa", "deployed main aaaaaaa", "replace main aaaaaaa", "deployed main aaaaaaa"};
  EXPECT_EQ(platform.calls(), calls);
  engine->Look();
  WaitUntilIdle();
  EXPECT_EQ(platform.calls(), calls);
  EXPECT_EQ(Say(), (Lines{"main ready a"}));
}

TEST_F(EngineTest, AReplacementThatChangedNothingIsNotRepeated) {
  source.Push("main", Commit('a'));
  platform.Set(Ready("main", Commit('a')));
  platform.Change("main", [](Environment& environment) { environment.fixed = {{"host", "old"}}; });
  platform.ReplaceNothing();
  settings.SetFixed("main", {{"host", "new"}});
  Start();
  WaitUntilIdle();
  for (int i = 0; i < 3; ++i) {
    engine->Look();
    WaitUntilIdle();
  }
  EXPECT_EQ(platform.calls(), (Lines{"replace main aaaaaaa", "deployed main aaaaaaa"}));
  EXPECT_EQ(platform.Find("main")->value().last_attempt->reason,
            "the environment was made again, but still its host changes from old to new");
}

TEST_F(EngineTest, AFailedReplacementIsTriedAgainOnAWord) {
  source.Push("main", Commit('a'));
  platform.Set(Ready("main", Commit('a')));
  platform.Change("main", [](Environment& environment) {
    environment.fixed = {{"host", "old"}};
    environment.settings_hash = "h0";
  });
  settings.SetFixed("main", {{"host", "new"}});
  platform.FailAt("main", Stage::kStart, {.what = "no quota"}, 1);
  Start();
  WaitUntilIdle();
  engine->Look();
  WaitUntilIdle();
  Lines calls = {"replace main aaaaaaa", "ended main aaaaaaa: no quota"};
  EXPECT_EQ(platform.calls(), calls);
  ASSERT_TRUE(engine->Redeploy("main"));
  WaitUntilIdle();
  calls.insert(calls.end(), {"replace main aaaaaaa", "deployed main aaaaaaa"});
  EXPECT_EQ(platform.calls(), calls);
}

TEST_F(EngineTest, AProtectedEnvironmentIsNeitherReplacedNorChanged) {
  source.Push("main", Commit('b'));
  platform.Set(Ready("main", Commit('a')));
  platform.Change("main", [](Environment& environment) { environment.fixed = {{"host", "old"}}; });
  settings.SetFixed("main", {{"host", "new"}});
  SetPolicy({.app = "shop", .protect = {"main"}});
  Start();
  WaitUntilIdle();
  EXPECT_EQ(platform.calls(), Lines{});
  EXPECT_EQ(engine->Redeploy("main").error().kind, ErrorKind::kRefused);
  WaitUntilIdle();
  EXPECT_EQ(platform.calls(), Lines{});
  EXPECT_EQ(engine->FindView("main")->reason,
            "its host changes from old to new, which takes deleting the environment, and 'main' protects it; set the "
            "old value again, or take it out of 'protect' until it is replaced");
}

TEST_F(EngineTest, TooManyReplacementsWaitForASweep) {
  for (const char* name : {"a", "b", "c", "d"}) {
    source.Push(name, Commit('a'));
    settings.SetFixed(name, {{"host", "new"}});
    platform.Set(Ready(name, Commit('a')));
    platform.Change(name, [](Environment& environment) { environment.fixed = {{"host", "old"}}; });
  }
  Start();
  WaitUntilIdle();
  EXPECT_EQ(platform.calls(), Lines{});
  const Result<Plan> plan = engine->Sweep(4, true);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->steps.size(), 4U);
  WaitUntilIdle();
  EXPECT_EQ(platform.calls().size(), 8U);
}

TEST_F(EngineTest, WrongSettingsAreTheBranchsFailureAndWhatServesStays) {
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  settings.Break("main", Error{.kind = ErrorKind::kUsage, .what = "unknown key 'rnu'", .where = "perch.yaml:3:1"});
  source.Push("main", Commit('b'));
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main failed a"}));
  EXPECT_EQ(engine->FindView("main")->reason, "unknown key 'rnu': perch.yaml:3:1");
  settings.Break("main", std::nullopt);
  engine->Look();
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready b"}));
}

TEST_F(EngineTest, UnreadableSettingsTouchNothingAndAreReadAgain) {
  platform.Set(Ready("main", Commit('a')));
  source.Push("main", Commit('b'));
  source.Push("other", Commit('a'));
  settings.Break("main", Error{.kind = ErrorKind::kUnavailable, .what = "git did not answer"});
  Start();
  WaitForState("other", State::kReady);
  EXPECT_FALSE(engine->Idle());
  EXPECT_EQ(Say(), (Lines{"main ready a", "other ready a"}));
  settings.Break("main", std::nullopt);
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready b", "other ready a"}));
}

TEST_F(EngineTest, StopHoldsUntilAPush) {
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  EXPECT_TRUE(engine->StopBranch("main"));
  EXPECT_EQ(engine->FindView("main")->state, State::kStopped);
  EXPECT_TRUE(engine->LookNow());
  WaitUntilIdle();
  EXPECT_EQ(engine->FindView("main")->state, State::kStopped);
  source.Push("main", Commit('b'));
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready b"}));
  EXPECT_TRUE(engine->StopBranch("main"));
  EXPECT_TRUE(engine->Redeploy("main"));
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready b"}));
}

TEST_F(EngineTest, StopWithoutAnEnvironmentIsRefused) {
  source.Push("x-no-infra", Commit('a'));
  Start();
  WaitUntilIdle();
  const Status stopped = engine->StopBranch("x-no-infra");
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(stopped.error().Text(),
            "cannot stop 'x-no-infra': it has no environment\n  A branch that should never have one can be named under "
            "branches.skip in perch.yaml.");
}

TEST_F(EngineTest, UnknownBranchesAreNamedWithTheNearest) {
  source.Push("feature/cart", Commit('a'));
  Start();
  WaitUntilIdle();
  for (const Status& status : {engine->Redeploy("feature/crat"), engine->StopBranch("feature/crat")}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(status.error().Text(), "there is no branch 'feature/crat'\n  did you mean 'feature/cart'?");
  }
}

TEST_F(EngineTest, AWordForAJustPushedBranchIsKept) {
  Start();
  WaitUntilIdle();
  source.MoveSilently("main", Commit('a'));
  EXPECT_TRUE(engine->Redeploy("main"));
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready a"}));
}

TEST_F(EngineTest, SkippedBranchesCannotBeRedeployed) {
  source.Push("x-no-infra", Commit('a'));
  Start();
  WaitUntilIdle();
  const Status status = engine->Redeploy("x-no-infra");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Text(), "cannot deploy 'x-no-infra' now: branches like '*-no-infra' are skipped");
}

TEST_F(EngineTest, HeldBranchesComeUpWhenAPlaceIsFree) {
  SetPolicy({.app = "shop", .max_environments = 1});
  source.Push("a", Commit('a'));
  source.Push("b", Commit('b'));
  source.Push("c", Commit('c'));
  Start();
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"a ready a", "b held", "c held"}));
  EXPECT_EQ(engine->FindView("c")->position, 2);
  source.Remove("a");
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"b ready b", "c held"}));
  EXPECT_EQ(engine->FindView("c")->position, 1);
}

TEST_F(EngineTest, AFailedListingChangesNothingAndIsTriedAgain) {
  platform.Set(Ready("main", Commit('a')));
  platform.Set(Ready("old", Commit('a')));
  source.Push("main", Commit('b'));
  source.FailListing(Error{.kind = ErrorKind::kUnavailable, .what = "git did not answer"});
  Start();
  source.WaitForLists(4);
  EXPECT_EQ(platform.calls(), Lines{});
  ASSERT_TRUE(engine->LastLookError());
  EXPECT_EQ(engine->LastLookError()->Text(), "listing the branches: git did not answer");
  EXPECT_FALSE(engine->Idle());
  const Result<Plan> swept = engine->Sweep(100, true);
  ASSERT_FALSE(swept);
  EXPECT_EQ(swept.error().kind, ErrorKind::kRefused);
  source.FailListing(std::nullopt);
  WaitUntilIdle();
  EXPECT_FALSE(engine->LastLookError());
  EXPECT_EQ(Say(), (Lines{"main ready b"}));
  EXPECT_EQ(TextsOf(Event::Kind::kNotice),
            (Lines{"Nothing is changed for now: listing the branches: git did not answer",
                   "Branches and environments can be listed again."}));
}

TEST_F(EngineTest, AFailedListingOfEnvironmentsChangesNothing) {
  source.Push("main", Commit('a'));
  platform.FailListing(Error{.kind = ErrorKind::kUnavailable, .what = "the folder cannot be read"});
  Start();
  while (!engine->LastLookError()) engine->LookNow().error();
  EXPECT_EQ(engine->LastLookError()->Text(), "listing the environments: the folder cannot be read");
  EXPECT_EQ(platform.calls(), Lines{});
  platform.FailListing(std::nullopt);
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready a"}));
}

TEST_F(EngineTest, AnEmptyListingDeletesNothingWhateverIsAsked) {
  platform.Set(Ready("main", Commit('a')));
  Start();
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready a"}));
  EXPECT_EQ(engine->FindView("main")->reason,
            "branch is gone; not deleted: the list of branches is empty, and an empty list deletes nothing");
  EXPECT_EQ(TextsOf(Event::Kind::kRefused).size(), 1U);
  const Result<Plan> swept = engine->Sweep(100, true);
  ASSERT_FALSE(swept);
  EXPECT_EQ(swept.error().kind, ErrorKind::kRefused);
  WaitUntilIdle();
  EXPECT_EQ(platform.calls(), Lines{});
  EXPECT_EQ(TextsOf(Event::Kind::kRefused).size(), 1U) << "told once";
}

TEST_F(EngineTest, TooManyDeletionsWaitForASweep) {
  source.Push("main", Commit('a'));
  platform.Set(Ready("main", Commit('a')));
  for (const char* name : {"w", "x", "y", "z"}) platform.Set(Ready(name, Commit('a')));
  Start();
  WaitUntilIdle();
  EXPECT_EQ(platform.calls(), Lines{});
  const Result<Plan> preview = engine->Sweep(std::nullopt, false);
  ASSERT_TRUE(preview);
  EXPECT_EQ(preview->steps.size(), 4U);
  EXPECT_EQ(preview->refusal,
            "4 deletions at once are more than the limit of 3, so none is done. If they are right, run: perch sweep "
            "--max-deletes 4");
  platform.Block("w", Stage::kRetire);
  const Result<Plan> swept = engine->Sweep(4, true);
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->refusal, "");
  platform.WaitUntilAt("w", Stage::kRetire);
  EXPECT_TRUE(engine->LookNow());  // what was granted stays granted
  platform.Release("w", Stage::kRetire);
  WaitUntilIdle();
  EXPECT_EQ(platform.Environments(), (Lines{"main a"}));
}

TEST_F(EngineTest, ProtectedEnvironmentsOutliveTheirBranch) {
  SetPolicy({.app = "shop", .protect = {"main"}});
  source.Push("main", Commit('a'));
  source.Push("x", Commit('a'));
  Start();
  WaitUntilIdle();
  source.Remove("main");
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready a", "x ready a"}));
  EXPECT_EQ(engine->FindView("main")->reason, "branch is gone; 'main' protects it");
  EXPECT_EQ(engine->Redeploy("main").error().Text(),
            "the branch 'main' is gone: only its environment is left\n  Push the branch again to get it back.");
}

TEST_F(EngineTest, ARefusedDeletionIsToldOnce) {
  source.Push("main", Commit('a'));
  platform.Set(Ready("main", Commit('a')));
  platform.Set(Ready("old", Commit('a')));
  platform.FailDeletion(Error{.kind = ErrorKind::kRefused, .what = "it lacks perch's mark"});
  Start();
  WaitUntilIdle();
  EXPECT_TRUE(engine->LookNow());
  WaitUntilIdle();
  EXPECT_EQ(TextsOf(Event::Kind::kRefused), (Lines{"branch is gone; not deleted: it lacks perch's mark"}));
  EXPECT_EQ(Say(), (Lines{"main ready a", "old ready a"}));
}

TEST_F(EngineTest, AFailedDeletionIsTriedAgain) {
  source.Push("main", Commit('a'));
  platform.Set(Ready("main", Commit('a')));
  platform.Set(Ready("old", Commit('a')));
  platform.FailDeletion(Error{.what = "the folder is busy"});
  Start();
  WaitForView("old",
              [](const BranchView& view) { return view.reason == "it is tried again soon: the folder is busy"; });
  platform.FailDeletion(std::nullopt);
  WaitUntilIdle();
  EXPECT_EQ(platform.Environments(), (Lines{"main a"}));
}

TEST_F(EngineTest, AnAppThatDiesIsSeen) {
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  platform.Change("main", [](Environment& environment) {
    environment.state = State::kFailed;
    environment.reason = "the app ended with exit code 3";
  });
  WaitForState("main", State::kFailed);
  WaitUntilIdle();
  EXPECT_EQ(engine->FindView("main")->reason, "the app ended with exit code 3; push again or redeploy");
  platform.Change("main", [](Environment& environment) { environment.state = State::kReady; });
  WaitForState("main", State::kReady);
}

TEST_F(EngineTest, ADeploymentThatACrashCutShortIsRepeated) {
  Environment cut = Ready("main", Commit('a'));
  cut.last_attempt = Attempt{.generation = 3, .commit = Commit('b'), .settings_hash = "h1"};
  platform.Set(cut);
  source.Push("main", Commit('b'));
  Start();
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready b"}));
}

TEST_F(EngineTest, WhatIsAlreadyThereIsNoNews) {
  platform.Set(Ready("main", Commit('a')));
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  EXPECT_EQ(StatesOf("main"), Lines{});
  EXPECT_EQ(Say(), (Lines{"main ready a"}));
}

TEST_F(EngineTest, APreviewChangesNothing) {
  Start();
  WaitUntilIdle();
  source.MoveSilently("main", Commit('a'));
  const Result<Plan> plan = engine->Preview();
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->steps.size(), 1U);
  EXPECT_EQ(plan->steps[0].action, Action::kCreate);
  EXPECT_EQ(platform.calls(), Lines{});
  EXPECT_EQ(Say(), Lines{});
}

TEST_F(EngineTest, TheIntervalAloneFindsAPush) {
  Start({.parallel = 1, .interval = std::chrono::milliseconds(5), .first_retry = std::chrono::milliseconds(1)});
  WaitUntilIdle();
  source.MoveSilently("main", Commit('a'));
  WaitForState("main", State::kReady);
}

}  // namespace
}  // namespace perch::engine
