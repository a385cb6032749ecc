#include "local/health.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace perch::local {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool WaitFor(int fd, short events, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd wait{fd, events, 0};
    const int ready = poll(&wait, 1, int(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

UniqueFd Connect(std::uint16_t port, Clock::time_point deadline) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in address = Loopback(port);
  if (!fd) return fd;
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  int error = errno;
  socklen_t size = sizeof error;
  if (error != EINPROGRESS || !WaitFor(fd.get(), POLLOUT, deadline) ||
      getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    fd.Close();
  }
  return fd;
}

}  // namespace

bool Accepts(std::uint16_t port) { return bool(Connect(port, Clock::now() + std::chrono::seconds(1))); }

std::expected<int, std::string> GetStatus(std::uint16_t port, const std::string& host, const std::string& path,
                                          milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const UniqueFd fd = Connect(port, deadline);
  if (!fd) return std::unexpected("nobody accepts connections on port " + std::to_string(port));
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + host +
                              "\r\nUser-Agent: perch\r\nAccept: */*\r\nConnection: close\r\n\r\n";
  std::string_view left = request;
  while (!left.empty()) {
    const ssize_t sent = send(fd.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      left.remove_prefix(std::size_t(sent));
    } else if (sent < 0 && (errno != EAGAIN || !WaitFor(fd.get(), POLLOUT, deadline))) {
      return std::unexpected("it closed the connection");
    }
  }
  std::string head;
  while (head.size() < 4096) {
    if (!WaitFor(fd.get(), POLLIN, deadline)) {
      return std::unexpected("GET " + path + " got no answer within " + FormatDuration(timeout));
    }
    char buffer[512];
    const ssize_t got = recv(fd.get(), buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) break;
    head.append(buffer, std::size_t(got));
    if (head.size() < 13 && head.find('\n') == std::string::npos) continue;
    const auto status = head.size() >= 12 ? ParseNumber(std::string_view(head).substr(9, 3)) : std::nullopt;
    if (!head.starts_with("HTTP/1.") || head[8] != ' ' || !status || *status < 100) {
      return std::unexpected("GET " + path + " got no HTTP answer");
    }
    if (*status >= 200) return int(*status);
    const std::size_t end = head.find("\r\n\r\n");  // an interim answer (RFC 9110, 15.2): the real one follows
    if (end != std::string::npos) head.erase(0, end + 4);
  }
  return std::unexpected("GET " + path + " got no answer: it closed the connection");
}

bool IsFree(std::uint16_t port) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  // As the app will do it: connections of its predecessor in TIME_WAIT are no hindrance, a listener is.
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = Loopback(port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
  return !Accepts(port);
}

}  // namespace perch::local
