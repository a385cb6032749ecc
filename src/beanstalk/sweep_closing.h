#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/client.h"

namespace perch::beanstalk {

/// A bucket's policy (JSON; "" for none) with a statement more, `PerchSweep`, that denies writes to everybody. What it
/// says otherwise stays: a policy that denies deletes is somebody's protection. nullopt when it cannot be read.
std::optional<std::string> WithoutWrites(std::string_view policy, std::string_view partition, std::string_view bucket);

/// Gives a bucket that policy. False for a missing bucket, which has nothing to close; an error leaves it as it was.
aws::Answer<bool> CloseToWrites(const aws::Client& client, const std::string& bucket);

}  // namespace perch::beanstalk
