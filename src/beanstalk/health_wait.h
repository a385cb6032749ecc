#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "aws/client.h"
#include "base/error.h"
#include "net/remote.h"

namespace perch::beanstalk {

/// When an environment counts as up.
struct HealthCheck {
  std::string url;            ///< the environment's link
  std::string path;           ///< "/healthz"
  std::string apps_at;        ///< where all apps answer by their Host header; "": at their own URLs
  std::optional<int> status;  ///< that it answers then; none: any below 500
  std::chrono::milliseconds longest;
};

/// Asks every two seconds until the app answers as it should. kCancelled when stopped.
Status WaitUntilHealthy(const aws::Client& client, net::Transport& transport, const HealthCheck& check,
                        const std::stop_token& stop);

}  // namespace perch::beanstalk
