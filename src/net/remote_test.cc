#include "net/remote.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/text.h"
#include "net/curl_library.h"

namespace perch::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// Answers each request with fixed bytes, and then closes, resets, or keeps the connection.
class RawServer {
 public:
  enum class Then { kKeep, kClose, kReset, kHang };

  explicit RawServer(std::string answer, Then then = Then::kKeep) : answer_(std::move(answer)), then_(then) {
    listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_.get(), 16);
    socklen_t size = sizeof address;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { Accept(); });
  }
  ~RawServer() {
    done_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }

  std::string Url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  int connections() const { return connections_; }
  std::string LastRequest() {
    const std::lock_guard lock(mutex_);
    return request_;
  }

 private:
  void Accept() {
    std::vector<std::jthread> sessions;
    while (!done_) {
      const int fd = ::accept(listener_.get(), nullptr, nullptr);
      if (fd < 0) break;
      ++connections_;
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      sessions.emplace_back([this, fd] { Serve(fd); });
    }
  }

  void Serve(int fd) {
    std::string got;
    char buffer[4096];
    while (true) {
      const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
      if (n <= 0) break;
      got.append(buffer, std::size_t(n));
      const std::size_t end = got.find("\r\n\r\n");
      if (end == got.npos) continue;
      std::size_t length = 0;
      if (const std::size_t at = got.find("Content-Length: "); at < end) length = std::stoul(got.substr(at + 16, 20));
      if (got.size() < end + 4 + length) continue;
      {
        const std::lock_guard lock(mutex_);
        request_ = got;
      }
      got.clear();
      (void)!::send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      if (then_ == Then::kReset) {
        const linger at_once = {.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      }
      if (then_ == Then::kClose || then_ == Then::kReset) break;
    }
    const std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    ::close(fd);
  }

  std::string answer_;
  Then then_;
  UniqueFd listener_;
  int port_ = 0;
  std::atomic<bool> done_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::string request_;
  std::jthread thread_;
};

std::string Answer(std::string_view head, std::string_view body) {
  return "HTTP/1.1 " + std::string(head) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

TEST(Transport, AsksAndReads) {
  RawServer server(Answer("201 Created\r\nX-Word:  two words ", "hello"));
  Result<RemoteResponse> response = MakeTransport()->Send({.method = "POST",
                                                           .url = server.Url("/a//b/../c%20d?x=%2F"),
                                                           .headers = {{"X-A", "1"}, {"X-Empty", ""}},
                                                           .body = "text"},
                                                          {});
  ASSERT_TRUE(response) << response.error().Text();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->headers[0], (std::pair<std::string, std::string>("X-Word", "two words")));
  const std::string host = server.Url("").substr(7);
  EXPECT_EQ(server.LastRequest(), "POST /a//b/../c%20d?x=%2F HTTP/1.1\r\nHost: " + host +
                                      "\r\nX-A: 1\r\nX-Empty:\r\nContent-Length: 4\r\n\r\ntext");
}

TEST(Transport, SendsEveryMethodAsItIs) {
  RawServer server(Answer("200 OK", ""));
  const std::unique_ptr<Transport> transport = MakeTransport();
  for (const std::string method : {"GET", "DELETE", "PUT", "POST", "HEAD"}) {
    ASSERT_TRUE(transport->Send({.method = method, .url = server.Url()}, {}));
    EXPECT_THAT(server.LastRequest(), StartsWith(method + " / HTTP/1.1"));
    EXPECT_EQ(server.LastRequest().find("Content-Length: 0") != std::string::npos, method == "PUT" || method == "POST");
  }
}

TEST(Transport, HeadHasNoBodyThoughItsLengthIsTold) {
  RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  Result<RemoteResponse> response = MakeTransport()->Send({.method = "HEAD", .url = server.Url()}, {});
  ASSERT_TRUE(response) << response.error().Text();
  EXPECT_EQ(response->body, "");
}

TEST(Transport, KeepsTheConnection) {
  RawServer server(Answer("200 OK", "x"));
  const std::unique_ptr<Transport> transport = MakeTransport();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(transport->Send({.url = server.Url()}, {}));
  EXPECT_EQ(server.connections(), 1);
}

TEST(Transport, ManyThreadsAskAtOnce) {
  RawServer server(Answer("200 OK", "x"));
  const std::unique_ptr<Transport> transport = MakeTransport();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 20; ++j) good += transport->Send({.url = server.Url()}, {}).has_value();
      });
    }
  }
  EXPECT_EQ(good, 160);
  EXPECT_LE(server.connections(), 8);
}

TEST(Transport, RedirectsAndErrorsAreAnswers) {
  RawServer moved(Answer("307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/", ""));
  RawServer broken(Answer("503 Service Unavailable", "no"));
  EXPECT_EQ(MakeTransport()->Send({.url = moved.Url()}, {})->status, 307);
  EXPECT_EQ(MakeTransport()->Send({.url = broken.Url()}, {})->status, 503);
}

TEST(Transport, CompressedAnswersStayAsTheyAre) {
  RawServer server(Answer("200 OK\r\nContent-Encoding: gzip", "not gzip at all"));
  EXPECT_EQ(MakeTransport()->Send({.url = server.Url()}, {})->body, "not gzip at all");
}

TEST(Transport, LargeBodiesPassBothWays) {
  const std::string large(8 << 20, 'x');
  RawServer server(Answer("200 OK", large));
  Result<RemoteResponse> response = MakeTransport()->Send({.method = "PUT", .url = server.Url(), .body = large}, {});
  ASSERT_TRUE(response) << response.error().Text();
  EXPECT_EQ(response->body.size(), large.size());
  EXPECT_THAT(server.LastRequest(), testing::EndsWith(large));
}

TEST(Transport, AnAnswerOverTheLimitIsAnError) {
  RawServer server(Answer("200 OK", std::string(2000, 'x')));
  Result<RemoteResponse> response = MakeTransport()->Send({.url = server.Url("/a?secret"), .body_limit = 1024}, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kFailed);
  EXPECT_EQ(response.error().Text(),
            "cannot ask another machine: " + server.Url("/a") + ": the answer is larger than 1 KiB");
}

struct BadCase {
  const char* name;
  std::string answer;
  RawServer::Then then;
};
class BadServer : public testing::TestWithParam<BadCase> {};

TEST_P(BadServer, IsAnErrorAndNeverAShorterAnswer) {
  RawServer server(GetParam().answer, GetParam().then);
  Result<RemoteResponse> response =
      MakeTransport()->Send({.url = server.Url(), .timeout = std::chrono::milliseconds(500)}, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(response.error().Text(), StartsWith("cannot ask another machine: " + server.Url() + ": "));
  EXPECT_NE(response.error().why, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadServer,
    testing::Values(BadCase{"Silent", "", RawServer::Then::kClose}, BadCase{"Reset", "", RawServer::Then::kReset},
                    BadCase{"CutBody", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", RawServer::Then::kClose},
                    BadCase{"CutChunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                            RawServer::Then::kClose},
                    BadCase{"CutHead", "HTTP/1.1 200 OK\r\nContent-Le", RawServer::Then::kClose},
                    BadCase{"NoHttp", "SSH-2.0-OpenSSH_9.2\r\n", RawServer::Then::kClose},
                    BadCase{"TimeOut", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", RawServer::Then::kHang}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Transport, NobodyListening) {
  std::string url;
  {
    RawServer server("");
    url = server.Url();
  }
  Result<RemoteResponse> response = MakeTransport()->Send({.url = url}, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(response.error().why, HasSubstr("Failed to connect"));
}

TEST(Transport, StopsWhenAsked) {
  RawServer server("", RawServer::Then::kHang);
  std::stop_source stop;
  const std::unique_ptr<Transport> transport = MakeTransport();
  std::jthread stopper([&] {
    while (server.LastRequest().empty()) std::this_thread::yield();
    stop.request_stop();
  });
  Result<RemoteResponse> response = transport->Send({.url = server.Url()}, stop.get_token());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::kCancelled);
}

TEST(Transport, RefusesWhatCouldForgeAHeader) {
  const std::unique_ptr<Transport> transport = MakeTransport();
  for (const RemoteRequest& request : {RemoteRequest{.url = "http://127.0.0.1/\r\nX: 1"},
                                       RemoteRequest{.url = "http://127.0.0.1/", .headers = {{"A", "1\nB: 2"}}},
                                       RemoteRequest{.url = "http://127.0.0.1/", .headers = {{"A: 1\r\nB", "2"}}},
                                       RemoteRequest{.method = "", .url = "http://a/"},
                                       RemoteRequest{.url = "file:///etc/passwd"}, RemoteRequest{.url = "::"}}) {
    Result<RemoteResponse> response = transport->Send(request, {});
    ASSERT_FALSE(response) << request.url;
    EXPECT_EQ(response.error().kind, ErrorKind::kUsage) << response.error().Text();
  }
}

TEST(LoadCurl, SaysWhichPackageIsMissing) {
  Result<CurlLibrary> curl = OpenCurl("libnothing-at-all.so.4");
  ASSERT_FALSE(curl);
  EXPECT_EQ(curl.error().Text(),
            "cannot load libcurl: libnothing-at-all.so.4: cannot open shared object file: No such file or directory\n"
            "  Install it: on Debian and Ubuntu, apt install libcurl4.");
}

}  // namespace
}  // namespace perch::net
