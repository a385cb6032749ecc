#include "model/tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace perch {
namespace {

using Tags = std::vector<Tag>;

Identity Cart(std::string branch = "feature/cart") {
  return {.app = "shop", .branch = std::move(branch), .profile = "branch"};
}

Tags With(Tags tags, const std::string& key, const std::string& value) {
  for (Tag& tag : tags) {
    if (tag.first == key) tag.second = value;
  }
  return tags;
}
Tags Without(Tags tags, const std::string& key) {
  std::erase_if(tags, [&](const Tag& tag) { return tag.first == key; });
  return tags;
}
Tags And(Tags tags, const std::string& key, const std::string& value) {
  tags.emplace_back(key, value);
  return tags;
}

std::string WhyNot(const Tags& tags) {
  const Result<std::optional<Identity>> identity = IdentityFrom(tags);
  if (identity) return *identity ? "it is '" + (*identity)->branch + "'" : "it is nobody's";
  EXPECT_EQ(identity.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(identity.error().what, "the tags do not say which environment this is");
  return identity.error().why;
}

void ExpectWellFormed(const Tags& tags) {
  for (const auto& [key, value] : tags) {
    EXPECT_LE(key.size(), 127U);
    ASSERT_GE(value.size(), 1U);
    EXPECT_LE(value.size(), 255U);
    EXPECT_EQ(value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _.:/=+-@"),
              value.npos)
        << value;
    EXPECT_NE(value.front(), ' ');
    EXPECT_NE(value.back(), ' ');
  }
  EXPECT_TRUE(std::is_sorted(tags.begin(), tags.end()));
}

TEST(TagsFor, SaysWhoseItIs) {
  EXPECT_EQ(*TagsFor(Cart()), (Tags{{"perch:app", "shop"},
                                    {"perch:branch", "feature/cart"},
                                    {"perch:owner", "perch"},
                                    {"perch:profile", "branch"}}));
}

TEST(TagsFor, EscapesWhatBeanstalkDoesNotTake) {
  EXPECT_EQ((*TagsFor(Cart("fix #12 (caf\xc3\xa9)=~,:")))[1].second, "fix =2312 =28caf=C3=A9=29=3D=7E=2C=3A");
  EXPECT_EQ((*TagsFor(Cart(" a  b ")))[1].second, "=20a  b=20");
  EXPECT_EQ((*TagsFor(Cart("aws:x")))[1].second, "aws=3Ax");
}

TEST(TagsFor, ALongBranchGoesOnWithoutCuttingAnEscape) {
  const Tags tags = *TagsFor(Cart(std::string(253, 'a') + "#" + std::string(255, 'b')));
  EXPECT_EQ(tags, (Tags{{"perch:app", "shop"},
                        {"perch:branch", std::string(253, 'a') + "="},
                        {"perch:branch.2", "=23" + std::string(251, 'b') + "="},
                        {"perch:branch.3", "bbbb"},
                        {"perch:owner", "perch"},
                        {"perch:profile", "branch"}}));
}

TEST(TagsFor, RefusesWhatDoesNotFit) {
  EXPECT_TRUE(TagsFor(Cart(std::string(2540, 'a'))));
  EXPECT_EQ(TagsFor(Cart(std::string(2541, 'a'))).error().Text(),
            "the branch's name does not fit into AWS's tags: " + std::string(60, 'a') +
                "…: its 2541 bytes take more than 10 tags of 254 characters\n  Give it a shorter name; letters and "
                "digits of ASCII take the least room.");
  EXPECT_TRUE(TagsFor(Cart(std::string(840, '#'))));
  EXPECT_FALSE(TagsFor(Cart(std::string(841, '#'))));
  EXPECT_EQ(TagsFor(Cart("")).error().Text(), "an environment's tags cannot be written: the branch's name is empty");
  EXPECT_FALSE(TagsFor({.app = std::string(255, 'a'), .branch = "x", .profile = "branch"}));
  EXPECT_FALSE(TagsFor({.app = "shop", .branch = "x", .profile = ""}));
}

TEST(IdentityFrom, ReadsItsOwnTagsAmongOthersInAnyOrder) {
  Tags tags = *TagsFor(Cart());
  tags.emplace_back("cost-center", "42");
  tags.emplace_back("aws:cloudformation:stack-name", "x");
  std::reverse(tags.begin(), tags.end());
  EXPECT_EQ(**IdentityFrom(tags), Cart());
}

TEST(IdentityFrom, TenPartsAreInOrder) {
  std::string branch;
  for (char c = 'a'; c < 'k'; ++c) branch += std::string(254, c);
  const Tags tags = *TagsFor(Cart(branch));
  EXPECT_EQ(tags[2].first, "perch:branch.10") << "text order differs from the parts' order";
  EXPECT_EQ(**IdentityFrom(tags), Cart(branch));
}

TEST(IdentityFrom, WhatHasNoneOfThemIsNobodys) {
  EXPECT_EQ(WhyNot({}), "it is nobody's");
  EXPECT_EQ(WhyNot({{"branch", "main"}, {"perch", "x"}}), "it is nobody's");
}

TEST(IdentityFrom, RefusesEveryForgery) {
  const Tags cart = *TagsFor(Cart());
  const Tags lengthy = *TagsFor(Cart(std::string(600, 'a')));
  EXPECT_EQ(WhyNot(Without(cart, "perch:app")), "'perch:app' is missing");
  EXPECT_EQ(WhyNot(Without(cart, "perch:owner")), "'perch:owner' is missing");
  EXPECT_EQ(WhyNot(Without(cart, "perch:branch")), "'perch:branch' is missing");
  EXPECT_EQ(WhyNot(Without(cart, "perch:profile")), "'perch:profile' is missing");
  EXPECT_EQ(WhyNot({{"perch:branch", "main"}}), "'perch:app' is missing");
  EXPECT_EQ(WhyNot(With(cart, "perch:owner", "terraform")), "'perch:owner' is 'terraform', not 'perch'");
  EXPECT_EQ(WhyNot(And(cart, "perch:branch", "main")), "'perch:branch' is there twice");
  EXPECT_EQ(WhyNot(And(cart, "perch:app", "shop")), "'perch:app' is there twice");
  EXPECT_EQ(WhyNot(With(cart, "perch:branch", "a=2")), "'perch:branch' holds 'a=2', which perch does not write");
  EXPECT_EQ(WhyNot(With(cart, "perch:branch", "a=zz")), "'perch:branch' holds 'a=zz', which perch does not write");
  EXPECT_EQ(WhyNot(With(cart, "perch:branch", "a=c3")), "'perch:branch' holds 'a=c3', which perch does not write");
  EXPECT_EQ(WhyNot(With(cart, "perch:branch", "")), "'perch:branch' holds '', which perch does not write");
  const std::string other_way = "they are not written the way perch writes them";
  EXPECT_EQ(WhyNot(With(cart, "perch:branch", "a=41")), other_way);
  EXPECT_EQ(WhyNot(With(cart, "perch:branch", "a#")), other_way);
  EXPECT_EQ(WhyNot(With(cart, "perch:branch", "a ")), other_way);
  EXPECT_EQ(WhyNot(And(cart, "perch:branch.2", "/more")), other_way);
  EXPECT_EQ(WhyNot(And(cart, "perch:branch.02", "x")), other_way);
  EXPECT_EQ(WhyNot(And(cart, "perch:branch.", "x")), other_way);
  EXPECT_EQ(WhyNot(And(cart, "perch:branch.1", "x")), other_way);
  EXPECT_EQ(WhyNot(With(cart, "perch:app", "shop=")), "'perch:app' holds 'shop=', which perch does not write");
  EXPECT_EQ(WhyNot(With(cart, "perch:branch", "=")), "'perch:branch' holds '=', which perch does not write");
  EXPECT_EQ(WhyNot(With(cart, "perch:branch", "main=")), "'perch:branch.2' is missing");
  EXPECT_EQ(WhyNot(And(With(cart, "perch:branch", "ma="), "perch:branch.2", "in")), other_way);
  EXPECT_EQ(WhyNot(Without(lengthy, "perch:branch.2")), "'perch:branch.2' is missing");
  EXPECT_EQ(WhyNot(Without(lengthy, "perch:branch.3")), "'perch:branch.3' is missing");
  EXPECT_EQ(WhyNot(With(lengthy, "perch:branch.2", "short")), other_way);
  Tags endless = With(cart, "perch:branch", std::string(254, 'a') + "=");
  for (int i = 2; i < 14; ++i) endless.emplace_back("perch:branch." + std::to_string(i), std::string(254, 'a') + "=");
  EXPECT_EQ(WhyNot(endless), "'perch:branch.14' is missing");
  endless.back().second = "a";
  EXPECT_EQ(WhyNot(endless), "they name a branch of 3049 bytes");
}

TEST(Tags, EveryByteComesBack) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const std::string around : {"", "x", " "}) {
      const Identity identity = Cart(around + std::string(1, char(byte)) + around);
      const Tags tags = *TagsFor(identity);
      ExpectWellFormed(tags);
      EXPECT_EQ(**IdentityFrom(tags), identity) << byte;
    }
  }
}

TEST(Tags, RandomNamesOfAllLengthsComeBack) {
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i) {
    const unsigned kind = random() % 4;
    std::string branch;
    for (std::size_t n = 1 + random() % (kind == 0 ? 4000 : 800); n > 0; --n) {
      branch += kind == 0 ? 'a' : kind == 1 ? "a "[random() % 2] : kind == 2 ? "ab# "[random() % 4] : char(random());
    }
    const Result<Tags> tags = TagsFor(Cart(branch));
    if (!tags) {
      EXPECT_GT(branch.size(), 839U);
      continue;
    }
    ExpectWellFormed(*tags);
    const Result<std::optional<Identity>> back = IdentityFrom(*tags);
    ASSERT_TRUE(back && *back) << branch.size();
    EXPECT_EQ((*back)->branch, branch);
  }
}

}  // namespace
}  // namespace perch
