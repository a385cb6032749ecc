#include "beanstalk/deployment.h"

#include <algorithm>
#include <utility>

#include "aws/parameters.h"
#include "base/text.h"
#include "beanstalk/bundle.h"
#include "beanstalk/environment_of.h"
#include "beanstalk/generate.h"
#include "beanstalk/health_wait.h"
#include "beanstalk/instance_log.h"
#include "beanstalk/ledger.h"
#include "beanstalk/secret_parameters.h"
#include "beanstalk/stack_identity.h"
#include "beanstalk/stack_names.h"
#include "beanstalk/stack_status.h"
#include "beanstalk/take_down.h"
#include "model/resource_names.h"

namespace perch::beanstalk {

DeploymentRun::DeploymentRun(const DeployPorts& ports, const engine::DeployRequest& request,
                             const AwsSettings& settings, const engine::Emit& emit, std::stop_token stop)
    : ports_(ports),
      request_(request),
      settings_(settings),
      emit_(emit),
      stop_(stop),
      client_(ports.client.With(stop)),
      changer_(client_, ports.poll),
      stack_name_(StackNameFor(settings.app, request.branch.name)),
      progress_text_(stack_name_) {}

void DeploymentRun::Tell(const std::string& text) { emit_({.kind = Event::Kind::kNotice, .text = text}); }

void DeploymentRun::Stage(perch::Stage stage) {
  stage_ = stage;
  stage_began_ = client_.Now();
  emit_({.kind = Event::Kind::kStageStarted, .generation = generation_, .stage = stage});
}

void DeploymentRun::EndStage() {
  emit_({.kind = Event::Kind::kStageFinished,
         .generation = generation_,
         .stage = stage_,
         .took = client_.Now() - stage_began_});
  stage_.reset();
}

Status DeploymentRun::Run() {
  if (const Status begun = Begin(); !begun) return begun;
  Status done = Try();
  if (!done) return Failed(done.error());
  return {};
}

/// Afterwards the attempt is recorded, and ours is the newest.
Status DeploymentRun::Begin() {
  Result<ApplicationFacts> application =
      FindApplication(aws::CloudFormation(client_), settings_.app, settings_.application);
  if (!application) return Fail(application.error());
  application_ = *std::move(application);
  Result<std::optional<aws::Stack>> stack = changer_.Find(stack_name_);
  if (!stack) return Fail(stack.error());
  stack_ = *std::move(stack);
  const std::string& branch = request_.branch.name;
  const Result<aws::TextMap> tags =
      IdentityTags({.app = settings_.app, .branch = branch, .profile = settings_.profile});
  if (!tags) return Fail(tags.error());
  if (stack_ && stack_->status == "REVIEW_IN_PROGRESS") stack_.reset();  // there is nothing of it
  if (stack_) {
    if (const Status ours = SameIdentity(*stack_, *tags); !ours) return ours;
  }
  records_.emplace(aws::S3(client_), application_.versions_bucket);
  Result<BranchRecords::Found> found = records_->Read(settings_.app, branch);
  if (!found) return Fail(found.error());
  found_ = *std::move(found);
  BranchRecord& record = found_.record;
  const std::uint64_t now = std::max(record.generation, stack_ ? GenerationOf(*stack_) : 0);
  if (now != request_.step.generation) {
    return Fail({.kind = ErrorKind::kSuperseded,
                 .what = "another deployment of '" + Printable(branch) + "' began meanwhile",
                 .why = "it is number " + std::to_string(now) + ", this one was planned after number " +
                        std::to_string(request_.step.generation)});
  }
  generation_ = now + 1;
  record.identity = {.app = settings_.app, .branch = branch, .profile = settings_.profile};
  record.generation = generation_;
  record.stopped_commit.clear();
  record.stopped_settings_hash.clear();
  record.last_attempt = Attempt{.generation = generation_,
                                .commit = request_.step.commit,
                                .settings_hash = request_.step.settings_hash,
                                .started_at = client_.Now()};
  record.updated_at = client_.Now();
  if (found_.etag.empty()) record.created_at = record.updated_at;
  record.Causes("stack", stack_name_);
  return records_->Write(found_);
}

Status DeploymentRun::Try() {
  if (const Status made = MakeImage(); !made) return made;
  if (const Status wanted = StillWanted(); !wanted) return wanted;
  if (request_.step.action == Action::kReplace || request_.fresh_data) {
    if (const Status gone = DeleteFirst(); !gone) return gone;
  }
  const Result<Facts> facts = FindFacts();
  if (!facts) return Fail(facts.error());
  Result<StackRequest> request = RequestFor(*facts);
  if (!request) return Fail(request.error());
  if (const Status noted = NoteCaused(); !noted) return noted;
  if (const Status put = PutBundle(); !put) return put;
  if (const Status put = PutSecrets(aws::Ssm(client_), settings_, request_.settings.secrets); !put) return put;
  if (const Status changed = Change(*request); !changed) return changed;
  if (ports_.detach && changed_) return HandOver();
  if (const Status healthy = WaitForHealth(); !healthy) return healthy;
  return Succeeded();
}

Status DeploymentRun::MakeImage() {
  const std::string platform = settings_.instances.architecture == Architecture::kArm64 ? "linux/arm64" : "linux/amd64";
  Result<image::MadeImage> made = ports_.make_image({request_, application_, platform, emit_}, stop_);
  if (!made) return Fail(made.error());
  image_ = *std::move(made);
  return {};
}

/// Both fences: the branch's head at the git host, and our number in the record.
Status DeploymentRun::StillWanted() {
  if (const Status wanted = request_.still_wanted(); !wanted) return wanted;
  const Result<BranchRecords::Found> now = records_->Read(settings_.app, request_.branch.name);
  if (!now) return Fail(now.error());
  if (now->record.generation == generation_ && now->etag == found_.etag) return {};
  return Fail({.kind = ErrorKind::kSuperseded,
               .what = "a newer deployment of '" + Printable(request_.branch.name) + "' took over",
               .why = now->etag.empty() ? "the environment was deleted meanwhile"
                                        : "it is number " + std::to_string(now->record.generation) +
                                              ", this one is number " + std::to_string(generation_)});
}

/// The ledger: what may exist from now on.
Status DeploymentRun::NoteCaused() {
  BranchRecord& record = found_.record;
  record.Causes("bundles",
                "s3://" + application_.versions_bucket + "/" + BundleFolderFor(settings_.app, request_.branch.name));
  record.Causes("image", image_.reference);
  return records_->Write(found_);
}

Status DeploymentRun::PutBundle() {
  const Result<std::string> zip = ZipOf(MakeBundle(settings_, request_.settings, image_.reference));
  if (!zip) return Fail(zip.error());
  // Also over the same one: as a new version, it is not among those that a deletion under way listed before.
  const aws::Answer<std::string> put =
      aws::S3(client_).PutObject(application_.versions_bucket, bundle_key_, *zip, {.content_type = "application/zip"});
  if (!put) return Fail(put.error());
  return {};
}

Status DeploymentRun::Change(const StackRequest& request) {
  Stage(perch::Stage::kStart);
  change_began_ = client_.Now();
  const bool fresh = !stack_;
  const std::int64_t usually = fresh ? found_.record.create_seconds : found_.record.update_seconds;
  StackChanger::Hooks hooks;
  hooks.still_wanted = [this](const std::optional<aws::Stack>&) { return StillWanted(); };
  hooks.on_changes = ports_.on_changes;
  hooks.on_progress = [&](const StackProgress& progress) { Show(progress, std::chrono::seconds(usually)); };
  hooks.on_note = [this](const std::string& text) { Tell(text); };
  hooks.before_delete = EmptyingBuckets(client_, ports_.read_template, hooks.on_note);
  const Result<StackOutcome> outcome = changer_.Apply(request, hooks);
  if (!outcome) return Fail(outcome.error());
  stack_ = outcome->stack;
  url_ = OutputOf(*stack_, outputs::kUrl);
  const std::int64_t took = std::chrono::duration_cast<std::chrono::seconds>(client_.Now() - change_began_).count();
  changed_ = outcome->changed;
  if (changed_ && !ports_.detach) (fresh ? found_.record.create_seconds : found_.record.update_seconds) = took;
  EndStage();
  return {};
}

void DeploymentRun::Show(const StackProgress& progress, std::chrono::seconds usually) {
  // An environment that could not be made is soon gone, and its instances' logs with it.
  const bool failed = progress.status == "CREATE_FAILED" || progress.status == "UPDATE_FAILED";
  if (failed && progress.type == "AWS::ElasticBeanstalk::Environment" && instance_log_.empty())
    instance_log_ = InstanceLog(client_, *ports_.transport, progress.physical_id);
  std::string text = progress_text_.Line(progress);
  if (!ports_.on_progress || text.empty()) return;
  ports_.on_progress({.text = std::move(text),
                      .busy = progress_text_.Busy(),
                      .took = std::chrono::duration_cast<std::chrono::seconds>(client_.Now() - change_began_),
                      .usually = usually});
}

/// What can't change in place changes: the old environment goes first, with its data.
Status DeploymentRun::DeleteFirst() {
  if (!stack_) return {};
  if (const Status noted = NoteContents(client_, stack_->id, found_.record); !noted) return noted;
  found_.record.deleting = true;
  if (const Status written = records_->Write(found_); !written) return written;
  const auto tell = [this](const std::string& text) { Tell(text); };
  StackChanger::Hooks hooks;
  hooks.still_wanted = [this](const std::optional<aws::Stack>&) { return StillWanted(); };
  hooks.on_note = tell;
  hooks.before_delete = EmptyingBuckets(client_, ports_.read_template, tell);
  const Status gone = changer_.Delete(*stack_, "perch-" + std::to_string(generation_), hooks);
  if (!gone) return gone;
  stack_.reset();
  found_.record.deleting = false;
  return records_->Write(found_);
}

/// From now on the stack tells how the attempt ends (EnvironmentOf).
Status DeploymentRun::HandOver() {
  found_.record.last_attempt->stage = perch::Stage::kStart;
  found_.record.updated_at = client_.Now();
  return records_->Write(found_);
}

/// A person stopped it: what CloudFormation began, even with a call that could not be answered, goes on.
Error DeploymentRun::Stopped() {
  const std::string branch = Printable(request_.branch.name);
  const aws::Client unstopped = ports_.client.With({});
  const Result<std::optional<aws::Stack>> stack = StackChanger(unstopped, ports_.poll).Find(stack_name_);
  const bool under_way = stack && *stack && IsUnderWay((*stack)->status);
  if (!under_way && stage_ != perch::Stage::kHealth) {
    return {.kind = ErrorKind::kCancelled,
            .what = "stopped before CloudFormation began anything",
            .hint = "Run `perch up " + branch + "` again."};
  }
  records_.emplace(aws::S3(unstopped), application_.versions_bucket);
  (void)HandOver();
  Error error = StoppedWaiting();
  if (!under_way) error.what = "stopped before the link answered";
  error.hint = "Watch it with `perch status " + branch + "`, or run `perch up " + branch + "` again.";
  return error;
}

Status DeploymentRun::WaitForHealth() {
  Stage(perch::Stage::kHealth);
  const Status healthy = WaitUntilHealthy(client_, *ports_.transport,
                                          {.url = url_,
                                           .path = settings_.health_path,
                                           .apps_at = ports_.apps_at,
                                           .status = settings_.health_status,
                                           .longest = request_.settings.health_timeout},
                                          stop_);
  if (healthy) EndStage();
  if (!healthy && healthy.error().kind != ErrorKind::kCancelled)
    instance_log_ = InstanceLog(client_, *ports_.transport, OutputOf(*stack_, outputs::kEnvironment));
  return healthy;
}

/// Notes what the stack is made of. The environment serves already: what cannot be told now is found by its tags.
void DeploymentRun::NoteResources() {
  if (const Status noted = NoteContents(client_, stack_->id, found_.record); !noted) Tell(noted.error().Text());
}

Status DeploymentRun::Succeeded() {
  NoteResources();
  BranchRecord& record = found_.record;
  record.fixed = FixedOf(settings_, request_.branch.name);
  record.last_attempt->result = Attempt::Result::kSucceeded;
  record.last_attempt->ended_at = record.updated_at = client_.Now();
  const Status written = records_->Write(found_);
  if (!written && written.error().kind == ErrorKind::kSuperseded) return written;
  if (!written) Tell(written.error().Text());
  emit_({.kind = Event::Kind::kSwitched,
         .commit = request_.step.commit,
         .generation = generation_,
         .took = *record.last_attempt->ended_at - record.last_attempt->started_at});
  return {};
}

Status DeploymentRun::Failed(Error error) {
  if (!instance_log_.empty()) {
    std::string log = "The instance's log ends with:";
    for (const std::string& line : Lines(instance_log_)) log += "\n    " + line;
    error.hint = log + "\n  " + error.hint;
  }
  const bool begun = stage_ == perch::Stage::kStart || stage_ == perch::Stage::kHealth;
  if (error.kind == ErrorKind::kCancelled && begun) error = Stopped();
  if (error.kind == ErrorKind::kSuperseded || error.kind == ErrorKind::kCancelled) return Fail(std::move(error));
  if (stage_) {
    emit_({.kind = Event::Kind::kStageFailed,
           .generation = generation_,
           .stage = stage_,
           .took = client_.Now() - stage_began_,
           .text = error.Text()});
  }
  // What is not the branch's fault is tried again by whoever called, under a new number.
  Attempt& attempt = *found_.record.last_attempt;
  attempt.result = error.kind == ErrorKind::kUnavailable ? Attempt::Result::kInterrupted : Attempt::Result::kFailed;
  attempt.stage = stage_;
  attempt.reason = error.Text();
  attempt.ended_at = found_.record.updated_at = client_.Now();
  const Status written = records_->Write(found_);
  if (!written && written.error().kind == ErrorKind::kSuperseded) return written;
  return Fail(std::move(error));
}

}  // namespace perch::beanstalk
