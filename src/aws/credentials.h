#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

namespace perch::aws {

/// What requests are signed with.
struct Credentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;         ///< empty for a user's own long-lived key
  std::optional<Time> expires;  ///< nullopt: they stay
  std::string source;           ///< for people: "the environment", "profile 'ci' in /home/a/.aws/config"
};

/// Where credentials come from. Thread-safe.
class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;

  /// Credentials that hold for some minutes more, fetched if need be. The error tells every place that was looked at.
  /// Blocks.
  virtual Result<Credentials> Get(std::stop_token stop) = 0;

  /// AWS said that the key with this id has expired: the next Get fetches anew.
  virtual void Forget(const std::string& access_key_id) = 0;
};

/// The same credentials for ever: for tests and for what a user typed.
std::shared_ptr<CredentialsSource> FixedCredentials(Credentials credentials);

}  // namespace perch::aws
