#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "gateway/router.h"
#include "net/gate.h"
#include "net/host.h"

namespace perch::gateway {

/// The reverse proxy: host name → a branch's app, or a handler of perch's own.
class Gateway {
 public:
  struct Tls {
    std::filesystem::path certificate;  ///< PEM, the whole chain
    std::filesystem::path key;          ///< PEM, not encrypted
  };
  struct Limits {
    std::size_t header_bytes = 32 << 10;
    std::size_t header_fields = 100;
    std::size_t target_bytes = 8 << 10;
    std::uint64_t handler_body = 1 << 20;           ///< bytes, for what handlers get; apps get any size
    std::chrono::milliseconds header{10'000};       ///< from a request's first byte to the end of its header
    std::chrono::milliseconds idle{60'000};         ///< of a kept connection between two requests
    std::chrono::milliseconds progress{60'000};     ///< between two pieces of a body, to or from the client
    std::chrono::milliseconds first_byte{600'000};  ///< for an app's answer to begin
    std::chrono::milliseconds silence{3'600'000};   ///< of an app in the middle of an answer, of a WebSocket
    std::chrono::milliseconds tick{500};            ///< how often deadlines are looked at
    int connections = 4096;                         ///< open at once, fewer if RLIMIT_NOFILE is low; more get 503
  };
  struct Options {
    std::vector<std::string> listen;  ///< "127.0.0.1:7878", "[::1]:7878", "localhost:7878"; port 0: any free one
    const Router* router = nullptr;   ///< outlives the gateway, as all pointers here
    const net::Gate* gate = nullptr;  ///< asked before every request to a branch; nullptr: all may pass
    std::optional<Tls> tls;           ///< for all listeners
    int threads = 0;                  ///< event loops; 0: one for every two processors
    int workers = 4;                  ///< threads for handlers
    Limits limits;
    Clock clock;  ///< for the Date of perch's own answers
  };

  /// Listens and serves from its own threads until it is destroyed. An error names the address or file that failed.
  static Result<std::unique_ptr<Gateway>> Start(Options options);
  ~Gateway();
  Gateway(const Gateway&) = delete;

  /// The bound ports, in the order of Options::listen.
  std::vector<std::uint16_t> ports() const;

  /// Waits until no request is under way to 127.0.0.1:`port`, at most `timeout`; then cuts what is left, WebSockets and
  /// event streams too, and closes the idle connections to it. Call it after the router moved on. Thread-safe.
  void Drain(std::uint16_t port, std::chrono::milliseconds timeout);

 private:
  struct Parts;
  explicit Gateway(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace perch::gateway
