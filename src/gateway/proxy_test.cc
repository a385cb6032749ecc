#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "gateway/test_peers.h"

namespace perch::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kForwarding =
    "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: app.test\r\nX-Real-IP: 127.0.0.1\r\n"
    "Forwarded: for=127.0.0.1;host=\"app.test\";proto=http\r\n";
const std::string kGet = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
const std::string kLastGet = "GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n";

// What the app got for one request, sent as is.
std::string SeenByApp(const std::string& request) {
  RawUpstream app(Echo());
  const TestGateway gateway(app.port());
  const std::string answer = gateway.Exchange(request);
  const std::size_t body = answer.find("\r\n\r\n");
  return body == std::string::npos ? answer : answer.substr(body + 4);
}

// What a client gets when the app answers `answer` and closes.
std::string SeenByClient(const std::string& answer, const std::string& request = kLastGet) {
  RawUpstream app(AnswerAndClose(answer));
  const TestGateway gateway(app.port());
  return gateway.Exchange(request);
}

TEST(Proxy, PassesRequestAndAnswer) {
  EXPECT_EQ(SeenByApp("GET /a?b=c HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nX-Mine: 1\r\n\r\n"),
            "GET /a?b=c HTTP/1.1\r\nHost: app.test\r\nX-Mine: 1\r\n" + kForwarding + "\r\n");
  EXPECT_EQ(
      SeenByClient("HTTP/1.1 201 Made It\r\nX-Yours: 2\r\nContent-Length: 5\r\n\r\nhello"),
      "HTTP/1.1 201 Made It\r\nX-Yours: 2\r\nX-Robots-Tag: noindex\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"
      "hello");
}

TEST(Proxy, TakesOutWhatIsForThisHopOrForPerchOnly) {
  EXPECT_EQ(
      SeenByApp("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
                "TE: trailers\r\nTrailer: X\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nProxy-Connection: close\r\n"
                "X-Forwarded-For: 6.6.6.6\r\nx-forwarded-port: 1\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n"
                "X_Forwarded_For: 6.6.6.6\r\nProxy: evil\r\nCookie: a=1; perch_session=s; b=2\r\n"
                "Cookie: __Host-perch_session=s\r\nAuthorization: Basic x\r\n\r\n"),
      "GET / HTTP/1.1\r\nHost: app.test\r\nHTTP2-Settings: x\r\nCookie: a=1; b=2\r\nAuthorization: Basic x\r\n" +
          kForwarding + "\r\n");
}

TEST(Proxy, TakesOutWhatAnAppMustNotSay) {
  EXPECT_EQ(
      SeenByClient("HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
                   "X-Robots-Tag: all\r\nSet-Cookie: perch_session=forged; Path=/\r\nSet-Cookie: mine=1\r\n"
                   "Content-Length: 0\r\n\r\n"),
      "HTTP/1.1 200 OK\r\nSet-Cookie: mine=1\r\nX-Robots-Tag: noindex\r\nContent-Length: 0\r\nConnection: close\r\n"
      "\r\n");
}

TEST(Proxy, TakesTheHostFromAnAbsoluteTarget) {
  EXPECT_THAT(SeenByApp("GET http://app.test/x HTTP/1.1\r\nHost: dash.test\r\nConnection: close\r\n\r\n"),
              testing::StartsWith("GET /x HTTP/1.1\r\nHost: app.test\r\n"));
}

TEST(Proxy, KeepsBothConnectionsForTheNextRequest) {
  RawUpstream app(Echo());
  const TestGateway gateway(app.port());
  RawConnection client = gateway.Connect();
  for (int i = 0; i < 3; ++i) {
    client.Send(kGet);
    EXPECT_THAT(client.ReadUntil("proto=http\r\n\r\n"), testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  EXPECT_EQ(app.connections(), 1);
}

TEST(Proxy, AnswersPipelinedRequestsInOrder) {
  RawUpstream app(Echo());
  const TestGateway gateway(app.port());
  const std::string answers = gateway.Exchange("POST /1 HTTP/1.1\r\nHost: app.test\r\nContent-Length: 3\r\n\r\none" +
                                               std::string("GET /2 HTTP/1.1\r\nHost: app.test\r\n\r\n") + kLastGet);
  EXPECT_THAT(answers, testing::ContainsRegex("POST /1(.|\r|\n)*one(.|\r|\n)*GET /2(.|\r|\n)*GET / "));
}

TEST(Proxy, TriesAgainWhenAPooledConnectionDied) {
  RawUpstream app(AnswerAndClose("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  const TestGateway gateway(app.port());
  RawConnection client = gateway.Connect();
  for (int i = 0; i < 20; ++i) {
    client.Send(kGet);
    EXPECT_THAT(client.ReadUntil("\r\n\r\nok"), testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  EXPECT_EQ(app.connections(), 20);
}

TEST(Proxy, NeverSendsAPostTwice) {
  std::atomic<int> posts = 0;
  RawUpstream app([&](RawConnection& connection) {
    std::string request = connection.ReadUntil("\r\n\r\n");
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    request = connection.ReadUntil("\r\n\r\n");
    if (request.starts_with("POST")) ++posts;
  });
  const TestGateway gateway(app.port());
  RawConnection client = gateway.Connect();
  client.Send(kGet);
  EXPECT_THAT(client.ReadUntil("\r\n\r\nok"), testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  client.Send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n"), "HTTP/1.1 502 Bad Gateway\r\n");
  EXPECT_EQ(posts, 1);
}

TEST(Proxy, ShowsThePagesWhenTheAppIsNotThere) {
  std::uint16_t dead_port = 0;
  {
    dead_port = RawUpstream(Echo()).port();
  }
  const TestGateway gateway(dead_port);
  EXPECT_THAT(gateway.Exchange(kLastGet), testing::EndsWith("\r\n\r\npages: GET / app.test\n"));
  EXPECT_THAT(gateway.Exchange("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
              testing::StartsWith("HTTP/1.1 502 Bad Gateway\r\n"));
}

TEST(Proxy, ShowsThePagesWhenTheAppDiesBeforeItsAnswer) {
  EXPECT_THAT(SeenByClient(""), HasSubstr("pages: GET / app.test\n"));
}

TEST(Proxy, AnswersBadGatewayWhenTheAppTalksNonsense) {
  const std::string body = "502 Bad Gateway: the branch's app gave no proper HTTP answer.\n";
  const std::string expected =
      "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
      "X-Robots-Tag: noindex\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
  EXPECT_EQ(SeenByClient("SSH-2.0-OpenSSH_9.2\r\n\r\n"), expected);
  EXPECT_EQ(SeenByClient("HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\n\r\n"), expected);
  EXPECT_EQ(SeenByClient("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            expected);
  EXPECT_EQ(SeenByClient("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), expected);
  EXPECT_EQ(SeenByClient("HTTP/1.1 101 Switching Protocols\r\n\r\n"), expected);
  EXPECT_EQ(SeenByClient("HTTP/1.1 200 OK\r\nX-A: b\r\n"), expected);
}

TEST(Proxy, CutsTheAnswerWhenTheAppCutsIt) {
  EXPECT_EQ(SeenByClient("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
            "HTTP/1.1 200 OK\r\nX-Robots-Tag: noindex\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf");
  EXPECT_THAT(SeenByClient("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
              Not(HasSubstr("0\r\n\r\n")));
}

TEST(Proxy, ReframesChunkedAnswers) {
  const std::string answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nhalf\r\n5\r\n-more\r\n0\r\nX-Trailer: 1\r\n\r\n";
  EXPECT_EQ(SeenByClient(answer),
            "HTTP/1.1 200 OK\r\nX-Robots-Tag: noindex\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            "9\r\nhalf-more\r\n0\r\n\r\n");
  EXPECT_EQ(SeenByClient(answer, "GET / HTTP/1.0\r\nHost: app.test\r\nConnection: keep-alive\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nX-Robots-Tag: noindex\r\nConnection: close\r\n\r\nhalf-more");
}

TEST(Proxy, ResetsTheConnectionWhereNothingElseTellsThatAnAnswerIsCut) {
  EXPECT_THAT(SeenByClient("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
                           "GET / HTTP/1.0\r\nHost: app.test\r\n\r\n"),
              testing::EndsWith("<reset>"));
}

TEST(Proxy, ReframesAnswersThatEndWithTheConnection) {
  EXPECT_EQ(SeenByClient("HTTP/1.0 200 OK\r\n\r\nall of it"),
            "HTTP/1.1 200 OK\r\nX-Robots-Tag: noindex\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            "9\r\nall of it\r\n0\r\n\r\n");
}

TEST(Proxy, SendsNoBodyWhereThereIsNone) {
  EXPECT_EQ(SeenByClient("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
                         "HEAD / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nX-Robots-Tag: noindex\r\nContent-Length: 7\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(SeenByClient("HTTP/1.1 204 No Content\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\nX-Robots-Tag: noindex\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(
      SeenByClient("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"x\"\r\n\r\n"),
      "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nX-Robots-Tag: noindex\r\nContent-Length: 7\r\nConnection: close\r\n"
      "\r\n");
}

TEST(Proxy, PassesInterimAnswersOn) {
  EXPECT_EQ(SeenByClient("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
            "HTTP/1.1 204 No Content\r\nX-Robots-Tag: noindex\r\nConnection: close\r\n\r\n");
}

TEST(Proxy, LetsTheAppDecideOnExpectations) {
  RawUpstream app([](RawConnection& connection) {
    EXPECT_THAT(connection.ReadUntil("\r\n\r\n"), HasSubstr("Expect: 100-continue\r\n"));
    connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + connection.ReadBytes(5));
  });
  const TestGateway gateway(app.port());
  RawConnection client = gateway.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("hello");
  EXPECT_EQ(client.ReadUntil("hello"), "HTTP/1.1 200 OK\r\nX-Robots-Tag: noindex\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(Proxy, GivesAnEarlyRefusalToAClientThatIsStillSending) {
  RawUpstream app(AnswerAndClose("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!"));
  const TestGateway gateway(app.port());
  RawConnection client = gateway.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100000000\r\n\r\n" + std::string(100000, 'x'));
  EXPECT_THAT(client.ReadUntil("no!"), testing::StartsWith("HTTP/1.1 413 Too Large\r\n"));
}

TEST(Proxy, ReframesChunkedRequests) {
  EXPECT_EQ(SeenByApp("POST / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3;a=b\r\nabc\r\n02\r\nde\r\n000\r\nX-Trailer: 1\r\n\r\n"),
            "POST / HTTP/1.1\r\nHost: app.test\r\n" + kForwarding +
                "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n");
}

TEST(Proxy, RelaysBodiesOfAnySizeBothWays) {
  RawUpstream app(Echo());
  const TestGateway gateway(app.port());
  std::string body(20'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761U >> 24);
  RawConnection client = gateway.Connect();
  std::thread sender([&] {
    client.Send("POST / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
  });
  sender.join();
  const std::string answer = client.ReadToEnd();
  EXPECT_TRUE(answer.ends_with(body)) << answer.substr(0, 300);
}

TEST(Proxy, ClosesTheAppsConnectionWhenTheClientCutsItsBody) {
  std::promise<std::string> seen;
  RawUpstream app([&](RawConnection& connection) { seen.set_value(connection.ReadToEnd()); });
  const TestGateway gateway(app.port());
  {
    RawConnection client = gateway.Connect();
    client.Send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\nhalf");
  }
  EXPECT_THAT(seen.get_future().get(), testing::EndsWith("Content-Length: 10\r\n\r\nhalf"));
}

TEST(Proxy, SendsEventsAtOnceAndTellsTheAppWhenTheClientLeaves) {
  std::promise<std::string> ended;
  RawUpstream app([&](RawConnection& connection) {
    connection.ReadUntil("\r\n\r\n");
    connection.Send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    ended.set_value(connection.ReadToEnd());
  });
  const TestGateway gateway(app.port());
  {
    RawConnection client = gateway.Connect();
    client.Send(kGet);
    EXPECT_THAT(client.ReadUntil("data: 1\n\n\r\n"), testing::EndsWith("\r\n\r\n9\r\ndata: 1\n\n\r\n"));
  }
  EXPECT_EQ(ended.get_future().get(), "");
}

TEST(Proxy, LeavesHandlersTheirHosts) {
  const TestGateway gateway(0);
  const auto body_for = [&](const std::string& host) {
    const std::string answer = gateway.Exchange("GET /p?q HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    return answer.substr(answer.find("\r\n\r\n") + 4);
  };
  EXPECT_EQ(body_for("dash.test"), "dashboard: GET /p?q dash.test\n");
  EXPECT_EQ(body_for("DASH.Test.:80"), "dashboard: GET /p?q dash.test\n");
  EXPECT_EQ(body_for("app.test"), "pages: GET /p?q app.test\n");
  EXPECT_EQ(body_for("a.app.test"), "unknown: GET /p?q a.app.test\n");
  EXPECT_EQ(body_for("evil.example"), "unknown: GET /p?q evil.example\n");
  EXPECT_EQ(body_for("test"), "unknown: GET /p?q test\n");
}

TEST(Proxy, ReadsBodiesForHandlersUpToALimit) {
  Gateway::Options options;
  options.limits.handler_body = 10;
  const TestGateway gateway(0, std::move(options));
  const std::string head = "POST / HTTP/1.1\r\nHost: dash.test\r\nConnection: close\r\n";
  EXPECT_THAT(gateway.Exchange(head + "Content-Length: 10\r\n\r\n0123456789"),
              testing::EndsWith("dashboard: POST / dash.test 0123456789\n"));
  EXPECT_THAT(gateway.Exchange(head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
              testing::EndsWith("dashboard: POST / dash.test abcde\n"));
  EXPECT_THAT(gateway.Exchange(head + "Content-Length: 11\r\n\r\n"),
              testing::EndsWith("413 Content Too Large: The body is too large.\n"));
  EXPECT_THAT(gateway.Exchange(head + "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n"),
              testing::EndsWith("413 Content Too Large: The body is too large.\n"));
  EXPECT_THAT(gateway.Exchange(head + "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n"),
              testing::StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
}

class DenyAll : public net::Gate {
 public:
  std::optional<net::Response> Check(const net::Request& request) const override {
    return net::Response{.status = 401, .body = "who is asking for " + request.target + "?\n"};
  }
};

TEST(Proxy, AsksTheGateBeforeTheApp) {
  const DenyAll gate;
  Gateway::Options options;
  options.gate = &gate;
  RawUpstream app(Echo());
  const TestGateway gateway(app.port(), std::move(options));
  EXPECT_EQ(gateway.Exchange("POST /x HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100\r\n\r\n"),
            "HTTP/1.1 401 Unauthorized\r\nX-Robots-Tag: noindex\r\nContent-Length: 22\r\nConnection: close\r\n\r\n"
            "who is asking for /x?\n");
  EXPECT_EQ(app.connections(), 0);
  EXPECT_THAT(gateway.Exchange("GET / HTTP/1.1\r\nHost: dash.test\r\nConnection: close\r\n\r\n"),
              HasSubstr("dashboard"));
}

Gateway::Options Impatient() {
  Gateway::Options options;
  options.limits.header = options.limits.idle = options.limits.progress = std::chrono::milliseconds(50);
  return options;
}

TEST(SlowClients, AreToldWhenTheHeaderDoesNotCome) {
  const TestGateway gateway(0, Impatient());
  EXPECT_EQ(gateway.Exchange("GET / HTTP/1.1\r\nHost: app"),
            "HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 48\r\n"
            "Connection: close\r\n\r\n408 Request Timeout: The request took too long.\n");
}

TEST(SlowClients, AreClosedWithoutAWordWhenTheySayNothing) {
  const TestGateway gateway(0, Impatient());
  EXPECT_EQ(gateway.Exchange(""), "");
}

TEST(SlowClients, AreToldWhenTheBodyDoesNotCome) {
  std::promise<std::string> seen;
  RawUpstream app([&](RawConnection& connection) { seen.set_value(connection.ReadToEnd()); });
  const TestGateway gateway(app.port(), Impatient());
  EXPECT_THAT(gateway.Exchange("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\nhalf"),
              testing::EndsWith("408 Request Timeout: The body took too long.\n"));
  EXPECT_THAT(seen.get_future().get(), testing::EndsWith("\r\n\r\nhalf"));
  EXPECT_THAT(gateway.Exchange("POST / HTTP/1.1\r\nHost: dash.test\r\nContent-Length: 10\r\n\r\nhalf"),
              testing::EndsWith("408 Request Timeout: The body took too long.\n"));
}

TEST(SlowApps, GetATimeOut) {
  Gateway::Options options;
  options.limits.first_byte = std::chrono::milliseconds(50);
  RawUpstream app([](RawConnection& connection) { connection.ReadToEnd(); });
  const TestGateway gateway(app.port(), std::move(options));
  EXPECT_THAT(gateway.Exchange(kLastGet),
              testing::EndsWith("504 Gateway Timeout: the branch's app gave no answer in time.\n"));
}

TEST(Connections, AboveTheLimitAreRefusedGracefully) {
  Gateway::Options options;
  options.limits.connections = 1;
  const TestGateway gateway(0, std::move(options));
  RawConnection first = gateway.Connect();
  first.Send("GET / HTTP/1.1\r\nHost: dash.test\r\n\r\n");
  first.ReadUntil("dash.test\n");
  EXPECT_EQ(gateway.Connect().ReadToEnd(),
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nRetry-After: 1\r\n"
            "Content-Length: 55\r\nConnection: close\r\n\r\n503 Service Unavailable: too many connections are open\n");
}

TEST(Drain, WaitsForRequestsAndThenCutsStreams) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  RawUpstream app([&](RawConnection& connection) {
    const std::string request = connection.ReadUntil("\r\n\r\n");
    if (request.starts_with("GET /events")) {
      connection.Send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
      connection.ReadToEnd();
      return;
    }
    if (request.empty()) return;
    released.wait();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    connection.ReadToEnd();
  });
  TestGateway gateway(app.port());
  RawConnection events = gateway.Connect();
  events.Send("GET /events HTTP/1.1\r\nHost: app.test\r\n\r\n");
  events.ReadUntil("data: 1\n\n\r\n");
  RawConnection slow = gateway.Connect();
  slow.Send(kGet);
  while (app.connections() < 2) std::this_thread::yield();

  gateway.routes.ClearBranch("app");
  std::future<void> drained =
      std::async(std::launch::async, [&] { gateway.gateway->Drain(app.port(), std::chrono::seconds(20)); });
  EXPECT_THAT(gateway.Exchange(kLastGet), HasSubstr("pages: GET / app.test"));
  release.set_value();
  EXPECT_THAT(slow.ReadUntil("late"), testing::EndsWith("\r\n\r\nlate"));
  drained.get();
  EXPECT_EQ(events.ReadToEnd(), "");
}

}  // namespace
}  // namespace perch::gateway
