#include "cli/guest_json.h"

#include <gtest/gtest.h>

namespace perch::cli {
namespace {

TEST(GuestJson, WordsOfAnyBytesArrive) {
  const std::vector<std::string> words = {"printf", "a\xff\"\n", "", "--json"};
  EXPECT_EQ(ReadWordsJson(WordsJson(words)).value(), words);
}

TEST(GuestJson, RefusesWhatIsNoCommand) {
  for (const char* json : {"", "{}", "{\"argv_hex\":[]}", "{\"argv_hex\":[\"6\"]}", "{\"argv_hex\":[\"zz\"]}"}) {
    EXPECT_FALSE(ReadWordsJson(json).has_value()) << json;
  }
}

TEST(GuestJson, AGuestArrivesWhole) {
  local::GuestCommand command;
  command.guest.argv = {"sh", "-c", "id"};
  command.guest.env = {{"PERCH_BRANCH", "feature/\xff"}};
  command.guest.binds = {{.source = "/a", .target = "/b", .writable = true}};
  command.guest.uid = 1879048192;
  const auto back = ReadGuestJson(GuestJson(command));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->guest.argv, command.guest.argv);
  EXPECT_EQ(back->guest.env, command.guest.env);
  EXPECT_EQ(back->guest.uid, command.guest.uid);
  ASSERT_EQ(back->guest.binds.size(), 1u);
  EXPECT_TRUE(back->guest.binds[0].writable);
}

TEST(GuestJson, RefusesACutGuest) { EXPECT_FALSE(ReadGuestJson("{\"guest_hex\":\"00\"}").has_value()); }

}  // namespace
}  // namespace perch::cli
