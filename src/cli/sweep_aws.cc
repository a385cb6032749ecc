#include <chrono>
#include <cstdio>
#include <memory>
#include <stop_token>

#include "base/text.h"
#include "beanstalk/settings.h"
#include "beanstalk/sweep.h"
#include "cli/ask.h"
#include "cli/aws_session.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/sweep_print.h"
#include "config/profiles.h"
#include "config/project.h"
#include "config/template.h"
#include "git/github_place.h"
#include "plan/planner.h"

namespace perch::cli {
namespace {

constexpr std::chrono::hours kDefaultGrace(1);
constexpr char kNothingDone[] = "nothing was deleted";

/// What a sweep is about, from the command line over perch.yaml.
struct Wanted {
  std::string app, region, account, repository, github;
  std::vector<std::string> protect_branches, protect_profiles;
  std::string file;  ///< perch.yaml, "" without one
};

Error Usage(std::string what, std::string why, std::string hint) {
  return {.kind = ErrorKind::kUsage, .what = std::move(what), .why = std::move(why), .hint = std::move(hint)};
}

/// What perch.yaml says of production and staging, whether or not `branches.protect` names it too.
void ProtectForGood(const config::Project& project, Wanted& wanted) {
  for (const auto& [name, profile] : project.profiles) {
    if (project.IsForGood(name)) wanted.protect_profiles.push_back(name);
  }
  for (std::string& branch : project.BranchesForGood()) wanted.protect_branches.push_back(std::move(branch));
}

/// A fork's branches, or another repository's, say nothing about this app's environments.
Status SameRepository(const config::Project& project, const Arguments& arguments) {
  if (arguments.github.empty() || !arguments.app.empty()) return {};
  const std::optional<std::string> written =
      git::GitHubRepositoryOf(project.repository, EnvironmentVariable("GITHUB_API_URL"));
  if (!written || EqualsIgnoreCase(*written, arguments.github)) return {};
  return Fail({.kind = ErrorKind::kRefused,
               .what = kNothingDone,
               .where = project.file,
               .why = "`repository` is " + *written + ", --github is " + Printable(arguments.github),
               .hint = "Say --app too if these are the branches of that app."});
}

Result<Wanted> Read(const Context& context) {
  const Arguments& arguments = context.arguments;
  Wanted wanted{.app = arguments.app,
                .region = arguments.region,
                .repository = arguments.repository,
                .github = arguments.github,
                .protect_branches = arguments.protect_branches,
                .protect_profiles = {"production", "staging"}};
  // Who renames the default branch does not mean to delete what runs there.
  wanted.protect_branches.insert(wanted.protect_branches.end(), {"production", "staging", "main", "master"});
  std::error_code unknown;  // whether there is one: then reading it tells why
  const bool named = !wanted.github.empty() || !wanted.repository.empty();
  if (named && !std::filesystem::exists(context.config_file, unknown) && !unknown) return wanted;
  const Result<config::Project> project = config::Load(context.config_file, {.platform = "aws"});
  if (!project) return Fail(project.error());
  wanted.file = project->file;
  if (const Status same = SameRepository(*project, arguments); !same) return Fail(same.error());
  if (wanted.app.empty()) wanted.app = project->app;
  if (!named) wanted.repository = project->repository;
  wanted.protect_branches.insert(wanted.protect_branches.end(), project->protect.begin(), project->protect.end());
  ProtectForGood(*project, wanted);
  if (const config::Profile* profile = project->FindProfile("branch")) {
    std::vector<beanstalk::Problem> problems;  // of templates; nothing of them is used here
    const beanstalk::PlaceSettings place =
        beanstalk::ReadAwsSettings(config::CompleteForAws(*profile), "branch", problems).place;
    if (wanted.region.empty()) wanted.region = place.region;
    wanted.account = place.account;
  }
  return wanted;
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
                .protect_profiles = wanted.protect_profiles,
                .grace = *grace,
                .max_deletes = arguments.max_deletes,
                .limit = plan::DeleteLimit},
      .marks = marks,
      .read_template = config::ReadTemplate,
      .progress = [json = arguments.json](const std::string& stack, const std::string& text) {
        if (json) return;
        std::printf("%s: %s\n", Printable(stack).c_str(), Printable(text).c_str());
        std::fflush(stdout);
      }};
}

bool Agreed(int deletions, const std::stop_token& stop) {
  return Agrees("Delete " + std::to_string(deletions) + " stack" + (deletions == 1 ? "" : "s") +
                    " with all that is in their buckets?",
                stop);
}

Error NobodyToAsk() {
  return {.kind = ErrorKind::kRefused,
          .what = kNothingDone,
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
  const bool asks = !arguments.yes && !arguments.json && CanAsk();
  if (!arguments.yes && !asks && plan->refusal.empty() && (deletions > 0 || sweep.NeedsRecording(*plan)))
    return Report(NobodyToAsk(), arguments.json);
  if (arguments.yes || asks) {
    if (const Status recorded = sweep.Record(*plan, stop); !recorded) return Report(recorded.error(), arguments.json);
  }
  if (!plan->refusal.empty()) {
    return Report({.kind = ErrorKind::kRefused, .what = kNothingDone, .why = plan->refusal, .hint = plan->refusal_hint},
                  arguments.json);
  }
  if (deletions == 0) {
    std::printf("%s", arguments.json ? SweepJson(region, *plan, nullptr).c_str() : "Nothing to delete.\n");
    return 0;
  }
  if (asks && !Agreed(deletions, stop)) {
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
  const Result<Wanted> wanted = Read(context);
  if (!wanted) return Report(wanted.error(), arguments.json);
  Result<beanstalk::Sweep::Options> options = OptionsFor(context, *wanted);
  if (!options) return Report(options.error(), arguments.json);
  const auto session =
      AwsSession::Open({.region = wanted->region, .account = wanted->account, .file = wanted->file}, kNothingDone);
  if (!session) return Report(session.error(), arguments.json);
  const auto branches =
      OpenBranches(context, {.repository = wanted->repository, .github = wanted->github, .nothing_done = kNothingDone},
                   (*session)->transport());
  if (!branches) return Report(branches.error(), arguments.json);
  options->client = (*session)->client();
  options->branches = branches->get();
  beanstalk::Sweep sweep(std::move(*options));
  return Carry(context, sweep, (*session)->region(), (*session)->stop());
}

}  // namespace perch::cli
