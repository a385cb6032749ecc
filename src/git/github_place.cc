#include "git/github_place.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace perch::git {
namespace {

bool IsAlnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Accounts: letters, digits, hyphens; managed ones end in "_company".
bool IsOwner(std::string_view text) {
  return !text.empty() && text.size() <= 100 && IsAlnum(text[0]) &&
         std::ranges::all_of(text, [](char c) { return IsAlnum(c) || c == '-' || c == '_'; });
}

bool IsRepositoryName(std::string_view text) {
  return !text.empty() && text.size() <= 100 && text != "." && text != ".." &&
         std::ranges::all_of(text, [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; });
}

std::unexpected<Error> RefuseApi(const std::string& api_url, std::string why) {
  return Fail({.kind = ErrorKind::kUsage,
               .what = "cannot use this address of GitHub's API",
               .where = Printable(api_url),
               .why = std::move(why),
               .hint = "Set GITHUB_API_URL to https://api.github.com or to https://HOST/api/v3."});
}

/// An https (or loopback) URL: the host with its port, and the path without slashes at its end.
struct Address {
  std::string scheme, authority, path;
};

Result<Address> ReadAddress(const std::string& api_url) {
  const std::size_t scheme_end = api_url.find("://");
  if (scheme_end == api_url.npos) return RefuseApi(api_url, "it is not a URL");
  Address address{.scheme = ToLower(api_url.substr(0, scheme_end))};
  if (address.scheme != "https" && address.scheme != "http") return RefuseApi(api_url, "it is not an https URL");
  const std::string rest = api_url.substr(scheme_end + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  address.authority = ToLower(rest.substr(0, slash));
  address.path = rest.substr(slash);
  while (address.path.ends_with('/')) address.path.pop_back();
  if (address.authority.find('@') != std::string::npos) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot use this address of GitHub's API",
                 .why = "it holds a user name or a password",
                 .hint = "Give the token in GITHUB_TOKEN."});
  }
  const auto plain = [](char c) { return IsAlnum(c) || std::string_view(".-_:[]/~").contains(c); };
  if (address.authority.empty() || address.authority[0] == ':' || !std::ranges::all_of(rest, plain) ||
      address.path.find("/.") != std::string::npos || address.path.find("//") != std::string::npos) {
    return RefuseApi(api_url, "it holds no host, or something besides a host and a plain path");
  }
  if (address.scheme == "https" && address.authority.ends_with(":443")) {
    address.authority.resize(address.authority.size() - 4);
  }
  const std::size_t port =
      address.authority.starts_with('[') ? address.authority.find("]:") + 1 : address.authority.find(':');
  const std::string host = address.authority.substr(0, port == 0 ? address.authority.npos : port);
  if (address.scheme == "http" && host != "localhost" && host != "127.0.0.1" && host != "[::1]") {
    return RefuseApi(api_url, "http would show the token to everybody on the way");
  }
  return address;
}

}  // namespace

std::string GitHubPlace::GitUrl() const { return "https://" + host + "/" + owner + "/" + name + ".git"; }

Result<GitHubPlace> FindGitHubPlace(const std::string& api_url, const std::string& repository) {
  const Result<Address> address = ReadAddress(api_url.empty() ? std::string(kGitHubApi) : api_url);
  if (!address) return Fail(address.error());
  const std::size_t slash = repository.find('/');
  const std::string owner = repository.substr(0, slash);
  const std::string name = slash == repository.npos ? "" : repository.substr(slash + 1);
  if (!IsOwner(owner) || !IsRepositoryName(name)) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot use this repository",
                 .where = Printable(repository.substr(0, 300)),
                 .why = "it is not OWNER/REPO",
                 .hint = "Write it as in its address on GitHub, for example acme/shop."});
  }
  std::string host = address->authority;
  // github.com and hosts of Enterprise Cloud (TENANT.ghe.com) have the API on a host of its own, servers under a path.
  if (address->path.empty() && host.starts_with("api.")) host = host.substr(4);
  return GitHubPlace{
      .api = address->scheme + "://" + address->authority + address->path, .host = host, .owner = owner, .name = name};
}

std::optional<std::string> GitHubRepositoryOf(const std::string& url, const std::string& api_url) {
  const Result<GitHubPlace> any = FindGitHubPlace(api_url, "any/any");
  if (!any) return std::nullopt;
  std::string rest;
  const std::size_t scheme_end = url.find("://");
  const std::size_t colon = url.find(':');
  if (scheme_end != url.npos && scheme_end == colon) {
    constexpr std::array<std::string_view, 6> kSchemes = {"https", "http", "ssh", "git", "git+ssh", "ssh+git"};
    if (std::ranges::find(kSchemes, url.substr(0, scheme_end)) == kSchemes.end()) return std::nullopt;
    rest = url.substr(scheme_end + 3);
  } else if (colon != url.npos && colon < url.find('/')) {
    rest = url;
    rest[colon] = '/';
  } else {
    return std::nullopt;
  }
  const std::size_t slash = rest.find('/');
  if (slash == rest.npos) return std::nullopt;
  std::string host = ToLower(rest.substr(0, slash));
  host = host.substr(host.rfind('@') + 1);
  if (host != any->host) host = host.substr(0, host.find(':'));
  if (host == "www.github.com" || host == "ssh.github.com") host = "github.com";
  if (host != any->host) return std::nullopt;
  std::string path = rest.substr(slash + 1);
  while (path.ends_with('/')) path.pop_back();
  if (path.ends_with(".git")) path.resize(path.size() - 4);
  const Result<GitHubPlace> place = FindGitHubPlace(api_url, path);
  if (!place) return std::nullopt;
  return path;
}

}  // namespace perch::git
