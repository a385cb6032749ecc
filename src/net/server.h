#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "base/error.h"
#include "net/http.h"

namespace perch::net {

/// An HTTP/1.1 server on a Unix socket: perch's control socket. Whoever may open the file is the operator, so its
/// requests are `trusted` and their peer is "unix".
class HttpServer {
 public:
  struct Options {
    std::filesystem::path socket;  ///< made with mode 0600; a file that nobody listens on is replaced
    int workers = 4;               ///< threads for the handler
    Clock clock;                   ///< for the Date field; may be empty
  };

  /// Listens and answers from its own threads until it is destroyed. kRefused if somebody listens on that path already.
  /// `handler` outlives the server.
  static Result<std::unique_ptr<HttpServer>> Start(Options options, Handler& handler);
  /// Stops listening, removes the socket file, ends all connections, waits for running handlers.
  ~HttpServer();

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace perch::net
