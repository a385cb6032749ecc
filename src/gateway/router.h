#pragma once

#include <cstdint>
#include <optional>
#include <string>
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

/// Decides whether a request may pass to a branch's app. Called for every request to a branch from the gateway's
/// threads: quick, no I/O.
class Gate {
 public:
  virtual ~Gate() = default;
  /// nullopt: may pass. Otherwise the answer to give (a redirect to the login page, 401, ...). The request's body has
  /// not been read.
  virtual std::optional<net::Response> Check(const net::Request& request) const = 0;
};

/// Cookies with these names are perch's own: they are taken out of requests before these reach an app.
inline constexpr std::string_view kSessionCookie = "perch_session";
inline constexpr std::string_view kSecureSessionCookie = "__Host-perch_session";

}  // namespace perch::gateway
