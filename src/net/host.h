#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace perch::net {

/// A Host header or authority, taken apart.
struct HostAndPort {
  std::string host;  ///< lower case, without a trailing dot; an IPv6 address keeps its brackets
  std::string port;  ///< digits, "" if absent
};

/// Reads `host[:port]` (RFC 9110, 7.2): letters, digits, '-', '_' and '.', or an IPv6 address in brackets; at most 255
/// bytes. nullopt for anything else, user names and percent escapes too.
std::optional<HostAndPort> ParseHost(std::string_view text);

/// Whether `address` ("127.0.0.1", "::1", "[::1]", "localhost", each with or without ":port") can be reached from this
/// machine only. False for names other than localhost, wildcards and everything unreadable.
bool IsLoopback(std::string_view address);

}  // namespace perch::net
