#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace perch::image {

/// An image that can't change: what is deployed.
struct ImageReference {
  std::string repository;  ///< "111122223333.dkr.ecr.eu-central-1.amazonaws.com/perch/shop/staging"
  std::string digest;      ///< "sha256:" and 64 lower-case hexadecimal digits

  std::string Text() const { return repository + "@" + digest; }
  /// The part before the first '/', if it names a host; else "docker.io", as the docker program has it.
  std::string Registry() const;
  /// The rest: "perch/shop/staging".
  std::string Name() const;
};

/// Reads "REPOSITORY@sha256:…", or with a tag before the '@', which counts for nothing. kUsage for anything else: a tag
/// alone may name another image tomorrow.
Result<ImageReference> ParseImageReference(std::string_view text);

/// Whether this is "sha256:" with 64 lower-case hexadecimal digits.
bool IsDigest(std::string_view text);

}  // namespace perch::image
