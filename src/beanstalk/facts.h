#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "beanstalk/settings.h"

namespace perch::beanstalk {

/// What no settings tell and only a deployment knows. What must not change from push to push by itself (the platform's
/// version, the snapshot) is found out once and afterwards read back from the stack's outputs.
struct Facts {
  std::string branch;         ///< full name
  std::string image;          ///< by digest: "….amazonaws.com/shop@sha256:…"
  std::string bundle_key;     ///< of the source bundle in the versions bucket; new for a new image or settings
  std::string platform_arn;   ///< of a managed platform version; not empty
  std::string snapshot;       ///< identifier or ARN; only for database mode `snapshot`
  std::string commit, tree;   ///< full hashes
  std::string settings_hash;  ///< of what the environment runs with
  std::uint64_t generation = 0;
  std::optional<Architecture> image_architecture;  ///< when it is known
  /// What earlier templates of this stack wrote and CloudFormation would keep: the output EverWritten, split.
  std::vector<std::string> ever_written;
};

}  // namespace perch::beanstalk
