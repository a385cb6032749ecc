#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace perch::git {

inline constexpr std::string_view kGitHubApi = "https://api.github.com";

/// A repository on GitHub or on a GitHub Enterprise Server.
struct GitHubPlace {
  std::string api;   ///< where the REST API is, without a slash at the end: "https://api.github.com"
  std::string host;  ///< where people and git go: "github.com"
  std::string owner;
  std::string name;

  /// For people: "acme/shop on github.com".
  std::string Shown() const { return owner + "/" + name + " on " + host; }
  /// The URL of something of the repository's; `path` begins with '/' or '?', is escaped, or is "".
  std::string Url(std::string_view path) const { return api + "/repos/" + owner + "/" + name + std::string(path); }
  /// What git fetches from.
  std::string GitUrl() const;
};

/// Checks both halves. `api_url` is what GITHUB_API_URL holds ("" means github.com's); `repository` is "OWNER/REPO".
/// kUsage when either is no such thing, or when the API would be asked in clear text by another machine.
Result<GitHubPlace> FindGitHubPlace(const std::string& api_url, const std::string& repository);

/// "OWNER/REPO" when `url`, in any form that git takes (https, ssh, host:path), is of a repository on the host whose
/// API is at `api_url`; nullopt for anything else.
std::optional<std::string> GitHubRepositoryOf(const std::string& url, const std::string& api_url);

}  // namespace perch::git
