#include "local/keeper.h"

#include <gtest/gtest.h>

namespace perch::local {
namespace {
TEST(Sandbox, WorksHere) {
  const Status s = SandboxWorks(FirstGuestUid("/tmp/x"));
  EXPECT_TRUE(s) << s.error().Text();
  const Status t = SandboxWorks(0);
  EXPECT_TRUE(t) << t.error().Text();
}
}  // namespace
}  // namespace perch::local
