#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <thread>

#include "gateway/test_peers.h"

namespace perch::gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using WebSocket = websocket::stream<tcp::socket>;

// A WebSocket app that sends each message back; ends with its only client.
class EchoApp {
 public:
  EchoApp() : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}), thread_([this] { Run(); }) {}
  ~EchoApp() { thread_.join(); }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void Run() {
    WebSocket socket(acceptor_.accept());
    beast::error_code ec;
    socket.accept(ec);
    beast::flat_buffer message;
    while (!ec) {
      message.clear();
      socket.read(message, ec);
      if (ec) return;
      socket.text(socket.got_text());
      socket.write(message.data(), ec);
    }
  }

  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

WebSocket Connect(asio::io_context& context, std::uint16_t port) {
  WebSocket socket(context);
  socket.next_layer().connect({asio::ip::address_v4::loopback(), port});
  socket.handshake("app.test", "/chat");
  return socket;
}

std::string Ask(WebSocket& socket, const std::string& message) {
  socket.write(asio::buffer(message));
  beast::flat_buffer answer;
  socket.read(answer);
  return beast::buffers_to_string(answer.data());
}

TEST(WebSockets, PassThroughWithMessagesOfAnySize) {
  EchoApp app;
  const TestGateway gateway(app.port());
  asio::io_context context;
  WebSocket socket = Connect(context, gateway.port());
  EXPECT_EQ(Ask(socket, "hello"), "hello");
  const std::string large(3'000'000, 'x');
  EXPECT_TRUE(Ask(socket, large) == large);
  beast::error_code ec;
  socket.close(websocket::close_code::normal, ec);
  EXPECT_FALSE(ec) << ec.message();
}

TEST(WebSockets, AreCutByADrain) {
  EchoApp app;
  TestGateway gateway(app.port());
  asio::io_context context;
  WebSocket socket = Connect(context, gateway.port());
  EXPECT_EQ(Ask(socket, "hello"), "hello");
  gateway.gateway->Drain(app.port(), std::chrono::seconds(20));
  beast::flat_buffer nothing;
  beast::error_code ec;
  socket.read(nothing, ec);
  EXPECT_TRUE(ec);
}

TEST(WebSockets, OfARefusedUpgradeAreOrdinaryAnswers) {
  RawUpstream app(AnswerAndClose("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno"));
  const TestGateway gateway(app.port());
  EXPECT_EQ(
      gateway.Exchange("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"),
      "HTTP/1.1 426 Upgrade Required\r\nX-Robots-Tag: noindex\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
}

TEST(WebSockets, PassBytesThatCameWithTheHandshake) {
  RawUpstream app([](RawConnection& connection) {
    EXPECT_TRUE(connection.ReadUntil("\r\n\r\n").ends_with("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
    connection.Send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst");
    connection.Send("<" + connection.ReadBytes(5) + ">");
  });
  const TestGateway gateway(app.port());
  EXPECT_EQ(
      gateway.Exchange("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly"),
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst<early>");
}

}  // namespace
}  // namespace perch::gateway
