#include "cli/aws_session.h"

#include <chrono>
#include <cstdlib>

#include "aws/credential_chain.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/system_clock.h"
#include "git/github.h"
#include "git/github_place.h"
#include "git/location.h"
#include "git/repository.h"

namespace perch::cli {
namespace {

void LogCall(const aws::CallRecord& call) {
  Log(LogLevel::kDebug, call.service + " " + call.operation + " " + std::to_string(call.status) +
                            (call.code.empty() ? "" : " " + call.code) +
                            (call.attempt > 1 ? ", try " + std::to_string(call.attempt) : ""));
}

Result<aws::Client> OpenClient(const std::string& wanted_region, net::Transport& transport) {
  const aws::Surroundings surroundings = aws::RealSurroundings(transport, SystemClock());
  Result<aws::SharedConfig> config = aws::ReadSharedConfig(surroundings);
  if (!config) return Fail(config.error());
  const Result<std::string> region = aws::FindRegion(wanted_region, surroundings, *config);
  if (!region) return Fail(region.error());
  const Result<aws::Endpoints> endpoints = aws::Endpoints::Read(surroundings, *config);
  if (!endpoints) return Fail(endpoints.error());
  return aws::Client({.transport = &transport,
                      .credentials = aws::FindCredentials(surroundings, *config, *endpoints, *region),
                      .region = *region,
                      .endpoints = *endpoints,
                      .clock = SystemClock(),
                      .on_attempt = LogCall});
}

/// A clone has only the branches that somebody fetched into it: what it lacks may be there.
Status CheckComplete(const git::Location& location, const std::string& nothing_done) {
  if (!location.IsLocal()) return {};
  std::error_code ignored;
  const Result<std::string> config = ReadFile(location.git_dir / "config", 1 << 20);
  const bool clone = !config || config->find("[remote ") != std::string::npos ||
                     std::filesystem::exists(location.git_dir / "shallow", ignored);
  if (!clone) return {};
  return Fail({.kind = ErrorKind::kRefused,
               .what = nothing_done + ": the branches cannot be told",
               .where = Printable(location.shown),
               .why = config ? "it is a clone, which need not have every branch of the repository it was made from"
                             : config.error().why,
               .hint = "Say --github OWNER/REPO, or --repository with the URL that it was cloned from."});
}

}  // namespace

std::string EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::chrono::milliseconds PollTime() {
  const std::optional<std::int64_t> set = ParseDuration(EnvironmentVariable("PERCH_AWS_POLL"));
  return set ? std::chrono::milliseconds(*set) : std::chrono::seconds(3);
}

Result<std::unique_ptr<AwsSession>> AwsSession::Open(const AwsPlace& place, const std::string& nothing_done) {
  std::unique_ptr<AwsSession> session(new AwsSession);
  session->transport_ = net::MakeTransport(EnvironmentVariable("AWS_CA_BUNDLE"));
  Result<aws::Client> client = OpenClient(place.region, *session->transport_);
  if (!client) return Fail(client.error());
  session->client_ = std::make_unique<aws::Client>(client->With(session->stop_.get_token()));
  if (place.ends_on_signals)
    session->interrupted_ = std::jthread([&session = *session](const std::stop_token& ended) {
      while (!ended.stop_requested() && !session.signals_.Wait(std::chrono::milliseconds(50))) {
      }
      if (!ended.stop_requested()) session.stop_.request_stop();
    });
  if (place.account.empty()) return session;
  const Result<aws::CallerIdentity> caller = session->Identity();
  if (!caller) return Fail(caller.error(), nothing_done);
  if (caller->account != place.account) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = nothing_done + ": these credentials are of another account",
                 .where = place.file,
                 .why = "they are of " + caller->account + ", `account` is " + place.account,
                 .hint = "Use other credentials (AWS_PROFILE), or change `aws.account`."});
  }
  session->account_ = place.account;
  return session;
}

Result<aws::CallerIdentity> AwsSession::Identity() {
  if (identity_.account.empty()) {
    const aws::Answer<aws::CallerIdentity> caller = aws::Sts(*client_).GetCallerIdentity();
    if (!caller) return Fail(caller.error());
    identity_ = *caller;
  }
  return identity_;
}

Result<std::unique_ptr<engine::BranchSource>> OpenBranches(const Context& context, const BranchesPlace& place,
                                                           net::Transport& transport) {
  const std::string api = EnvironmentVariable("GITHUB_API_URL");
  std::string github = place.github;
  std::string token = EnvironmentVariable("GITHUB_TOKEN");
  if (token.empty()) token = EnvironmentVariable("GH_TOKEN");
  if (github.empty() && !token.empty()) github = git::GitHubRepositoryOf(place.repository, api).value_or("");
  if (!github.empty()) {
    auto source = git::GitHub::Open({.repository = github,
                                     .api_url = api,
                                     .token = Secret(token),
                                     .clock = SystemClock(),
                                     .random = aws::RealRandom()},
                                    transport);
    if (!source) return Fail(source.error());
    return std::unique_ptr<engine::BranchSource>(std::move(*source));
  }
  auto source = git::Repository::Open({.location = place.repository, .folder = context.state_folder / "git"});
  if (!source) return Fail(source.error());
  if (place.all) {
    const Status complete = CheckComplete((*source)->location(), place.nothing_done);
    if (!complete) return Fail(complete.error());
  }
  return std::unique_ptr<engine::BranchSource>(std::move(*source));
}

}  // namespace perch::cli
