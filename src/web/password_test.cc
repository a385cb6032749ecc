#include "web/password.h"

#include <gtest/gtest.h>

namespace perch::web {
namespace {

using std::chrono::seconds;

TEST(Password, MatchesItselfOnly) {
  const Password password(Secret("open sesame"), 1000);
  EXPECT_TRUE(password.Matches("open sesame"));
  for (const char* wrong : {"", "open sesam", "open sesame ", "Open sesame"}) EXPECT_FALSE(password.Matches(wrong));
}

class LoginThrottleTest : public testing::Test {
 protected:
  void Wrong(const std::string& peer, int times) {
    for (int i = 0; i < times; ++i) throttle_.NoteWrong(peer);
  }
  Time now_ = *ParseTime("2026-11-22T12:00:00Z");
  LoginThrottle throttle_{[this] { return now_; }};
};

TEST_F(LoginThrottleTest, FourSlipsCostNothing) {
  Wrong("10.0.0.1", 4);
  EXPECT_EQ(throttle_.WaitFor("10.0.0.1"), seconds(0));
}

TEST_F(LoginThrottleTest, WaitsTwiceAsLongEachTimeUpToAQuarterOfAnHour) {
  Wrong("10.0.0.1", 5);
  EXPECT_EQ(throttle_.WaitFor("10.0.0.1"), seconds(2));
  Wrong("10.0.0.1", 1);
  EXPECT_EQ(throttle_.WaitFor("10.0.0.1"), seconds(4));
  Wrong("10.0.0.1", 50);
  EXPECT_EQ(throttle_.WaitFor("10.0.0.1"), seconds(900));
  now_ += seconds(900);
  EXPECT_EQ(throttle_.WaitFor("10.0.0.1"), seconds(0));
}

TEST_F(LoginThrottleTest, OneAddressDoesNotLockAnotherOut) {
  Wrong("10.0.0.1", 10);
  EXPECT_EQ(throttle_.WaitFor("10.0.0.2"), seconds(0));
}

TEST_F(LoginThrottleTest, ANetworkOfIpv6CountsAsOneAddress) {
  Wrong("2001:db8:1:2::1", 3);
  Wrong("2001:db8:1:2:ffff::9", 3);
  EXPECT_EQ(throttle_.WaitFor("2001:db8:1:2::77"), seconds(4));
  EXPECT_EQ(throttle_.WaitFor("2001:db8:1:3::1"), seconds(0));
}

TEST_F(LoginThrottleTest, TheRightPasswordAndAnHourForget) {
  Wrong("10.0.0.1", 5);
  throttle_.NoteRight("10.0.0.1");
  EXPECT_EQ(throttle_.WaitFor("10.0.0.1"), seconds(0));
  Wrong("10.0.0.2", 20);
  now_ += std::chrono::hours(2);
  Wrong("10.0.0.2", 1);
  EXPECT_EQ(throttle_.WaitFor("10.0.0.2"), seconds(0));
}

}  // namespace
}  // namespace perch::web
