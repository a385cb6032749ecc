#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "base/secret.h"
#include "net/http.h"
#include "web/hosts.h"
#include "web/sessions.h"

namespace perch::web {

/// A refused request: the HTTP status and what to say.
struct Refusal {
  int status = 403;
  Error error;
};

/// Who may see and who may change. Without protection everybody who reaches perch may see (it listens on loopback only,
/// and branch apps on this machine can read it too: pages never hold the token). Changes need the control socket, the
/// token, or a signed-in browser whose request comes from one of perch's own pages. Thread-safe.
class Access {
 public:
  struct Options {
    Hosts hosts;
    bool protect = false;  ///< seeing needs a session, too
    Secret token;
  };
  Access(const Sessions& sessions, Options options) : sessions_(sessions), options_(std::move(options)) {}

  /// The valid session that the request carries for its own host; "" if there is none.
  std::string SessionOf(const net::Request& request) const;
  std::optional<Refusal> CheckRead(const net::Request& request) const;
  std::optional<Refusal> CheckChange(const net::Request& request) const;
  bool TokenMatches(std::string_view token) const;
  /// "name=value; attributes" for Set-Cookie; an empty value takes the cookie away.
  std::string Cookie(const net::Request& request, std::string_view session, bool strict) const;
  /// The form field and the header that carry Sessions::FormKey.
  static constexpr std::string_view kFormField = "key";
  static constexpr std::string_view kFormHeader = "X-Perch-Key";

  bool protect() const { return options_.protect; }
  const Hosts& hosts() const { return options_.hosts; }

 private:
  bool Secure(const net::Request& request) const { return request.tls || options_.hosts.tls; }
  bool FromOwnPage(const net::Request& request) const;

  const Sessions& sessions_;
  const Options options_;
};

}  // namespace perch::web
