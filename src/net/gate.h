#pragma once

#include <optional>
#include <string_view>

#include "net/http.h"

namespace perch::net {

/// Decides whether a request may pass to a branch's app. Called for every request to a branch from the gateway's
/// threads: quick, no I/O.
class Gate {
 public:
  virtual ~Gate() = default;
  /// nullopt: may pass. Otherwise the answer to give (a redirect to the login page, 401, ...). The request's body has
  /// not been read.
  virtual std::optional<Response> Check(const Request& request) const = 0;
};

/// Cookies with these names are perch's own: they are taken out of requests before these reach an app.
inline constexpr std::string_view kSessionCookie = "perch_session";
inline constexpr std::string_view kSecureSessionCookie = "__Host-perch_session";

}  // namespace perch::net
