#include "beanstalk/instance_log.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

#include "aws/elasticbeanstalk.h"
#include "base/text.h"

namespace perch::beanstalk {
namespace {

constexpr std::chrono::seconds kPoll(2);
constexpr int kPolls = 12;
constexpr std::size_t kMostEvents = 50;
constexpr std::size_t kMostBytes = 4 << 20;

/// What Beanstalk told as errors and warnings, newest first.
std::vector<std::string> Complaints(const aws::ElasticBeanstalk& beanstalk, const std::string& environment) {
  std::vector<std::string> lines;
  std::size_t seen = 0;
  (void)beanstalk.DescribeEvents("", environment).ForEach([&](aws::BeanstalkEvent& event) {
    if (event.severity == "ERROR" || event.severity == "WARN" || event.severity == "FATAL")
      lines.push_back(Printable(event.message));
    return ++seen < kMostEvents && lines.size() < 10;
  });
  std::reverse(lines.begin(), lines.end());
  return lines;
}

/// The text behind the newest pre-signed URL; "" if there is none yet.
std::string Fetch(const std::vector<aws::EnvironmentInfo>& infos, net::Transport& transport,
                  const std::stop_token& stop) {
  std::string text;
  for (const aws::EnvironmentInfo& info : infos) {
    if (!info.message.starts_with("http")) {
      text += info.message;
      continue;
    }
    const Result<net::RemoteResponse> answer = transport.Send({.url = info.message, .body_limit = kMostBytes}, stop);
    if (answer && answer->status == 200) text += answer->body;
  }
  return text;
}

}  // namespace

std::string InstanceLog(const aws::Client& client, net::Transport& transport, const std::string& environment,
                        std::size_t lines) {
  if (environment.empty()) return "";
  const aws::ElasticBeanstalk beanstalk(client);
  std::vector<std::string> told;
  if (beanstalk.RequestEnvironmentInfo(environment)) {
    for (int i = 0; i < kPolls; ++i) {
      const aws::Answer<std::vector<aws::EnvironmentInfo>> infos = beanstalk.RetrieveEnvironmentInfo(environment);
      if (!infos) break;
      const std::string text = infos->empty() ? "" : Fetch(*infos, transport, client.stop());
      if (!text.empty()) {
        for (const std::string& line : Lines(text)) told.push_back(Printable(line));
        break;
      }
      if (!client.Sleep(kPoll)) break;
    }
  }
  if (told.empty()) told = Complaints(beanstalk, environment);
  if (told.size() > lines) told.erase(told.begin(), told.end() - std::ptrdiff_t(lines));
  return Join(told, "\n");
}

}  // namespace perch::beanstalk
