#include "beanstalk/platform.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "beanstalk/app_log.h"
#include "beanstalk/environment_of.h"
#include "beanstalk/generate.h"
#include "beanstalk/ledger.h"
#include "beanstalk/stack_identity.h"
#include "beanstalk/stack_names.h"
#include "beanstalk/take_down.h"
#include "model/names.h"
#include "model/resource_names.h"
#include "model/tags.h"

namespace perch::beanstalk {
namespace {

Result<AwsSettings> ReadSettings(const Settings& settings) {
  std::vector<Problem> problems;
  AwsSettings read = ReadAwsSettings(settings.values, settings.profile, problems);
  if (problems.empty()) return read;
  const Problem& problem = problems.front();
  return Fail({.kind = ErrorKind::kUsage,
               .what = "the settings cannot be used on AWS",
               .where = problem.at.line > 0 ? problem.at.Text() : "",
               .why = problem.text,
               .hint = problem.hint});
}

/// Whether a stack is this app's environment of some branch; its identity then.
std::optional<Identity> EnvironmentStack(const aws::Stack& stack, const std::string& app) {
  if (!stack.parent_id.empty() || stack.status == "DELETE_COMPLETE") return std::nullopt;
  const Result<std::optional<Identity>> identity = IdentityFrom(std::vector<Tag>(stack.tags.begin(), stack.tags.end()));
  if (!identity || !*identity || (*identity)->app != app) return std::nullopt;
  // Beanstalk's own stacks inherit the tags.
  if (stack.name != StackNameFor(app, (*identity)->branch)) return std::nullopt;
  return **identity;
}

}  // namespace

AwsPlatform::AwsPlatform(Options options) : options_(std::move(options)), cloudformation_(options_.ports.client) {}

Status AwsPlatform::Validate(const Settings& settings) const {
  const Result<AwsSettings> read = ReadSettings(settings);
  if (!read) return Fail(read.error());
  return {};
}

std::map<std::string, std::string> AwsPlatform::Fixed(const Settings& settings) const {
  const Result<AwsSettings> read = ReadSettings(settings);
  return read ? FixedOf(*read, settings.branch) : std::map<std::string, std::string>();
}

BranchRecords AwsPlatform::RecordsOf(const ApplicationFacts& application) const {
  return BranchRecords(aws::S3(options_.ports.client), application.versions_bucket);
}

Result<ApplicationFacts> AwsPlatform::ApplicationFor(const std::string& branch) {
  const Application application = options_.application_of(branch);
  {
    const std::lock_guard lock(mutex_);
    const std::map<Application, ApplicationFacts>::const_iterator known = applications_.find(application);
    if (known != applications_.end()) return known->second;
  }
  Result<ApplicationFacts> found = FindApplication(cloudformation_, options_.app, application);
  if (found) {
    const std::lock_guard lock(mutex_);
    applications_[application] = *found;
  }
  return found;
}

Result<AwsPlatform::Seen> AwsPlatform::Look(const std::string& branch) {
  const Result<ApplicationFacts> application = ApplicationFor(branch);
  if (!application) return Fail(application.error());
  Seen seen{.application = *application};
  const aws::Answer<aws::Stack> stack = cloudformation_.DescribeStack(StackNameFor(options_.app, branch));
  if (stack && stack->status != "DELETE_COMPLETE" && stack->status != "REVIEW_IN_PROGRESS") {
    // Another's stack under our name: not ours to tell about, and not ours to touch.
    const std::optional<Identity> identity = EnvironmentStack(*stack, options_.app);
    if (!identity || identity->branch != branch) {
      return Fail({.kind = ErrorKind::kRefused,
                   .what = "a stack that perch did not make has the name of this branch's",
                   .where = stack->name,
                   .why = "its tags do not say that it is '" + Printable(branch) + "' of " + options_.app,
                   .hint = "Rename or delete that stack."});
    }
    seen.stack = *stack;
  } else if (!stack && stack.error().outcome != aws::Outcome::kNotFound) {
    return Fail(stack.error());
  }
  Result<BranchRecords::Found> found = RecordsOf(seen.application).Read(options_.app, branch);
  if (!found) return Fail(found.error());
  seen.found = *std::move(found);
  if (seen.found.etag.empty() && seen.stack) seen.found.record.identity = *EnvironmentStack(*seen.stack, options_.app);
  const std::lock_guard lock(mutex_);
  images_[branch] = seen.stack ? OutputOf(*seen.stack, outputs::kImage) : "";
  return seen;
}

Result<std::optional<Environment>> AwsPlatform::Find(const std::string& branch) {
  const Result<Seen> seen = Look(branch);
  if (!seen) return Fail(seen.error());
  if (!seen->IsThere()) return std::nullopt;
  return EnvironmentOf(seen->stack, seen->found.record);
}

Result<std::string> AwsPlatform::ImageOf(const std::string& branch) {
  {
    const std::lock_guard lock(mutex_);
    const std::map<std::string, std::string>::const_iterator known = images_.find(branch);
    if (known != images_.end()) return known->second;
  }
  const Result<Seen> seen = Look(branch);
  if (!seen) return Fail(seen.error());
  return seen->stack ? OutputOf(*seen->stack, outputs::kImage) : "";
}

Result<std::vector<Environment>> AwsPlatform::List() {
  std::map<std::string, aws::Stack> stacks;  // by branch
  std::map<std::string, Identity> identities;
  std::vector<std::string> buckets;
  const aws::Answer<void> listed = cloudformation_.DescribeStacks().ForEach([&](aws::Stack& stack) {
    for (const Application application : {Application::kProduction, Application::kStaging}) {
      if (stack.name != ApplicationStackNameFor(options_.app, ApplicationName(application))) continue;
      const Result<ApplicationFacts> facts = ApplicationFactsOf(stack, application);
      if (facts) buckets.push_back(facts->versions_bucket);
    }
    if (const std::optional<Identity> identity = EnvironmentStack(stack, options_.app)) {
      identities[identity->branch] = *identity;
      stacks[identity->branch] = std::move(stack);
    }
    return true;
  });
  if (!listed) return Fail(listed.error());
  std::map<std::string, BranchRecord> records;
  for (const std::string& bucket : buckets) {
    const Result<std::vector<BranchRecords::Found>> all =
        BranchRecords(aws::S3(options_.ports.client), bucket).List(options_.app);
    if (!all) return Fail(all.error());
    for (const BranchRecords::Found& found : *all) records[found.record.identity.branch] = found.record;
  }
  for (const auto& [branch, identity] : identities) records[branch].identity = identity;
  std::vector<Environment> environments;
  for (const auto& [branch, record] : records) {
    const std::map<std::string, aws::Stack>::const_iterator stack = stacks.find(branch);
    environments.push_back(
        EnvironmentOf(stack == stacks.end() ? std::nullopt : std::optional<aws::Stack>(stack->second), record));
  }
  return environments;
}

Status AwsPlatform::Deploy(const engine::DeployRequest& request, const engine::Emit& emit, std::stop_token stop) {
  const Result<AwsSettings> settings = ReadSettings(request.settings);
  if (!settings) return Fail(settings.error());
  const bool deletes = request.step.action == Action::kReplace || (request.fresh_data && request.step.generation > 0);
  if (deletes) {
    if (const Status may = MayGo(request.branch.name, settings->profile); !may) return may;
  }
  return DeploymentRun(options_.ports, request, *settings, emit, std::move(stop)).Run();
}

Status AwsPlatform::Stop(const Step& step, const engine::Emit&) {
  return Fail({.kind = ErrorKind::kRefused,
               .what = "an environment on AWS cannot be stopped and kept",
               .where = Printable(step.branch),
               .why = "its database and load balancer cost as much as before",
               .hint = "Delete it until the next push with `perch down " + Printable(step.branch) + "`."});
}

/// The last guard: whatever list or plan says so, what people live on stays.
Status AwsPlatform::MayGo(const std::string& branch, const std::string& profile) const {
  if (!options_.ports.is_for_good(profile)) return {};
  return Fail({.kind = ErrorKind::kRefused,
               .what = "perch does not delete this environment",
               .where = Printable(branch),
               .why = "environments of profile '" + Printable(profile) + "' are for good",
               .hint = "Delete its stack by hand in the CloudFormation console, if it really shall go."});
}

Status AwsPlatform::Delete(const Step& step, const engine::Emit& emit) { return Remove(step, emit, false); }

Status AwsPlatform::TakeDown(const Step& step, const engine::Emit& emit) { return Remove(step, emit, true); }

Status AwsPlatform::Remove(const Step& step, const engine::Emit& emit, bool by_a_person) {
  Result<Seen> seen = Look(step.branch);
  if (!seen) return Fail(seen.error());
  if (!seen->IsThere()) return {};
  const Environment environment = EnvironmentOf(seen->stack, seen->found.record);
  if (environment.owner_mark != kOwnerMark) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "this environment is not perch's",
                 .where = Printable(step.branch),
                 .why = "its owner mark is '" + Printable(environment.owner_mark) + "'"});
  }
  if (const Status may = MayGo(step.branch, environment.profile); !may) return may;
  // Before anything is recorded: a deletion that began is finished by whoever looks next, also after the switch is off.
  if (seen->stack && seen->stack->termination_protection) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "perch does not delete this environment",
                 .where = Printable(step.branch),
                 .why = "its stack " + seen->stack->name + " has termination protection in CloudFormation",
                 .hint = "Take that off first, if it really shall go."});
  }
  if (environment.generation != step.generation) {
    return Fail({.kind = ErrorKind::kSuperseded,
                 .what = "the environment of '" + Printable(step.branch) + "' changed meanwhile",
                 .why = "it is at number " + std::to_string(environment.generation) + ", not " +
                        std::to_string(step.generation)});
  }
  const BranchRecords records = RecordsOf(seen->application);
  BranchRecord& record = seen->found.record;
  record.generation = environment.generation + 1;
  record.deleting = true;
  record.updated_at = options_.ports.client.Now();
  record.Causes("stack", StackNameFor(options_.app, step.branch));
  if (seen->stack) {
    const Status noted = NoteContents(options_.ports.client, seen->stack->id, record);
    if (!noted) return noted;
  }
  if (const Status written = records.Write(seen->found); !written) return written;

  const auto note = [&](const std::string& text) { emit({.kind = Event::Kind::kNotice, .text = text}); };
  const auto still_ours = [&]() -> Status {
    const Result<BranchRecords::Found> now = records.Read(options_.app, step.branch);
    if (!now) return Fail(now.error());
    if (now->etag == seen->found.etag) return {};
    return Fail({.kind = ErrorKind::kSuperseded,
                 .what = "somebody else is at '" + Printable(step.branch) + "'",
                 .why = "a deployment or a deletion began after this one"});
  };
  if (seen->stack) {
    StackChanger::Hooks hooks;
    hooks.still_wanted = [&](const std::optional<aws::Stack>&) { return still_ours(); };
    hooks.on_note = note;
    ProgressText lines(seen->stack->name);
    if (options_.ports.on_progress) {
      hooks.on_progress = [&, lines](const StackProgress& progress) mutable {
        std::string text = lines.Line(progress);
        if (!text.empty()) options_.ports.on_progress({.text = std::move(text), .busy = lines.Busy()});
      };
    }
    hooks.before_delete = EmptyingBuckets(options_.ports.client, options_.ports.read_template, note);
    const StackChanger changer(options_.ports.client, options_.ports.poll);
    const Status gone = changer.Delete(*seen->stack, "perch-" + std::to_string(record.generation), hooks);
    if (!gone) return gone;
  }
  const Result<LedgerReport> settled = SettleLedger(options_.ports.client, seen->application, record, still_ours);
  if (!settled && settled.error().kind == ErrorKind::kSuperseded) return Fail(settled.error());
  if (!settled) return Fail(Error(settled.error()), "the stack is gone, but not all it caused");
  for (const std::string& line : settled->removed) note(line);
  for (const std::string& line : settled->left) note("stays: " + line);
  if (by_a_person) {
    record.deleting = false;
    record.caused.clear();
    record.fixed.clear();
    record.stopped_commit = step.commit;
    record.stopped_settings_hash = step.settings_hash;
  }
  // Whoever began since keeps the record: S3 can write on a condition, but not delete.
  if (const Status written = records.Write(seen->found); !written) return written;
  if (!by_a_person) {
    if (const Status removed = records.Remove(options_.app, step.branch); !removed) return removed;
  }
  const std::string what = settled->left.empty() ? "it and all it caused are gone" : "it is gone";
  emit({.kind = Event::Kind::kDeleted, .generation = record.generation, .text = what});
  return {};
}

Status AwsPlatform::RecordFailure(const Step& step, const std::string& reason) {
  Result<Seen> seen = Look(step.branch);
  if (!seen) return Fail(seen.error());
  BranchRecord& record = seen->found.record;
  const std::uint64_t now = seen->IsThere() ? EnvironmentOf(seen->stack, record).generation : 0;
  if (now != step.generation) {
    return Fail({.kind = ErrorKind::kSuperseded, .what = "the environment changed meanwhile", .where = step.branch});
  }
  if (record.identity.profile.empty()) record.identity.profile = step.profile;
  record.generation = now + 1;
  record.updated_at = options_.ports.client.Now();
  if (seen->found.etag.empty()) record.created_at = record.updated_at;
  record.last_attempt = Attempt{.generation = record.generation,
                                .commit = step.commit,
                                .settings_hash = step.settings_hash,
                                .result = Attempt::Result::kFailed,
                                .reason = reason,
                                .started_at = record.updated_at,
                                .ended_at = record.updated_at};
  return RecordsOf(seen->application).Write(seen->found);
}

Result<engine::LogPiece> AwsPlatform::ReadLog(const std::string& branch, std::uint64_t generation, Stage stage,
                                              std::uint64_t from, std::size_t limit) {
  if (stage != Stage::kStart) {
    if (options_.own_log) return options_.own_log(branch, generation, stage, from, limit);
    return engine::LogPiece{.next = from, .ended = true};
  }
  const Result<Seen> seen = Look(branch);
  if (!seen) return Fail(seen.error());
  const std::string name = seen->stack ? OutputOf(*seen->stack, outputs::kEnvironment) : "";
  if (name.empty()) return engine::LogPiece{.next = from, .ended = true};
  return AppLog(options_.ports.client, *options_.ports.transport, name, from, limit, options_.ports.client.Now());
}

}  // namespace perch::beanstalk
