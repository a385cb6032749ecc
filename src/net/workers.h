#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace perch::net {

/// A few threads that do what may block. Thread-safe.
class Workers {
 public:
  /// At most `longest_queue` jobs wait.
  explicit Workers(int threads, std::size_t longest_queue = 1024);
  ~Workers() { Stop(); }
  /// False if too many jobs wait or Stop was called; then `job` is not run.
  bool Submit(std::move_only_function<void()> job);
  /// Runs what is queued and joins the threads.
  void Stop();

 private:
  void Run();

  std::size_t longest_queue_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::move_only_function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace perch::net
