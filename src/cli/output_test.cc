#include "cli/output.h"

#include <gtest/gtest.h>

namespace perch::cli {
namespace {

TEST(Output, TablesLineUpByCharactersNotBytes) {
  EXPECT_EQ(Table({{"branch", "state"}, {"f\xc3\xa4h", "ready"}, {"x", ""}}),
            "branch  state\nf\xc3\xa4h     ready\nx\n");
}

TEST(Output, LongNamesAreCutBetweenCharacters) {
  EXPECT_EQ(Shortened("feature/cart", 12), "feature/cart");
  EXPECT_EQ(Shortened("feature/carts", 12), "feature/car…");
  EXPECT_EQ(Shortened("äöüß", 3), "äö…");
  EXPECT_EQ(Shortened("äöü", 3), "äöü");
  EXPECT_EQ(Shortened("", 3), "");
}

TEST(Output, OneLineTellsThatThereAreMore) {
  EXPECT_EQ(InOneLine("perch.yaml:2:1: a tab\n  2 | x\n"), "perch.yaml:2:1: a tab …");
  EXPECT_EQ(InOneLine("a\n"), "a");
  EXPECT_EQ(InOneLine("\x1b[2J"), "\\x1b[2J");
}

TEST(Output, EventsAreLinesForPeople) {
  EXPECT_EQ(EventLine({.kind = Event::Kind::kStageFinished,
                       .branch = "main",
                       .stage = Stage::kTest,
                       .took = std::chrono::milliseconds(1234)}),
            "main                     tests passed (1.2 s)");
  EXPECT_EQ(EventLine({.kind = Event::Kind::kNotice, .branch = "evil\x1b[2J", .text = "a\nb"}),
            "evil\\x1b[2J              a\n                         b");
}

}  // namespace
}  // namespace perch::cli
