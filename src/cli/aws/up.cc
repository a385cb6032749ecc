#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "beanstalk/stack_names.h"
#include "cli/ask.h"
#include "cli/aws/may_go.h"
#include "cli/aws/progress_printer.h"
#include "cli/aws/world.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "git/github.h"
#include "git/github_status.h"
#include "image/reference.h"
#include "model/resource_names.h"

namespace perch::cli {
namespace {

constexpr char kNothingDone[] = "nothing was deployed";
constexpr int kMostLooks = 5;

std::string ChangeLine(const aws::Change& change) {
  std::string verb = ToLower(change.action);
  if (change.action == "Modify") {
    verb = change.replacement == "True"          ? "REPLACE"
           : change.replacement == "Conditional" ? "change (perhaps replace)"
                                                 : "change";
  }
  std::string line = "  " + verb + " " + change.logical_id + " (" + change.type + ")";
  if (!change.properties.empty()) line += ": " + Join(change.properties, ", ");
  return Printable(line);
}

/// One `perch up` on AWS.
class Up {
 public:
  Up(const Arguments& arguments, AwsWorld& world, ProgressPrinter& printer, bool fresh_data)
      : arguments_(arguments), world_(world), printer_(printer), fresh_data_(fresh_data), branch_(arguments.branch) {}

  int Run() {
    for (int look = 1;; ++look) {
      const std::optional<int> code = Look();
      if (code) return *code;
      if (look == kMostLooks) {
        return Report({.kind = ErrorKind::kUnavailable,
                       .what = kNothingDone,
                       .where = Printable(branch_),
                       .why = "others delete it again and again",
                       .hint = "See who does, and run it again."},
                      arguments_.json);
      }
    }
  }

 private:
  /// The exit code; nullopt: a deletion that had begun is over now, and it is to be looked at again.
  std::optional<int> Look() {
    Result<Looked> looked = LookAtOne(world_.Look(), branch_, true, world_.session().stop());
    if (!looked) return Report(looked.error(), arguments_.json);
    branch_ = looked->name;
    const Branch* head = looked->FindBranch(branch_);
    if (!head) {
      return Report({.kind = ErrorKind::kNotFound,
                     .what = "there is no branch '" + Printable(branch_) + "'",
                     .why = "the git host does not have it; its environment is still there",
                     .hint = "Push the branch, or run `perch sweep`."},
                    arguments_.json);
    }
    const Step step = looked->plan.steps.empty() ? Step{} : looked->plan.steps.front();
    url_ = world_.UrlFor(branch_);
    const Environment* environment = looked->FindEnvironment(branch_);
    if (fresh_data_ && environment) {
      if (const Status may = MayGo(world_, *looked, branch_, kNothingDone); !may)
        return Report(may.error(), arguments_.json);
      if (const Result<std::string> image = world_.platform().ImageOf(branch_); image && !image->empty())
        world_.UseImage(*image);
    }
    if (environment && !fresh_data_ && IsThere(*environment, *head, step)) return NothingToDo(*head);
    if (step.action == Action::kDelete && environment && environment->deleting) return FinishDeletion(step);
    if (!Changes(step.action) || step.action == Action::kDelete) return Declined(step);
    if (const Status agreed = Agree(step); !agreed) return Report(agreed.error(), arguments_.json);
    return Deploy(*head, step);
  }

  /// What somebody began must end before the branch can have an environment again.
  std::optional<int> FinishDeletion(const Step& step) {
    printer_.Line(Printable(branch_) + ": its deletion began, and is finished first");
    const Status gone = world_.platform().Delete(step, [this](Event event) {
      event.branch = branch_;
      printer_.Tell(event);
    });
    if (!gone && gone.error().kind != ErrorKind::kSuperseded) return Report(gone.error(), arguments_.json);
    return std::nullopt;
  }

  /// Whether the link shows exactly what is asked for.
  bool IsThere(const Environment& environment, const Branch& head, const Step& step) {
    if (environment.state != State::kReady || environment.serving_commit != head.commit ||
        environment.settings_hash != step.settings_hash || step.action == Action::kReplace) {
      return false;
    }
    const std::optional<Attempt>& attempt = environment.last_attempt;
    if (attempt && attempt->result != Attempt::Result::kSucceeded) return false;
    return arguments_.image.empty() || arguments_.image.ends_with(DigestOf(environment));
  }

  std::string DigestOf(const Environment& environment) {
    const Result<std::string> image = world_.platform().ImageOf(environment.branch);
    return image ? image->substr(std::min(image->size(), image->find('@'))) : "?";
  }

  int NothingToDo(const Branch& head) {
    SetStatus(head, git::CommitStatus::State::kSuccess, "The environment shows this commit");
    if (arguments_.json) {
      std::printf("{\"changed\":false,\"url\":%s,\"commit\":%s}\n", JsonString(url_).c_str(),
                  JsonString(head.commit).c_str());
    } else {
      printer_.Line("Nothing to do: " + url_ + " shows " + head.commit.substr(0, 7) + ", the newest commit.");
    }
    return static_cast<int>(ExitCode::kDone);
  }

  /// The plan does not want it deployed.
  int Declined(const Step& step) {
    const bool done = step.action == Action::kSkip || step.action == Action::kHold;
    if (done) {
      printer_.Line(Printable(branch_) + " " + std::string(ActionName(step.action)) + ": " + Printable(step.reason));
      return static_cast<int>(ExitCode::kDone);
    }
    const bool wrong = step.action == Action::kLeaveFailed;
    return Report({.kind = wrong ? ErrorKind::kUsage : ErrorKind::kRefused,
                   .what = kNothingDone,
                   .where = Printable(branch_),
                   .why = step.reason},
                  arguments_.json);
  }

  /// A replacement costs the environment's data.
  Status Agree(const Step& step) {
    if (step.action != Action::kReplace && !(fresh_data_ && step.generation > 0)) {
      printer_.Line(Printable(branch_) + ": " + std::string(ActionName(step.action)) + ", " + Printable(step.reason));
      return {};
    }
    printer_.Line(Printable(branch_) + " is deleted, with its data, and made again: " +
                  (fresh_data_ ? "you asked for fresh data" : Printable(step.reason)));
    if (arguments_.yes) return {};
    const bool agreed = CanAsk() && Agrees("Delete it and make it again?", world_.session().stop());
    if (agreed) return {};
    return Fail({.kind = ErrorKind::kRefused,
                 .what = kNothingDone,
                 .why = CanAsk() ? "you did not agree to the replacement" : "there is no terminal to ask",
                 .hint = "Say --yes to replace without asking."});
  }

  int Deploy(const Branch& head, const Step& step) {
    const Result<Settings> settings = world_.settings().For(head);
    if (!settings) return Report(settings.error(), arguments_.json);
    for (const std::string& notice : settings->notices) printer_.Line("note: " + Printable(notice));
    SetStatus(head, git::CommitStatus::State::kPending, "The environment is being deployed");
    const engine::DeployRequest request{.step = step,
                                        .branch = head,
                                        .settings = *settings,
                                        .still_wanted = [&] { return StillHead(head); },
                                        .fresh_data = fresh_data_};
    const Status done = world_.platform().Deploy(
        request,
        [&](Event event) {
          event.branch = branch_;
          event.slug = step.slug;
          printer_.Tell(event);
        },
        world_.session().stop());
    if (!done) return Failed(head, done.error());
    if (arguments_.no_wait) {
      printer_.Line("CloudFormation has begun. Watch it with `perch status " + Printable(branch_) + "`.");
      return static_cast<int>(ExitCode::kDone);
    }
    SetStatus(head, git::CommitStatus::State::kSuccess, "The environment shows this commit");
    printer_.Line(url_);
    return static_cast<int>(ExitCode::kDone);
  }

  Status StillHead(const Branch& head) {
    const Result<std::optional<Branch>> now = world_.branches().Find(branch_, world_.session().stop());
    if (!now) return Fail(now.error());
    if (*now && (*now)->commit == head.commit) return {};
    return Fail({.kind = ErrorKind::kSuperseded,
                 .what = "'" + Printable(branch_) + "' has moved on",
                 .why = *now ? "it is at " + (*now)->commit.substr(0, 7) + " now" : "it is gone"});
  }

  int Failed(const Branch& head, const Error& error) {
    if (error.kind == ErrorKind::kSuperseded) {
      const Status moved = StillHead(head);  // else the other deployment tells about the same commit
      if (!moved && moved.error().kind == ErrorKind::kSuperseded)
        SetStatus(head, git::CommitStatus::State::kError, "Not deployed: " + moved.error().why);
    } else if (error.kind != ErrorKind::kCancelled) {
      SetStatus(head, git::CommitStatus::State::kFailure, error.what);
    }
    return Report(error, arguments_.json);
  }

  /// Only where the branches come from GitHub with a token; that it fails must not fail the deployment.
  void SetStatus(const Branch& head, git::CommitStatus::State state, const std::string& text) {
    git::GitHub* github = dynamic_cast<git::GitHub*>(&world_.branches());
    if (!github) return;
    const Status set = git::SetCommitStatus(github->client(),
                                            {.commit = head.commit,
                                             .state = state,
                                             .url = url_,
                                             .description = text,
                                             .context = "perch/" + world_.project().Current()->project.app},
                                            world_.session().stop());
    if (!set) printer_.Line("note: the commit status was not set: " + Printable(set.error().Text()));
  }

  const Arguments& arguments_;
  AwsWorld& world_;
  ProgressPrinter& printer_;
  const bool fresh_data_;
  std::string branch_;
  std::string url_;
};

int Deploy(const Context& context, bool fresh_data) {
  const Arguments& arguments = context.arguments;
  if (!arguments.image.empty()) {
    const Result<image::ImageReference> image = image::ParseImageReference(arguments.image);
    if (!image) return Report(image.error(), arguments.json);
  }
  ProgressPrinter printer(arguments.json);
  const auto world = AwsWorld::Open(
      context, {.nothing_done = kNothingDone,
                .image = arguments.image,
                .detach = arguments.no_wait,
                .of_default_branch = true,
                .on_progress = [&](const beanstalk::DeployProgress& progress) { printer.Progress(progress); },
                .on_changes =
                    [&](const std::vector<aws::Change>& changes) {
                      for (const aws::Change& change : changes) printer.Line(ChangeLine(change));
                    },
                .on_output = [&](std::string_view piece) { printer.Output(piece); }});
  if (!world) return Report(world.error(), arguments.json);
  return Up(arguments, **world, printer, fresh_data).Run();
}

}  // namespace

int RunUpOnAws(const Context& context) { return Deploy(context, false); }

int RunResetOnAws(const Context& context) { return Deploy(context, true); }

}  // namespace perch::cli
