#pragma once

#include <stop_token>
#include <string>

#include "base/error.h"
#include "git/github_client.h"

namespace perch::git {

/// The mark that GitHub shows beside a commit, with a link.
struct CommitStatus {
  enum class State { kPending, kSuccess, kFailure, kError };

  std::string commit;  ///< the full hash
  State state = State::kPending;
  std::string url;          ///< where the mark leads; left out if it is not http or https, or is not printable
  std::string description;  ///< cut to GitHub's 140 characters; control characters are written as \xNN
  std::string context;      ///< which mark it is: "perch/shop"; a later status of the same context replaces it
};

/// Sets it. Sending it again does no harm: GitHub shows the newest of each context. A failure must never fail what the
/// status tells of: whoever calls shows the error and goes on. kUsage without a token; else kUnavailable.
Status SetCommitStatus(GitHubClient& client, const CommitStatus& status, std::stop_token stop);

}  // namespace perch::git
