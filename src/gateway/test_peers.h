#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file.h"
#include "gateway/gateway.h"
#include "gateway/route_table.h"

namespace perch::gateway {

/// A TCP connection that sends exactly what it is told. Waits are bounded only to keep a broken test from hanging.
class RawConnection {
 public:
  explicit RawConnection(UniqueFd fd);
  static RawConnection To(std::uint16_t port);

  void Send(std::string_view bytes);
  /// All that comes until the peer closes; "<reset>" is appended when it does so by force, "<hangs>" when it does not.
  std::string ReadToEnd();
  /// What comes up to and including `marker`; less if the connection ends.
  std::string ReadUntil(std::string_view marker);
  /// Exactly `n` bytes; less if the connection ends.
  std::string ReadBytes(std::size_t n);
  /// Sends no more.
  void HalfClose();
  /// Closes so that the peer sees a reset.
  void Reset();
  void Close() { fd_.Close(); }

 private:
  std::string ReadWhile(const std::function<bool()>& more);

  UniqueFd fd_;
  std::string rest_;
  std::string ending_;
};

/// An app: a listener on a free port, and a function for each connection.
class RawUpstream {
 public:
  using Script = std::function<void(RawConnection&)>;
  explicit RawUpstream(Script script);
  ~RawUpstream();
  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  Script script_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> ending_ = false;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

/// An app that answers each request with 200 and, as the body, the request's head and body as they came.
RawUpstream::Script Echo();
/// An app that answers each request's head with `answer` and closes.
RawUpstream::Script AnswerAndClose(std::string answer);

/// A handler that answers "<name>: METHOD target host [body]".
class NamedHandler : public net::Handler {
 public:
  explicit NamedHandler(std::string name) : name_(std::move(name)) {}
  net::Response Handle(const net::Request& request) override;

 private:
  std::string name_;
};

/// A gateway on a free port: branch `app` at app.test leads to `upstream`; "dash.test" is the dashboard.
class TestGateway {
 public:
  explicit TestGateway(std::uint16_t upstream, Gateway::Options options = {});
  std::uint16_t port() const { return gateway->ports().front(); }
  RawConnection Connect() const { return RawConnection::To(port()); }
  /// Sends `bytes` on a new connection and returns all that comes until the gateway closes.
  std::string Exchange(std::string_view bytes) const;

  NamedHandler pages{"pages"};
  NamedHandler unknown{"unknown"};
  NamedHandler dashboard{"dashboard"};
  RouteTable routes;
  std::unique_ptr<Gateway> gateway;
};

}  // namespace perch::gateway
