#pragma once

#include <string>
#include <string_view>

#include "net/head.h"

namespace perch::gateway {

/// Where a request came from.
struct Origin {
  std::string_view address;  ///< the client's, without port
  bool tls = false;
};

/// Writes the head of the request that goes to the app: hop-by-hop fields, forwarding fields and perch's own cookies
/// taken out, forwarding fields and framing set anew, the rest as it came.
void WriteUpstreamHead(const net::RequestHead& head, const Origin& origin, std::string& out);

/// How the answer goes to the client.
struct Delivery {
  int version = 11;  ///< the client's
  bool keep_open = true;
  bool chunked = false;  ///< the body is sent in chunks
  bool noindex = false;  ///< search engines shall not list it
};

/// Writes the head of the answer that goes to the client: hop-by-hop fields taken out, framing set anew.
void WriteClientHead(const net::ResponseHead& head, const Delivery& delivery, std::string& out);

/// Appends the cookies of a Cookie field that are not perch's own, separated by "; ".
void AppendForeignCookies(std::string_view cookies, std::string& out);

}  // namespace perch::gateway
