#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "net/head.h"
#include "net/loop.h"
#include "net/stream.h"

namespace perch::gateway {

/// One connection to a branch's app.
struct Upstream {
  explicit Upstream(net::Executor executor) : socket(executor) {}

  net::Socket socket;
  net::Buffer in;
  net::ResponseReader reader;
  net::ResponseHead head;
  std::uint16_t port = 0;
  bool used_before = false;  ///< it was in the pool, so the app may have closed it meanwhile
  net::SteadyTime idle_since;

  /// Whether the app is still there and silent, as an unused connection should be.
  bool IsFresh();
};

/// Connections that wait for their next request, by port. One pool for each loop; no locks.
class UpstreamPool {
 public:
  explicit UpstreamPool(net::Loop& loop);
  ~UpstreamPool();

  /// A connection that served before, the last returned first; nullptr if there is none. `check`: only one that is
  /// certainly still alive, for requests that must not be sent twice.
  std::unique_ptr<Upstream> Take(std::uint16_t port, bool check);
  void Put(std::unique_ptr<Upstream> upstream);
  /// Closes all connections to that port.
  void Drop(std::uint16_t port);
  void Clear();

 private:
  class Sweeper;
  void Sweep(net::SteadyTime now);

  net::Loop& loop_;
  std::unordered_map<std::uint16_t, std::vector<std::unique_ptr<Upstream>>> idle_;
  std::unique_ptr<Sweeper> sweeper_;  // there while anything is idle, so that an empty pool costs no ticks
};

}  // namespace perch::gateway
