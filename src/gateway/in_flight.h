#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>

namespace perch::gateway {

/// How many requests are under way to each upstream port. Thread-safe; entering and leaving take no lock.
class InFlight {
 public:
  InFlight();

  /// Counts one request for as long as it lives. A request that turned out to be long-lived (WebSocket, server-sent
  /// events) stops being waited for, but is still there.
  class Guard {
   public:
    Guard() = default;
    Guard(InFlight& counts, std::uint16_t port);
    Guard(Guard&& other) noexcept;
    Guard& operator=(Guard&& other) noexcept;
    ~Guard() { Leave(); }
    void BecomeLongLived();
    void Leave();

   private:
    InFlight* counts_ = nullptr;
    std::uint16_t port_ = 0;
    bool long_lived_ = false;
  };

  std::uint32_t Short(std::uint16_t port) const;
  std::uint32_t All(std::uint16_t port) const;
  /// Waits until no request but long-lived ones is under way, or, with `all`, none at all; false after `timeout`.
  bool Wait(std::uint16_t port, bool all, std::chrono::milliseconds timeout);

 private:
  struct Counts {
    std::uint32_t short_lived;
    std::uint32_t long_lived;
  };
  void Notify();

  struct Free {
    void operator()(Counts* counts) const { std::free(counts); }
  };
  std::unique_ptr<Counts[], Free> counts_;  // zero pages until a port is used
  std::uint32_t waiting_ = 0;
  std::mutex mutex_;
  std::condition_variable left_;
};

}  // namespace perch::gateway
