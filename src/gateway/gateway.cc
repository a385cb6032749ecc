#include "gateway/gateway.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <thread>

#include "base/text.h"
#include "gateway/certificate.h"
#include "gateway/in_flight.h"
#include "gateway/proxy_session.h"
#include "gateway/upstream.h"
#include "net/workers.h"

namespace perch::gateway {
namespace {

using net::error_code;
using net::Task;
using net::asio::ip::tcp;
using Acceptor = net::asio::basic_socket_acceptor<tcp, net::Executor>;

constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nRetry-After: 1\r\n"
    "Content-Length: 55\r\nConnection: close\r\n\r\n503 Service Unavailable: too many connections are open\n";

// One event loop with its listeners and its connections to apps.
struct Lane {
  explicit Lane(std::chrono::milliseconds tick) : loop(tick), pool(loop) {}
  net::Loop loop;
  UpstreamPool pool;
  PipePool pipes;
  std::vector<Acceptor> acceptors;
};

Result<std::vector<tcp::endpoint>> Resolve(const std::string& address) {
  const auto failure = [&](std::string why) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot listen",
                 .where = address,
                 .why = std::move(why),
                 .hint = "Give an address and a port, like 127.0.0.1:7878 or [::1]:7878."});
  };
  const std::optional<net::HostAndPort> parsed = net::ParseHost(address);
  if (!parsed || parsed->port.empty()) return failure("this is not an address with a port");
  const std::uint16_t port = static_cast<std::uint16_t>(*ParseNumber(parsed->port));
  std::string host = parsed->host;
  if (host == "localhost") return std::vector<tcp::endpoint>{{net::asio::ip::address_v4::loopback(), port}};
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  error_code ec;
  const net::asio::ip::address ip = net::asio::ip::make_address(host, ec);
  if (ec) return failure("'" + host + "' is not an IP address");
  return std::vector<tcp::endpoint>{{ip, port}};
}

std::string AddressOf(const tcp::endpoint& endpoint) {
  const net::asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return net::asio::ip::make_address_v4(net::asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace

namespace {

// Each connection may need one more descriptor to its app and two for a pipe; some are for the rest of perch.
int MostConnections(int wanted) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return wanted;
  const rlim_t possible = files.rlim_cur > 512 ? (files.rlim_cur - 256) / 2 : files.rlim_cur / 4;
  return static_cast<int>(std::clamp<rlim_t>(possible, 1, static_cast<rlim_t>(wanted)));
}

}  // namespace

struct Gateway::Parts {
  explicit Parts(Options given) : options(std::move(given)), workers(options.workers) {
    options.limits.connections = MostConnections(options.limits.connections);
    proxy.session = {
        .limits = {.bytes = options.limits.header_bytes,
                   .target_bytes = options.limits.target_bytes,
                   .fields = options.limits.header_fields},
        .timeouts = {.header = options.limits.header, .idle = options.limits.idle, .progress = options.limits.progress},
        .handler_body_limit = options.limits.handler_body,
        .clock = options.clock,
        .workers = &workers,
        .open = &open};
    proxy.router = options.router;
    proxy.gate = options.gate;
    proxy.in_flight = &in_flight;
    proxy.first_byte_timeout = options.limits.first_byte;
    proxy.silence_timeout = options.limits.silence;
  }

  Status Listen();
  Task<void> Accept(Lane& lane, Acceptor& acceptor);
  void Welcome(Lane& lane, net::Socket socket, const tcp::endpoint& from);

  Options options;
  ProxyConfig proxy;
  InFlight in_flight;
  std::atomic<int> open = 0;
  std::unique_ptr<Certificate> certificate;
  std::vector<std::uint16_t> ports;
  std::vector<std::unique_ptr<Lane>> lanes;
  net::Workers workers;
};

Status Gateway::Parts::Listen() {
  for (const std::string& address : options.listen) {
    Result<std::vector<tcp::endpoint>> endpoints = Resolve(address);
    if (!endpoints) return Fail(std::move(endpoints.error()));
    for (const tcp::endpoint& endpoint : *endpoints) {
      Acceptor first(lanes.front()->loop.executor());
      error_code ec;
      first.open(endpoint.protocol(), ec);
      if (!ec) first.set_option(tcp::acceptor::reuse_address(true), ec);
      if (!ec) first.bind(endpoint, ec);
      if (!ec) first.listen(1024, ec);
      if (ec) {
        const bool taken = ec == net::asio::error::address_in_use;
        return Fail({.what = "cannot listen",
                     .where = address,
                     .why = taken ? "another program listens there" : ec.message(),
                     .hint = taken ? "Stop that program, or choose another port with --listen."
                                   : "Choose another address with --listen."});
      }
      ports.push_back(first.local_endpoint().port());
      // Every loop accepts from the same queue, each with its own descriptor.
      for (std::size_t i = 1; i < lanes.size(); ++i) {
        const int copy = ::fcntl(first.native_handle(), F_DUPFD_CLOEXEC, 0);
        Acceptor other(lanes[i]->loop.executor());
        other.assign(endpoint.protocol(), copy, ec);
        if (copy < 0 || ec) return Fail({.what = "cannot listen", .where = address, .why = ErrnoText(errno)});
        lanes[i]->acceptors.push_back(std::move(other));
      }
      lanes.front()->acceptors.push_back(std::move(first));
    }
  }
  return {};
}

Task<void> Gateway::Parts::Accept(Lane& lane, Acceptor& acceptor) {
  while (true) {
    net::Socket socket(lane.loop.executor());
    net::asio::generic::stream_protocol::endpoint ignored;
    const std::tuple<error_code> accepted = co_await acceptor.async_accept(socket, net::kUseTask);
    const error_code ec = std::get<0>(accepted);
    if (ec == net::asio::error::operation_aborted || !acceptor.is_open()) co_return;
    if (ec) {
      // Out of descriptors: closing some takes a moment.
      net::SteadyTimer pause(lane.loop.executor(), std::chrono::milliseconds(50));
      co_await pause.async_wait(net::kUseTask);
      continue;
    }
    tcp::endpoint from;
    socklen_t size = from.capacity();
    if (::getpeername(socket.native_handle(), from.data(), &size) != 0) continue;
    from.resize(size);
    Welcome(lane, std::move(socket), from);
  }
}

void Gateway::Parts::Welcome(Lane& lane, net::Socket socket, const tcp::endpoint& from) {
  if (open.fetch_add(1, std::memory_order_relaxed) >= options.limits.connections) {
    open.fetch_sub(1, std::memory_order_relaxed);
    if (!certificate)
      (void)!::send(socket.native_handle(), kTooMany.data(), kTooMany.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    error_code ignored;
    socket.shutdown(net::Socket::shutdown_both, ignored);
    return;
  }
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(net::asio::socket_base::keep_alive(true), ignored);
  std::shared_ptr<ProxySession> session = std::make_shared<ProxySession>(
      lane.loop, lane.pool, lane.pipes, std::move(socket), proxy, net::Peer{.address = AddressOf(from)});
  session->Start(certificate ? certificate->Current(std::chrono::steady_clock::now()) : nullptr);
}

Gateway::Gateway(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Gateway>> Gateway::Start(Options options) {
  const int processors = static_cast<int>(std::thread::hardware_concurrency());
  const int threads = options.threads > 0 ? options.threads : std::max(1, processors / 2);
  std::unique_ptr<Parts> parts = std::make_unique<Parts>(std::move(options));
  if (parts->options.tls) {
    Result<std::unique_ptr<Certificate>> loaded =
        Certificate::Load(parts->options.tls->certificate, parts->options.tls->key);
    if (!loaded) return Fail(std::move(loaded.error()));
    parts->certificate = std::move(*loaded);
  }
  for (int i = 0; i < threads; ++i) parts->lanes.push_back(std::make_unique<Lane>(parts->options.limits.tick));
  if (Status status = parts->Listen(); !status) return Fail(std::move(status.error()));
  for (const std::unique_ptr<Lane>& lane : parts->lanes) {
    for (Acceptor& acceptor : lane->acceptors) {
      net::asio::co_spawn(lane->loop.executor(), parts->Accept(*lane, acceptor), net::asio::detached);
    }
    lane->loop.Start();
  }
  return std::unique_ptr<Gateway>(new Gateway(std::move(parts)));
}

Gateway::~Gateway() {
  for (const std::unique_ptr<Lane>& lane : parts_->lanes) {
    net::asio::post(lane->loop.context(), [&lane = *lane] {
      error_code ignored;
      for (Acceptor& acceptor : lane.acceptors) acceptor.close(ignored);
    });
  }
  parts_->workers.Stop();
  for (const std::unique_ptr<Lane>& lane : parts_->lanes) lane->loop.Stop();
}

std::vector<std::uint16_t> Gateway::ports() const { return parts_->ports; }

void Gateway::Drain(std::uint16_t port, std::chrono::milliseconds timeout) {
  parts_->in_flight.Wait(port, false, timeout);
  for (const std::unique_ptr<Lane>& lane : parts_->lanes) {
    net::asio::post(lane->loop.context(), [&lane = *lane, port] {
      lane.pool.Drop(port);
      lane.loop.ForEach([port](net::Loop::Watched& item) {
        if (ProxySession* const session = dynamic_cast<ProxySession*>(&item)) session->CutPort(port);
      });
    });
  }
  parts_->in_flight.Wait(port, true, std::chrono::seconds(2));
}

}  // namespace perch::gateway
