#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/serve/server.h"
#include "cli/signals.h"

namespace perch::cli {
namespace {

void PrintEvent(const Event& event, bool json) {
  const std::string line = json ? engine::ToJson(event) : EventLine(event);
  if (line.empty()) return;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

/// Each proxied connection needs two descriptors; the soft limit of 1024 that shells hand out is for old programs that
/// use select().
void AllowManyConnections() {
  constexpr rlim_t kEnough = 65'536;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, kEnough));
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::function<Result<std::unique_ptr<AwsWorld>>()> OpenAws(const Context& context) {
  return [context] { return AwsWorld::Open(context, {.nothing_done = "nothing is served", .ends_on_signals = false}); };
}

}  // namespace

int RunServe(const Context& context) {
  const Arguments& arguments = context.arguments;
  const bool json = arguments.json;
  Result<Listen> listen = ReadListen(arguments);
  if (!listen) return Report(listen.error(), json);
  if (const Status free = ChooseFreePort(*listen); !free) return Report(free.error(), json);
  AllowManyConnections();
  const Signals signals;
  const bool on_aws = IsAboutAws(context);
  if (on_aws && arguments.dashboard.empty() && !listen->host.starts_with("127.") && listen->host != "::1") {
    return Report({.kind = ErrorKind::kUsage,
                   .what = "under which name is the dashboard reached?",
                   .where = "--listen " + arguments.listen,
                   .why = "on AWS the domain of the branches is the load balancer's",
                   .hint = "Say --dashboard HOST."},
                  json);
  }
  auto server = Server::Start({.config_file = context.config_file,
                               .state_folder = context.state_folder,
                               .listen = std::move(*listen),
                               .domain = arguments.domain,
                               .dashboard = arguments.dashboard,
                               .trust_branches = arguments.trust_branches,
                               .platform = arguments.platform,
                               .open_aws = on_aws ? OpenAws(context) : nullptr,
                               .on_event = [json](const Event& event) { PrintEvent(event, json); }});
  if (!server) return Report(server.error(), json);
  if (json) {
    std::printf("{\"serving\":%s}\n", JsonString((*server)->DashboardUrl()).c_str());
  } else {
    std::printf("perch serves %s\n", (*server)->DashboardUrl().c_str());
    if (arguments.password_file.empty())
      std::printf("To redeploy and stop there, open %s\n", (*server)->SignInUrl().c_str());
    std::printf("Ctrl-C ends it; the next start brings everything back.\n");
  }
  std::fflush(stdout);
  signals.Wait();
  if (!json && !on_aws) std::printf("Ending all branches' processes.\n");
  std::fflush(stdout);
  server->reset();
  return 0;
}

}  // namespace perch::cli
