#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A request that perch answers itself (dashboard, API, pages): read whole, body at most 1 MiB.
struct Request {
  std::string method;  ///< "GET"
  std::string target;  ///< as sent: "/api/environments?x=1"
  Headers headers;     ///< in order, names as sent
  std::string body;
  std::string host;         ///< the Host header in lower case, without port and trailing dot
  std::string host_header;  ///< the Host header as sent, with its port
  std::string peer;         ///< the client's address without port; "unix" for the control socket
  bool tls = false;
  bool trusted = false;  ///< came over the control socket (mode 0600): the operator

  /// The first header of that name, any case; nullopt if absent.
  std::optional<std::string_view> Header(std::string_view name) const;
  /// The value of one cookie; nullopt if absent.
  std::optional<std::string_view> Cookie(std::string_view name) const;
  /// The target without its query.
  std::string_view Path() const;
  /// A query parameter, percent-decoded, '+' as space; nullopt if absent or badly encoded.
  std::optional<std::string> Query(std::string_view name) const;
};

/// A body that grows while it is sent (server-sent events, a followed log). The server owns it and destroys it when the
/// client is gone; after the destructor returns neither callback may be called.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  /// Called once. `write` may be called from any thread and never blocks; it returns false once the client is gone or
  /// more than 4 MiB wait for it. `end` ends the body.
  virtual void Start(std::function<bool(std::string piece)> write, std::function<void()> end) = 0;
};

struct Response {
  int status = 200;
  Headers headers;  ///< without Content-Length, Date and Connection: the server adds them
  std::string body;
  std::unique_ptr<BodyStream> stream;  ///< if set, `body` is sent first and then this, chunked
};

/// Answers requests. Called from worker threads, several at once; may block for a moment (a database, a git program),
/// not for ever.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Response Handle(const Request& request) = 0;
};

/// Percent-encoded form or query text as pairs: "a=1&b=2".
std::vector<std::pair<std::string, std::string>> ParseForm(std::string_view text);

/// The standard reason phrase: "Not Found"; "" for an unknown code.
std::string_view ReasonPhrase(int status);

}  // namespace perch::net
