#include "beanstalk/operation_events.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace perch::beanstalk {
namespace {

constexpr char kId[] = "arn:stack/shop/1";
const Time kStart = *ParseTime("2026-11-22T12:00:00Z");

/// "10 t1 shop UPDATE_IN_PROGRESS reason words": seconds, token (- for none), resource (shop: the stack), status.
aws::StackEvent Event(const std::string& line) {
  const std::vector<std::string> words = Split(line, ' ');
  const std::string reason = Join({words.begin() + 4, words.end()}, " ");
  return {.id = line,
          .stack_id = kId,
          .logical_id = words[2],
          .physical_id = words[2] == "shop" ? kId : words[2] + "-1",
          .type = "AWS::X",
          .status = words[3],
          .reason = reason,
          .token = words[1] == "-" ? "" : words[1],
          .time = kStart + std::chrono::seconds(std::stoi(words[0]))};
}

/// Reads `history` (oldest first) as far as it is needed; gives what was told, and how many events were looked at.
std::pair<std::string, int> Read(OperationEvents& events, const std::vector<std::string>& history) {
  int looked = 0;
  for (auto line = history.rbegin(); line != history.rend(); ++line) {
    ++looked;
    if (!events.Take(Event(*line))) break;
  }
  std::string told;
  for (const aws::StackEvent& event : events.Finish()) {
    told += (told.empty() ? "" : ", ") + event.logical_id + " " + event.status;
  }
  return {told, looked};
}

const std::vector<std::string> kCreated = {"0 a shop CREATE_IN_PROGRESS", "1 a Queue CREATE_IN_PROGRESS",
                                           "2 a Queue CREATE_COMPLETE", "3 a shop CREATE_COMPLETE"};

std::vector<std::string> With(std::vector<std::string> history, const std::vector<std::string>& more) {
  history.insert(history.end(), more.begin(), more.end());
  return history;
}

TEST(OperationEvents, EachIsToldOnceInOrder) {
  OperationEvents events(kId, "b", {});
  std::vector<std::string> history = With(kCreated, {"9 b shop UPDATE_IN_PROGRESS", "9 b Queue UPDATE_IN_PROGRESS"});
  EXPECT_EQ(Read(events, history),
            (std::pair<std::string, int>("shop UPDATE_IN_PROGRESS, Queue UPDATE_IN_PROGRESS", 3)));
  history = With(history, {"10 b Queue UPDATE_COMPLETE", "11 - Role UPDATE_IN_PROGRESS"});
  EXPECT_EQ(Read(events, history), (std::pair<std::string, int>("Queue UPDATE_COMPLETE, Role UPDATE_IN_PROGRESS", 3)));
  EXPECT_EQ(Read(events, history), (std::pair<std::string, int>("", 1)));
  EXPECT_FALSE(events.end());
}

TEST(OperationEvents, PagesThatGrowMeanwhileRepeatNone) {
  OperationEvents events(kId, "b", {});
  EXPECT_EQ(Read(events, {"0 b shop CREATE_IN_PROGRESS", "1 b Queue CREATE_IN_PROGRESS", "2 b Role CREATE_IN_PROGRESS",
                          "1 b Queue CREATE_IN_PROGRESS", "2 b Role CREATE_IN_PROGRESS"})
                .first,
            "shop CREATE_IN_PROGRESS, Queue CREATE_IN_PROGRESS, Role CREATE_IN_PROGRESS");
}

TEST(OperationEvents, AnOperationThatDoesNotShowYetIsNotEndedByTheOneBefore) {
  OperationEvents events(kId, "b", {});
  EXPECT_EQ(Read(events, kCreated).first, "");
  EXPECT_FALSE(events.begun());
  EXPECT_FALSE(events.end());
  EXPECT_EQ(Read(events, With(kCreated, {"9 b shop UPDATE_IN_PROGRESS"})).first, "shop UPDATE_IN_PROGRESS");
}

TEST(OperationEvents, AnOperationThatDoesNotShowYetDoesNotReadTheWholeHistory) {
  std::vector<std::string> history;
  for (int i = 0; i < 500; ++i) {
    history.push_back(std::to_string(i) + " t" + std::to_string(i / 10) +
                      (i % 10 == 9 ? " shop UPDATE_COMPLETE" : " Q X"));
  }
  OperationEvents events(kId, "b", {});
  EXPECT_EQ(Read(events, history), (std::pair<std::string, int>("", 41)));
}

TEST(OperationEvents, AnUpdateIsOverBeforeOldResourcesAreRemoved) {
  OperationEvents events(kId, "b", {});
  const std::vector<std::string> history = {
      "9 b shop UPDATE_IN_PROGRESS", "10 b shop UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "11 b Old DELETE_IN_PROGRESS"};
  EXPECT_EQ(Read(events, With(kCreated, history)).first,
            "shop UPDATE_IN_PROGRESS, shop UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
  ASSERT_TRUE(events.end());
  EXPECT_EQ(events.end()->status, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
}

TEST(OperationEvents, AResourceMayTellLaterThanTheStackThatItIsOver) {
  OperationEvents events(kId, "b", {});
  Read(events, {"0 a shop CREATE_IN_PROGRESS", "9 b shop DELETE_IN_PROGRESS", "10 b shop DELETE_COMPLETE",
                "10 b Queue CREATE_FAILED Resource creation cancelled"});
  ASSERT_TRUE(events.end());
  EXPECT_EQ(events.end()->status, "DELETE_COMPLETE");
}

TEST(OperationEvents, AStackThatAnotherDeletedIsGone) {
  OperationEvents events(kId, "b", {});
  EXPECT_EQ(Read(events, With(kCreated, {"9 x shop DELETE_IN_PROGRESS"})).first, "");
  EXPECT_FALSE(events.end());
  Read(events, With(kCreated, {"9 x shop DELETE_IN_PROGRESS", "10 x shop DELETE_COMPLETE"}));
  ASSERT_TRUE(events.end());
  EXPECT_EQ(events.end()->status, "DELETE_COMPLETE");
}

TEST(OperationEvents, WhatCameAfterItsEndIsNotItsOwn) {
  OperationEvents events(kId, "b", {});
  Read(events,
       With(kCreated, {"9 b shop UPDATE_IN_PROGRESS", "10 b shop UPDATE_COMPLETE", "11 c shop UPDATE_IN_PROGRESS",
                       "12 c Queue UPDATE_FAILED no", "13 c shop UPDATE_ROLLBACK_COMPLETE"}));
  ASSERT_TRUE(events.end());
  EXPECT_EQ(events.end()->status, "UPDATE_COMPLETE");
  EXPECT_FALSE(events.cause());
}

TEST(OperationEvents, TheCauseIsTheFirstThatIsNoConsequence) {
  OperationEvents events(kId, "b", {});
  Read(events, {"0 b shop CREATE_IN_PROGRESS", "1 b Bucket CREATE_FAILED Resource creation cancelled",
                "2 b Queue CREATE_FAILED No queues today", "3 b Role CREATE_FAILED Not now either",
                "4 b shop ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Queue]",
                "5 b shop ROLLBACK_COMPLETE"});
  ASSERT_TRUE(events.cause());
  EXPECT_EQ(events.cause()->reason, "No queues today");
}

TEST(OperationEvents, AConsequenceIsTheCauseWhenThereIsNoOther) {
  OperationEvents events(kId, "b", {});
  Read(events, {"0 b shop CREATE_IN_PROGRESS", "1 b Bucket CREATE_FAILED Resource creation cancelled"});
  ASSERT_TRUE(events.cause());
  EXPECT_EQ(events.cause()->logical_id, "Bucket");
}

TEST(OperationEvents, OnlyWhatFailedInTheRollbackIsLeft) {
  OperationEvents events(kId, "b", {});
  Read(events,
       {"0 b shop UPDATE_IN_PROGRESS", "1 b Late UPDATE_FAILED the reason for going back",
        "2 b shop UPDATE_ROLLBACK_IN_PROGRESS", "3 b Queue UPDATE_FAILED stuck", "4 b shop UPDATE_ROLLBACK_FAILED"});
  EXPECT_EQ(events.left(), std::vector<std::string>{"Queue"});
  EXPECT_EQ(events.cause()->logical_id, "Late");
}

TEST(OperationEvents, WithoutATokenTheNewestOfTheStackSaysWhetherItIsOver) {
  OperationEvents events(kId, "", kStart + std::chrono::seconds(10));
  std::vector<std::string> history = With(kCreated, {"9 x shop UPDATE_IN_PROGRESS", "11 x Queue UPDATE_IN_PROGRESS"});
  EXPECT_EQ(Read(events, history).first, "Queue UPDATE_IN_PROGRESS");
  EXPECT_FALSE(events.end());
  EXPECT_EQ(Read(events, With(history, {"12 x shop UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"})).first,
            "shop UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
  EXPECT_FALSE(events.end());
  OperationEvents late(kId, "", kStart + std::chrono::hours(1));  // a clock that is off
  Read(late, With(history, {"12 x shop UPDATE_COMPLETE"}));
  ASSERT_TRUE(late.end());
  EXPECT_EQ(late.end()->status, "UPDATE_COMPLETE");
}

}  // namespace
}  // namespace perch::beanstalk
