#include "base/error.h"

#include <gtest/gtest.h>

namespace perch {
namespace {

TEST(Error, TextSaysWhatWhereWhyAndWhatToDo) {
  Error error{
      .what = "cannot read the file", .where = "/x/perch.yaml", .why = "Permission denied", .hint = "Run chmod."};
  EXPECT_EQ(error.Text(), "cannot read the file: /x/perch.yaml: Permission denied\n  Run chmod.");
}

TEST(Error, TextLeavesOutWhatIsNotKnown) { EXPECT_EQ(Error{.what = "no such branch"}.Text(), "no such branch"); }

TEST(Error, FailPrefixesWhatWasBeingDone) {
  Status status = Fail({.what = "disk full"}, "writing the record");
  EXPECT_EQ(status.error().what, "writing the record: disk full");
}

TEST(Error, KindsHaveTheContractsExitCodes) {
  EXPECT_EQ(ExitCodeFor(ErrorKind::kUsage), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeFor(ErrorKind::kRefused), ExitCode::kRefused);
  EXPECT_EQ(ExitCodeFor(ErrorKind::kSuperseded), ExitCode::kSuperseded);
  EXPECT_EQ(ExitCodeFor(ErrorKind::kUnavailable), ExitCode::kFailed);
}

}  // namespace
}  // namespace perch
