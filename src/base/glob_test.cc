#include "base/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace perch {
namespace {

TEST(Glob, MatchesWholeNames) {
  EXPECT_TRUE(GlobMatches("*-no-infra", "feature/docs-no-infra"));
  EXPECT_FALSE(GlobMatches("*-no-infra", "feature/docs-no-infra2"));
  EXPECT_TRUE(GlobMatches("dependabot/*", "dependabot/npm/lodash"));
  EXPECT_FALSE(GlobMatches("main", "maintenance"));
  EXPECT_TRUE(GlobMatches("release-?.?", "release-1.2"));
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_FALSE(GlobMatches("", "x"));
}

TEST(Glob, HostilePatternsStayFast) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatches(pattern + "b", std::string(2000, 'a')));
}

}  // namespace
}  // namespace perch
