#include "web/words.h"

#include <gtest/gtest.h>

namespace perch::web {
namespace {

const Time kNow = *ParseTime("2026-11-22T12:00:00Z");

engine::BranchView In(State state, bool serving) {
  engine::BranchView view{.state = state, .commit = "new"};
  if (serving) view.serving_commit = "old";
  return view;
}

TEST(Words, SayWhatTheLinkShows) {
  const Time then = kNow - std::chrono::hours(2);
  engine::BranchView testing = In(State::kTesting, true);
  testing.stage = Stage::kTest;
  engine::BranchView failed = In(State::kFailed, true);
  failed.last_attempt = Attempt{.stage = Stage::kTest};
  engine::BranchView first = In(State::kFailed, false);
  first.last_attempt = Attempt{.stage = Stage::kHealth};
  engine::BranchView held = In(State::kHeld, false);
  held.position = 3;
  engine::BranchView ready = In(State::kReady, true);
  ready.serving_commit = ready.commit;

  EXPECT_EQ(Headline(testing, then, kNow),
            "Running the tests — until then the link shows the version from 2 hours ago.");
  EXPECT_EQ(Headline(failed, then, kNow), "Tests failed — the link still shows the version from 2 hours ago.");
  EXPECT_EQ(Headline(failed, kNow, kNow), "Tests failed — the link still shows the version from a moment ago.");
  EXPECT_EQ(Headline(failed, std::nullopt, kNow), "Tests failed — the link still shows an earlier version.");
  EXPECT_EQ(Headline(first, std::nullopt, kNow),
            "The app started but does not answer as it should. There is no earlier version to show.");
  EXPECT_EQ(Headline(held, std::nullopt, kNow), "All places are taken. This is number 3 in line.");
  EXPECT_EQ(Headline(ready, then, kNow), "The link shows the latest version.");
  EXPECT_EQ(Headline(In(State::kReady, true), then, kNow), "The link shows the version from 2 hours ago.");
}

TEST(Words, EveryStateAndStageHasThem) {
  for (int i = 0; i <= static_cast<int>(State::kGone); ++i) {
    EXPECT_NE(StateWord(static_cast<State>(i)), "Unknown");
    EXPECT_NE(Headline(In(static_cast<State>(i), false), std::nullopt, kNow), "");
  }
  for (int i = 0; i <= static_cast<int>(Stage::kRetire); ++i) {
    EXPECT_NE(StageDoing(static_cast<Stage>(i)), "Working");
    EXPECT_NE(StageTitle(static_cast<Stage>(i)), "Step");
    EXPECT_NE(StageFailedText(static_cast<Stage>(i)), "Something failed");
  }
}

}  // namespace
}  // namespace perch::web
