#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "image/docker.h"
#include "image/reference.h"
#include "net/remote.h"

namespace perch::image {

/// One repository of a container registry, read by the Docker Registry HTTP API v2 (the OCI distribution
/// specification). Speaks HTTPS, and HTTP with a registry on this machine's loopback, as the docker program does.
/// Thread-safe.
class Registry {
 public:
  /// nullopt: nobody needs to log in, or the registry gives tokens to anybody. Asked only when the registry wants it.
  using LoginPort = std::function<Result<std::optional<Login>>()>;

  /// `repository` as docker names it: "127.0.0.1:5000/shop"; `transport` outlives this.
  Registry(net::Transport& transport, std::string repository, LoginPort login);

  /// The digest of what a tag names; nullopt only when the registry says that there is none. kUnavailable: it could not
  /// be found out now; kRefused: the registry does not let us.
  Result<std::optional<std::string>> Find(const std::string& tag, std::stop_token stop = {}) const;

  /// Docker's word for the processor that an image is for, "arm64"; of an image for several, all of them with a comma
  /// between. kNotFound if there is no image of that digest. What comes back is checked against its digest.
  Result<std::string> Architecture(const std::string& digest, std::stop_token stop = {}) const;

 private:
  Result<net::RemoteResponse> Ask(const std::string& method, const std::string& path, std::stop_token stop) const;
  Result<net::RemoteResponse> Follow(net::RemoteResponse answer, const std::string& from, std::stop_token stop) const;
  Result<std::string> Authorization(std::string_view challenge, std::stop_token stop) const;
  Result<std::string> Token(std::string_view challenge, const std::optional<Login>& login, std::stop_token stop) const;
  Result<std::string> Content(const std::string& kind, const std::string& digest, std::stop_token stop) const;

  net::Transport& transport_;
  const std::string repository_;
  const std::string host_, name_;
  const LoginPort login_;
};

/// A value of a WWW-Authenticate header (RFC 9110, 11.6.1): `realm` of `Bearer realm="https://…",service="x"`; "" if it
/// has none.
std::string ChallengeValue(std::string_view challenge, std::string_view name);

}  // namespace perch::image
