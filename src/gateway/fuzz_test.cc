#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "gateway/test_peers.h"
#include "net/head.h"

namespace perch::gateway {
namespace {

// Seeded, so that a failure comes back: PERCH_FUZZ_SEED and PERCH_FUZZ_ROUNDS choose others.
std::uint32_t FromEnvironment(const char* name, std::uint32_t fallback) {
  const char* const text = std::getenv(name);
  return text ? static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10)) : fallback;
}

const std::vector<std::string>& Seeds() {
  static const std::vector<std::string> seeds = {
      "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n",
      "GET http://app.test/a?b HTTP/1.1\r\nHost: app.test\r\nConnection: close, x-a\r\nX-A: 1\r\n\r\n",
      "POST /p HTTP/1.1\r\nHost: app.test\r\nContent-Length: 5\r\n\r\nhello",
      "POST /p HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: x\r\n\r\n",
      "PUT /p HTTP/1.1\r\nHost: app.test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
      "HEAD / HTTP/1.0\r\nHost: app.test\r\nConnection: keep-alive\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: dash.test\r\nCookie: a=b; perch_session=c\r\n\r\n",
  };
  return seeds;
}

const std::vector<std::string>& Splinters() {
  static const std::vector<std::string> splinters = {"\r",
                                                     "\n",
                                                     "\r\n",
                                                     "\r\n\r\n",
                                                     std::string(1, '\0'),
                                                     " ",
                                                     "\t",
                                                     ":",
                                                     ",",
                                                     ";",
                                                     "0",
                                                     "ffffffff",
                                                     "-1",
                                                     "Transfer-Encoding: chunked\r\n",
                                                     "Content-Length: 7\r\n",
                                                     "Host: x\r\n",
                                                     "\x80\xff",
                                                     "HTTP/1.1",
                                                     "0\r\n\r\n",
                                                     "Upgrade: websocket\r\nConnection: upgrade\r\n",
                                                     "Expect: 100-continue\r\n"};
  return splinters;
}

std::string Mutate(std::mt19937& random) {
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  std::string text = Seeds()[below(Seeds().size())];
  if (below(3) == 0) text += Seeds()[below(Seeds().size())];
  for (std::size_t changes = below(5); changes > 0; --changes) {
    const std::size_t at = below(text.size());
    switch (below(4)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, 1 + below(4));
        break;
      case 2:
        text.insert(at, Splinters()[below(Splinters().size())]);
        break;
      default:
        text.insert(at, text.substr(below(text.size()), below(20)));
        break;
    }
    if (text.empty()) text = "x";
  }
  return text;
}

// An app that takes requests apart by the strictest rules and counts what breaks them.
RawUpstream::Script Judge(std::atomic<int>& requests, std::atomic<int>& malformed, std::string& example) {
  return [&](RawConnection& connection) {
    while (true) {
      const std::string block = connection.ReadUntil("\r\n\r\n");
      if (block.empty()) return;
      net::RequestReader reader;
      net::RequestHead head;
      const bool good = block.ends_with("\r\n\r\n") && !net::CheckHeaderBlock(block, {.fields = 120}) &&
                        !reader.ReadHead(block, {}, head) && head.host == "app.test" &&
                        block.find("perch_session") == std::string::npos;
      ++requests;
      if (!good) {
        ++malformed;
        example = block;
        return;
      }
      if (head.framing == net::Framing::kLength) {
        if (connection.ReadBytes(head.length).size() < head.length) return;
      } else if (head.framing == net::Framing::kChunked) {
        std::string line;
        do {
          line = connection.ReadUntil("\r\n");
          const std::size_t size = std::strtoul(line.c_str(), nullptr, 16);
          if (!line.ends_with("\r\n") || connection.ReadBytes(size + 2).size() < size + 2) return;
        } while (line != "0\r\n");
      }
      connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  };
}

TEST(Fuzz, MutatedRequestsNeverReachTheAppMalformed) {
  std::mt19937 random(FromEnvironment("PERCH_FUZZ_SEED", 1));
  const std::uint32_t rounds = FromEnvironment("PERCH_FUZZ_ROUNDS", 1500);
  std::atomic<int> requests = 0;
  std::atomic<int> malformed = 0;
  std::string example;
  {
    RawUpstream app(Judge(requests, malformed, example));
    const TestGateway gateway(app.port());
    for (std::uint32_t i = 0; i < rounds; ++i) {
      RawConnection client = gateway.Connect();
      client.Send(Mutate(random));
      client.HalfClose();
      const std::string answer = client.ReadToEnd();
      EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 ") || answer == "<reset>") << answer;
    }
    EXPECT_THAT(gateway.Exchange("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n"),
                testing::EndsWith("ok"));
  }
  EXPECT_GT(requests, static_cast<int>(rounds / 10));
  EXPECT_EQ(malformed, 0) << example;
}

TEST(Fuzz, RandomAnswersOfAnAppNeverBreakTheGateway) {
  std::mt19937 random(FromEnvironment("PERCH_FUZZ_SEED", 1));
  const std::vector<std::string> seeds = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nhello",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"};
  std::mutex mutex;
  RawUpstream app([&](RawConnection& connection) {
    std::string answer;
    {
      const std::lock_guard lock(mutex);
      answer = seeds[random() % seeds.size()];
      for (std::size_t changes = random() % 4; changes > 0; --changes) {
        const std::size_t at = random() % answer.size();
        if (random() % 2) {
          answer[at] = static_cast<char>(random());
        } else {
          answer.insert(at, Splinters()[random() % Splinters().size()]);
        }
      }
    }
    connection.ReadUntil("\r\n\r\n");
    connection.Send(answer);
  });
  const TestGateway gateway(app.port());
  for (std::uint32_t i = 0; i < FromEnvironment("PERCH_FUZZ_ROUNDS", 500); ++i) {
    const std::string answer = gateway.Exchange("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 ")) << answer;
  }
}

}  // namespace
}  // namespace perch::gateway
