#include "gateway/test_peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>

#include "base/text.h"

namespace perch::gateway {
namespace {

constexpr timeval kHangGuard{.tv_sec = 20, .tv_usec = 0};

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

RawConnection::RawConnection(UniqueFd fd) : fd_(std::move(fd)) {
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &kHangGuard, sizeof kHangGuard);
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &kHangGuard, sizeof kHangGuard);
}

RawConnection RawConnection::To(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("connect: " + ErrnoText(errno));
  }
  return RawConnection(std::move(fd));
}

void RawConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;  // the peer closed; what it said is what the test looks at
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string RawConnection::ReadWhile(const std::function<bool()>& more) {
  while (ending_.empty() && more()) {
    char bytes[16 << 10];
    const ssize_t n = ::recv(fd_.get(), bytes, sizeof bytes, 0);
    if (n > 0) {
      rest_.append(bytes, static_cast<std::size_t>(n));
    } else if (n == 0) {
      ending_ = "<end>";
    } else if (errno == EAGAIN) {
      ending_ = "<hangs>";
    } else if (errno != EINTR) {
      ending_ = "<reset>";
    }
  }
  return ending_;
}

std::string RawConnection::ReadToEnd() {
  ReadWhile([] { return true; });
  std::string all = std::move(rest_);
  rest_.clear();
  return ending_ == "<end>" ? all : all + ending_;
}

std::string RawConnection::ReadUntil(std::string_view marker) {
  ReadWhile([&] { return rest_.find(marker) == std::string::npos; });
  const std::size_t at = rest_.find(marker);
  const std::size_t end = at == std::string::npos ? rest_.size() : at + marker.size();
  std::string part = rest_.substr(0, end);
  rest_.erase(0, end);
  return part;
}

std::string RawConnection::ReadBytes(std::size_t n) {
  ReadWhile([&] { return rest_.size() < n; });
  std::string part = rest_.substr(0, n);
  rest_.erase(0, part.size());
  return part;
}

void RawConnection::HalfClose() { ::shutdown(fd_.get(), SHUT_WR); }

void RawConnection::Reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  fd_.Close();
}

RawUpstream::RawUpstream(Script script)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("listen: " + ErrnoText(errno));
  }
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] {
    while (true) {
      UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (ending_ || !fd) return;
      ++connections_;
      threads_.emplace_back(
          [this, connection = std::make_shared<RawConnection>(std::move(fd))] { script_(*connection); });
    }
  });
}

RawUpstream::~RawUpstream() {
  ending_ = true;
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepting_.join();
  for (std::thread& thread : threads_) thread.join();
}

RawUpstream::Script Echo() {
  return [](RawConnection& connection) {
    while (true) {
      std::string request = connection.ReadUntil("\r\n\r\n");
      if (!request.ends_with("\r\n\r\n")) return;
      const std::size_t length_at = request.find("Content-Length: ");
      if (length_at != std::string::npos) {
        request += connection.ReadBytes(std::stoul(request.substr(length_at + 16)));
      } else if (request.find("Transfer-Encoding: chunked") != std::string::npos) {
        request += connection.ReadUntil("0\r\n\r\n");
      }
      connection.Send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(request.size()) + "\r\n\r\n" + request);
    }
  };
}

RawUpstream::Script AnswerAndClose(std::string answer) {
  return [answer = std::move(answer)](RawConnection& connection) {
    const std::string request = connection.ReadUntil("\r\n\r\n");
    if (request.ends_with("\r\n\r\n")) connection.Send(answer);
  };
}

net::Response NamedHandler::Handle(const net::Request& request) {
  std::string text = name_ + ": " + request.method + " " + request.target + " " + request.host;
  if (!request.body.empty()) text += " " + request.body;
  return {.status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = text + "\n"};
}

TestGateway::TestGateway(std::uint16_t upstream, Gateway::Options options)
    : routes({.domain = "test", .pages = &pages, .unknown_host = &unknown}) {
  routes.AddHost("dash.test", &dashboard);
  if (upstream != 0) routes.SetBranch("app", upstream);
  if (options.listen.empty()) options.listen = {"127.0.0.1:0"};
  if (!options.router) options.router = &routes;
  options.limits.tick = std::chrono::milliseconds(20);
  Result<std::unique_ptr<Gateway>> started = Gateway::Start(std::move(options));
  if (!started) throw std::runtime_error(started.error().Text());
  gateway = std::move(*started);
}

std::string TestGateway::Exchange(std::string_view bytes) const {
  RawConnection client = Connect();
  client.Send(bytes);
  return client.ReadToEnd();
}

}  // namespace perch::gateway
