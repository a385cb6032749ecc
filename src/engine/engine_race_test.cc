#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/testing/engine_fixture.h"

namespace perch::engine {
namespace {

using testing::Commit;
using testing::EngineFixture;
using Lines = std::vector<std::string>;

class EngineRaceTest : public EngineFixture {};

TEST_F(EngineRaceTest, APushDuringADeploymentOvertakesIt) {
  platform.Block("main", Stage::kTest);
  source.Push("main", Commit('a'));
  Start();
  platform.WaitUntilAt("main", Stage::kTest);
  source.Push("main", Commit('b'));
  WaitForView("main", [](const BranchView& view) { return view.commit == Commit('b'); });
  platform.Release("main", Stage::kTest);
  WaitUntilIdle();
  EXPECT_EQ(platform.calls(), (Lines{"deploy main aaaaaaa", "ended main aaaaaaa: cancelled", "deploy main bbbbbbb",
                                     "deployed main bbbbbbb"}));
  EXPECT_EQ(Say(), (Lines{"main ready b"}));
}

TEST_F(EngineRaceTest, APushSeenByALookThatBeganBeforeTheDeploymentEndedIsNotLost) {
  platform.Block("main", Stage::kSwitch);
  source.Push("main", Commit('a'));
  Start();
  platform.WaitUntilAt("main", Stage::kSwitch);
  source.HangListing(true);
  engine->Look();
  source.WaitUntilHanging();  // environments are listed, branches are not
  platform.Release("main", Stage::kSwitch);
  WaitForView("main", [](const BranchView& view) { return view.last_attempt.has_value(); });
  source.MoveSilently("main", Commit('b'));
  source.HangListing(false);
  WaitUntilIdle();
  EXPECT_EQ(Say(), (Lines{"main ready b"}));
}

TEST_F(EngineRaceTest, QuickPushesBuildTheLast) {
  platform.Block("main", Stage::kBuild);
  source.Push("main", Commit('a'));
  Start();
  platform.WaitUntilAt("main", Stage::kBuild);
  source.Push("main", Commit('b'));
  source.Push("main", Commit('c'));
  source.Push("main", Commit('d'));
  WaitForView("main", [](const BranchView& view) { return view.commit == Commit('d'); });
  platform.Release("main", Stage::kBuild);
  WaitUntilIdle();
  EXPECT_EQ(platform.Environments(), (Lines{"main d"}));
  EXPECT_EQ(platform.calls().back(), "deployed main ddddddd");
}

TEST_F(EngineRaceTest, APushRightBeforeTheSwitchIsNoticedByTheLastQuestion) {
  source.Push("main", Commit('a'));
  bool moved = false;
  platform.BeforeSwitch([&] {
    if (!std::exchange(moved, true)) source.MoveSilently("main", Commit('b'));
  });
  Start();
  WaitUntilIdle();
  EXPECT_EQ(platform.calls(), (Lines{"deploy main aaaaaaa", "ended main aaaaaaa: 'main' has moved on",
                                     "deploy main bbbbbbb", "deployed main bbbbbbb"}));
}

TEST_F(EngineRaceTest, ABranchDeletedDuringItsDeploymentGoes) {
  source.Push("other", Commit('a'));
  platform.Block("main", Stage::kBuild);
  source.Push("main", Commit('a'));
  Start();
  platform.WaitUntilAt("main", Stage::kBuild);
  source.Remove("main");
  WaitUntilIdle();
  EXPECT_EQ(platform.Environments(), (Lines{"other a"}));
  EXPECT_EQ(Say(), (Lines{"other ready a"}));
  EXPECT_THAT(platform.calls(), ::testing::IsSupersetOf({"ended main aaaaaaa: cancelled", "deleted main"}));
}

TEST_F(EngineRaceTest, ABranchPushedAgainWhileItsEnvironmentIsDeletedGetsANewOne) {
  source.Push("other", Commit('a'));
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  platform.Block("main", Stage::kRetire);
  source.Remove("main");
  platform.WaitUntilAt("main", Stage::kRetire);
  const int lists = source.lists();
  source.Push("main", Commit('b'));
  source.WaitForLists(lists + 1);
  platform.Release("main", Stage::kRetire);
  WaitUntilIdle();
  EXPECT_EQ(platform.Environments(), (Lines{"main b", "other a"}));
  EXPECT_EQ(Say(), (Lines{"main ready b", "other ready a"}));
  EXPECT_EQ(engine->FindView("main")->generation, 1U);
}

TEST_F(EngineRaceTest, ABranchThatCameBackBeforeItsDeletionBeganIsKept) {
  source.Push("main", Commit('a'));
  for (const char* name : {"x", "y"}) source.Push(name, Commit('a'));
  Start({.parallel = 1, .first_retry = std::chrono::milliseconds(1)});
  WaitUntilIdle();
  platform.Block("main", Stage::kBuild);
  source.Push("main", Commit('b'));  // keeps the only worker busy
  platform.WaitUntilAt("main", Stage::kBuild);
  source.Remove("x");
  WaitForState("x", State::kDeleting);
  source.MoveSilently("x", Commit('a'));
  platform.Release("main", Stage::kBuild);
  WaitUntilIdle();
  EXPECT_EQ(platform.Environments(), (Lines{"main b", "x a", "y a"}));
}

TEST_F(EngineRaceTest, AnErrorWhenTheBranchIsLookedUpOnceMoreIsNoDeletion) {
  source.Push("main", Commit('a'));
  source.Push("x", Commit('a'));
  Start();
  WaitUntilIdle();
  source.FailFind(Error{.kind = ErrorKind::kUnavailable, .what = "git did not answer"});
  source.Remove("x");
  WaitForView("x", [](const BranchView& view) {
    return view.reason == "it is tried again soon: reading the branch 'x': git did not answer";
  });
  EXPECT_EQ(platform.Environments(), (Lines{"main a", "x a"}));
  source.FailFind(std::nullopt);
  WaitUntilIdle();
  EXPECT_EQ(platform.Environments(), (Lines{"main a"}));
}

TEST_F(EngineRaceTest, AnotherGenerationMeansLookAgain) {
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  bool changed = false;
  platform.BeforeSwitch([&] {  // somebody else's attempt at the same environment
    if (!std::exchange(changed, true)) platform.Set(Ready("main", Commit('c'), 99));
  });
  source.Push("main", Commit('b'));
  WaitUntilIdle();
  EXPECT_EQ(platform.calls(),
            (Lines{"deploy main aaaaaaa", "deployed main aaaaaaa", "deploy main bbbbbbb",
                   "ended main bbbbbbb: another generation", "deploy main bbbbbbb", "deployed main bbbbbbb"}));
  EXPECT_EQ(engine->FindView("main")->generation, 100U);
}

TEST_F(EngineRaceTest, ALateDeploymentDoesNotBringADeletedEnvironmentBack) {
  source.Push("other", Commit('a'));
  source.Push("main", Commit('a'));
  bool deleted = false;
  platform.BeforeSwitch([&] {  // the branch went, and somebody else's sweep has been there
    if (std::exchange(deleted, true)) return;
    source.RemoveSilently("main");
    platform.Erase("main");
  });
  Start({.parallel = 1, .first_retry = std::chrono::milliseconds(1)});
  WaitUntilIdle();
  EXPECT_EQ(platform.Environments(), (Lines{"other a"}));
  EXPECT_EQ(Say(), (Lines{"other ready a"}));
}

TEST_F(EngineRaceTest, AStopEndsARunningDeployment) {
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  platform.Block("main", Stage::kTest);
  source.Push("main", Commit('b'));
  platform.WaitUntilAt("main", Stage::kTest);
  EXPECT_TRUE(engine->StopBranch("main"));
  EXPECT_EQ(engine->FindView("main")->state, State::kStopped);
  platform.Release("main", Stage::kTest);
  WaitUntilIdle();
  EXPECT_EQ(engine->FindView("main")->state, State::kStopped);
  EXPECT_EQ(platform.calls().back(), "stop main");
}

TEST_F(EngineRaceTest, TheOldReleaseIsShownWhileTheNewOneIsBuilt) {
  source.Push("main", Commit('a'));
  Start();
  WaitUntilIdle();
  platform.Block("main", Stage::kTest);
  source.Push("main", Commit('b'));
  WaitForState("main", State::kTesting);
  const BranchView view = *engine->FindView("main");
  EXPECT_EQ(view.serving_commit, Commit('a'));
  EXPECT_EQ(view.commit, Commit('b'));
  EXPECT_EQ(view.stage, Stage::kTest);
  EXPECT_EQ(view.reason, "main is at bbbbbbb, the link shows aaaaaaa");
  platform.Release("main", Stage::kTest);
  platform.Block("main", Stage::kSwitch);
  WaitForState("main", State::kReady);
  EXPECT_EQ(engine->FindView("main")->serving_commit, Commit('b')) << "the switch is seen at once";
  platform.Release("main", Stage::kSwitch);
  WaitUntilIdle();
}

TEST_F(EngineRaceTest, AHangingListingEndsWithShutdown) {
  source.HangListing(true);
  Start();
  source.WaitUntilHanging();
  EXPECT_FALSE(engine->Idle());
  engine->Shutdown();
  EXPECT_EQ(platform.calls(), Lines{});
}

TEST_F(EngineRaceTest, ShutdownEndsRunningWorkAndAnswersWhoWaits) {
  platform.Block("main", Stage::kBuild);
  platform.Block("x", Stage::kRetire);
  source.Push("main", Commit('a'));
  Start();
  platform.WaitUntilAt("main", Stage::kBuild);
  engine->Shutdown();
  EXPECT_EQ(platform.calls(), (Lines{"deploy main aaaaaaa", "ended main aaaaaaa: cancelled"}));
  const Status stopped = engine->StopBranch("main");
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
}

TEST_F(EngineRaceTest, ManyRequestsDuringALookMakeOneMore) {
  source.HangListing(true);
  Start();
  source.WaitUntilHanging();
  for (int i = 0; i < 100; ++i) engine->Look();
  source.HangListing(false);
  WaitUntilIdle();
  EXPECT_EQ(source.lists(), 2);
}

TEST_F(EngineRaceTest, NeverMoreAtOnceThanAllowed) {
  for (int i = 0; i < 40; ++i) source.MoveSilently("b" + std::to_string(i), Commit('a'));
  Start({.parallel = 2, .first_retry = std::chrono::milliseconds(1)});
  WaitUntilIdle();
  EXPECT_EQ(platform.Environments().size(), 40U);
  EXPECT_LE(platform.most_at_once(), 2);
}

TEST_F(EngineRaceTest, OneBranchThatIsStuckHoldsUpNoOther) {
  source.MoveSilently("a", Commit('a'));
  source.MoveSilently("b", Commit('a'));
  platform.Block("a", Stage::kBuild);
  Start();
  WaitForState("b", State::kReady);
  platform.Release("a", Stage::kBuild);
  WaitUntilIdle();
}

TEST_F(EngineRaceTest, AnEmptyListingDoesNotEndARunningDeployment) {
  platform.Block("main", Stage::kBuild);
  source.Push("main", Commit('a'));
  Start();
  platform.WaitUntilAt("main", Stage::kBuild);
  source.RemoveSilently("main");
  EXPECT_TRUE(engine->LookNow());
  source.MoveSilently("main", Commit('a'));
  platform.Release("main", Stage::kBuild);
  WaitUntilIdle();
  EXPECT_EQ(platform.calls(), (Lines{"deploy main aaaaaaa", "deployed main aaaaaaa"}));
}

/// Random pushes, deletions, words and faults from two threads; then all settles where the git host says.
TEST_F(EngineRaceTest, AnyStormSettlesOnTheTruth) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    source.MoveSilently("anchor", Commit('a'));
    Start({.parallel = 3, .interval = std::chrono::milliseconds(3), .first_retry = std::chrono::milliseconds(1)});
    const auto storm = [&](unsigned thread_seed) {
      std::mt19937 random(thread_seed);
      for (int i = 0; i < 150; ++i) {
        const std::string branch = "b" + std::to_string(random() % 3);
        switch (random() % 8) {
          case 0:
          case 1:
          case 2:
            source.Push(branch, Commit(static_cast<char>('a' + random() % 20)));
            break;
          case 3:
            source.Remove(branch);
            break;
          case 4:
            (void)engine->Redeploy(branch);
            break;
          case 5:
            platform.FailAt(branch, Stage::kHealth, {.kind = ErrorKind::kUnavailable, .what = "busy"}, 1);
            break;
          case 6:
            source.FailListing(Error{.kind = ErrorKind::kUnavailable, .what = "no answer"});
            std::this_thread::yield();
            source.FailListing(std::nullopt);
            break;
          default:
            (void)engine->LookNow();
        }
      }
    };
    std::thread other(storm, seed * 1000);
    storm(seed);
    other.join();
    source.FailListing(std::nullopt);
    Lines wanted = {"anchor a"};
    const BranchList list = *source.List({});
    wanted.clear();
    for (const Branch& branch : list.branches) wanted.push_back(branch.name + " " + branch.commit.substr(0, 1));
    engine->Look();
    WaitUntilIdle();
    EXPECT_EQ(platform.Environments(), wanted);
    EXPECT_FALSE(platform.two_on_one_branch());
    engine->Shutdown();
    engine.reset();
  }
}

}  // namespace
}  // namespace perch::engine
