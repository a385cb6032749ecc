#pragma once

#include <string>

#include "base/clock.h"
#include "net/http.h"
#include "web/access.h"
#include "web/backend.h"
#include "web/serving_times.h"

namespace perch::web {

/// What a branch's own host shows while its app does not: what is going on, and why, in words. Turns into the app by
/// itself as soon as that serves. Answers /.perch/status with JSON. Thread-safe.
///
/// 503 with Retry-After while something is coming or asleep or stopped, 502 when it failed or does not answer, 404 for
/// an unknown or left-out branch, 410 when the branch is gone.
class BranchPages : public net::Handler {
 public:
  /// Everything must outlive it.
  BranchPages(Backend& backend, const Access& access, Clock clock)
      : backend_(backend), access_(access), clock_(std::move(clock)), serving_times_(backend) {}

  net::Response Handle(const net::Request& request) override;

 private:
  net::Response ForBranch(const net::Request& request, const engine::BranchView& view);
  net::Response ForUnknown(const net::Request& request, const std::string& slug);
  bool WasDeleted(const std::string& slug);

  Backend& backend_;
  const Access& access_;
  const Clock clock_;
  ServingTimes serving_times_;
};

}  // namespace perch::web
