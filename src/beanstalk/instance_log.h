#pragma once

#include <string>

#include "aws/client.h"
#include "net/remote.h"

namespace perch::beanstalk {

/// The end of what an environment's instances said (where they say nothing, Beanstalk itself), at most `lines` lines,
/// for a person who looks for a failure; "" where nothing can be had. Takes up to half a minute. Masked as a terminal
/// needs it, not for secrets.
std::string InstanceLog(const aws::Client& client, net::Transport& transport, const std::string& environment,
                        std::size_t lines = 40);

}  // namespace perch::beanstalk
