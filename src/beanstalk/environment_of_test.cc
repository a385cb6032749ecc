#include "beanstalk/environment_of.h"

#include <gtest/gtest.h>

namespace perch::beanstalk {
namespace {

BranchRecord Record(Attempt::Result result = Attempt::Result::kSucceeded) {
  return {.identity = {.app = "shop", .branch = "feature/cart", .profile = "branch"},
          .generation = 4,
          .last_attempt = Attempt{.generation = 4, .commit = "new", .result = result, .reason = "the tests failed"}};
}

aws::Stack StackIn(const std::string& status) {
  return {
      .id = "arn:aws:cloudformation:eu-central-1:123456789012:stack/perch-shop-cart/1",
      .status = status,
      .status_reason = "CloudFormation's reason",
      .outputs = {
          {"Url", "https://cart.example.com"}, {"Host", "cart.example.com"}, {"Commit", "old"}, {"Generation", "3"}}};
}

TEST(EnvironmentOf, TheStateIsTheStacks) {
  const struct {
    const char* status;
    State state;
    const char* url;
  } cases[] = {
      {"CREATE_IN_PROGRESS", State::kStarting, ""},
      {"CREATE_COMPLETE", State::kReady, "https://cart.example.com"},
      {"UPDATE_IN_PROGRESS", State::kStarting, "https://cart.example.com"},
      {"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", State::kReady, "https://cart.example.com"},
      {"UPDATE_ROLLBACK_IN_PROGRESS", State::kStarting, "https://cart.example.com"},
      {"UPDATE_ROLLBACK_COMPLETE", State::kFailed, "https://cart.example.com"},
      {"UPDATE_ROLLBACK_FAILED", State::kFailed, "https://cart.example.com"},
      {"ROLLBACK_IN_PROGRESS", State::kStarting, ""},
      {"ROLLBACK_COMPLETE", State::kFailed, ""},
      {"DELETE_IN_PROGRESS", State::kDeleting, ""},
      {"DELETE_FAILED", State::kDeleting, ""},
  };
  for (const auto& [status, state, url] : cases) {
    const Environment environment = EnvironmentOf(StackIn(status), Record());
    EXPECT_EQ(StateName(environment.state), StateName(state)) << status;
    EXPECT_EQ(environment.url, url) << status;
    EXPECT_EQ(environment.serving_commit, *url ? "old" : "") << status;
  }
}

TEST(EnvironmentOf, WithoutAStackTheRecordTells) {
  EXPECT_EQ(EnvironmentOf(std::nullopt, Record(Attempt::Result::kRunning)).state, State::kBuilding);
  EXPECT_EQ(EnvironmentOf(std::nullopt, Record(Attempt::Result::kInterrupted)).state, State::kQueued);
  const Environment failed = EnvironmentOf(std::nullopt, Record(Attempt::Result::kFailed));
  EXPECT_EQ(failed.state, State::kFailed);
  EXPECT_EQ(failed.reason, "the tests failed");
  BranchRecord stopped = Record();
  stopped.stopped_commit = "new";
  EXPECT_EQ(EnvironmentOf(std::nullopt, stopped).state, State::kStopped);
  EXPECT_TRUE(EnvironmentOf(std::nullopt, stopped).stopped);
}

TEST(EnvironmentOf, AFailedAttemptShowsThoughTheOldReleaseServes) {
  const Environment environment = EnvironmentOf(StackIn("UPDATE_COMPLETE"), Record(Attempt::Result::kFailed));
  EXPECT_EQ(environment.state, State::kFailed);
  EXPECT_EQ(environment.reason, "the tests failed");
  EXPECT_EQ(environment.serving_commit, "old");
}

TEST(EnvironmentOf, TheStackTellsHowAnAttemptEndedThatWasLeftToIt) {
  BranchRecord record = Record(Attempt::Result::kRunning);
  aws::Stack done = StackIn("UPDATE_COMPLETE");
  done.outputs["Generation"] = "4";
  EXPECT_EQ(EnvironmentOf(done, record).last_attempt->result, Attempt::Result::kRunning);
  record.last_attempt->stage = Stage::kStart;
  EXPECT_EQ(EnvironmentOf(done, record).last_attempt->result, Attempt::Result::kSucceeded);
  EXPECT_EQ(EnvironmentOf(StackIn("UPDATE_COMPLETE"), record).last_attempt->result, Attempt::Result::kRunning);
  EXPECT_EQ(EnvironmentOf(StackIn("UPDATE_IN_PROGRESS"), record).last_attempt->result, Attempt::Result::kRunning);
  const Environment failed = EnvironmentOf(StackIn("UPDATE_ROLLBACK_COMPLETE"), record);
  EXPECT_EQ(failed.last_attempt->result, Attempt::Result::kFailed);
  EXPECT_EQ(failed.state, State::kFailed);
  EXPECT_EQ(failed.reason, "CloudFormation's reason");
}

TEST(EnvironmentOf, TheNumberIsTheHigherOne) {
  EXPECT_EQ(EnvironmentOf(StackIn("CREATE_COMPLETE"), Record()).generation, 4u);
  BranchRecord lost = Record();
  lost.generation = 0;
  EXPECT_EQ(EnvironmentOf(StackIn("CREATE_COMPLETE"), lost).generation, 3u);
  aws::Stack others = StackIn("CREATE_COMPLETE");
  others.outputs["Generation"] = "-1";
  EXPECT_EQ(GenerationOf(others), 0u);
}

TEST(EnvironmentOf, WhatIsFixedIsTheStacks) {
  BranchRecord record = Record();
  record.fixed = {{"host", "was.example.com"}, {"application", "staging"}};
  const Environment environment = EnvironmentOf(StackIn("CREATE_COMPLETE"), record);
  EXPECT_EQ(environment.fixed,
            (std::map<std::string, std::string>{
                {"application", "staging"}, {"host", "cart.example.com"}, {"region", "eu-central-1"}}));
}

}  // namespace
}  // namespace perch::beanstalk
