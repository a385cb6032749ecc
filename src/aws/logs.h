#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/pages.h"

namespace perch::aws {

struct LogGroup {
  std::string name, arn;
  std::uint64_t bytes = 0;
  int retention_days = 0;  ///< 0: kept for ever
};

struct LogStream {
  std::string name;
  std::optional<Time> last_event;
};

struct LogEvent {
  std::string id, stream, message;
  Time time;
};

/// Amazon CloudWatch Logs.
class Logs {
 public:
  explicit Logs(Client client) : client_(std::move(client)) {}

  Pages<LogGroup> DescribeLogGroups(const std::string& prefix = "") const;
  Pages<LogStream> DescribeLogStreams(const std::string& group) const;
  /// Events from `since` on, of the streams named or ({}) of all; oldest first within a page. A page may be empty in
  /// the middle.
  Pages<LogEvent> FilterLogEvents(const std::string& group, std::optional<Time> since = {},
                                  const std::vector<std::string>& streams = {}) const;
  Answer<void> DeleteLogGroup(const std::string& group) const;

 private:
  Client client_;
};

}  // namespace perch::aws
