// The commands that only look: ls, status, open, logs.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <thread>

#include "base/text.h"
#include "cli/aws/world.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/views.h"

namespace perch::cli {
namespace {

constexpr std::size_t kLogPiece = 256 << 10;
constexpr std::chrono::seconds kFollowPoll(3);

Result<std::unique_ptr<AwsWorld>> OpenWorld(const Context& context) {
  return AwsWorld::Open(context, {.nothing_done = "nothing can be told"});
}

/// All branches and all environments, by name.
std::vector<engine::BranchView> AllViews(AwsWorld& world, const Looked& looked) {
  std::set<std::string> names;
  for (const Branch& branch : looked.branches) names.insert(branch.name);
  for (const Environment& environment : looked.environments) names.insert(environment.branch);
  std::vector<engine::BranchView> views;
  for (const std::string& name : names) views.push_back(ViewOf(looked, name, world.UrlFor(name)));
  return views;
}

/// By the branch's name, or by the first part of its host as the link has it.
Result<std::optional<Environment>> FindEnvironment(AwsWorld& world, const std::string& branch) {
  Result<std::optional<Environment>> named = world.platform().Find(branch);
  if (!named || *named) return named;
  const Result<std::vector<Environment>> all = world.platform().List();
  if (!all) return Fail(all.error());
  const std::vector<Environment>::const_iterator found = std::ranges::find(*all, branch, &Environment::slug);
  return found == all->end() ? std::nullopt : std::optional<Environment>(*found);
}

/// What a terminal may show of an app's output.
void Print(const std::string& text) {
  if (!isatty(STDOUT_FILENO)) {
    std::fwrite(text.data(), 1, text.size(), stdout);
  } else {
    for (const std::string& line : Lines(text)) std::printf("%s\n", Printable(line).c_str());
  }
  std::fflush(stdout);
}

}  // namespace

int RunLsOnAws(const Context& context) {
  const bool json = context.arguments.json;
  const auto world = OpenWorld(context);
  if (!world) return Report(world.error(), json);
  const Result<Looked> looked = LookAtAll((*world)->Look(), (*world)->session().stop());
  if (!looked) return Report(looked.error(), json);
  const std::string views = engine::ToJson(AllViews(**world, *looked));
  if (json) {
    std::printf("%s\n", views.c_str());
    return 0;
  }
  const Result<Value> parsed = ParseJson(views);
  if (!parsed) return Report(parsed.error(), false);
  PrintViews(*parsed);
  return 0;
}

int RunStatusOnAws(const Context& context) {
  const bool json = context.arguments.json;
  if (context.arguments.branch.empty()) return RunLsOnAws(context);
  const auto world = OpenWorld(context);
  if (!world) return Report(world.error(), json);
  const Result<Looked> looked =
      LookAtOne((*world)->Look(), context.arguments.branch, false, (*world)->session().stop());
  if (!looked) return Report(looked.error(), json);
  const std::string& branch = looked->name;
  std::string image;
  if (looked->FindEnvironment(branch)) {
    const Result<std::string> found = (*world)->platform().ImageOf(branch);
    if (!found) return Report(found.error(), json);
    image = *found;
  }
  std::string view = engine::ToJson(ViewOf(*looked, branch, (*world)->UrlFor(branch)));
  view.insert(view.size() - 1, ",\"image\":" + JsonString(image));
  if (json) {
    std::printf("%s\n", view.c_str());
    return 0;
  }
  const Result<Value> parsed = ParseJson(view);
  if (!parsed) return Report(parsed.error(), false);
  PrintBranch(*parsed);
  return 0;
}

int RunOpenOnAws(const Context& context) {
  const auto world = OpenWorld(context);
  if (!world) return Report(world.error(), context.arguments.json);
  if (context.arguments.branch.empty()) {
    return Report({.kind = ErrorKind::kUsage,
                   .what = "which branch?",
                   .hint = "Say `perch open BRANCH`; the dashboard is a running serve's."},
                  context.arguments.json);
  }
  const Result<std::optional<Environment>> environment = FindEnvironment(**world, context.arguments.branch);
  if (!environment) return Report(environment.error(), context.arguments.json);
  if (!*environment || (*environment)->url.empty()) {
    return Report({.kind = ErrorKind::kNotFound,
                   .what = "nothing serves for '" + Printable(context.arguments.branch) + "'",
                   .hint = "`perch status " + Printable(context.arguments.branch) + "` says why."},
                  context.arguments.json);
  }
  return ShowUrl((*environment)->url, context.arguments.json);
}

int RunLogsOnAws(const Context& context) {
  const Arguments& arguments = context.arguments;
  const auto world = OpenWorld(context);
  if (!world) return Report(world.error(), arguments.json);
  const Result<std::optional<Environment>> environment = FindEnvironment(**world, arguments.branch);
  if (!environment) return Report(environment.error(), arguments.json);
  if (!*environment) {
    return Report({.kind = ErrorKind::kNotFound,
                   .what = "'" + Printable(arguments.branch) + "' has no environment, and so no log",
                   .hint = "`perch ls` shows all branches."},
                  arguments.json);
  }
  const Stage stage = ParseStage(arguments.stage).value_or(Stage::kStart);
  std::uint64_t from = 0;
  while (true) {
    const Result<engine::LogPiece> piece =
        (*world)->platform().ReadLog((*environment)->branch, 0, stage, from, kLogPiece);
    if (!piece) return Report(piece.error(), arguments.json);
    Print((*world)->redactor()->Mask(piece->text));
    if (piece->text.empty() && from == 0 && isatty(STDERR_FILENO)) std::fprintf(stderr, "perch: no output yet\n");
    from = piece->next;
    if (!arguments.follow || piece->ended) return 0;
    if (!(*world)->session().client().Sleep(kFollowPoll)) return 0;
  }
}

}  // namespace perch::cli
