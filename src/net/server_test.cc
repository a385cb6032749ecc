#include "net/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "net/client.h"

namespace perch::net {
namespace {

// Counts from 0 until its reader leaves.
class Counter : public BodyStream {
 public:
  Counter(int count, std::atomic<int>& gone) : count_(count), gone_(gone) {}
  ~Counter() override {
    if (thread_.joinable()) thread_.join();  // a client may go before its stream begins
    ++gone_;
  }
  void Start(std::function<bool(std::string)> write, std::function<void()> end) override {
    thread_ = std::jthread([this, write = std::move(write), end = std::move(end)](const std::stop_token&) {
      for (int i = 0; count_ < 0 || i < count_; ++i) {
        if (!write(std::to_string(i) + "\n") && count_ < 0) return;
      }
      end();
    });
  }

 private:
  int count_;
  std::atomic<int>& gone_;
  std::jthread thread_;
};

class TestHandler : public Handler {
 public:
  Response Handle(const Request& request) override {
    if (request.Path() == "/count") return {.stream = std::make_unique<Counter>(1000, gone)};
    if (request.Path() == "/for-ever") return {.body = "start\n", .stream = std::make_unique<Counter>(-1, gone)};
    if (request.Path() == "/throw") throw std::runtime_error("no");
    return {.status = 201,
            .headers = {{"X-Host", request.host}},
            .body = request.method + " " + request.target + " " + request.peer + (request.trusted ? " trusted " : " ") +
                    request.body};
  }
  std::atomic<int> gone = 0;
};

class ControlSocket : public testing::Test {
 protected:
  ControlSocket() {
    std::string pattern = (std::filesystem::temp_directory_path() / "perch-net-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    endpoint_.socket = folder_ / "control.sock";
  }
  ~ControlSocket() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  Status StartServer() {
    Result<std::unique_ptr<HttpServer>> server = HttpServer::Start({.socket = endpoint_.socket}, handler_);
    if (!server) return Fail(server.error());
    server_ = std::move(*server);
    return {};
  }

  TestHandler handler_;
  std::filesystem::path folder_;
  Endpoint endpoint_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(ControlSocket, AnswersTheOperator) {
  ASSERT_TRUE(StartServer());
  const Result<ClientResponse> answer =
      Fetch(endpoint_, {.method = "POST", .target = "/up?x=1", .body = "hello", .host = "Perch.local:80"});
  ASSERT_TRUE(answer) << answer.error().Text();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->Header("x-host"), "perch.local");
  EXPECT_EQ(answer->body, "POST /up?x=1 unix trusted hello");
}

TEST_F(ControlSocket, IsForItsOwnerOnly) {
  ASSERT_TRUE(StartServer());
  struct stat info{};
  ASSERT_EQ(::stat(endpoint_.socket.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

TEST_F(ControlSocket, StreamsABodyToItsEnd) {
  ASSERT_TRUE(StartServer());
  std::string all;
  const Result<ClientResponse> answer = FetchStream(endpoint_, {.target = "/count"}, [&](std::string_view piece) {
    all += piece;
    return true;
  });
  ASSERT_TRUE(answer) << answer.error().Text();
  EXPECT_THAT(all, testing::StartsWith("0\n1\n2\n"));
  EXPECT_THAT(all, testing::EndsWith("\n998\n999\n"));
}

TEST_F(ControlSocket, DestroysAStreamWhenItsReaderLeaves) {
  ASSERT_TRUE(StartServer());
  std::string first;
  const Result<ClientResponse> answer = FetchStream(endpoint_, {.target = "/for-ever"}, [&](std::string_view piece) {
    first += piece;
    return false;
  });
  ASSERT_TRUE(answer) << answer.error().Text();
  EXPECT_THAT(first, testing::StartsWith("start\n"));
  while (handler_.gone == 0) std::this_thread::yield();
}

TEST_F(ControlSocket, StopsAReaderByItsToken) {
  ASSERT_TRUE(StartServer());
  std::stop_source stop;
  const Result<ClientResponse> answer = FetchStream(
      endpoint_, {.target = "/for-ever"},
      [&](std::string_view) {
        stop.request_stop();
        return true;
      },
      {.timeout = std::chrono::milliseconds(0)}, stop.get_token());
  EXPECT_TRUE(answer);
}

TEST_F(ControlSocket, EndsStreamsWhenItStops) {
  ASSERT_TRUE(StartServer());
  const Result<ClientResponse> answer = FetchStream(endpoint_, {.target = "/for-ever"}, [&](std::string_view) {
    server_.reset();
    return true;
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().why, "the server closed the connection");
  EXPECT_EQ(handler_.gone, 1);
  EXPECT_FALSE(std::filesystem::exists(endpoint_.socket));
}

TEST_F(ControlSocket, SurvivesAHandlerThatThrows) {
  ASSERT_TRUE(StartServer());
  const Result<ClientResponse> answer = Fetch(endpoint_, {.target = "/throw"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 500);
}

TEST_F(ControlSocket, RefusesASecondServer) {
  ASSERT_TRUE(StartServer());
  const Result<std::unique_ptr<HttpServer>> second = HttpServer::Start({.socket = endpoint_.socket}, handler_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(second.error().Text(), "perch serve is running already: " + endpoint_.socket.string() +
                                       ": somebody listens on its control socket\n  Stop that perch serve first, or "
                                       "give this one another state folder.");
  EXPECT_TRUE(Fetch(endpoint_, {}));
}

TEST_F(ControlSocket, ReplacesASocketThatNobodyListensOn) {
  const int old = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX};
  endpoint_.socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(old, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(old);
  EXPECT_TRUE(StartServer());
  EXPECT_TRUE(Fetch(endpoint_, {}));
}

TEST_F(ControlSocket, NeverReplacesAnotherFile) {
  std::ofstream(endpoint_.socket) << "precious";
  const Status status = StartServer();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().why, "a file that is not a socket is in the way");
  EXPECT_TRUE(std::filesystem::exists(endpoint_.socket));
}

TEST_F(ControlSocket, IsMissedByItsClientInSoManyWords) {
  const Result<ClientResponse> answer = Fetch(endpoint_, {});
  ASSERT_FALSE(answer);
  EXPECT_TRUE(NobodyListens(answer.error()));
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(answer.error().Text(),
            "cannot speak to perch serve: " + endpoint_.socket.string() + ": nobody listens there");
}

}  // namespace
}  // namespace perch::net
