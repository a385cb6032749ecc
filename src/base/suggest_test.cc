#include "base/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace perch {
namespace {

const std::vector<std::string> kKeys = {"build", "test", "run", "seed", "environments"};

TEST(Suggest, FindsTheNearestWord) {
  EXPECT_EQ(DidYouMean("biuld", kKeys), "did you mean 'build'?");
  EXPECT_EQ(DidYouMean("enviroments", kKeys), "did you mean 'environments'?");
}

TEST(Suggest, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(DidYouMean("kubernetes", kKeys), "");
  EXPECT_EQ(DidYouMean("", kKeys), "");
}

}  // namespace
}  // namespace perch
