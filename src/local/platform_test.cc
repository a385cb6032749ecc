#include "local/platform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "local/testing/world.h"

namespace perch::local {
namespace {

using testing::App;
using ::testing::ElementsAre;
using testing::World;

TEST(Platform, BringsABranchUp) {
  World world;
  const Status deployed = world.Deploy("cart", {{"app.py", App("hello")}}, world.Defaults());
  ASSERT_TRUE(deployed) << deployed.error().Text() << world.Log("cart", Stage::kStart);
  EXPECT_EQ(world.Get("cart"), "hello");
  EXPECT_THAT(world.Events(),
              ElementsAre("checkout started", "checkout finished", "start started", "start finished", "health started",
                          "health finished", "switch started", "switch finished", "switched"));
  EXPECT_EQ(world.Find("cart").state, State::kReady);
  EXPECT_EQ(world.Log("cart", Stage::kStart), "listening\n");
}

TEST(Platform, ReplacesAReleaseAndEndsTheOldOne) {
  World world;
  ASSERT_TRUE(world.Deploy("cart", {{"app.py", App("one")}}, world.Defaults()));
  const std::uint16_t first = world.traffic.PortOf("cart");
  const Status second = world.Deploy("cart", {{"app.py", App("two")}}, world.Defaults());
  ASSERT_TRUE(second) << second.error().Text();
  EXPECT_EQ(world.Get("cart"), "two");
  EXPECT_NE(world.traffic.PortOf("cart"), first);
}

}  // namespace
}  // namespace perch::local
