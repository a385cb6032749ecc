#include "base/text.h"

#include <gtest/gtest.h>

namespace perch {
namespace {

TEST(Text, SplitsAndJoins) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(Lines("a\r\nb\n"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Lines(""), std::vector<std::string>{});
  EXPECT_EQ(Join({"a", "b"}, ", "), "a, b");
  EXPECT_EQ(Trim(" \tx y\n"), "x y");
}

TEST(Text, ReadsSizesAndDurations) {
  EXPECT_EQ(ParseBytes("512M"), 512LL << 20);
  EXPECT_EQ(ParseBytes("17"), 17);
  EXPECT_EQ(ParseDuration("5m"), 300000);
  EXPECT_EQ(ParseDuration("250ms"), 250);
  for (const char* text : {"", "M", "-1M", "5 M", "5T", "99999999999999999999", "9223372036854775807G"}) {
    EXPECT_EQ(ParseBytes(text), std::nullopt) << text;
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(Text, WritesSizes) {
  EXPECT_EQ(FormatBytes(17), "17 bytes");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(512LL << 20), "512 MiB");
}

TEST(Text, KnowsUtf8) {
  EXPECT_TRUE(IsUtf8("plain, \xc3\xa4, \xf0\x9f\x90\xa6"));
  EXPECT_FALSE(IsUtf8("\xc0\xaf"));          // overlong
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(IsUtf8("\xf4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(IsUtf8("\xe2\x82"));          // cut short
}

TEST(Text, PrintableCannotMoveTheCursorOrForgeALine) {
  EXPECT_EQ(Printable("a\x1b[2Jb\nc\xff"), "a\\x1b[2Jb\\x0ac\\xff");
  EXPECT_EQ(Printable("bird \xf0\x9f\x90\xa6"), "bird \xf0\x9f\x90\xa6");
  EXPECT_EQ(Printable("a\xe2\x80\xae"
                      "b"),
            "a\\xe2\\x80\\xaeb");
}

TEST(Text, PercentRoundTrips) {
  EXPECT_EQ(PercentEncode("feature/a b"), "feature%2Fa%20b");
  EXPECT_EQ(PercentDecode("feature%2Fa%20b"), "feature/a b");
  EXPECT_EQ(PercentDecode("%2"), std::nullopt);
  EXPECT_EQ(PercentDecode("%zz"), std::nullopt);
}

TEST(Text, EscapesHtml) { EXPECT_EQ(EscapeHtml("<a b='\"&'>"), "&lt;a b=&#39;&quot;&amp;&#39;&gt;"); }

}  // namespace
}  // namespace perch
