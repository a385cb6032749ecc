#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

namespace perch::web {

/// One thread that calls small functions again and again: heartbeats, followed logs. It sleeps while nobody wants
/// anything. Thread-safe.
class Ticker {
 public:
  Ticker() = default;
  ~Ticker();
  Ticker(const Ticker&) = delete;

  /// Ends the calls when destroyed; the function is not running after that. Not to be destroyed by the function.
  class Handle;
  /// Calls `work` every `interval`, first after one interval. The Ticker must outlive the handle.
  std::unique_ptr<Handle> Every(std::chrono::milliseconds interval, std::function<void()> work);

 private:
  using Steady = std::chrono::steady_clock;
  struct Job {
    std::chrono::milliseconds interval;
    Steady::time_point next;
    std::function<void()> work;
  };
  void Run();
  void Remove(std::uint64_t key);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Job> jobs_;
  std::uint64_t last_key_ = 0;
  std::uint64_t running_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

class Ticker::Handle {
 public:
  ~Handle() { ticker_.Remove(key_); }
  Handle(const Handle&) = delete;

 private:
  friend class Ticker;
  Handle(Ticker& ticker, std::uint64_t key) : ticker_(ticker), key_(key) {}
  Ticker& ticker_;
  const std::uint64_t key_;
};

}  // namespace perch::web
