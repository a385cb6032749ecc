#pragma once

#include "net/gate.h"
#include "web/access.h"
#include "web/sessions.h"

namespace perch::web {

/// Stands before every request to a branch's host. It answers everything under /.perch/ itself, and on a protected
/// server lets only signed-in people through: a page view is led to the dashboard's sign-in and back, anything else
/// gets 401. Each host has a cookie of its own, so no app can use what it sees of one elsewhere. Thread-safe.
class SessionGate : public net::Gate {
 public:
  /// `pages` answers /.perch/ paths other than the sign-in. All must outlive it.
  SessionGate(Sessions& sessions, const Access& access, net::Handler& pages)
      : sessions_(sessions), access_(access), pages_(pages) {}

  std::optional<net::Response> Check(const net::Request& request) const override;

 private:
  net::Response Redeem(const net::Request& request, const std::string& slug) const;

  Sessions& sessions_;
  const Access& access_;
  net::Handler& pages_;
};

}  // namespace perch::web
