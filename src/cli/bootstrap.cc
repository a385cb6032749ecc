#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/cloudformation.h"
#include "aws/s3.h"
#include "base/digest.h"
#include "base/text.h"
#include "base/value.h"
#include "beanstalk/progress_text.h"
#include "beanstalk/stack_change.h"
#include "beanstalk/stack_names.h"
#include "cfn/print.h"
#include "cli/application_input.h"
#include "cli/ask.h"
#include "cli/aws_session.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "model/resource_names.h"
#include "model/tags.h"

namespace perch::cli {
namespace {

constexpr char kNothingDone[] = "nothing was changed";
constexpr std::size_t kMostInlineBytes = 51'200;  // CloudFormation quotas: template body in a request

/// One run: what is wanted, what was found, what was agreed to.
class Bootstrap {
 public:
  Bootstrap(const Arguments& arguments, const ApplicationInput& input, AwsSession& session)
      : arguments_(arguments),
        input_(input),
        session_(session),
        cloudformation_(session.client()),
        application_(beanstalk::ApplicationName(input.settings.application)) {}

  int Run() {
    const Result<Value> document = ApplicationDocument(input_);
    if (!document) return Report(document.error(), arguments_.json);
    const Result<beanstalk::StackOutcome> outcome = Change(*document);
    if (!outcome && made_) RemoveEmpty();
    if (!outcome && declined_ && !session_.stop().stop_requested()) {
      std::printf("Nothing was changed.\n");
      return static_cast<int>(ExitCode::kDone);
    }
    if (!outcome) return Report(outcome.error(), arguments_.json);
    arguments_.json ? PrintJson(*outcome) : PrintText(*outcome);
    return static_cast<int>(ExitCode::kDone);
  }

 private:
  Result<beanstalk::StackOutcome> Change(const Value& document) {
    const beanstalk::StackChanger changer(session_.client(), PollTime());
    beanstalk::StackRequest request{.name = ApplicationStackNameFor(input_.settings.app, application_),
                                    .change_set = "perch-bootstrap",
                                    .token = "perch-bootstrap",
                                    .protected_ids = {"VersionsBucket", "Repository"},
                                    .termination_protection = application_ == "production"};
    stack_ = request.name;
    progress_.emplace(stack_);
    const Result<std::optional<aws::Stack>> found = changer.Find(request.name);
    if (!found) return Fail(found.error(), kNothingDone);
    made_ = !*found;
    Say("The stack " + request.name + " in " + session_.region() +
        (*found ? " is there: " + (*found)->status + ".\n" : " is not there yet.\n"));
    if (const Status tagged = AddTags(request); !tagged) return Fail(tagged.error());
    const Status sized = AddTemplate(cfn::PrintCompactJson(document), *found, request);
    if (!sized) return Fail(sized.error());
    return changer.Apply(request, {.on_changes = [&](const auto& changes) { ShowChanges(changes); },
                                   .confirm = [&](const auto& changes) { return Confirm(changes.size()); },
                                   .on_progress = [&](const auto& progress) { ShowProgress(progress); },
                                   .on_note = [&](const std::string& note) { Say(note + "\n"); }});
  }

  /// The app and perch's mark, without a branch: what environments share is never swept.
  Status AddTags(beanstalk::StackRequest& request) const {
    const Result<std::vector<Tag>> tags =
        TagsFor({.app = input_.settings.app, .branch = "none", .profile = application_});
    if (!tags) return Fail(tags.error());
    for (const auto& [key, value] : *tags) {
      if (key == "perch:app" || key == "perch:owner") request.tags[key] = value;
    }
    request.tags["perch:application"] = application_;
    return {};
  }

  Status AddTemplate(std::string body, const std::optional<aws::Stack>& stack, beanstalk::StackRequest& request) const {
    if (body.size() <= kMostInlineBytes) {
      request.template_body = std::move(body);
      return {};
    }
    const std::string size = std::to_string(body.size()) + " bytes";
    const auto bucket =
        stack ? stack->outputs.find(std::string(beanstalk::exports::kVersionsBucket)) : aws::TextMap::const_iterator();
    if (!stack || bucket == stack->outputs.end()) {
      return Fail({.kind = ErrorKind::kUsage,
                   .what = std::string(kNothingDone) + ": the template is too large for a first run",
                   .where = request.name,
                   .why = "it has " + size + "; over 51,200 it goes through the versions bucket, which it makes itself",
                   .hint = "Bootstrap with fewer settings first (`access` is what grows it), then again with all."});
    }
    const std::string key = "templates/" + Sha256Hex(body) + ".json";
    const aws::Answer<std::string> put =
        aws::S3(session_.client()).PutObject(bucket->second, key, body, {.content_type = "application/json"});
    if (!put) return Fail(Error(put.error()), kNothingDone);
    request.template_url = "https://" + bucket->second + ".s3." + session_.region() + "." +
                           std::string(aws::PartitionOf(session_.region()).suffix) + "/" + key;
    return {};
  }

  void ShowChanges(const std::vector<aws::Change>& changes) {
    changes_ = changes;
    std::vector<std::vector<std::string>> rows;
    for (const aws::Change& change : changes) {
      const bool replaced = change.replacement == "True", perhaps = change.replacement == "Conditional";
      std::string verb = ToLower(change.action);
      if (change.action == "Modify") verb = replaced ? "REPLACE" : perhaps ? "change (perhaps replace)" : "change";
      if (change.action == "Remove") verb = "REMOVE";
      rows.push_back({"  " + verb, Printable(change.logical_id), Printable(change.type),
                      Printable(Join(change.properties, ", "))});
    }
    for (std::vector<std::string>& row : rows) {
      if (row.back().empty()) row.pop_back();
    }
    Say(Table(rows));
  }

  Status Confirm(std::size_t changes) {
    if (arguments_.yes || agreed_) return {};
    const Error refused{.kind = ErrorKind::kRefused,
                        .what = kNothingDone,
                        .why = "there is no terminal to ask",
                        .hint = "Say --yes to go on without asking."};
    if (arguments_.json || !CanAsk()) return Fail(refused);
    agreed_ = Agrees(
        "Make " + std::string(changes == 1 ? "this change" : "these " + std::to_string(changes) + " changes") + "?",
        session_.stop());
    if (agreed_) return {};
    declined_ = true;
    return Fail({.kind = ErrorKind::kCancelled, .what = kNothingDone});
  }

  void ShowProgress(const beanstalk::StackProgress& progress) {
    const std::string line = progress_->Line(progress);
    const bool begins =
        progress.status.ends_with("_IN_PROGRESS") && progress.status.find("ROLLBACK") == std::string::npos;
    if (!line.empty() && !begins) Say("  " + InOneLine(line) + "\n");
  }

  /// A change set that creates leaves an empty stack behind that would stand in the way of somebody else's.
  void RemoveEmpty() const {
    const aws::CloudFormation cloudformation(session_.client().With({}));
    const aws::Answer<aws::Stack> stack = cloudformation.DescribeStack(stack_);
    if (!stack || stack->status != "REVIEW_IN_PROGRESS") return;
    (void)cloudformation.DeleteStack(stack->id, aws::Client::NewToken());
  }

  void PrintText(const beanstalk::StackOutcome& outcome) const {
    std::printf("%s\n", outcome.changed ? "Done. What environments use of it:"
                                        : "Nothing to change. What environments use of it:");
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, value] : outcome.stack.outputs) rows.push_back({"  " + Printable(name), Printable(value)});
    std::printf("%s", Table(rows).c_str());
    std::printf(
        "Next: `perch doctor --platform aws` looks whether all is ready, `perch doctor --policy ci` prints the rights\n"
        "that a deployment needs, `perch up BRANCH --platform aws` deploys a branch.\n");
  }

  void PrintJson(const beanstalk::StackOutcome& outcome) const {
    std::string changes, outputs;
    for (const aws::Change& change : changes_) {
      changes += std::string(changes.empty() ? "" : ",") + "{\"action\":" + JsonString(ToLower(change.action)) +
                 ",\"id\":" + JsonString(change.logical_id) + ",\"type\":" + JsonString(change.type) +
                 ",\"replacement\":" + JsonString(ToLower(change.replacement)) + "}";
    }
    for (const auto& [name, value] : outcome.stack.outputs) {
      outputs += (outputs.empty() ? "" : ",") + JsonString(name) + ":" + JsonString(value);
    }
    std::printf("{\"stack\":%s,\"region\":%s,\"changed\":%s,\"changes\":[%s],\"outputs\":{%s}}\n",
                JsonString(stack_).c_str(), JsonString(session_.region()).c_str(), outcome.changed ? "true" : "false",
                changes.c_str(), outputs.c_str());
  }

  void Say(const std::string& text) const {
    if (arguments_.json) return;
    std::printf("%s", text.c_str());
    std::fflush(stdout);
  }

  const Arguments& arguments_;
  const ApplicationInput& input_;
  AwsSession& session_;
  aws::CloudFormation cloudformation_;
  std::string application_, stack_;
  std::optional<beanstalk::ProgressText> progress_;
  std::vector<aws::Change> changes_;
  bool made_ = false, agreed_ = false, declined_ = false;
};

}  // namespace

int RunBootstrap(const Context& context) {
  const Arguments& arguments = context.arguments;
  const std::string application = arguments.subcommand.empty() ? "staging" : arguments.subcommand;
  const Result<ApplicationInput> input = ReadApplication(context.config_file, application);
  if (!input) return Report(input.error(), arguments.json);
  const beanstalk::PlaceSettings& place = input->settings.place;
  const auto session =
      AwsSession::Open({.region = place.region, .account = place.account, .file = input->project.file}, kNothingDone);
  if (!session) return Report(session.error(), arguments.json);
  return Bootstrap(arguments, *input, **session).Run();
}

}  // namespace perch::cli
