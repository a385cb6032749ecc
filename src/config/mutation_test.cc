#include <gtest/gtest.h>

#include <random>

#include "base/text.h"
#include "config/project.h"
#include "config/resolve.h"
#include "config/schema.h"
#include "config/show.h"

namespace perch::config {
namespace {

/// Some bytes of the text changed, moved, doubled or taken away; mostly those that YAML gives a meaning.
std::string Mutated(std::string text, std::mt19937& random) {
  constexpr std::string_view kBytes = "{}[]:-?&*!|>'\"%@`#, \n\t\r\xff\xc3\xe2\x80\xa8\\~<0aA";
  const auto below = [&](std::size_t n) { return std::size_t(random()) % std::max<std::size_t>(n, 1); };
  for (std::size_t changes = 1 + below(12); changes-- > 0 && !text.empty();) {
    const std::size_t at = below(text.size());
    const std::size_t length = std::min(text.size() - at, below(40));
    switch (below(6)) {
      case 0:
        text[at] = kBytes[below(kBytes.size())];
        break;
      case 1:
        text.insert(at, 1, kBytes[below(kBytes.size())]);
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(below(text.size()), text.substr(at, length));
        break;
      case 4:
        text.insert(at, below(3) + 1, ' ');
        break;
      default:
        text.resize(text.size() - below(text.size() / 8 + 1));
    }
  }
  return text;
}

/// Whatever comes: an answer, whose text is safe to show; never a crash or an endless loop (the suite's time limit).
void Try(const std::string& text, const Project& project, int seed) {
  const Result<Project> parsed = Parse(text, "perch.yaml");
  if (parsed) {
    for (const char* branch : {"main", "feature/x"}) {
      const Result<View> view = ViewOf(*parsed, branch);
      if (view) EXPECT_TRUE(IsUtf8(ExplainText(*view))) << seed;
    }
    EXPECT_EQ(ProblemsJson(Problems(text, "perch.yaml")), "[]") << seed;
  } else {
    EXPECT_EQ(parsed.error().kind, ErrorKind::kUsage) << seed;
    EXPECT_FALSE(parsed.error().what.empty()) << seed;
    EXPECT_TRUE(IsUtf8(parsed.error().what)) << seed;
    EXPECT_LT(parsed.error().what.size(), 64u << 10) << seed;
  }
  const Result<Settings> settings = Resolve(project, "feature/x", text, {});
  if (settings) {
    EXPECT_EQ(settings->app, "shop") << seed;
    EXPECT_EQ(settings->readable, (std::vector<std::string>{"/opt/toolchain", "/srv/datasets"})) << seed;
    EXPECT_EQ(settings->limits.memory, 512LL << 20) << seed;
  }
}

TEST(Mutation, AnyChangeOfTheExampleGetsAnAnswer) {
  const Result<Project> project = Parse(ExampleText(), "perch.yaml");
  ASSERT_TRUE(project);
  // Without its comments the changes hit what counts.
  std::string bare;
  for (const std::string& line : Lines(ExampleText())) {
    if (!Trim(line).empty() && !Trim(line).starts_with('#')) bare += line + "\n";
  }
  for (int seed = 0; seed < 400; ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    Try(Mutated(bare, random), *project, seed);
  }
}

TEST(Mutation, AnyBytesGetAnAnswer) {
  const Result<Project> project = Parse(ExampleText(), "perch.yaml");
  ASSERT_TRUE(project);
  for (int seed = 0; seed < 300; ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    std::string text;
    const std::size_t size = random() % 200;
    constexpr std::string_view kBytes = "{}[]:-?&*!|>'\"%#, \n\n\nabc\xff\xc3\xa9\\";
    for (std::size_t i = 0; i < size; ++i) text += kBytes[random() % kBytes.size()];
    Try(text, *project, seed);
  }
}

TEST(Mutation, LargeFilesOfOneKindAreAnsweredQuickly) {
  const Result<Project> project = Parse(ExampleText(), "perch.yaml");
  ASSERT_TRUE(project);
  const auto repeat = [](std::string_view piece) {
    std::string text;
    while (text.size() + piece.size() < (1 << 18)) text += piece;
    return text;
  };
  for (const char* piece :
       {"[", "{",   "- ",   "a: ",    "? ",   "\"",       "'",     "x\n",  "&a ",  "*a ", "!t ", "#",    "\n",
        " ", "[a,", "{a: ", "a: b\n", "|\n ", "\xc3\xa9", "[[a],", "? - ", "- - ", "a,",  ": ",  "%x\n", "---\n"}) {
    Try(repeat(piece), *project, 0);
  }
  std::string wide = "env: {";
  for (int i = 0; i < 999; ++i) wide += "V" + std::to_string(i) + ": \"" + std::string(900, 'x') + "\", ";
  Try("app: a\n" + wide + "}\n", *project, 0);
}

}  // namespace
}  // namespace perch::config
