#include "net/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "net/loop.h"
#include "net/session.h"
#include "net/workers.h"

namespace perch::net {
namespace {

constexpr std::chrono::milliseconds kTick{500};

class ControlSession : public Session {
 public:
  ControlSession(Loop& loop, Socket socket, const SessionConfig& config, Handler& handler)
      : Session(loop, std::move(socket), config, {.address = "unix", .trusted = true}), handler_(handler) {}

 protected:
  Task<void> Serve() override { return AnswerWith(handler_); }

 private:
  Handler& handler_;
};

// kRefused when somebody answers there, an error when the file is something else; else the path is free.
Status ClearPath(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return Fail({.what = "cannot use the control socket", .where = path, .why = ErrnoText(errno)});
  }
  if (!S_ISSOCK(info.st_mode)) {
    return Fail({.what = "cannot use the control socket",
                 .where = path,
                 .why = "a file that is not a socket is in the way",
                 .hint = "Move that file away."});
  }
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int connected = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (connected == 0 || errno == EAGAIN) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "perch serve is running already",
                 .where = path,
                 .why = "somebody listens on its control socket",
                 .hint = "Stop that perch serve first, or give this one another state folder."});
  }
  if (::unlink(path.c_str()) != 0) {
    return Fail({.what = "cannot replace an old control socket", .where = path, .why = ErrnoText(errno)});
  }
  return {};
}

Result<UniqueFd> Listen(const std::filesystem::path& path) {
  sockaddr_un address{.sun_family = AF_UNIX};
  const std::string text = path.string();
  if (text.size() >= sizeof address.sun_path) {
    return Fail({.what = "cannot make the control socket",
                 .where = text,
                 .why = "the path is longer than the 107 bytes that a socket's path may have",
                 .hint = "Use a state folder with a shorter path."});
  }
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  if (Status status = ClearPath(path, address); !status) return Fail(std::move(status.error()));
  UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // The file gets the socket's own mode at bind: no moment at which others could connect, whatever the umask.
  const bool listening = listener && ::fchmod(listener.get(), 0600) == 0 &&
                         ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                         ::chmod(text.c_str(), 0600) == 0 && ::listen(listener.get(), 128) == 0;
  if (!listening) return Fail({.what = "cannot make the control socket", .where = text, .why = ErrnoText(errno)});
  return listener;
}

}  // namespace

struct HttpServer::Parts {
  using Acceptor = asio::basic_socket_acceptor<asio::local::stream_protocol, Executor>;

  Parts(Options given, Handler& answering)
      : options(std::move(given)),
        handler(answering),
        loop(kTick),
        acceptor(loop.executor()),
        workers(options.workers) {
    config.clock = options.clock;
    config.workers = &workers;
    config.open = &open;
  }

  Task<void> Accept() {
    while (true) {
      Socket socket(loop.executor());
      const std::tuple<error_code> accepted = co_await acceptor.async_accept(socket, kUseTask);
      if (std::get<0>(accepted) == asio::error::operation_aborted || !acceptor.is_open()) co_return;
      if (std::get<0>(accepted)) {
        SteadyTimer pause(loop.executor(), std::chrono::milliseconds(100));  // out of descriptors: let some go first
        co_await pause.async_wait(kUseTask);
        continue;
      }
      open.fetch_add(1, std::memory_order_relaxed);
      std::make_shared<ControlSession>(loop, std::move(socket), config, handler)->Start();
    }
  }

  Options options;
  Handler& handler;
  std::atomic<int> open = 0;
  SessionConfig config;
  Loop loop;
  Acceptor acceptor;
  Workers workers;
};

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(Options options, Handler& handler) {
  Result<UniqueFd> listener = Listen(options.socket);
  if (!listener) return Fail(std::move(listener.error()));
  std::unique_ptr<Parts> parts = std::make_unique<Parts>(std::move(options), handler);
  error_code ec;
  parts->acceptor.assign(asio::local::stream_protocol(), listener->Release(), ec);
  if (ec) return Fail({.what = "cannot listen", .where = parts->options.socket, .why = ec.message()});
  asio::co_spawn(parts->loop.executor(), parts->Accept(), asio::detached);
  parts->loop.Start();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(parts)));
}

HttpServer::~HttpServer() {
  ::unlink(parts_->options.socket.c_str());
  asio::post(parts_->loop.context(), [this] {
    error_code ignored;
    parts_->acceptor.close(ignored);
  });
  parts_->workers.Stop();
  parts_->loop.Stop();
}

}  // namespace perch::net
