#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/process.h"
#include "gateway/test_peers.h"

namespace perch::gateway {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class Curl : public testing::Test {
 protected:
  std::string Ask(std::vector<std::string> options, std::string input = "") {
    std::vector<std::string> argv = {"curl",
                                     "-sS",
                                     "--max-time",
                                     "20",
                                     "-H",
                                     "Host: app.test",
                                     "http://127.0.0.1:" + std::to_string(gateway_.port()) + "/"};
    argv.insert(argv.end(), options.begin(), options.end());
    Result<ProcessResult> result = RunProcess({.argv = std::move(argv), .input = std::move(input)});
    if (!result) return result.error().Text();
    return result->Succeeded() ? result->out : DescribeExit(result->exit_code) + ": " + result->err;
  }

  RawUpstream app_{Echo()};
  TestGateway gateway_{app_.port()};
};

TEST_F(Curl, SpeaksHttp11) { EXPECT_THAT(Ask({"-i"}), StartsWith("HTTP/1.1 200 OK\r\n")); }

TEST_F(Curl, SpeaksHttp10) {
  EXPECT_THAT(Ask({"-i", "--http1.0"}), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(Ask({"--http1.0"}), StartsWith("GET / HTTP/1.1\r\nHost: app.test\r\n"));
}

TEST_F(Curl, AsksForHeadersOnly) { EXPECT_THAT(Ask({"-I"}), EndsWith("\r\n\r\n")); }

TEST_F(Curl, UploadsWithALength) {
  EXPECT_THAT(Ask({"--data-binary", "@-"}, std::string(500'000, 'x')),
              EndsWith("\r\n\r\n" + std::string(500'000, 'x')));
}

TEST_F(Curl, UploadsInChunks) {
  const std::string seen = Ask({"-T", "-", "-H", "Expect:"}, "hello");
  EXPECT_THAT(seen, StartsWith("PUT / HTTP/1.1\r\nHost: app.test\r\n"));
  EXPECT_THAT(seen, EndsWith("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
}

TEST_F(Curl, GoesOnWhenAnExpectationIsNotAnswered) {
  EXPECT_THAT(Ask({"-T", "-", "--expect100-timeout", "0.05"}, "hello"), HasSubstr("\r\nExpect: 100-continue\r\n"));
}

TEST_F(Curl, ReusesItsConnection) {
  EXPECT_THAT(
      Ask({"-o", "/dev/null", "-w", "%{num_connects}", "-:", "-sS", "--max-time", "20", "-H", "Host: app.test",
           "http://127.0.0.1:" + std::to_string(gateway_.port()) + "/", "-o", "/dev/null", "-w", " %{num_connects}"}),
      "1 0");
  EXPECT_EQ(app_.connections(), 1);
}

}  // namespace
}  // namespace perch::gateway
