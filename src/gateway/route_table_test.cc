#include "gateway/route_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "gateway/in_flight.h"

namespace perch::gateway {
namespace {

class Silent : public net::Handler {
 public:
  net::Response Handle(const net::Request&) override { return {}; }
};

TEST(RouteTable, LeadsEachHostToItsPlace) {
  Silent pages;
  Silent unknown;
  Silent dashboard;
  RouteTable table({.domain = "Preview.test", .pages = &pages, .unknown_host = &unknown});
  table.AddHost("perch.test", &dashboard);
  table.SetBranch("cart", 4000);
  EXPECT_EQ(table.Find("cart.preview.test").upstream_port, 4000);
  EXPECT_EQ(table.Find("cart.preview.test").handler, &pages);
  EXPECT_TRUE(table.Find("cart.preview.test").is_branch);
  EXPECT_EQ(table.Find("other.preview.test").handler, &pages);
  EXPECT_TRUE(table.Find("other.preview.test").is_branch);
  EXPECT_EQ(table.Find("perch.test").handler, &dashboard);
  EXPECT_FALSE(table.Find("perch.test").is_branch);
  for (const std::string_view host : {"preview.test", ".preview.test", "a.cart.preview.test", "cart.preview.test.evil",
                                      "xpreview.test", "127.0.0.1", ""}) {
    EXPECT_EQ(table.Find(host).handler, &unknown) << host;
    EXPECT_FALSE(table.Find(host).is_branch) << host;
  }
  table.ClearBranch("cart");
  EXPECT_EQ(table.Find("cart.preview.test").upstream_port, 0);
  EXPECT_EQ(table.PortOf("cart"), 0);
}

TEST(RouteTable, IsReadWhileItChanges) {
  Silent handler;
  RouteTable table({.domain = "test", .pages = &handler, .unknown_host = &handler});
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const std::uint16_t port = table.Find("a.test").upstream_port;
      EXPECT_TRUE(port == 0 || (port >= 1000 && port < 1500)) << port;
    }
  });
  for (std::uint16_t port = 1000; port < 1500; ++port) {
    table.SetBranch("a", port);
    if (port % 3 == 0) table.ClearBranch("a");
  }
  done = true;
  reader.join();
}

TEST(InFlight, WaitsForTheLastToLeave) {
  InFlight counts;
  InFlight::Guard first(counts, 80);
  InFlight::Guard stream(counts, 80);
  const InFlight::Guard elsewhere(counts, 81);
  stream.BecomeLongLived();
  EXPECT_FALSE(counts.Wait(80, false, std::chrono::milliseconds(1)));
  std::thread leaver([&] { first.Leave(); });
  EXPECT_TRUE(counts.Wait(80, false, std::chrono::seconds(20)));
  leaver.join();
  EXPECT_EQ(counts.All(80), 1U);
  EXPECT_FALSE(counts.Wait(80, true, std::chrono::milliseconds(1)));
  stream.Leave();
  EXPECT_TRUE(counts.Wait(80, true, std::chrono::seconds(20)));
  EXPECT_EQ(counts.Short(81), 1U);
}

}  // namespace
}  // namespace perch::gateway
