#pragma once

#include <chrono>

#include "aws/client.h"
#include "aws/cloudformation.h"
#include "base/clock.h"

namespace perch::beanstalk {

/// A nested stack's failure says only that it failed; its own events say why. Follows `cause` inwards, and gives it
/// back as it is where nothing more can be told. Events before `since` don't count; `poll` is between two calls. The
/// logical id of what is found is a path: "Cache/Cluster".
aws::StackEvent CauseInside(const aws::Client& client, aws::StackEvent cause, Time since,
                            std::chrono::milliseconds poll);

}  // namespace perch::beanstalk
