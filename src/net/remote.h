#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http.h"

namespace perch::net {

/// One request to another machine. Nothing is added but Host, Content-Length and what HTTP itself needs.
struct RemoteRequest {
  std::string method = "GET";
  std::string url;  ///< https://…, or http://…; sent as it is: already escaped
  Headers headers;
  std::string body;
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds timeout = std::chrono::seconds(60);  ///< for the whole answer
  std::size_t body_limit = 64 << 20;                             ///< bytes of the answer; more is an error
  bool use_proxy = true;                                         ///< false: never through a proxy (metadata services)
};

struct RemoteResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

/// How requests leave the machine. Implementations are thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Asks once; any status is an answer, and redirects are answers too. An answer that was cut short is an error.
  /// Errors: kUnavailable (no connection, a reset, a time-out, a cut answer; `why` says which, and whether the request
  /// may have reached the server is not known), kFailed (an untrusted certificate, an answer over the limit, no
  /// libcurl: asking again will not help), kCancelled, kUsage (the URL or a header is none). Blocks.
  virtual Result<RemoteResponse> Send(const RemoteRequest& request, std::stop_token stop) = 0;
};

/// Through libcurl, which is loaded when the first request is sent: programs that send none do not pay for it. Keeps
/// connections; honours https_proxy, no_proxy (upper case too), http_proxy (lower case only: a CGI's HTTP_PROXY is a
/// header of somebody else), SSL_CERT_FILE and AWS_CA_BUNDLE's sort of file in `ca_file`. Certificates are always
/// checked.
std::unique_ptr<Transport> MakeTransport(const std::string& ca_file = "");

}  // namespace perch::net
