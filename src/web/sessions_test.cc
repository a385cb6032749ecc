#include "web/sessions.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"

namespace perch::web {
namespace {

class SessionsTest : public testing::Test {
 protected:
  Time now_ = *ParseTime("2026-11-22T12:00:00Z");
  Clock clock_ = [this] { return now_; };
  Sessions sessions_{Secret("key one"), clock_};
};

TEST_F(SessionsTest, ASessionIsGoodForItsHostForSevenDays) {
  const std::string session = sessions_.Issue("localhost");
  EXPECT_TRUE(sessions_.Valid("localhost", session));
  EXPECT_FALSE(sessions_.Valid("demo.localhost", session));
  now_ += std::chrono::hours(7 * 24) - std::chrono::seconds(1);
  EXPECT_TRUE(sessions_.Valid("localhost", session));
  now_ += std::chrono::seconds(1);
  EXPECT_FALSE(sessions_.Valid("localhost", session));
}

TEST_F(SessionsTest, ARestartKeepsSessionsAndANewKeyEndsThem) {
  const std::string session = sessions_.Issue("localhost");
  EXPECT_TRUE(Sessions(Secret("key one"), clock_).Valid("localhost", session));
  EXPECT_FALSE(Sessions(Secret("key two"), clock_).Valid("localhost", session));
}

TEST_F(SessionsTest, NothingChangedIsAccepted) {
  const std::string session = sessions_.Issue("localhost");
  for (std::size_t i = 0; i < session.size(); ++i) {
    std::string changed = session;
    changed[i] = changed[i] == '1' ? '2' : '1';
    EXPECT_FALSE(sessions_.Valid("localhost", changed)) << i;
  }
  for (const char* bad : {"", ".", "..", "9999999999.x.y", "9999999999.."})
    EXPECT_FALSE(sessions_.Valid("localhost", bad));
}

TEST_F(SessionsTest, FormsOfTwoSessionsDiffer) {
  const std::string one = sessions_.Issue("localhost");
  const std::string two = sessions_.Issue("localhost");
  EXPECT_EQ(sessions_.FormKey(one), sessions_.FormKey(one));
  EXPECT_NE(sessions_.FormKey(one), sessions_.FormKey(two));
}

TEST_F(SessionsTest, ATicketWorksOnceForItsHostWithinAMinute) {
  const std::string ticket = sessions_.IssueTicket("demo.localhost", "/cart?x=1");
  EXPECT_EQ(sessions_.RedeemTicket("demo.localhost", ticket), "/cart?x=1");
  EXPECT_EQ(sessions_.RedeemTicket("demo.localhost", ticket), std::nullopt);

  const std::string stolen = sessions_.IssueTicket("demo.localhost", "/");
  EXPECT_EQ(sessions_.RedeemTicket("evil.localhost", stolen), std::nullopt);

  const std::string late = sessions_.IssueTicket("demo.localhost", "/");
  now_ += std::chrono::seconds(60);
  EXPECT_EQ(sessions_.RedeemTicket("demo.localhost", late), std::nullopt);
  EXPECT_EQ(sessions_.RedeemTicket("demo.localhost", ""), std::nullopt);
}

class KeyFileTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(MakeFolders(folder_)); }
  void TearDown() override { EXPECT_TRUE(RemoveTree(folder_)); }
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("perch-web-key-" + std::to_string(getpid()));
};

TEST_F(KeyFileTest, IsMadeOnceForTheOwnerOnly) {
  const std::filesystem::path path = folder_ / "session.key";
  const Result<Secret> made = LoadOrMakeKey(path);
  ASSERT_TRUE(made) << made.error().Text();
  EXPECT_EQ(made->Reveal().size(), 64u);
  EXPECT_EQ(LoadOrMakeKey(path)->Reveal(), made->Reveal());
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(KeyFileTest, ATornOneIsAnErrorAndNotAWeakKey) {
  const std::filesystem::path path = folder_ / "session.key";
  ASSERT_TRUE(WriteFileAtomically(path, "abc\n"));
  const Result<Secret> key = LoadOrMakeKey(path);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().Text(), "the key for sign-ins is too short: " + path.string() +
                                    ": it has 3 characters instead of 64\n"
                                    "  Delete the file; perch makes a new one, and everybody signs in again.");
}

}  // namespace
}  // namespace perch::web
