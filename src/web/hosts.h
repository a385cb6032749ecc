#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::web {

/// Which host names perch answers to, and how links to them begin. The dashboard's hosts are exact names; a branch's
/// is its slug in front of `branch_domain`.
struct Hosts {
  bool tls = false;
  std::uint16_t port = 7878;                                                 ///< as people see it in links
  std::vector<std::string> dashboard = {"localhost", "127.0.0.1", "[::1]"};  ///< the first one is used in links
  std::string branch_domain = "localhost";

  /// `host` is in lower case, without port.
  bool IsDashboard(std::string_view host) const;
  /// The slug of a branch's host, whether or not such a branch exists; nullopt for any other host.
  std::optional<std::string> SlugOf(std::string_view host) const;
  /// "http://localhost:7878", without a slash at the end; the port is left out where it is the scheme's own.
  std::string DashboardUrl() const;
  std::string BranchUrl(std::string_view slug) const;
};

/// A URL as far as perch needs it.
struct HttpUrl {
  bool tls = false;
  std::string host;  ///< in lower case
  std::uint16_t port = 80;
  std::string path = "/";  ///< with the query
};

/// Reads an absolute http or https URL without user name, fragment, control characters or backslashes; nullopt for
/// anything else.
std::optional<HttpUrl> ParseUrl(std::string_view text);

}  // namespace perch::web
