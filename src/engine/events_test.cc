#include "engine/events.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace perch::engine {
namespace {

Time At(int ms) { return Time(std::chrono::milliseconds(ms)); }

TEST(EventStream, StampsIdsAndTimesAndMasksSecrets) {
  const auto redactor = std::make_shared<Redactor>();
  redactor->Add(Secret("hunter22"));
  int now = 0;
  EventStream stream([&] { return At(++now); }, redactor, 41);
  std::vector<std::string> seen;
  const auto subscription = stream.Subscribe([&](const Event& event) {
    seen.push_back(std::to_string(event.id) + " " + FormatTime(event.at) + " " + event.text);
  });
  stream.Emit({.text = "the password is hunter22"});
  stream.Emit({.text = "two"});
  EXPECT_EQ(seen, (std::vector<std::string>{"41 1970-01-01T00:00:00.001Z the password is ***",
                                            "42 1970-01-01T00:00:00.002Z two"}));
}

TEST(EventStream, ASinkIsNotCalledAfterItsSubscription) {
  EventStream stream([] { return At(0); }, nullptr);
  int calls = 0;
  auto subscription = stream.Subscribe([&](const Event&) { ++calls; });
  stream.Emit({});
  subscription.reset();
  stream.Emit({});
  EXPECT_EQ(calls, 1);
}

TEST(EventStream, ASubscriptionMayOutliveTheStream) {
  auto stream = std::make_unique<EventStream>([] { return At(0); }, nullptr);
  const auto subscription = stream->Subscribe([](const Event&) {});
  stream.reset();
}

TEST(EventStream, EverySinkSeesTheSameOrderFromManyThreads) {
  EventStream stream([] { return At(0); }, nullptr);
  std::vector<std::uint64_t> first, second;
  const auto one = stream.Subscribe([&](const Event& event) { first.push_back(event.id); });
  const auto two = stream.Subscribe([&](const Event& event) { second.push_back(event.id); });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 100; ++j) stream.Emit({});
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(first.size(), 400U);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i], i + 1);
  EXPECT_EQ(first, second);
}

TEST(EventJson, HasEveryFieldInOrder) {
  const Event event{.id = 7,
                    .at = At(1234),
                    .kind = Event::Kind::kStageFailed,
                    .branch = "feature/\"x\"",
                    .slug = "x",
                    .commit = "abc",
                    .generation = 3,
                    .stage = Stage::kTest,
                    .took = std::chrono::milliseconds(1500),
                    .text = "2 tests failed"};
  EXPECT_EQ(ToJson(event),
            R"({"id":7,"at":"1970-01-01T00:00:01.234Z","kind":"stage-failed","branch":"feature/\"x\"","slug":"x",)"
            R"("commit":"abc","generation":3,"state":null,"stage":"test","took_ms":1500,"text":"2 tests failed"})");
  EXPECT_EQ(ToJson(Event{.kind = Event::Kind::kState, .state = State::kReady}),
            R"({"id":0,"at":"1970-01-01T00:00:00.000Z","kind":"state","branch":"","slug":"","commit":"",)"
            R"("generation":0,"state":"ready","stage":null,"took_ms":0,"text":""})");
}

}  // namespace
}  // namespace perch::engine
