#include "model/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace perch {
namespace {

TEST(SlugFor, KeepsPlainLabels) {
  EXPECT_EQ(SlugFor("main"), "main");
  EXPECT_EQ(SlugFor("demo-cart"), "demo-cart");
}

TEST(SlugFor, KeepsTheLooksOfUsualPrefixes) {
  EXPECT_EQ(SlugFor("feature/cart"), "feature-cart");
  EXPECT_EQ(SlugFor("fix/login-page"), "fix-login-page");
}

TEST(SlugFor, GivesTheRestATail) {
  EXPECT_THAT(SlugFor("Feature/A"), testing::MatchesRegex("feature-a-[2-7][a-z2-7]+"));
  EXPECT_THAT(SlugFor("feature-a"), testing::MatchesRegex("feature-a-[2-7][a-z2-7]+"));
  EXPECT_THAT(SlugFor("\xf0\x9f\x90\xa6"), testing::MatchesRegex("branch-[2-7][a-z2-7]+"));
  EXPECT_THAT(SlugFor("www"), testing::MatchesRegex("www-[2-7][a-z2-7]+"));
}

TEST(SlugFor, IsStable) { EXPECT_EQ(SlugFor("Feature/A"), "feature-a-7upw3xa3if2e"); }

TEST(SlugFor, NamesThatLookAlikeStayApart) {
  const std::vector<std::string> names = {"feature/a",
                                          "feature-a",
                                          "Feature/A",
                                          "feature/A",
                                          "feature//a",
                                          "feature.a",
                                          "feature_a",
                                          "feature a",
                                          "-feature/a",
                                          "feature/a-",
                                          "feature/-a",
                                          "featurea",
                                          "feature/a/b",
                                          "feature/a-b",
                                          "feature-a/b",
                                          "a/b",
                                          "a-b",
                                          "--",
                                          "..",
                                          "@{",
                                          "$(id)",
                                          "'",
                                          "\"",
                                          "a\nb",
                                          "xn--bcher-kva",
                                          SlugFor("Feature/A"),
                                          SlugFor(SlugFor("Feature/A")),
                                          "main",
                                          "Main",
                                          std::string(250, 'a'),
                                          std::string(249, 'a'),
                                          "fix/" + std::string(250, 'b'),
                                          std::string(63, 'a'),
                                          std::string(64, 'a'),
                                          "\xc3\xa4",
                                          "\xc3\xb6",
                                          "\xf0\x9f\x90\xa6",
                                          "feature/" + std::string(55, 'x'),
                                          "feature-" + std::string(55, 'x')};
  std::unordered_map<std::string, std::string> owner;
  for (const std::string& name : names) {
    const std::string slug = SlugFor(name);
    EXPECT_TRUE(IsSlug(slug)) << name << " -> " << slug;
    const auto [at, fresh] = owner.emplace(slug, name);
    EXPECT_TRUE(fresh) << name << " and " << at->second << " share " << slug;
  }
}

TEST(SlugFor, HundredThousandRandomNamesStayApart) {
  std::mt19937 random(42);
  const std::string alphabet = "ab-/A.\xc3_2";
  std::unordered_map<std::string, std::string> owner;
  for (int i = 0; i < 100'000; ++i) {
    std::string name;
    for (std::size_t length = 1 + random() % 12; length > 0; --length) name += alphabet[random() % alphabet.size()];
    if (random() % 3 == 0) name = "feature" + name;
    const std::string slug = SlugFor(name);
    ASSERT_TRUE(IsSlug(slug)) << slug;
    const auto [at, fresh] = owner.emplace(slug, name);
    ASSERT_TRUE(fresh || at->second == name) << name << " and " << at->second << " share " << slug;
  }
}

}  // namespace
}  // namespace perch
