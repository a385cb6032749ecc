#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace perch::cli {
namespace {

Parsed Parse(std::vector<const char*> words) {
  words.insert(words.begin(), "perch");
  return ParseArguments(int(words.size()), words.data());
}

TEST(Arguments, GlobalOptionsMayStandBeforeOrAfterTheCommand) {
  for (const auto& words : {std::vector<const char*>{"-C", "/srv", "--json", "ls"}, {"ls", "--json", "-C", "/srv"}}) {
    const Parsed parsed = Parse(words);
    ASSERT_TRUE(parsed.arguments) << parsed.text;
    EXPECT_EQ(parsed.arguments->command, "ls");
    EXPECT_EQ(parsed.arguments->folder, "/srv");
    EXPECT_TRUE(parsed.arguments->json);
  }
}

TEST(Arguments, ExecKeepsItsCommandUntouched) {
  const Parsed parsed = Parse({"exec", "feature/cart", "--", "ls", "--json", "-C"});
  ASSERT_TRUE(parsed.arguments) << parsed.text;
  EXPECT_EQ(parsed.arguments->branch, "feature/cart");
  EXPECT_EQ(parsed.arguments->words, (std::vector<std::string>{"ls", "--json", "-C"}));
  EXPECT_FALSE(parsed.arguments->json);
}

TEST(Arguments, ABranchThatLooksLikeAnOptionIsNoOption) {
  EXPECT_EQ(Parse({"up", "--version-2"}).exit_code, 2);
  EXPECT_EQ(Parse({"up"}).exit_code, 2);
}

TEST(Arguments, AMisspeltCommandGetsTheNearest) {
  EXPECT_EQ(Parse({"srve"}).text,
            "perch: unknown command 'srve'; did you mean 'serve'?\n  Run `perch --help` for the list.\n");
  EXPECT_EQ(Parse({"srve"}).exit_code, 2);
}

TEST(Arguments, EveryCommandHasHelpWithAnExample) {
  for (const CommandInfo& info : Commands()) {
    const Parsed parsed = Parse({info.name.c_str(), "--help"});
    EXPECT_EQ(parsed.exit_code, 0) << info.name;
    EXPECT_THAT(parsed.text, testing::HasSubstr("Example")) << info.name;
    EXPECT_THAT(parsed.text, testing::HasSubstr(info.about)) << info.name;
  }
}

TEST(Arguments, ConfigTakesItsSubcommands) {
  const Parsed parsed = Parse({"config", "diff", "production", "branch"});
  ASSERT_TRUE(parsed.arguments) << parsed.text;
  EXPECT_EQ(parsed.arguments->subcommand, "diff");
  EXPECT_EQ(parsed.arguments->branch, "production");
  EXPECT_EQ(parsed.arguments->other, "branch");
  EXPECT_EQ(Parse({"config"}).exit_code, 2);
}

TEST(Arguments, NothingAtAllShowsTheHelp) {
  EXPECT_EQ(Parse({}).exit_code, 2);
  EXPECT_THAT(Parse({}).text, testing::HasSubstr("serve"));
}

}  // namespace
}  // namespace perch::cli
