#include "beanstalk/app_log.h"

#include <algorithm>
#include <vector>

#include "aws/logs.h"
#include "base/text.h"
#include "beanstalk/instance_log.h"

namespace perch::beanstalk {
namespace {

constexpr std::chrono::hours kWindow(1);

/// The platform streams the current container's output to a group with this in its name.
constexpr std::string_view kCurrentApp = "/eb-docker/containers/eb-current-app/";

std::uint64_t Milliseconds(Time time) { return std::uint64_t(time.time_since_epoch().count()); }

}  // namespace

Result<engine::LogPiece> AppLog(const aws::Client& client, net::Transport& transport, const std::string& environment,
                                std::uint64_t from, std::size_t limit, Time now) {
  const aws::Logs logs(client);
  std::vector<std::string> groups;
  const aws::Answer<void> listed =
      logs.DescribeLogGroups("/aws/elasticbeanstalk/" + environment + "/").ForEach([&](aws::LogGroup& group) {
        if (group.name.find(kCurrentApp) != std::string::npos) groups.push_back(group.name);
        return true;
      });
  if (!listed) return Fail(listed.error());
  if (groups.empty()) {
    if (from > 0) return engine::LogPiece{.next = from};
    std::string text = InstanceLog(client, transport, environment);
    if (!text.empty()) text += '\n';
    return engine::LogPiece{.text = std::move(text), .next = Milliseconds(now)};
  }
  const Time since = from > 0 ? Time(std::chrono::milliseconds(from)) : now - kWindow;
  std::vector<aws::LogEvent> events;
  std::size_t bytes = 0;
  for (const std::string& group : groups) {
    const aws::Answer<void> read = logs.FilterLogEvents(group, since).ForEach([&](aws::LogEvent& event) {
      bytes += event.message.size() + 1;
      events.push_back(std::move(event));
      return bytes < limit;
    });
    if (!read) return Fail(read.error());
  }
  std::sort(events.begin(), events.end(), [](const aws::LogEvent& a, const aws::LogEvent& b) {
    return a.time != b.time ? a.time < b.time : a.id < b.id;
  });
  engine::LogPiece piece{.next = Milliseconds(since)};
  for (const aws::LogEvent& event : events) {
    piece.text += event.message;
    if (!event.message.ends_with('\n')) piece.text += '\n';
    piece.next = std::max(piece.next, Milliseconds(event.time) + 1);
  }
  return piece;
}

}  // namespace perch::beanstalk
