#include "beanstalk/health_wait.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "beanstalk/stack_wait.h"

namespace perch::beanstalk {
namespace {

constexpr std::chrono::seconds kPoll(2);

}  // namespace

Status WaitUntilHealthy(const aws::Client& client, net::Transport& transport, const HealthCheck& check,
                        const std::stop_token& stop) {
  const Time end = client.Now() + check.longest;
  net::RemoteRequest ask{.url = (check.apps_at.empty() ? check.url : check.apps_at) + check.path,
                         .headers = {{"User-Agent", "perch"}},
                         .timeout = std::chrono::seconds(10),
                         .body_limit = 1 << 20};
  if (!check.apps_at.empty())
    ask.headers.emplace_back("Host", check.url.substr(std::min(check.url.size(), std::string_view("https://").size())));
  while (true) {
    std::string answered;
    const Result<net::RemoteResponse> answer = transport.Send(ask, stop);
    if (answer) {
      if (check.status ? answer->status == *check.status : answer->status < 500) return {};
      answered = "it answers " + std::to_string(answer->status);
    } else {
      if (answer.error().kind == ErrorKind::kCancelled) return Fail(StoppedWaiting());
      answered = answer.error().why.empty() ? answer.error().what : answer.error().why;
    }
    if (client.Now() >= end) {
      return Fail({.what = "the link does not answer as it should",
                   .where = check.url + check.path,
                   .why = answered + ", for " + FormatDuration(check.longest),
                   .hint = "Look at the app's log with `perch logs`, and at `run.health` in perch.yaml."});
    }
    if (!client.Sleep(kPoll)) return Fail(StoppedWaiting());
  }
}

}  // namespace perch::beanstalk
