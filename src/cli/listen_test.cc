#include "cli/listen.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"

namespace perch::cli {
namespace {

Result<Listen> Read(const std::string& listen, const std::string& tls = "",
                    const std::filesystem::path& password = {}) {
  Arguments arguments;
  arguments.listen = listen;
  arguments.tls = tls;
  arguments.password_file = password;
  return ReadListen(arguments);
}

class ListenTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "perch-listen-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    ASSERT_TRUE(WriteFileAtomically(folder_ / "good", "correct horse\nsecond line\n").has_value());
    ASSERT_TRUE(WriteFileAtomically(folder_ / "short", "short\n").has_value());
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(folder_).has_value()); }
  std::filesystem::path folder_;
};

TEST_F(ListenTest, ReadsAddresses) {
  EXPECT_EQ(Read("127.0.0.1:7878")->port, 7878);
  EXPECT_EQ(Read("localhost:80")->host, "127.0.0.1");
  EXPECT_EQ(Read("[::1]:0")->host, "::1");
}

TEST_F(ListenTest, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", "7878", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:-1", "example.com:80", ":80"}) {
    ASSERT_FALSE(Read(text).has_value()) << text;
    EXPECT_EQ(Read(text).error().kind, ErrorKind::kUsage) << text;
  }
}

TEST_F(ListenTest, BeyondLoopbackNeedsTlsAndPassword) {
  for (const char* listen : {"0.0.0.0:443", "[::]:443", "192.168.1.2:443"}) {
    EXPECT_EQ(Read(listen).error().kind, ErrorKind::kRefused);
    EXPECT_EQ(Read(listen, "a,b").error().kind, ErrorKind::kRefused);
    EXPECT_EQ(Read(listen, "", folder_ / "good").error().kind, ErrorKind::kRefused);
    const auto both = Read(listen, "a,b", folder_ / "good");
    ASSERT_TRUE(both.has_value());
    EXPECT_EQ(both->password->Reveal(), "correct horse");
  }
}

TEST_F(ListenTest, RefusesWeakOrMissingPasswords) {
  EXPECT_EQ(Read("127.0.0.1:1", "", folder_ / "short").error().kind, ErrorKind::kUsage);
  EXPECT_EQ(Read("127.0.0.1:1", "", folder_ / "absent").error().kind, ErrorKind::kUsage);
  EXPECT_EQ(Read("127.0.0.1:1", "only-one").error().kind, ErrorKind::kUsage);
}

TEST_F(ListenTest, ChoosesAFreePort) {
  for (const char* text : {"127.0.0.1:0", "[::1]:0"}) {
    auto listen = Read(text);
    ASSERT_TRUE(listen.has_value());
    ASSERT_TRUE(ChooseFreePort(*listen).has_value());
    EXPECT_NE(listen->port, 0);
  }
}

}  // namespace
}  // namespace perch::cli
