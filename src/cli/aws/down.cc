#include <cstdio>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/aws/may_go.h"
#include "cli/aws/progress_printer.h"
#include "cli/aws/world.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace perch::cli {
namespace {

constexpr char kNothingDone[] = "nothing was deleted";

Status Agree(const Arguments& arguments, const std::string& question, const std::stop_token& stop) {
  if (arguments.yes) return {};
  if (!CanAsk()) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = kNothingDone,
                 .why = "there is no terminal to ask",
                 .hint = "Say --yes to delete without asking."});
  }
  if (Agrees(question, stop)) return {};
  return Fail({.kind = ErrorKind::kRefused, .what = kNothingDone, .why = "you did not agree"});
}

}  // namespace

int RunDownOnAws(const Context& context) {
  const Arguments& arguments = context.arguments;
  ProgressPrinter printer(arguments.json);
  const auto on_progress = [&](const beanstalk::DeployProgress& progress) { printer.Progress(progress); };
  const auto world = AwsWorld::Open(context, {.nothing_done = kNothingDone, .on_progress = on_progress});
  if (!world) return Report(world.error(), arguments.json);
  const Result<Looked> looked = LookAtOne((*world)->Look(), arguments.branch, false, (*world)->session().stop());
  if (!looked) return Report(looked.error(), arguments.json);
  const std::string& branch = looked->name;
  const Environment* environment = looked->FindEnvironment(branch);
  if (!environment) {
    return Report({.kind = ErrorKind::kNotFound, .what = "'" + Printable(branch) + "' has no environment"},
                  arguments.json);
  }
  if (const Status may = MayGo(**world, *looked, branch, kNothingDone); !may)
    return Report(may.error(), arguments.json);
  const std::string question =
      "Delete the environment of " + Printable(branch) + " on AWS, with its database and its files?";
  if (const Status agreed = Agree(arguments, question, (*world)->session().stop()); !agreed)
    return Report(agreed.error(), arguments.json);
  const Branch* head = looked->FindBranch(branch);
  const Result<Settings> settings = head ? (*world)->settings().For(*head) : Result<Settings>(Settings());
  const Step step{.action = Action::kDelete,
                  .branch = branch,
                  .slug = environment->slug,
                  .profile = environment->profile,
                  .commit = head ? head->commit : environment->serving_commit,
                  .settings_hash = settings ? settings->hash : "",
                  .generation = environment->generation};
  const engine::Emit emit = [&](Event event) {
    event.branch = branch;
    if (!arguments.json) printer.Tell(event);
  };
  // What has no branch any more leaves nothing behind, not even the word that it was taken down.
  const Status gone = head ? (*world)->platform().TakeDown(step, emit) : (*world)->platform().Delete(step, emit);
  if (!gone) return Report(gone.error(), arguments.json);
  if (arguments.json)
    std::printf("{\"branch\":%s,\"state\":\"%s\"}\n", JsonString(branch).c_str(), head ? "stopped" : "gone");
  return 0;
}

}  // namespace perch::cli
