#include "aws/retry.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <memory>
#include <random>

namespace perch::aws {

Sleeper RealSleeper() {
  return [](std::chrono::milliseconds time, std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait_for(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
  };
}

Random RealRandom() {
  return [] {
    static thread_local std::mt19937_64 engine{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

std::chrono::milliseconds RetryDelay(const RetryPolicy& policy, int attempt, bool throttled, double random) {
  const double first = double((throttled ? policy.first_throttled_delay : policy.first_delay).count());
  const double most = std::min(first * std::exp2(std::clamp(attempt - 2, 0, 30)), double(policy.longest_delay.count()));
  return std::chrono::milliseconds(std::int64_t(most * random));
}

bool RetryState::Take(int cost) {
  const std::lock_guard lock(mutex_);
  if (tokens_ < cost) return false;
  tokens_ -= cost;
  return true;
}

void RetryState::GiveBack(int cost) {
  const std::lock_guard lock(mutex_);
  tokens_ = std::min(budget_, tokens_ + cost);
}

void RetryState::SlowDown(Service service, Time until) {
  const std::lock_guard lock(mutex_);
  Time& not_before = not_before_[service];
  not_before = std::max(not_before, until);
}

Time RetryState::NotBefore(Service service) const {
  const std::lock_guard lock(mutex_);
  const auto at = not_before_.find(service);
  return at == not_before_.end() ? Time() : at->second;
}

}  // namespace perch::aws
