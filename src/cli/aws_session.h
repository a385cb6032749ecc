#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "aws/client.h"
#include "aws/sts.h"
#include "cli/context.h"
#include "cli/signals.h"
#include "engine/ports.h"
#include "net/remote.h"

namespace perch::cli {

/// Where in AWS a command works.
struct AwsPlace {
  std::string region;           ///< of the command line or perch.yaml; "" for the surroundings'
  std::string account;          ///< `aws.account`, 12 digits; "" when not guarded
  std::string file;             ///< perch.yaml, for errors; "" without one
  bool ends_on_signals = true;  ///< false: somebody else waits for Ctrl-C and TERM
};

/// A command's way to AWS: credentials, endpoints and region from the usual places, every call a line of `-v`, ended by
/// Ctrl-C or TERM. Blocks these signals in this thread and all it starts later, so make it before any other thread.
class AwsSession {
 public:
  /// `nothing_done` begins the error when the credentials don't do: "nothing was deleted". kUsage without a region;
  /// kRefused when they are of another account than `place.account`, which costs one call of STS when it is set.
  static Result<std::unique_ptr<AwsSession>> Open(const AwsPlace& place, const std::string& nothing_done);

  AwsSession(const AwsSession&) = delete;
  AwsSession& operator=(const AwsSession&) = delete;

  /// Stopped by stop().
  const aws::Client& client() const { return *client_; }
  net::Transport& transport() { return *transport_; }
  const std::string& region() const { return client_->region(); }
  /// The place's account, checked; "" when it named none: Identity() tells it then.
  const std::string& account() const { return account_; }
  /// Whose credentials these are; asked once. Not thread-safe.
  Result<aws::CallerIdentity> Identity();
  std::stop_token stop() const { return stop_.get_token(); }

 private:
  AwsSession() = default;

  Signals signals_;  // first, so that the transport's threads leave signals to it
  std::unique_ptr<net::Transport> transport_;
  std::stop_source stop_;
  std::unique_ptr<aws::Client> client_;
  std::string account_;
  aws::CallerIdentity identity_;
  std::jthread interrupted_;  // last: ended before what it uses
};

/// Which repository's branches, and what for.
struct BranchesPlace {
  std::string repository;    ///< a path or URL of git's
  std::string github;        ///< "OWNER/REPO"; over `repository`
  bool all = true;           ///< whether every branch must be there: a clone that may lack some is refused then
  std::string nothing_done;  ///< begins that refusal: "nothing was deleted"
};

/// GitHub by REST when it is named, or when there is a token (GITHUB_TOKEN, GH_TOKEN) and the repository is there; else
/// git itself. GITHUB_API_URL is honoured. `transport` outlives the result.
Result<std::unique_ptr<engine::BranchSource>> OpenBranches(const Context& context, const BranchesPlace& place,
                                                           net::Transport& transport);

/// Between two looks at the same stack: 3 s, or $PERCH_AWS_POLL ("50ms") for tests against local peers.
std::chrono::milliseconds PollTime();

/// A variable of the environment; "" if it is unset.
std::string EnvironmentVariable(const char* name);

}  // namespace perch::cli
