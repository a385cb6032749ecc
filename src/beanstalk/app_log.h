#pragma once

#include <cstdint>
#include <string>

#include "aws/client.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/ports.h"
#include "net/remote.h"

namespace perch::beanstalk {

/// What the app of a Beanstalk environment printed, from CloudWatch Logs; where that has nothing (yet), the end of the
/// instance's own log. `from` and the piece's `next` are milliseconds since 1970; 0: the last hour.
Result<engine::LogPiece> AppLog(const aws::Client& client, net::Transport& transport, const std::string& environment,
                                std::uint64_t from, std::size_t limit, Time now);

}  // namespace perch::beanstalk
