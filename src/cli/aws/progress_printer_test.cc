#include "cli/aws/progress_printer.h"

#include <gtest/gtest.h>

namespace perch::cli {
namespace {

using std::chrono::seconds;

TEST(ProgressBar, SaysHowLongItTakesWhereThatIsKnown) {
  EXPECT_EQ(ProgressBar(seconds(240), seconds(480)), "[##########..........] 4 min of about 8 min");
  EXPECT_EQ(ProgressBar(seconds(1), seconds(480)), "[....................] 1.0 s of about 8 min");
}

TEST(ProgressBar, IsNeverFullBeforeTheEnd) {
  EXPECT_EQ(ProgressBar(seconds(900), seconds(480)), "[###################.] 15 min of about 8 min");
}

TEST(ProgressBar, IsOnlyATimeWhereNobodyKnows) {
  EXPECT_EQ(ProgressBar(seconds(65), seconds(0)), "1 min 5 s");
  EXPECT_EQ(ProgressBar(seconds(0), seconds(480)), "");
}

}  // namespace
}  // namespace perch::cli
