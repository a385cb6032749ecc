#include "base/clock.h"

#include <gtest/gtest.h>

namespace perch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Clock, TimesSurviveTheirText) {
  const Time time(milliseconds(1763830554123));
  EXPECT_EQ(FormatTime(time), "2025-11-22T16:55:54.123Z");
  EXPECT_EQ(ParseTime(FormatTime(time)), time);
  EXPECT_EQ(ParseTime("2025-11-22T16:55:54Z"), Time(milliseconds(1763830554000)));
}

TEST(Clock, RefusesWhatIsNoTime) {
  for (const char* text : {"", "yesterday", "2025-13-22T16:55:54Z", "2025-02-30T16:55:54Z", "2025-11-22 16:55:54Z",
                           "2025-11-22T16:55:54", "2025-11-22T16:55:54.12Z", "2025-11-22T16:55:54.123+01:00"}) {
    EXPECT_EQ(ParseTime(text), std::nullopt) << text;
  }
}

TEST(Clock, DurationsReadWell) {
  EXPECT_EQ(FormatDuration(milliseconds(840)), "840 ms");
  EXPECT_EQ(FormatDuration(milliseconds(2345)), "2.3 s");
  EXPECT_EQ(FormatDuration(seconds(12)), "12 s");
  EXPECT_EQ(FormatDuration(seconds(185)), "3 min 5 s");
  EXPECT_EQ(FormatDuration(seconds(7200)), "2 h");
  EXPECT_EQ(FormatDuration(seconds(4 * 86400)), "4 days");
}

TEST(Clock, AgesReadWell) {
  const Time now(seconds(1000000));
  EXPECT_EQ(FormatAge(now - seconds(3), now), "just now");
  EXPECT_EQ(FormatAge(now - seconds(60), now), "1 minute ago");
  EXPECT_EQ(FormatAge(now - seconds(2 * 86400), now), "2 days ago");
}

}  // namespace
}  // namespace perch
