#include "engine/work_queue.h"

#include <gtest/gtest.h>

#include <chrono>

namespace perch::engine {
namespace {

WorkQueue::Instant At(int ms) { return WorkQueue::Instant(std::chrono::milliseconds(ms)); }

TEST(WorkQueue, GivesEachKeyOnceInOrder) {
  WorkQueue queue;
  for (const char* key : {"b", "a", "b", "b"}) queue.Add(key);
  EXPECT_EQ(queue.Take(At(0)), "b");
  EXPECT_EQ(queue.Take(At(0)), "a");
  EXPECT_EQ(queue.Take(At(0)), std::nullopt);
}

TEST(WorkQueue, AKeyBeingWorkedOnWaitsUntilThatEnds) {
  WorkQueue queue;
  queue.Add("a");
  ASSERT_EQ(queue.Take(At(0)), "a");
  queue.Add("a");
  queue.Add("a");
  EXPECT_EQ(queue.Take(At(0)), std::nullopt) << "nobody else gets it meanwhile";
  queue.Finish("a");
  EXPECT_EQ(queue.Take(At(0)), "a");
  queue.Finish("a");
  EXPECT_TRUE(queue.Empty());
}

TEST(WorkQueue, AWaitingKeyComesWhenItIsDue) {
  WorkQueue queue;
  queue.AddAt("a", At(10));
  queue.AddAt("b", At(5));
  EXPECT_EQ(queue.NextDue(), At(5));
  EXPECT_EQ(queue.Take(At(4)), std::nullopt);
  EXPECT_EQ(queue.Take(At(10)), "b");
  EXPECT_EQ(queue.Take(At(10)), "a");
  EXPECT_EQ(queue.NextDue(), std::nullopt);
}

TEST(WorkQueue, AddBringsAWaitingKeyForward) {
  WorkQueue queue;
  queue.AddAt("a", At(1000));
  queue.Add("a");
  EXPECT_FALSE(queue.IsWaiting("a"));
  EXPECT_EQ(queue.Take(At(0)), "a");
  queue.Finish("a");
  EXPECT_EQ(queue.Take(At(2000)), std::nullopt);
}

TEST(WorkQueue, WaitingBeginsWhenWorkEnds) {
  WorkQueue queue;
  queue.Add("a");
  ASSERT_EQ(queue.Take(At(0)), "a");
  queue.AddAt("a", At(10));
  EXPECT_EQ(queue.Take(At(20)), std::nullopt);
  queue.Finish("a");
  EXPECT_FALSE(queue.Empty());
  EXPECT_EQ(queue.Take(At(9)), std::nullopt);
  EXPECT_EQ(queue.Take(At(10)), "a");
}

TEST(WorkQueue, TheLatestDueCounts) {
  WorkQueue queue;
  queue.AddAt("a", At(10));
  queue.AddAt("a", At(30));
  EXPECT_EQ(queue.Take(At(29)), std::nullopt);
  EXPECT_EQ(queue.Take(At(30)), "a");
}

TEST(WorkQueue, KnowsWhatAKeyDoes) {
  WorkQueue queue;
  queue.Add("a");
  EXPECT_TRUE(queue.IsReady("a"));
  EXPECT_FALSE(queue.IsRunning("a"));
  ASSERT_TRUE(queue.Take(At(0)));
  EXPECT_FALSE(queue.IsReady("a"));
  EXPECT_TRUE(queue.IsRunning("a"));
  EXPECT_FALSE(queue.IsRunning("b"));
}

}  // namespace
}  // namespace perch::engine
