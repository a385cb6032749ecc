#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stop_token>
#include <thread>

#include "aws/credential_chain.h"
#include "aws/sts.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "beanstalk/settings.h"
#include "beanstalk/sweep.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/sweep_print.h"
#include "cli/system_clock.h"
#include "config/profiles.h"
#include "config/project.h"
#include "config/template.h"
#include "git/github.h"
#include "git/github_place.h"
#include "git/location.h"
#include "git/repository.h"
#include "plan/planner.h"

namespace perch::cli {
namespace {

constexpr std::chrono::hours kDefaultGrace(1);

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// What a sweep is about, from the command line over perch.yaml.
struct Wanted {
  std::string app, region, account, repository, github;
  std::vector<std::string> protect_branches;
  std::string file;  ///< perch.yaml, "" without one
};

Error Usage(std::string what, std::string why, std::string hint) {
  return {.kind = ErrorKind::kUsage, .what = std::move(what), .why = std::move(why), .hint = std::move(hint)};
}

Result<Wanted> Read(const Context& context) {
  const Arguments& arguments = context.arguments;
  Wanted wanted{.app = arguments.app,
                .region = arguments.region,
                .repository = arguments.repository,
                .github = arguments.github,
                .protect_branches = arguments.protect_branches};
  std::error_code ignored;
  const bool named = !wanted.github.empty() || !wanted.repository.empty();
  if (named && !std::filesystem::exists(context.config_file, ignored)) return wanted;
  const Result<config::Project> project = config::Load(context.config_file, {.platform = "aws"});
  if (!project) return Fail(project.error());
  wanted.file = project->file;
  if (wanted.app.empty()) wanted.app = project->app;
  if (!named) wanted.repository = project->repository;
  wanted.protect_branches.insert(wanted.protect_branches.end(), project->protect.begin(), project->protect.end());
  if (const config::Profile* profile = project->FindProfile("branch")) {
    std::vector<beanstalk::Problem> problems;  // of templates; nothing of them is used here
    const beanstalk::PlaceSettings place =
        beanstalk::ReadAwsSettings(config::CompleteForAws(*profile), "branch", problems).place;
    if (wanted.region.empty()) wanted.region = place.region;
    wanted.account = place.account;
  }
  return wanted;
}

/// A clone has only the branches that somebody fetched into it: what it lacks may be there.
Status CheckComplete(const git::Location& location) {
  if (!location.IsLocal()) return {};
  std::error_code ignored;
  const Result<std::string> config = ReadFile(location.git_dir / "config", 1 << 20);
  const bool clone = !config || config->find("[remote ") != std::string::npos ||
                     std::filesystem::exists(location.git_dir / "shallow", ignored);
  if (!clone) return {};
  return Fail({.kind = ErrorKind::kRefused,
               .what = "nothing was deleted: the branches cannot be told",
               .where = Printable(location.shown),
               .why = config ? "it is a clone, which need not have every branch of the repository it was made from"
                             : config.error().why,
               .hint = "Say --github OWNER/REPO, or --repository with the URL that it was cloned from."});
}

Result<std::unique_ptr<engine::BranchSource>> OpenBranches(const Context& context, const Wanted& wanted,
                                                           net::Transport& transport) {
  const std::string api = Variable("GITHUB_API_URL");
  std::string github = wanted.github;
  const std::string token = Variable("GITHUB_TOKEN").empty() ? Variable("GH_TOKEN") : Variable("GITHUB_TOKEN");
  if (github.empty() && !token.empty()) github = git::GitHubRepositoryOf(wanted.repository, api).value_or("");
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
  auto source = git::Repository::Open({.location = wanted.repository, .folder = context.state_folder / "git"});
  if (!source) return Fail(source.error());
  if (const Status complete = CheckComplete((*source)->location()); !complete) return Fail(complete.error());
  return std::unique_ptr<engine::BranchSource>(std::move(*source));
}

Result<aws::Client> OpenClient(const Wanted& wanted, net::Transport& transport) {
  const aws::Surroundings surroundings = aws::RealSurroundings(transport, SystemClock());
  Result<aws::SharedConfig> config = aws::ReadSharedConfig(surroundings);
  if (!config) return Fail(config.error());
  const Result<std::string> region = aws::FindRegion(wanted.region, surroundings, *config);
  if (!region) return Fail(region.error());
  const Result<aws::Endpoints> endpoints = aws::Endpoints::Read(surroundings, *config);
  if (!endpoints) return Fail(endpoints.error());
  return aws::Client({.transport = &transport,
                      .credentials = aws::FindCredentials(surroundings, *config, *endpoints, *region),
                      .region = *region,
                      .endpoints = *endpoints,
                      .clock = SystemClock(),
                      .on_attempt = [](const aws::CallRecord& call) {
                        Log(LogLevel::kDebug, call.service + " " + call.operation + " " + std::to_string(call.status) +
                                                  (call.code.empty() ? "" : " " + call.code) +
                                                  (call.attempt > 1 ? ", try " + std::to_string(call.attempt) : ""));
                      }});
}

Status CheckAccount(const aws::Client& client, const std::string& account, const std::string& file) {
  if (account.empty()) return {};
  const aws::Answer<aws::CallerIdentity> caller = aws::Sts(client).GetCallerIdentity();
  if (!caller) return Fail(Error(caller.error()), "nothing was deleted");
  if (caller->account == account) return {};
  return Fail({.kind = ErrorKind::kRefused,
               .what = "nothing was deleted: these credentials are of another account",
               .where = file,
               .why = "they are of " + caller->account + ", `account` is " + account,
               .hint = "Use other credentials (AWS_PROFILE), or change `aws.account`."});
}

/// --grace, else an hour where marks can be kept: without perch.yaml and --marks that is nowhere.
Result<std::chrono::milliseconds> GraceOf(const Arguments& arguments, const Wanted& wanted) {
  if (arguments.grace.empty()) {
    const bool nowhere = wanted.file.empty() && arguments.marks.empty();
    return nowhere ? std::chrono::milliseconds(0) : std::chrono::milliseconds(kDefaultGrace);
  }
  const std::optional<std::int64_t> grace = arguments.grace == "0" ? 0 : ParseDuration(arguments.grace);
  if (grace) return std::chrono::milliseconds(*grace);
  return Fail(Usage("cannot read --grace " + Printable(arguments.grace), "it is no length of time",
                    "Write it as 30m, 1h, 2d or 0."));
}

Result<beanstalk::Sweep::Options> OptionsFor(const Context& context, const Wanted& wanted) {
  const Arguments& arguments = context.arguments;
  const Result<std::chrono::milliseconds> grace = GraceOf(arguments, wanted);
  if (!grace) return Fail(grace.error());
  if (wanted.app.empty() && !arguments.adopt) {
    return Fail(Usage(
        "cannot tell which stacks may go", "there is no perch.yaml",
        "Say --adopt to go by the tag '" + Printable(arguments.tag) + "', or --app APP for stacks that perch made."));
  }
  std::optional<beanstalk::MarksPlace> marks;
  if (!arguments.marks.empty()) {
    const Result<beanstalk::MarksPlace> place = beanstalk::ParseMarksPlace(arguments.marks);
    if (!place) return Fail(place.error());
    marks = *place;
  }
  return beanstalk::Sweep::Options{
      .client = aws::Client({}),
      .rules = {.app = wanted.app,
                .adopt = arguments.adopt,
                .tag = arguments.tag,
                .protect_stacks = arguments.protect_stacks,
                .protect_branches = wanted.protect_branches,
                .grace = *grace,
                .max_deletes = arguments.max_deletes,
                .limit = plan::DeleteLimit},
      .marks = marks,
      .read_template = config::ReadTemplate,
      .stop_writers = {},
      .clock = SystemClock(),
      .progress = [json = arguments.json](const std::string& stack, const std::string& text) {
        if (json) return;
        std::printf("%s: %s\n", Printable(stack).c_str(), Printable(text).c_str());
        std::fflush(stdout);
      }};
}

bool Agreed(int deletions) {
  std::printf("Delete %d stack%s with all that is in their buckets? [y/N] ", deletions, deletions == 1 ? "" : "s");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Error NobodyToAsk() {
  return {.kind = ErrorKind::kRefused,
          .what = "nothing was deleted",
          .why = "there is no terminal to ask",
          .hint = "Say --yes to delete without asking."};
}

/// From the plan to the exit code.
int Carry(const Context& context, beanstalk::Sweep& sweep, const std::string& region, std::stop_token stop) {
  const Arguments& arguments = context.arguments;
  const Result<beanstalk::SweepPlan> plan = sweep.Plan(stop);
  if (!plan) return Report(plan.error(), arguments.json);
  if (!arguments.json) std::printf("%s", SweepPlanText(*plan, arguments.verbose).c_str());
  std::fflush(stdout);
  const int deletions = plan->refusal.empty() ? plan->Count(beanstalk::Verdict::kDelete) : 0;
  const bool asks = !arguments.yes && !arguments.json && isatty(STDIN_FILENO);
  if (!arguments.yes && !asks && plan->refusal.empty() && (deletions > 0 || sweep.NeedsRecording(*plan)))
    return Report(NobodyToAsk(), arguments.json);
  if (arguments.yes || asks) {
    if (const Status recorded = sweep.Record(*plan, stop); !recorded) return Report(recorded.error(), arguments.json);
  }
  if (!plan->refusal.empty()) {
    return Report(
        {.kind = ErrorKind::kRefused, .what = "nothing was deleted", .why = plan->refusal, .hint = plan->refusal_hint},
        arguments.json);
  }
  if (deletions == 0) {
    std::printf("%s", arguments.json ? SweepJson(region, *plan, nullptr).c_str() : "Nothing to delete.\n");
    return 0;
  }
  if (asks && !Agreed(deletions)) {
    std::printf("Nothing was deleted.\n");
    return 0;
  }
  const beanstalk::SweepResult result = sweep.Apply(*plan, stop);
  std::printf("%s",
              arguments.json ? SweepJson(region, *plan, &result).c_str() : SweepResultText(*plan, result).c_str());
  return result.Count(beanstalk::SweptStack::End::kFailed) == 0 ? 0 : static_cast<int>(ExitCode::kFailed);
}

}  // namespace

int RunSweepOnAws(const Context& context) {
  const Arguments& arguments = context.arguments;
  const Signals signals;
  const Result<Wanted> wanted = Read(context);
  if (!wanted) return Report(wanted.error(), arguments.json);
  Result<beanstalk::Sweep::Options> options = OptionsFor(context, *wanted);
  if (!options) return Report(options.error(), arguments.json);
  const std::unique_ptr<net::Transport> transport = net::MakeTransport(Variable("AWS_CA_BUNDLE"));
  const auto branches = OpenBranches(context, *wanted, *transport);
  if (!branches) return Report(branches.error(), arguments.json);
  const Result<aws::Client> client = OpenClient(*wanted, *transport);
  if (!client) return Report(client.error(), arguments.json);

  std::stop_source stop;
  std::jthread interrupted([&](std::stop_token ended) {
    while (!ended.stop_requested() && !signals.Wait(std::chrono::milliseconds(50))) {
    }
    if (!ended.stop_requested()) stop.request_stop();
  });
  if (const Status account = CheckAccount(*client, wanted->account, wanted->file); !account)
    return Report(account.error(), arguments.json);
  options->client = *client;
  options->branches = branches->get();
  beanstalk::Sweep sweep(std::move(*options));
  return Carry(context, sweep, client->region(), stop.get_token());
}

}  // namespace perch::cli
