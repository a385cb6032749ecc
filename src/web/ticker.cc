#include "web/ticker.h"

#include <algorithm>

namespace perch::web {

Ticker::~Ticker() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::unique_ptr<Ticker::Handle> Ticker::Every(std::chrono::milliseconds interval, std::function<void()> work) {
  const std::scoped_lock lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  const std::uint64_t key = ++last_key_;
  jobs_.emplace(key, Job{.interval = interval, .next = Steady::now() + interval, .work = std::move(work)});
  changed_.notify_all();
  return std::unique_ptr<Handle>(new Handle(*this, key));
}

void Ticker::Remove(std::uint64_t key) {
  std::unique_lock lock(mutex_);
  jobs_.erase(key);
  changed_.wait(lock, [&] { return running_ != key; });
}

void Ticker::Run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (jobs_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const std::map<std::uint64_t, Job>::iterator due = std::ranges::min_element(
        jobs_, {}, [](const std::pair<const std::uint64_t, Job>& entry) { return entry.second.next; });
    const Steady::time_point at = due->second.next;
    if (at > Steady::now()) {
      changed_.wait_until(lock, at);
      continue;
    }
    due->second.next = Steady::now() + due->second.interval;
    running_ = due->first;
    const std::function<void()> work = due->second.work;
    lock.unlock();
    work();
    lock.lock();
    running_ = 0;
    changed_.notify_all();
  }
}

}  // namespace perch::web
