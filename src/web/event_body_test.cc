#include "web/event_body.h"

#include "web/test_site.h"

namespace perch::web {
namespace {

class EventBodyTest : public testing::Test {
 protected:
  void Emit(const std::string& text, const std::string& slug = "main") {
    backend_.events().Emit({.kind = Event::Kind::kNotice, .slug = slug, .text = text});
  }
  std::string Line(std::uint64_t id, const std::string& text, const std::string& slug = "main") {
    return engine::ToJson(Event{.id = id, .at = kNow, .kind = Event::Kind::kNotice, .slug = slug, .text = text}) + "\n";
  }
  EventBody::Options Lines(std::uint64_t after) {
    return {.after = after, .format = EventBody::Format::kLines, .heartbeat = std::chrono::hours(1)};
  }

  FakeBackend backend_{[] { return kNow; }};
  Ticker ticker_;
  Reader reader_;
};

TEST_F(EventBodyTest, GoesOnFromTheJournalIntoLiveWithoutGapsOrDoubles) {
  Emit("one");
  Emit("two");
  Emit("three");
  EventBody body(backend_, ticker_, Lines(1));
  body.Start(reader_.Writer(), reader_.Ender());
  Emit("four");
  EXPECT_EQ(reader_.text(), Line(2, "two") + Line(3, "three") + Line(4, "four"));
}

TEST_F(EventBodyTest, NothingIsLostOrDoubledWhileEventsPourIn) {
  constexpr int kEvents = 3000;
  std::jthread emitter([&] {
    for (int i = 0; i < kEvents; ++i) Emit("x");
  });
  EventBody body(backend_, ticker_, Lines(0));
  body.Start(reader_.Writer(), reader_.Ender());
  emitter.join();
  std::string expected;
  for (int i = 1; i <= kEvents; ++i) expected += Line(static_cast<std::uint64_t>(i), "x");
  EXPECT_EQ(reader_.text() == expected, true);
}

TEST_F(EventBodyTest, SpeaksTheBrowsersFormat) {
  Emit("one");
  EventBody body(backend_, ticker_, {.after = 0, .heartbeat = std::chrono::hours(1)});
  body.Start(reader_.Writer(), reader_.Ender());
  EXPECT_EQ(reader_.text(), "retry: 1000\n\nid: 1\ndata: " + Line(1, "one") + "\n");
}

TEST_F(EventBodyTest, OneBranchsEventsOnly) {
  Emit("mine", "cart");
  Emit("theirs", "main");
  EventBody::Options options = Lines(0);
  options.slug = "cart";
  EventBody body(backend_, ticker_, options);
  body.Start(reader_.Writer(), reader_.Ender());
  Emit("theirs again", "main");
  Emit("mine again", "cart");
  EXPECT_EQ(reader_.text(), Line(1, "mine", "cart") + Line(4, "mine again", "cart"));
}

TEST_F(EventBodyTest, ShowsThatItLives) {
  EventBody body(backend_, ticker_, {.heartbeat = std::chrono::milliseconds(5)});
  body.Start(reader_.Writer(), reader_.Ender());
  EXPECT_EQ(reader_.WaitFor(": still here\n\n").substr(0, 28), "retry: 1000\n\n: still here\n\n");
}

TEST_F(EventBodyTest, AClientOfALostJournalIsToldToStartOver) {
  Emit("one");
  EventBody body(backend_, ticker_, {.after = 900, .heartbeat = std::chrono::hours(1)});
  body.Start(reader_.Writer(), reader_.Ender());
  Emit("two");
  EXPECT_EQ(reader_.text(), "retry: 1000\n\nevent: reset\nid: 1\ndata: {}\n\nid: 2\ndata: " + Line(2, "two") + "\n");
}

TEST_F(EventBodyTest, AClientThatIsFarBehindGetsAPartAndComesBack) {
  for (int i = 0; i < 40; ++i) Emit(std::string(100000, 'x'));
  for (int i = 0; i < 1000; ++i) Emit("y");
  EventBody body(backend_, ticker_, Lines(0));
  body.Start(reader_.Writer(), reader_.Ender());
  EXPECT_TRUE(reader_.ended());
  const std::string got = reader_.text();
  const std::size_t lines = static_cast<std::size_t>(std::ranges::count(got, '\n'));
  EXPECT_EQ(lines, 500u);

  Reader rest;
  EventBody more(backend_, ticker_, Lines(lines));
  more.Start(rest.Writer(), rest.Ender());
  EXPECT_FALSE(rest.ended());
  EXPECT_EQ(std::ranges::count(rest.text(), '\n'), 540);
}

TEST_F(EventBodyTest, AClientThatDoesNotReadIsLetGo) {
  EventBody body(backend_, ticker_, Lines(0));
  body.Start(reader_.Writer(), reader_.Ender());
  reader_.Refuse();
  Emit("one");
  EXPECT_TRUE(reader_.ended());
  const std::string before = reader_.text();
  Emit("two");
  EXPECT_EQ(reader_.text(), before);
}

TEST_F(EventBodyTest, NothingIsWrittenAfterItsEnd) {
  std::unique_ptr<EventBody> body =
      std::make_unique<EventBody>(backend_, ticker_, EventBody::Options{.heartbeat = std::chrono::milliseconds(1)});
  body->Start(reader_.Writer(), reader_.Ender());
  reader_.WaitFor(": still here");
  body.reset();
  const std::string before = reader_.text();
  Emit("late");
  EXPECT_EQ(reader_.text(), before);
}

TEST_F(EventBodyTest, AFollowedLogGrowsAndEnds) {
  backend_.SetLog("main", Stage::kBuild, "one\n", false);
  LogBody body(backend_, ticker_, {.branch = "main", .stage = Stage::kBuild, .interval = std::chrono::milliseconds(2)});
  body.Start(reader_.Writer(), reader_.Ender());
  EXPECT_EQ(reader_.WaitFor("one\n"), "one\n");
  backend_.SetLog("main", Stage::kBuild, "one\ntwo\n", true);
  EXPECT_TRUE(reader_.WaitForEnd());
  EXPECT_EQ(reader_.text(), "one\ntwo\n");
}

TEST_F(EventBodyTest, AFollowedLogMayBeginLater) {
  LogBody body(backend_, ticker_, {.branch = "main", .stage = Stage::kTest, .interval = std::chrono::milliseconds(2)});
  body.Start(reader_.Writer(), reader_.Ender());
  EXPECT_FALSE(reader_.ended());
  backend_.SetLog("main", Stage::kTest, "first\n", true);
  EXPECT_TRUE(reader_.WaitForEnd());
  EXPECT_EQ(reader_.text(), "first\n");
}

}  // namespace
}  // namespace perch::web
