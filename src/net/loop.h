#pragma once

#include <thread>

#include "net/asio.h"

namespace perch::net {

/// One thread with its own event loop. Connections live and die on one loop, so they need no locks. While anything is
/// watched a coarse tick looks at all deadlines: far cheaper than a timer for each operation.
class Loop {
 public:
  /// Something that the tick looks at; on the loop's thread only.
  class Watched {
   public:
    explicit Watched(Loop& loop);
    virtual ~Watched();
    Watched(const Watched&) = delete;
    virtual void Tick(SteadyTime now) = 0;
    /// The loop ends: give up everything at once.
    virtual void Close() = 0;

   private:
    friend class Loop;
    Loop& loop_;
    Watched* next_ = nullptr;
    Watched* previous_ = nullptr;
  };

  explicit Loop(std::chrono::milliseconds tick);
  ~Loop() { Stop(); }

  asio::io_context& context() { return context_; }
  Executor executor() { return context_.get_executor(); }
  void Start();
  /// Closes all that is watched, waits a moment for it to end, joins the thread. Not from the loop's thread.
  void Stop();

  /// Calls `visit` for each watched thing; on the loop's thread.
  template <typename Visitor>
  void ForEach(const Visitor& visit) {
    for (Watched* item = first_; item != nullptr;) {
      Watched* const next = item->next_;
      visit(*item);
      item = next;
    }
  }

 private:
  void Arm();

  asio::io_context context_{1};
  asio::executor_work_guard<Executor> guard_{context_.get_executor()};
  SteadyTimer timer_{context_.get_executor()};
  std::chrono::milliseconds tick_;
  bool armed_ = false;
  bool closing_ = false;
  bool ended_ = false;
  Watched* first_ = nullptr;
  std::thread thread_;
};

}  // namespace perch::net
