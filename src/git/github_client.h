#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "git/github_place.h"
#include "net/remote.h"

namespace perch::git {

struct GitHubOptions {
  std::string repository;  ///< "OWNER/REPO"
  std::string api_url;     ///< what GITHUB_API_URL holds; "" means github.com's
  Secret token;            ///< of GITHUB_TOKEN or GH_TOKEN; empty: 60 requests an hour, public repositories only
  Clock clock;
  std::function<double()> random;  ///< from 0 to below 1, thread-safe; spreads repeated requests
  /// Waits; false when stopped meanwhile. Unset: really waits.
  std::function<bool(std::chrono::milliseconds, std::stop_token)> sleep;
  /// Between two looks of WatchForChanges. Without a token at least 5 minutes pass.
  std::chrono::milliseconds poll = std::chrono::seconds(30);
};

/// One request to the REST API about the repository.
struct GitHubQuestion {
  std::string doing;  ///< for errors: "cannot list the branches"
  std::string need;   ///< the token's permission that it takes, as GitHub calls it: "contents: read"
  std::string method = "GET";
  std::string path;  ///< after /repos/OWNER/REPO, escaped
  std::string accept = "application/vnd.github+json";
  std::string etag;  ///< of the answer that is known already; "" for none
  std::string body;
};

struct GitHubAnswer {
  int status = 0;
  net::Headers headers;
  std::string body;

  /// The first header of that name, any case; "" if absent.
  std::string_view Header(std::string_view name) const;
};

/// Asks GitHub about one repository: headers, repeats, limits, and errors in people's words. The token goes to the
/// API's own address and nowhere else. Thread-safe.
class GitHubClient {
 public:
  /// kUsage when the options are wrong. `transport` must outlive the client.
  static Result<std::unique_ptr<GitHubClient>> Open(GitHubOptions options, net::Transport& transport);

  /// An answer of 2xx, 404, 409 or 422, or 304 if an ETag was sent; whoever asked judges these. Anything else is an
  /// error, kUnavailable. Repeats after 5xx and broken connections (4 times in all), and after a limit that ends within
  /// 60 s (3 times). While a longer limit lasts, nothing is sent.
  Result<GitHubAnswer> Ask(const GitHubQuestion& question, std::stop_token stop);

  /// An answer that whoever asked has no use for, as an error.
  Error Refusal(const GitHubQuestion& question, const GitHubAnswer& answer) const;
  /// An answer of an unknown shape, as an error; `why` goes on from "the answer cannot be understood: ".
  Error Misunderstood(const GitHubQuestion& question, const std::string& why) const;

  const GitHubPlace& place() const { return place_; }
  const GitHubOptions& options() const { return options_; }
  /// Waits as the options say; false when stopped.
  bool Sleep(std::chrono::milliseconds time, std::stop_token stop) const;

 private:
  GitHubClient(GitHubOptions options, GitHubPlace place, net::Transport& transport)
      : options_(std::move(options)), place_(std::move(place)), transport_(transport) {}

  net::RemoteRequest RequestFor(const GitHubQuestion& question) const;
  Status WaitForLimit(const GitHubQuestion& question, bool patient, std::stop_token stop);
  Result<GitHubAnswer> Judge(const GitHubQuestion& question, GitHubAnswer answer, std::stop_token stop);
  Error Moved(const GitHubQuestion& question, const GitHubAnswer& answer, std::stop_token stop);

  const GitHubOptions options_;
  const GitHubPlace place_;
  net::Transport& transport_;
  std::mutex mutex_;
  std::optional<Time> limited_until_;  // by our own clock
};

}  // namespace perch::git
