#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/http.h"
#include "web/access.h"
#include "web/api.h"
#include "web/backend.h"
#include "web/page.h"
#include "web/password.h"
#include "web/serving_times.h"
#include "web/ticker.h"

namespace perch::web {

/// The dashboard and the API, for the dashboard's hosts and for the control socket. Thread-safe. Everything handed in
/// must outlive it, and every stream it gave must be gone before it is.
class Site : public net::Handler {
 public:
  struct Options {
    std::string app;
    std::string version;
    Clock clock;
    const Password* password = nullptr;  ///< set exactly when `access` protects
    std::chrono::milliseconds heartbeat{15000};
    Api::Guest guest;
    bool can_stop = true;  ///< branches can be stopped and kept where they live
  };
  Site(Backend& backend, Sessions& sessions, const Access& access, Options options);

  net::Response Handle(const net::Request& request) override;

 private:
  net::Response Page(const net::Request& request, const std::vector<std::string>& path);
  net::Response Board(const net::Request& request);
  net::Response Branch(const net::Request& request, const std::string& slug);
  net::Response ChangeBranch(const net::Request& request, const std::vector<std::string>& path);
  net::Response SignInWithToken(const net::Request& request, const std::string& token);
  net::Response Login(const net::Request& request);
  net::Response TryPassword(const net::Request& request);
  net::Response Logout(const net::Request& request);
  net::Response Message(const net::Request& request, int status, const std::string& heading, const std::string& text);
  net::Response LoginForm(const net::Request& request, int status, const std::string& next, const std::string& problem);
  Frame NewFrame(const net::Request& request, const std::string& title, bool live);
  /// Where a sign-in leads: a path of the dashboard, or, with a ticket, a branch's host. Never anywhere else.
  std::string TargetOf(const std::string& next);

  Backend& backend_;
  Sessions& sessions_;
  const Access& access_;
  const Options options_;
  LoginThrottle throttle_;
  Ticker ticker_;
  ServingTimes serving_times_;
  Api api_;
};

}  // namespace perch::web
