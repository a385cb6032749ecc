#include "engine/view.h"

#include <gtest/gtest.h>

#include "engine/place.h"

namespace perch::engine {
namespace {

TEST(ViewJson, BeginsWithTheFieldsOfTheContract) {
  BranchView view{.branch = "feature/x",
                  .slug = "feature-x",
                  .profile = "branch",
                  .state = State::kHeld,
                  .reason = "the limit is reached",
                  .url = "http://feature-x.localhost:7878/",
                  .commit = "bbb",
                  .serving_commit = "aaa",
                  .title = "Say \"hi\"",
                  .author = "Ada",
                  .position = 2,
                  .generation = 4};
  EXPECT_EQ(
      ToJson(view),
      R"({"branch":"feature/x","slug":"feature-x","profile":"branch","state":"held","reason":"the limit is reached",)"
      R"("url":"http://feature-x.localhost:7878/","commit":"bbb","serving_commit":"aaa",)"
      R"("updated_at":null,"title":"Say \"hi\"","author":"Ada","committed_at":null,)"
      R"("created_at":null,"stage":null,"stage_started_at":null,"position":2,"generation":4,"last_attempt":null})");
  view = {.branch = "m", .slug = "m", .stage = Stage::kBuild};
  view.last_attempt = Attempt{.generation = 1, .commit = "c", .result = Attempt::Result::kFailed, .reason = "no"};
  EXPECT_EQ(
      ToJson(std::vector{view, BranchView{}}),
      R"([{"branch":"m","slug":"m","profile":"","state":"queued","reason":"","url":"","commit":"",)"
      R"("serving_commit":"","updated_at":null,"title":"","author":"","committed_at":null,)"
      R"("created_at":null,"stage":"build","stage_started_at":null,"position":null,"generation":0,"last_attempt":)"
      R"({"generation":1,"commit":"c","result":"failed","stage":null,"reason":"no",)"
      R"("started_at":"1970-01-01T00:00:00.000Z","ended_at":null}},)"
      R"({"branch":"","slug":"","profile":"","state":"queued","reason":"","url":"","commit":"","serving_commit":"",)"
      R"("updated_at":null,"title":"","author":"","committed_at":null,"created_at":null,)"
      R"("stage":null,"stage_started_at":null,"position":null,"generation":0,"last_attempt":null}])");
  EXPECT_EQ(ToJson(std::vector<BranchView>{}), "[]");
}

TEST(ViewJson, HasNoTimeOfACommitThatGitHubOnlyListed) {
  Place place{.name = "main", .slug = "main", .branch = Branch{.name = "main", .commit = "abc"}};
  BranchView view = ViewOf(place, "");
  EXPECT_EQ(view.committed_at, std::nullopt);
  EXPECT_TRUE(ToJson(view).contains(R"("updated_at":null,"title":"","author":"","committed_at":null,)"));
  place.branch->committed_at = *ParseTime("2026-11-22T16:00:00Z");
  view = ViewOf(place, "");
  EXPECT_TRUE(ToJson(view).contains(R"("updated_at":"2026-11-22T16:00:00.000Z",)"));
  EXPECT_TRUE(ToJson(view).contains(R"("committed_at":"2026-11-22T16:00:00.000Z",)"));
}

Place At(Action action) {
  Place place{.name = "main", .slug = "main"};
  place.environment = Environment{.branch = "main", .state = State::kReady, .serving_commit = "aaa"};
  place.step = Step{.action = action, .reason = "because"};
  return place;
}

TEST(View, TellsTheStateThatThePlanGives) {
  const std::pair<Action, State> cases[] = {
      {Action::kCreate, State::kQueued},        {Action::kUpdate, State::kQueued},
      {Action::kRebuild, State::kQueued},       {Action::kRetry, State::kQueued},
      {Action::kReplace, State::kQueued},       {Action::kKeep, State::kReady},
      {Action::kLeaveStopped, State::kStopped}, {Action::kLeaveFailed, State::kFailed},
      {Action::kSkip, State::kSkipped},         {Action::kHold, State::kHeld},
      {Action::kDelete, State::kDeleting},      {Action::kProtect, State::kReady},
      {Action::kRefuse, State::kReady},
  };
  for (const auto& [action, state] : cases) {
    const BranchView view = ViewOf(At(action), "");
    EXPECT_EQ(view.state, state) << ActionName(action);
    EXPECT_EQ(view.reason, "because");
    EXPECT_EQ(view.serving_commit, "aaa");
  }
}

TEST(View, WorkGoingOnComesFirst) {
  Place place = At(Action::kUpdate);
  place.work = Place::Work::kDeploying;
  place.live = State::kTesting;
  place.stage = Stage::kTest;
  place.live_generation = 9;
  BranchView view = ViewOf(place, "http://main.localhost/");
  EXPECT_EQ(view.state, State::kTesting);
  EXPECT_EQ(view.stage, Stage::kTest);
  EXPECT_EQ(view.serving_commit, "aaa");
  EXPECT_EQ(view.generation, 9U);
  EXPECT_EQ(view.url, "http://main.localhost/");
  place.live_serving = "bbb";
  EXPECT_EQ(ViewOf(place, "").serving_commit, "bbb");
}

TEST(View, AHalfDeletedEnvironmentIsDeletingWhateverThePlanSays) {
  Place place = At(Action::kRefuse);
  place.environment->deleting = true;
  EXPECT_EQ(ViewOf(place, "").state, State::kDeleting);
}

TEST(View, TroubleIsTheReasonUntilItIsOver) {
  Place place = At(Action::kRetry);
  place.trouble = "it is tried again soon: no space left";
  EXPECT_EQ(ViewOf(place, "").reason, "it is tried again soon: no space left");
}

}  // namespace
}  // namespace perch::engine
