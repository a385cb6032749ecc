#include "cli/output.h"

#include <gtest/gtest.h>

namespace perch::cli {
namespace {

TEST(Output, TablesLineUpByCharactersNotBytes) {
  EXPECT_EQ(Table({{"branch", "state"}, {"f\xc3\xa4h", "ready"}, {"x", ""}}),
            "branch  state\nf\xc3\xa4h     ready\nx\n");
}

TEST(Output, EventsAreLinesForPeople) {
  EXPECT_EQ(EventLine({.kind = Event::Kind::kStageFinished,
                       .branch = "main",
                       .stage = Stage::kTest,
                       .took = std::chrono::milliseconds(1234)}),
            "main                     tests passed (1.2 s)");
  EXPECT_EQ(EventLine({.kind = Event::Kind::kNotice, .branch = "evil\x1b[2J", .text = "a\nb"}),
            "evil\\x1b[2J              a\\x0ab");
}

}  // namespace
}  // namespace perch::cli
