#include "cfn/pattern.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

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
  };
  for (const Case& c : cases) {
    const std::optional<Pattern> pattern = Pattern::Compile(c.pattern);
    ASSERT_TRUE(pattern) << c.pattern;
    EXPECT_EQ(pattern->Matches(c.subject), c.matches) << c.pattern << " on " << c.subject;
  }
}

TEST(Pattern, WhatIsNotUnderstoodIsNoPattern) {
  for (const char* text : {"(a", "a)", "[a", "*", "(a)\\1", "a(?=b)", "(?i)a", "\\p{Greek}", "[z-a]", "a{5,2}", "a++",
                           "((.{1,300}){1,300}){1,300}", "[[:alpha:]]", "\\u00g0", "\\"}) {
    EXPECT_FALSE(Pattern::Compile(text)) << text;
  }
}

TEST(Pattern, NoExpressionTakesForEver) {
  const std::string subject(Pattern::kLongestSubject, 'a');
  for (const char* text : {"^(a+)+$", "^(a|a)*b$", "(a*)*(a*)*(a*)*c", "^(.{0,60}){0,60}x", "(a?){4000}a{900}b"}) {
    const std::optional<Pattern> pattern = Pattern::Compile(text);
    if (pattern) EXPECT_EQ(pattern->Matches(subject), text == std::string("^(a+)+$")) << text;
  }
  EXPECT_TRUE(Pattern::Compile("^b$")->Matches(subject + "a"));
}

TEST(Pattern, AnyTextGetsAnAnswer) {
  constexpr std::string_view kBytes = "()[]{}^$|*+?.\\-,0123abcdwpLuxZ:=!\xc3\xa9\xff";
  for (unsigned seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    for (std::size_t size = random() % 24; size > 0; --size) text += kBytes[random() % kBytes.size()];
    const std::optional<Pattern> pattern = Pattern::Compile(text);
    if (pattern) {
      (void)pattern->Matches("abc-0123\xc3\xa9");
      EXPECT_LE(pattern->states(), 10 * Pattern::kMostStates) << seed;
    }
  }
}

}  // namespace
}  // namespace perch::cfn
