#include "net/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/text.h"
#include "net/head.h"

namespace perch::net {
namespace {

constexpr std::string_view kNobody = "nobody listens there";
constexpr std::size_t kLargestHead = 64 << 10;

std::string Name(const Endpoint& endpoint) {
  return endpoint.socket.empty() ? "127.0.0.1:" + std::to_string(endpoint.port) : endpoint.socket.string();
}

// One connection, with each wait bounded and broken off by a stop token.
class Connection {
 public:
  Connection(const Endpoint& endpoint, const ClientOptions& options, std::stop_token stop)
      : name_(Name(endpoint)), options_(options), stop_(std::move(stop)), wake_(::eventfd(0, EFD_CLOEXEC)) {}

  Status Connect(const Endpoint& endpoint) {
    sockaddr_un local{.sun_family = AF_UNIX};
    sockaddr_in loopback{};
    const sockaddr* address = reinterpret_cast<const sockaddr*>(&local);
    socklen_t size = sizeof local;
    if (endpoint.socket.empty()) {
      loopback.sin_family = AF_INET;
      loopback.sin_port = htons(endpoint.port);
      loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address = reinterpret_cast<const sockaddr*>(&loopback);
      size = sizeof loopback;
    } else if (name_.size() >= sizeof local.sun_path) {
      return Unavailable(std::string(kNobody));  // no server can have such a socket either
    } else {
      std::memcpy(local.sun_path, name_.c_str(), name_.size() + 1);
    }
    fd_ = UniqueFd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd_) return Unavailable(ErrnoText(errno));
    int error = ::connect(fd_.get(), address, size) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      if (Result<bool> ready = Wait(POLLOUT); !ready || !*ready) return Unavailable("no answer in time");
      socklen_t length = sizeof error;
      ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    }
    if (error == ECONNREFUSED || error == ENOENT) return Unavailable(std::string(kNobody));
    if (error != 0) return Unavailable(ErrnoText(error));
    return {};
  }

  Status Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(n));
      } else if (errno == EAGAIN) {
        Result<bool> ready = Wait(POLLOUT);
        if (!ready) return Fail(std::move(ready.error()));
        if (!*ready) return Fail({.kind = ErrorKind::kCancelled, .what = "stopped", .where = name_});
      } else if (errno == EPIPE || errno == ECONNRESET) {
        return {};  // the server may have answered before it read everything
      } else if (errno != EINTR) {
        return Unavailable(ErrnoText(errno));
      }
    }
    return {};
  }

  /// Appends to `into`; 0: the server closed. `stopped()` tells whether the token ended it.
  Result<std::size_t> Read(std::string& into) {
    while (true) {
      char bytes[16 << 10];
      const ssize_t n = ::recv(fd_.get(), bytes, sizeof bytes, 0);
      if (n >= 0) {
        into.append(bytes, static_cast<std::size_t>(n));
        return static_cast<std::size_t>(n);
      }
      if (errno == EINTR) continue;
      if (errno == ECONNRESET) return Fail(Unavailable("the server closed the connection").error());
      if (errno != EAGAIN) return Fail(Unavailable(ErrnoText(errno)).error());
      Result<bool> ready = Wait(POLLIN);
      if (!ready) return Fail(std::move(ready.error()));
      if (!*ready) return 0;
    }
  }

  bool stopped() const { return stop_.stop_requested(); }

  Status Unavailable(std::string why) const {
    return Fail({.kind = ErrorKind::kUnavailable, .what = "cannot speak to perch serve", .where = name_, .why = why});
  }

 private:
  // false: stopped.
  Result<bool> Wait(short events) {
    const int timeout = options_.timeout.count() == 0 ? -1 : static_cast<int>(options_.timeout.count());
    const std::stop_callback on_stop(stop_, [this] {
      const std::uint64_t one = 1;
      (void)!::write(wake_.get(), &one, sizeof one);
    });
    pollfd entries[2] = {{fd_.get(), events, 0}, {wake_.get(), POLLIN, 0}};
    int ready = 0;
    do {
      ready = ::poll(entries, 2, timeout);
    } while (ready < 0 && errno == EINTR && !stopped());
    if (stopped()) return false;
    if (ready == 0) {
      return Fail(Unavailable("no answer within " + std::to_string(options_.timeout.count()) + " ms").error());
    }
    return true;
  }

  std::string name_;
  ClientOptions options_;
  std::stop_token stop_;
  UniqueFd wake_;
  UniqueFd fd_;
};

std::string Serialize(const ClientRequest& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + request.host + "\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  text += "Connection: close\r\n\r\n";
  return text + request.body;
}

bool HasLineBreak(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos; }

Status CheckRequest(const ClientRequest& request) {
  bool bad = HasLineBreak(request.method) || HasLineBreak(request.target) || HasLineBreak(request.host) ||
             request.target.find(' ') != std::string::npos;
  for (const auto& [name, value] : request.headers) bad = bad || HasLineBreak(name) || HasLineBreak(value);
  if (bad) return Fail({.kind = ErrorKind::kUsage, .what = "cannot send a request with a line break in its header"});
  return {};
}

}  // namespace

std::optional<std::string_view> ClientResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return std::nullopt;
}

Result<ClientResponse> Fetch(const Endpoint& endpoint, const ClientRequest& request, const ClientOptions& options) {
  return FetchStream(endpoint, request, nullptr, options);
}

Result<ClientResponse> FetchStream(const Endpoint& endpoint, const ClientRequest& request, const OnPiece& on_piece,
                                   const ClientOptions& options, std::stop_token stop) {
  if (Status status = CheckRequest(request); !status) return Fail(std::move(status.error()));
  Connection connection(endpoint, options, std::move(stop));
  if (Status status = connection.Connect(endpoint); !status) return Fail(std::move(status.error()));
  if (Status status = connection.Write(Serialize(request)); !status) return Fail(std::move(status.error()));

  std::string bytes;
  ResponseReader reader;
  ResponseHead head;
  ClientResponse response;
  const auto cut_off = [&] { return Fail(connection.Unavailable("the server closed the connection").error()); };
  do {
    std::size_t end = FindHeaderEnd(bytes);
    while (end == 0) {
      if (bytes.size() > kLargestHead) return Fail(connection.Unavailable("the answer's header is too large").error());
      Result<std::size_t> n = connection.Read(bytes);
      if (!n) return Fail(std::move(n.error()));
      if (*n == 0) {
        if (connection.stopped()) return response;
        return cut_off();
      }
      end = FindHeaderEnd(bytes);
    }
    const std::string block = bytes.substr(0, end);
    bytes.erase(0, end);
    reader.Reset();
    if (std::optional<Refusal> refusal = reader.ReadHead(block, request.method == "HEAD", head)) {
      return Fail(connection.Unavailable(std::string(refusal->why)).error());
    }
    response.status = head.status;
    response.headers.clear();
    for (const Field& field : head.fields) response.headers.emplace_back(field.name, field.value);
  } while (head.status < 200);
  if (head.framing == Framing::kNone) return response;

  const bool streams = on_piece && head.status < 300;
  std::uint64_t left = head.length.value_or(0);
  std::vector<std::string_view> pieces;
  while (true) {
    pieces.clear();
    bool done = false;
    std::size_t used = bytes.size();
    if (head.framing == Framing::kChunked) {
      const BodyStep step = reader.ReadChunks(bytes, pieces);
      if (step.bad) return Fail(connection.Unavailable("the answer's body is malformed").error());
      done = step.done;
      used = step.used;
    } else {
      if (head.framing == Framing::kLength) used = std::min<std::uint64_t>(used, left);
      left -= head.framing == Framing::kLength ? used : 0;
      pieces.push_back(std::string_view(bytes).substr(0, used));
      done = head.framing == Framing::kLength && left == 0;
    }
    for (const std::string_view piece : pieces) {
      if (piece.empty()) continue;
      if (streams) {
        if (!on_piece(piece)) return response;
      } else {
        response.body += piece;
      }
    }
    if (response.body.size() > options.body_limit) {
      return Fail(connection.Unavailable("the answer is too large").error());
    }
    if (done) return response;
    bytes.erase(0, used);
    Result<std::size_t> n = connection.Read(bytes);
    if (!n) return Fail(std::move(n.error()));
    if (*n == 0) {
      if (connection.stopped() || head.framing == Framing::kUntilClose) return response;
      return cut_off();
    }
  }
}

bool NobodyListens(const Error& error) { return error.kind == ErrorKind::kUnavailable && error.why == kNobody; }

}  // namespace perch::net
