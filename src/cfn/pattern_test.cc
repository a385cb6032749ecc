#include "cfn/pattern.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace perch::cfn {
namespace {

struct Case {
  const char* pattern;
  const char* subject;
  bool matches;
};

TEST(Pattern, FindsWhatAnEcmaScriptExpressionFinds) {
  const Case cases[] = {
      {"^[0-9]*$", "20", true},
      {"^[0-9]*$", "20a", false},
      {"[0-9]+", "a1", true},
      {"^$|^[a-zA-Z]{1}(?:-?[a-zA-Z0-9]){0,62}$", "", true},
      {"^$|^[a-zA-Z]{1}(?:-?[a-zA-Z0-9]){0,62}$", "a-b-c", true},
      {"^$|^[a-zA-Z]{1}(?:-?[a-zA-Z0-9]){0,62}$", "a--b", false},
      {"^$|^[a-zA-Z]{1}(?:-?[a-zA-Z0-9]){0,62}$", "a-", false},
      {"^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$", "schön 1", true},
      {"^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$", "a#b", false},
      {"^[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*$", "\xc3\xa9", true},
      {"^[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*$", "\xe2\x82\xac", false},
      {"^(?=.{2,256}$)([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)$", "shop-api", true},
      {"^(?=.{2,256}$)([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)$", "s", false},
      {"^(?=.{2,256}$)([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)$", "Shop", false},
      {"^(?!aws:)[a-z:]+$", "aws:x", false},
      {"^(?!aws:)[a-z:]+$", "own:x", true},
      {"^[.\\-_/#A-Za-z0-9]{1,512}\\Z", "/aws/x", true},
      {"^[.\\-_/#A-Za-z0-9]{1,512}\\Z", "/aws x", false},
      {"^(2|4|5)\\d\\d$", "302", false},
      {"^(HTTPS?|#\\{protocol\\})$", "#{protocol}", true},
      {"a{,3}", "a{,3}", true},
      {"^\\S+$", "a b", false},
      {"^[^a-c]$", "b", false},
      {"^(a|)$", "", true},
      {"^(a*)*$", "aaab", false},
      {"^a$", "a\n", false},
      {"^\\d+$", "\xd9\xa1", false},
      {"^\\w+$", "\xc3\xa9", false},
      {"^\\p{L}+$", "\xc3\xa9\xd0\x96", true},
      {"^\\/a\\-b$", "/a-b", true},
      {"^a(?=b)", "ab", true},
      {"^[a-z.-]*(?<!\\.git)$", "x.git", false},
      {"(?i)^SHOP$", "shop", true},
      {"^(?:a|(b))\\1$", "a", true},
      {"^(?s).{1,3}$", "a\nb", true},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Pattern(c.pattern).Find(c.subject), c.matches ? Pattern::Answer::kFound : Pattern::Answer::kNotFound)
        << c.pattern << " on " << c.subject;
  }
}

TEST(Pattern, WhatIsNotUnderstoodMayBeFound) {
  const std::string deep = std::string(60, '(') + std::string(60, ')');
  for (const std::string& text :
       {std::string("(a"), std::string("a)"), std::string("[a"), std::string("*"), std::string("\\p{None}"),
        std::string("[z-a]"), std::string("a{5,2}"), std::string("((.{1,300}){1,300}){1,300}"), std::string("\\C"),
        std::string("\\"), std::string("\xff"), std::string(4097, 'a'), deep}) {
    const Pattern pattern(text);
    EXPECT_EQ(pattern.Find("none of these"), Pattern::Answer::kUnknown) << text;
    EXPECT_TRUE(pattern.Matches("none of these")) << text;
  }
}

TEST(Pattern, NothingIsSaidOfTextsThatAreTooLongOrNoText) {
  const Pattern pattern("^b$");
  EXPECT_EQ(pattern.Find(std::string(Pattern::kLongestSubject, 'a')), Pattern::Answer::kNotFound);
  EXPECT_EQ(pattern.Find(std::string(Pattern::kLongestSubject + 1, 'a')), Pattern::Answer::kUnknown);
  EXPECT_EQ(pattern.Find("a\xff"), Pattern::Answer::kUnknown);
  EXPECT_EQ(pattern.Find("a"), Pattern::Answer::kNotFound);
}

TEST(Pattern, LimitsEndWhatWouldTakeForEver) {
  const std::string subject = std::string(Pattern::kLongestSubject - 1, 'a') + "!";
  for (const char* text : {"^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^((a*)*)*$", "^(?:(?:a?){30}){30}$", "(?:a+)+b|!!"}) {
    const Pattern pattern(text);
    EXPECT_NE(pattern.Find(subject), Pattern::Answer::kFound) << text;
    EXPECT_TRUE(pattern.Matches("aaaa")) << text;
  }
  const Pattern nested("^(a+)+$");
  EXPECT_EQ(nested.Find("aab"), Pattern::Answer::kNotFound);
  EXPECT_EQ(nested.Find(subject), Pattern::Answer::kUnknown);
  EXPECT_EQ(nested.Find("aab"), Pattern::Answer::kUnknown) << "it is not tried again";
  // A pattern that calls itself goes as deep as its subject wants.
  EXPECT_NE(Pattern("^(a(?1)?b|a(?1)*)$").Find(subject), Pattern::Answer::kFound);
  EXPECT_EQ(Pattern("(?R)").Find("a"), Pattern::Answer::kUnknown);
}

TEST(Pattern, IsSharedByItsCopiesAndThreads) {
  const Pattern pattern("^[a-z]+$");
  std::vector<std::jthread> threads;
  std::atomic<int> found = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = pattern, &found] {
      for (int k = 0; k < 200; ++k) found += copy.Find("shop") == Pattern::Answer::kFound;
    });
  }
  threads.clear();
  EXPECT_EQ(found, 800);
}

TEST(Pattern, AnyTextGetsAnAnswer) {
  constexpr std::string_view kBytes = "()[]{}^$|*+?.\\-,0123abcdwpLuxZ:=!RPK<>&\xc3\xa9\xff";
  int understood = 0;
  for (unsigned seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    for (std::size_t size = random() % 24; size > 0; --size) text += kBytes[random() % kBytes.size()];
    understood += Pattern(text).Find("abc-0123\xc3\xa9") != Pattern::Answer::kUnknown;
  }
  EXPECT_GT(understood, 100);
}

}  // namespace
}  // namespace perch::cfn
