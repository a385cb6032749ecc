#include "net/host.h"

#include <gtest/gtest.h>

namespace perch::net {
namespace {

std::string Shown(std::string_view text) {
  const std::optional<HostAndPort> parsed = ParseHost(text);
  return parsed ? parsed->host + "|" + parsed->port : "refused";
}

TEST(Host, IsTakenApart) {
  EXPECT_EQ(Shown("Shop.Example.COM:8080"), "shop.example.com|8080");
  EXPECT_EQ(Shown("shop.example.com."), "shop.example.com|");
  EXPECT_EQ(Shown("a_b-c.localhost:"), "a_b-c.localhost|");
  EXPECT_EQ(Shown("[::1]:80"), "[::1]|80");
  EXPECT_EQ(Shown("127.0.0.1"), "127.0.0.1|");
}

TEST(Host, IsRefusedInAnyOtherForm) {
  for (const std::string_view text : {"", ".", "a..b", ".a", "a.:x", "a:65536", "a:-1", "a b", "a/b", "a@b", "a%41",
                                      "[::1", "[::1]x", "[x]", "::1", "a,b", "a\"", "\xc3\xa4", "a:080000"}) {
    EXPECT_EQ(Shown(text), "refused") << text;
  }
  EXPECT_EQ(Shown(std::string(256, 'a')), "refused");
}

TEST(Loopback, IsWhatOnlyThisMachineReaches) {
  for (const std::string_view text : {"127.0.0.1", "127.9.9.9:80", "localhost", "localhost:1", "LOCALHOST", "::1",
                                      "[::1]", "[::1]:443", "[::ffff:127.0.0.1]:1"}) {
    EXPECT_TRUE(IsLoopback(text)) << text;
  }
  for (const std::string_view text : {"0.0.0.0", "0.0.0.0:443", "::", "[::]:1", "10.0.0.1", "example.com",
                                      "localhost.example.com", "", "*:80", "127.1", "[fe80::1]:1"}) {
    EXPECT_FALSE(IsLoopback(text)) << text;
  }
}

}  // namespace
}  // namespace perch::net
