#include "net/host.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/text.h"

namespace perch::net {
namespace {

constexpr std::size_t kLongestHost = 255;  // RFC 1035, 2.3.4

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool IsPort(std::string_view text) {
  const std::optional<std::uint64_t> number = ParseNumber(text);
  return number && *number <= 65535 && text.size() <= 5;
}

bool IsIpv6(std::string_view text) {
  in6_addr address{};
  return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

}  // namespace

std::optional<HostAndPort> ParseHost(std::string_view text) {
  if (text.empty() || text.size() > kLongestHost + 6) return std::nullopt;
  std::string_view host = text;
  std::string_view rest;
  if (text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !IsIpv6(text.substr(1, close - 1))) return std::nullopt;
    host = text.substr(0, close + 1);
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    rest = text.substr(colon);
    if (!std::ranges::all_of(host, IsNameByte)) return std::nullopt;
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.empty() || host.front() == '.' || host.ends_with('.') || host.find("..") != std::string_view::npos) {
      return std::nullopt;
    }
  }
  if (host.size() > kLongestHost) return std::nullopt;
  if (!rest.empty()) {
    if (rest.front() != ':') return std::nullopt;
    rest.remove_prefix(1);
    if (!rest.empty() && !IsPort(rest)) return std::nullopt;
  }
  return HostAndPort{.host = ToLower(host), .port = std::string(rest)};
}

bool IsLoopback(std::string_view address) {
  std::string host(address);
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) {
    const std::optional<HostAndPort> parsed = ParseHost(address);
    if (!parsed) return false;
    host = parsed->host;
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  }
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return v6.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace perch::net
