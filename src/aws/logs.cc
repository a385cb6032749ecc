#include "aws/logs.h"

#include <algorithm>

#include "aws/json_pages.h"

namespace perch::aws {
namespace {

namespace json = boost::json;

constexpr Service kService = Service::kLogs;

/// CloudWatch counts milliseconds since 1970.
Time Milliseconds(const json::object& object, std::string_view key) {
  const double value = JsonNumber(object, key);
  return Time(std::chrono::milliseconds(value > 0 && value < 1e14 ? std::int64_t(value) : 0));
}

LogGroup ReadGroup(const json::object& object) {
  return {.name = JsonText(object, "logGroupName"),
          .arn = JsonText(object, "arn"),
          .bytes = std::uint64_t(std::max(0.0, JsonNumber(object, "storedBytes"))),
          .retention_days = int(std::clamp(JsonNumber(object, "retentionInDays"), 0.0, 1e6))};
}

LogStream ReadStream(const json::object& object) {
  LogStream stream{.name = JsonText(object, "logStreamName")};
  if (object.contains("lastEventTimestamp")) stream.last_event = Milliseconds(object, "lastEventTimestamp");
  return stream;
}

LogEvent ReadEvent(const json::object& object) {
  return {.id = JsonText(object, "eventId"),
          .stream = JsonText(object, "logStreamName"),
          .message = JsonText(object, "message"),
          .time = Milliseconds(object, "timestamp")};
}

}  // namespace

Pages<LogGroup> Logs::DescribeLogGroups(const std::string& prefix) const {
  json::object input;
  if (!prefix.empty()) input["logGroupNamePrefix"] = prefix;
  return JsonPages<LogGroup>(client_, kService, "DescribeLogGroups", input, "logGroups", "nextToken", &ReadGroup);
}

Pages<LogStream> Logs::DescribeLogStreams(const std::string& group) const {
  return JsonPages<LogStream>(client_, kService, "DescribeLogStreams", {{"logGroupName", group}}, "logStreams",
                              "nextToken", &ReadStream);
}

Pages<LogEvent> Logs::FilterLogEvents(const std::string& group, std::optional<Time> since,
                                      const std::vector<std::string>& streams) const {
  json::object input = {{"logGroupName", group}};
  if (since) input["startTime"] = since->time_since_epoch().count();
  if (!streams.empty()) input["logStreamNames"] = json::array(streams.begin(), streams.end());
  return JsonPages<LogEvent>(client_, kService, "FilterLogEvents", input, "events", "nextToken", &ReadEvent);
}

Answer<void> Logs::DeleteLogGroup(const std::string& group) const {
  Answer<json::object> output = CallJson(client_, kService, "DeleteLogGroup", {{"logGroupName", group}});
  if (!output) return Failed(output.error());
  return {};
}

}  // namespace perch::aws
