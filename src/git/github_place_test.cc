#include "git/github_place.h"

#include <gtest/gtest.h>

namespace perch::git {
namespace {

std::string Say(const std::string& api_url, const std::string& repository) {
  const Result<GitHubPlace> place = FindGitHubPlace(api_url, repository);
  if (!place) return place.error().Text();
  return place->Url("/branches") + " " + place->Shown() + " " + place->GitUrl();
}

TEST(GitHubPlace, IsGitHubByDefault) {
  EXPECT_EQ(Say("", "acme/shop"),
            "https://api.github.com/repos/acme/shop/branches acme/shop on github.com https://github.com/acme/shop.git");
}

TEST(GitHubPlace, KnowsEnterpriseServersAndEnterpriseCloud) {
  EXPECT_EQ(Say("https://Git.Example.com/api/v3/", "acme/shop"),
            "https://git.example.com/api/v3/repos/acme/shop/branches acme/shop on git.example.com "
            "https://git.example.com/acme/shop.git");
  EXPECT_EQ(Say("https://api.acme.ghe.com:443", "acme/shop_2.x"),
            "https://api.acme.ghe.com/repos/acme/shop_2.x/branches acme/shop_2.x on acme.ghe.com "
            "https://acme.ghe.com/acme/shop_2.x.git");
}

TEST(GitHubPlace, RefusesWhatIsNoRepository) {
  for (const char* text : {"", "shop", "acme/", "/shop", "acme/shop/x", "acme/..", "acme/.", "ac me/shop", "acme/sh?p",
                           "../shop", "-acme/shop", "acme/sh%2fp", "https://github.com/acme/shop"}) {
    const Result<GitHubPlace> place = FindGitHubPlace("", text);
    EXPECT_FALSE(place) << text;
  }
  EXPECT_EQ(Say("", "acme/sh\x1b[2Jop"),
            "cannot use this repository: acme/sh\\x1b[2Jop: it is not OWNER/REPO\n"
            "  Write it as in its address on GitHub, for example acme/shop.");
}

TEST(GitHubPlace, SendsNoTokenInTheClearExceptOnThisMachine) {
  EXPECT_EQ(Say("http://git.example.com/api/v3", "acme/shop"),
            "cannot use this address of GitHub's API: http://git.example.com/api/v3: http would show the token to "
            "everybody on the way\n  Set GITHUB_API_URL to https://api.github.com or to https://HOST/api/v3.");
  for (const char* local : {"http://localhost:1", "http://127.0.0.1", "http://[::1]", "http://[::1]:80/api/v3"}) {
    EXPECT_TRUE(FindGitHubPlace(local, "acme/shop")) << local;
  }
  for (const char* far : {"http://127.0.0.1.example.com", "http://[::2]", "http://[::2]:80", "http://localhost.x"}) {
    EXPECT_FALSE(FindGitHubPlace(far, "acme/shop")) << far;
  }
}

TEST(GitHubPlace, RefusesWhatIsNoPlainAddress) {
  for (const char* url : {"api.github.com", "ftp://x", "https://", "https:///x", "https://:80", "https://x?y=1",
                          "https://x#y", "https://x/../y", "https://x//y", "https://x y", "https://x\n"}) {
    EXPECT_FALSE(FindGitHubPlace(url, "acme/shop")) << url;
  }
  EXPECT_EQ(Say("https://ada:geheim@git.example.com", "acme/shop"),
            "cannot use this address of GitHub's API: it holds a user name or a password\n"
            "  Give the token in GITHUB_TOKEN.");
}

TEST(GitHubPlace, RecognisesARepositoryByItsGitUrl) {
  for (const char* url :
       {"https://github.com/acme/shop", "https://github.com/acme/shop.git", "https://github.com/acme/shop.git/",
        "https://ada:geheim@GitHub.com/acme/shop", "git@github.com:acme/shop.git", "ssh://git@github.com/acme/shop",
        "ssh://git@ssh.github.com:443/acme/shop.git", "git://github.com/acme/shop",
        "https://www.github.com/acme/shop"}) {
    EXPECT_EQ(GitHubRepositoryOf(url, ""), "acme/shop") << url;
  }
  for (const char* url : {"https://gitlab.com/acme/shop", "https://github.com", "https://github.com/acme",
                          "https://github.com/acme/shop/tree/main", "https://github.com.evil.org/acme/shop",
                          "https://evil.org/github.com/acme/shop", "acme/shop", "/srv/github.com/acme/shop",
                          "file:///github.com/acme/shop", "", "https://github.com/../x"}) {
    EXPECT_EQ(GitHubRepositoryOf(url, ""), std::nullopt) << url;
  }
  EXPECT_EQ(GitHubRepositoryOf("git@git.example.com:acme/shop.git", "https://git.example.com/api/v3"), "acme/shop");
  EXPECT_EQ(GitHubRepositoryOf("git@github.com:acme/shop.git", "https://git.example.com/api/v3"), std::nullopt);
}

}  // namespace
}  // namespace perch::git
