#pragma once

#include <cstdint>
#include <string_view>

#include "net/http.h"

namespace perch::gateway {

/// Where a request goes. Exactly one of the two is meant: the upstream, or the handler.
struct Route {
  /// A branch's app on 127.0.0.1. 0: none; then `handler` answers.
  std::uint16_t upstream_port = 0;
  /// Answers instead of the app, and when the app cannot be reached (before any byte of its answer). Never nullptr.
  net::Handler* handler = nullptr;
  /// This host belongs to a branch: its answers get X-Robots-Tag: noindex, and the gate is asked first.
  bool is_branch = false;
};

/// Host name → route. Called for every request from the gateway's threads: quick, no I/O.
class Router {
 public:
  virtual ~Router() = default;
  /// `host` is in lower case, without port and trailing dot. Unknown hosts get a handler that answers 404 or 421.
  virtual Route Find(std::string_view host) const = 0;
};

}  // namespace perch::gateway
