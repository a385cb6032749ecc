#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>

#include "aws/endpoints.h"
#include "base/clock.h"

namespace perch::aws {

/// How often and how long calls are tried.
struct RetryPolicy {
  int max_attempts = 6;
  std::chrono::milliseconds deadline = std::chrono::minutes(3);  ///< for all attempts of one call
  std::chrono::milliseconds first_delay = std::chrono::milliseconds(200);
  std::chrono::milliseconds first_throttled_delay = std::chrono::seconds(1);
  std::chrono::milliseconds longest_delay = std::chrono::seconds(20);
  int budget = 500;    ///< tokens shared by all calls of a client, so that an outage is not made worse
  int retry_cost = 5;  ///< tokens for a retry; given back when it succeeds
};

/// Waits; false if it was stopped before the time was over.
using Sleeper = std::function<bool(std::chrono::milliseconds, std::stop_token)>;
Sleeper RealSleeper();

/// A number in [0, 1), another one each time. Thread-safe.
using Random = std::function<double()>;
Random RealRandom();

/// The delay before attempt `attempt` (2 for the first retry): exponential, with full jitter. Pure.
std::chrono::milliseconds RetryDelay(const RetryPolicy& policy, int attempt, bool throttled, double random);

/// What the calls of a client know of each other: the budget for retries, and services that asked to slow down.
/// Thread-safe.
class RetryState {
 public:
  explicit RetryState(int budget) : budget_(budget), tokens_(budget) {}
  bool Take(int cost);
  void GiveBack(int cost);
  /// A service asked to slow down: nobody calls it before `until`.
  void SlowDown(Service service, Time until);
  Time NotBefore(Service service) const;

 private:
  mutable std::mutex mutex_;
  const int budget_;
  int tokens_;
  std::map<Service, Time> not_before_;
};

}  // namespace perch::aws
