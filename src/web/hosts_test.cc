#include "web/hosts.h"

#include <gtest/gtest.h>

namespace perch::web {
namespace {

TEST(Hosts, OnABareMachineTheDashboardIsLocalhostAndBranchesAreBelowIt) {
  const Hosts hosts;
  EXPECT_TRUE(hosts.IsDashboard("localhost"));
  EXPECT_TRUE(hosts.IsDashboard("127.0.0.1"));
  EXPECT_TRUE(hosts.IsDashboard("[::1]"));
  EXPECT_EQ(hosts.SlugOf("feature-cart.localhost"), "feature-cart");
  EXPECT_EQ(hosts.DashboardUrl(), "http://localhost:7878");
  EXPECT_EQ(hosts.BranchUrl("demo"), "http://demo.localhost:7878");
}

TEST(Hosts, ATeamServerLeavesItsUsualPortOut) {
  const Hosts hosts{
      .tls = true, .port = 443, .dashboard = {"perch.example.com"}, .branch_domain = "preview.example.com"};
  EXPECT_EQ(hosts.DashboardUrl(), "https://perch.example.com");
  EXPECT_EQ(hosts.BranchUrl("demo"), "https://demo.preview.example.com");
  EXPECT_EQ(hosts.SlugOf("perch.example.com"), std::nullopt);
}

TEST(Hosts, EveryOtherNameIsNobodys) {
  const Hosts hosts;
  for (const char* host : {"localhost.evil.com", "xlocalhost", ".localhost", "a.b.localhost", "-a.localhost",
                           "evil.com", "A.localhost", "", "localhost."}) {
    EXPECT_FALSE(hosts.IsDashboard(host)) << host;
    EXPECT_EQ(hosts.SlugOf(host), std::nullopt) << host;
  }
}

TEST(ParseUrl, ReadsWhatPerchNeeds) {
  const std::optional<HttpUrl> url = ParseUrl("https://Demo.example.com:8443/a/b?c=d");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "demo.example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/a/b?c=d");
  EXPECT_EQ(ParseUrl("http://[::1]:80")->host, "[::1]");
  EXPECT_EQ(ParseUrl("http://a?x")->path, "/?x");
}

TEST(ParseUrl, RefusesWhatBrowsersAndPeopleReadDifferently) {
  for (const char* bad : {"//evil.com", "/x", "http://a@b/", "http://a\\b/", "http://a b/", "http://", "http://a:0/",
                          "http://a:99999/", "javascript:x", "http://a/#x", "http://a\n/", "ftp://a/"}) {
    EXPECT_FALSE(ParseUrl(bad)) << bad;
  }
}

}  // namespace
}  // namespace perch::web
