#include "web/markup.h"

#include <gtest/gtest.h>

namespace perch::web {
namespace {

TEST(Markup, FillEscapesTextsAndLeavesMarkup) {
  EXPECT_EQ(Fill(R"(<a title="{t}">{m}{t}</a>)", {{"t", R"(<"&'>)"}, {"m", Markup("<b>x</b>")}}).html(),
            R"(<a title="&lt;&quot;&amp;&#39;&gt;"><b>x</b>&lt;&quot;&amp;&#39;&gt;</a>)");
}

TEST(Markup, ASlotInsideAValueIsOnlyText) { EXPECT_EQ(Fill("{a}{b}", {{"a", "{b}"}, {"b", "x"}}).html(), "{b}x"); }

TEST(Markup, BrokenBytesControlsAndTurnedTextBecomeReplacementCharacters) {
  EXPECT_EQ(Escape("a\xFF b\x1B[31m c\xE2\x80\xAE d\xC2\x85 e\xE2\x81\xA6 \xF0\x9F\x90\xA6").html(),
            "a\xEF\xBF\xBD b\xEF\xBF\xBD[31m c\xEF\xBF\xBD d\xEF\xBF\xBD e\xEF\xBF\xBD \xF0\x9F\x90\xA6");
  EXPECT_EQ(Escape("cut \xE2\x80").html(), "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Markup, OnlyWebLinksAreSafe) {
  EXPECT_EQ(SafeUrl("http://a.localhost:7878/x?y=1"), "http://a.localhost:7878/x?y=1");
  EXPECT_EQ(SafeUrl("https://a.example.com/"), "https://a.example.com/");
  for (const char* bad :
       {"javascript:alert(1)", "http:///x", "http://", "https://a\"b", "https://a b", "//a", "", "data:x"}) {
    EXPECT_EQ(SafeUrl(bad), "") << bad;
  }
}

TEST(Markup, TidyCutsBetweenCharacters) {
  EXPECT_EQ(Tidy("äöü", 3), "ä…");
  EXPECT_EQ(Tidy("abc", 3), "abc");
}

}  // namespace
}  // namespace perch::web
