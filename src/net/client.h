#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http.h"

namespace perch::net {

/// Where a server is: a Unix socket, or 127.0.0.1 and a port when `socket` is empty.
struct Endpoint {
  std::filesystem::path socket;
  std::uint16_t port = 0;
};

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";
  Headers headers;  ///< Host, Content-Length and Connection are added
  std::string body;
  std::string host = "localhost";
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
  std::optional<std::string_view> Header(std::string_view name) const;
};

struct ClientOptions {
  std::chrono::milliseconds timeout = std::chrono::seconds(30);  ///< for each wait: connecting, or the next bytes
  std::size_t body_limit = 64 << 20;
};

/// Asks once and reads the whole answer. Any status is an answer; the error is for getting none. kUnavailable with
/// `why` "nobody listens there" if no server is there. Blocks; thread-safe.
Result<ClientResponse> Fetch(const Endpoint& endpoint, const ClientRequest& request, const ClientOptions& options = {});

/// Called with each piece of a body as it comes; false stops reading.
using OnPiece = std::function<bool(std::string_view piece)>;

/// The same, but a 2xx answer's body goes piece by piece to `on_piece` and is not kept; other answers' bodies are kept.
/// `timeout` 0: wait as long as it takes. `stop` ends it early (then the answer so far is returned).
Result<ClientResponse> FetchStream(const Endpoint& endpoint, const ClientRequest& request, const OnPiece& on_piece,
                                   const ClientOptions& options = {}, std::stop_token stop = {});

/// Whether the error of Fetch says that no server is there.
bool NobodyListens(const Error& error);

}  // namespace perch::net
