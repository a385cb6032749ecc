#include "web/hosts.h"

#include <algorithm>

#include "base/text.h"
#include "model/names.h"

namespace perch::web {
namespace {

std::string Origin(bool tls, const std::string& host, std::uint16_t port) {
  std::string url = (tls ? "https://" : "http://") + host;
  if (port != (tls ? 443 : 80)) url += ":" + std::to_string(port);
  return url;
}

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '[' || c == ']' || c == ':';
}

}  // namespace

bool Hosts::IsDashboard(std::string_view host) const { return std::ranges::find(dashboard, host) != dashboard.end(); }

std::optional<std::string> Hosts::SlugOf(std::string_view host) const {
  if (IsDashboard(host)) return std::nullopt;
  if (host.size() <= branch_domain.size() + 1 || !host.ends_with(branch_domain)) return std::nullopt;
  const std::string_view front = host.substr(0, host.size() - branch_domain.size());
  if (front.back() != '.') return std::nullopt;
  const std::string_view slug = front.substr(0, front.size() - 1);
  if (!IsSlug(slug)) return std::nullopt;
  return std::string(slug);
}

std::string Hosts::DashboardUrl() const { return Origin(tls, dashboard.front(), port); }

std::string Hosts::BranchUrl(std::string_view slug) const {
  return Origin(tls, std::string(slug) + "." + branch_domain, port);
}

std::optional<HttpUrl> ParseUrl(std::string_view text) {
  HttpUrl url;
  if (text.starts_with("https://")) {
    url.tls = true;
    url.port = 443;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  if (std::ranges::any_of(text, [](char c) { return c <= ' ' || c > '~' || c == '\\' || c == '#'; }))
    return std::nullopt;
  const std::size_t end = text.find_first_of("/?");
  std::string authority = ToLower(text.substr(0, end));
  if (end != std::string_view::npos) url.path = (text[end] == '?' ? "/" : "") + std::string(text.substr(end));
  if (!std::ranges::all_of(authority, IsHostCharacter)) return std::nullopt;
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string::npos && authority.find(']', colon) == std::string::npos) {
    const std::optional<std::uint64_t> port = ParseNumber(std::string_view(authority).substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return std::nullopt;
    url.port = static_cast<std::uint16_t>(*port);
    authority.resize(colon);
  }
  if (authority.empty()) return std::nullopt;
  url.host = authority;
  return url;
}

}  // namespace perch::web
