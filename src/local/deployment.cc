#include "local/deployment.h"

#include <sys/stat.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/process.h"
#include "base/text.h"
#include "local/proc.h"
#include "local/tree.h"

namespace perch::local {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

milliseconds Since(Clock::time_point then) { return std::chrono::duration_cast<milliseconds>(Clock::now() - then); }

/// What of an error people read as the reason of a failed attempt.
std::string ReasonOf(const Error& error) { return error.why.empty() ? error.what : error.what + ": " + error.why; }

}  // namespace

Error Cancelled() { return {.kind = ErrorKind::kCancelled, .what = "the deployment was cancelled"}; }

Deployment::Deployment(LocalPlatform::Impl& platform, SlotPtr slot, const engine::DeployRequest& request,
                       const engine::Emit& emit, std::stop_token stop)
    : platform_(platform),
      slot_(std::move(slot)),
      request_(request),
      emit_(emit),
      stop_(std::move(stop)),
      settings_(request.settings),
      begun_(Clock::now()),
      secrets_(std::make_shared<Redactor>()),
      slug_(request.step.slug) {
  for (const auto& [name, secret] : settings_.secrets) secrets_->Add(secret);
}

Deployment::~Deployment() {
  if (release_.empty()) return;
  const std::lock_guard lock(platform_.mutex);
  platform_.releases_in_use.erase(platform_.releases_in_use.find(release_));
}

Status Deployment::Run() {
  if (const Status begun = BeginAttempt(); !begun) return begun;
  return EndAttempt(Steps());
}

Status Deployment::Steps() {
  if (Status s = MakeRelease(); !s) return s;
  if (Status s = PrepareData(); !s) return s;
  if (Status s = StartApp(); !s) return s;
  if (Status s = Switch(); !s) return s;
  Retire();
  return {};
}

Status Deployment::BeginAttempt() {
  const Status changed = platform_.Change(slot_, [&](Record& record) {
    Environment& e = record.environment;
    ++e.generation;
    e.profile = request_.step.profile;
    e.url = platform_.options.url_for(slug_);
    e.state = State::kBuilding;
    e.reason.clear();
    e.stopped = false;
    e.last_attempt = Attempt{.generation = e.generation,
                             .commit = request_.branch.commit,
                             .settings_hash = settings_.hash,
                             .started_at = platform_.options.clock()};
    generation_ = e.generation;
  });
  if (!changed) return changed;
  if (Status made = MakeFolders(platform_.layout.Log(slug_, generation_), 0700); !made) return EndAttempt(made);
  for (const std::string& notice : settings_.notices) Emit({.kind = Event::Kind::kNotice, .text = notice});
  return {};
}

Status Deployment::EndAttempt(Status status) {
  if (status) return status;
  Error error = status.error();
  const Record before = platform_.Read(slot_);
  if (before.candidate) platform_.EndApp(*before.candidate);
  if (data_ != 0 && data_ != before.data) {
    [[maybe_unused]] const Status removed = RemoveTree(platform_.layout.Data(slug_, data_));
  }
  const bool interrupted = error.kind == ErrorKind::kCancelled || error.kind == ErrorKind::kSuperseded;
  const Status changed = platform_.Change(slot_, [&](Record& record) {
    Environment& e = record.environment;
    record.candidate.reset();
    if (e.last_attempt && e.last_attempt->generation == generation_) {
      e.last_attempt->result = interrupted ? Attempt::Result::kInterrupted : Attempt::Result::kFailed;
      e.last_attempt->reason = ReasonOf(error);
      e.last_attempt->ended_at = platform_.options.clock();
    }
    e.state = !interrupted ? State::kFailed : record.serving ? State::kReady : State::kQueued;
    e.reason = interrupted ? "" : ReasonOf(error);
  });
  if (!changed) Log(LogLevel::kError, changed.error().Text());
  if (error.where.empty()) error.where = request_.branch.name;
  return Fail(error);
}

void Deployment::Emit(Event event) {
  event.branch = request_.branch.name;
  event.slug = slug_;
  event.commit = request_.branch.commit;
  event.generation = generation_;
  if (emit_) emit_(std::move(event));
}

LogWriter Deployment::OpenLog(Stage stage) {
  return LogWriter(platform_.layout.Log(slug_, generation_), std::string(StageName(stage)), settings_.limits.log,
                   secrets_);
}

void Deployment::Started(Stage stage, State state) {
  stage_begun_ = Clock::now();
  {
    // Not worth a write to the disk: after a crash the attempt counts as interrupted, wherever it was.
    const std::lock_guard lock(slot_->mutex);
    slot_->record.environment.state = state;
    if (slot_->record.environment.last_attempt) slot_->record.environment.last_attempt->stage = stage;
  }
  Emit({.kind = Event::Kind::kStageStarted, .state = state, .stage = stage});
}

Status Deployment::Finished(Stage stage, Status status) {
  const milliseconds took = Since(stage_begun_);
  if (status) {
    Emit({.kind = Event::Kind::kStageFinished, .stage = stage, .took = took});
  } else {
    Emit({.kind = Event::Kind::kStageFailed, .stage = stage, .took = took, .text = ReasonOf(status.error())});
  }
  return status;
}

void Deployment::Skipped(Stage stage, const std::string& why) {
  Emit({.kind = Event::Kind::kStageFinished, .stage = stage, .text = why});
}

Status Deployment::RunStage(Stage stage, State state, const Body& body) {
  if (stop_.stop_requested()) return Fail(Cancelled());
  Started(stage, state);
  LogWriter log = OpenLog(stage);
  Status status = body(log);
  if (!status && stop_.stop_requested()) status = Fail(Cancelled());
  if (!status) log.Note(ReasonOf(status.error()));
  return Finished(stage, std::move(status));
}

Status Deployment::RunCommand(const Command& command, Guest guest, milliseconds timeout, LogWriter& log) {
  guest.argv = command.argv;
  const Launch launch(guest);
  const pid_t parent = getpid();
  StreamMask also(platform_.options.redactor);
  const auto result = RunProcess({.argv = launch.argv(),
                                  .env = launch.env(),
                                  .cwd = launch.cwd(),
                                  .timeout = timeout,
                                  .on_output = [&](std::string_view piece) { log.Write(also.Feed(piece)); },
                                  .in_child = [&] { launch.PrepareChild(parent); }},
                                 stop_);
  if (!result) return Fail(result.error());
  log.Write(also.Finish());
  log.Flush();
  if (result->Succeeded()) return {};
  if (result->cancelled) return Fail(Cancelled());
  return Fail(
      {.why = result->timed_out ? "it took longer than " + FormatDuration(timeout) : DescribeExit(result->exit_code),
       .hint = "Its log says more: perch logs " + request_.branch.name});
}

Status Deployment::MakeRelease() {
  release_ = Sha256Hex(request_.branch.tree + "\n" + settings_.build_hash).substr(0, 32);
  {
    const std::lock_guard lock(platform_.mutex);
    platform_.releases_in_use.insert(release_);
  }
  const KeyLocks::Lock lock = platform_.builds.Take(release_, stop_);
  if (!lock) return Fail(Cancelled());
  const std::filesystem::path folder = platform_.layout.Release(release_);
  bool built = IsSealed(folder);
  if (InContainers()) {
    if (Status available = platform_.containers.docker().Available(stop_); !available) return available;
    const Result<bool> has = platform_.containers.HasImage(release_, stop_);
    if (!has) return Fail(has.error());
    built = built && *has;
  }
  if (built) {
    const std::string why = "the same files were built and tested before";
    for (const auto& [stage, command] :
         {std::pair(Stage::kBuild, &settings_.build), std::pair(Stage::kTest, &settings_.test)}) {
      if (!command->empty() || (stage == Stage::kBuild && InContainers())) Skipped(stage, why);
    }
    return {};
  }
  const std::filesystem::path temporary = folder.string() + ".tmp-" + slug_ + "-" + std::to_string(generation_);
  Status made = RemoveTree(folder);
  if (made) made = RemoveTree(temporary);
  if (made) made = MakeFolders(temporary, 0755);
  if (made) made = MakeFolders(temporary / "tree", 0755);
  if (made) made = InContainers() ? BuildAndTestImage(temporary) : BuildAndTest(temporary);
  if (made) made = WriteFileAtomically(temporary / "sealed", BootId() + "\n", 0644);
  if (made && rename(temporary.c_str(), folder.c_str()) != 0) {
    made = Fail(DiskError("cannot publish a release", folder, errno));
  }
  if (!made) {
    [[maybe_unused]] const Status removed = RemoveTree(temporary);
  }
  return made;
}

Status Deployment::BuildAndTest(const std::filesystem::path& folder) {
  const std::filesystem::path tree = folder / "tree";
  Status made = RunStage(Stage::kCheckout, State::kBuilding, [&](LogWriter&) -> Status {
    return platform_.branches.CheckOut(request_.branch.commit, tree, stop_);
  });
  if (!made) return made;
  const Record record = platform_.Read(slot_);
  Guest guest = platform_.MakeGuest(settings_, record, request_.branch.commit, false);
  guest.scratch_data = true;
  guest.cwd = guest.sandboxed ? std::string(kGuestApp) : tree.string();
  guest.binds.push_back({tree, kGuestApp, true});
  if (!settings_.build.empty() || !settings_.test.empty()) {
    // Builds may need more room for temporary files than memory has.
    for (const auto& [name, target] : {std::pair("tmp", "/tmp"), std::pair("home", kGuestHome)}) {
      const std::filesystem::path scratch = folder / name;
      if (made) made = MakeFolders(scratch, 0700);
      guest.binds.push_back({scratch, target, true});
    }
    if (made) made = GiveTree(folder, record.uid);
    if (!made) return made;
  }
  const auto run = [&](Stage stage, State state, const Command& command, const char* failed,
                       milliseconds timeout) -> Status {
    if (command.empty()) return {};
    return RunStage(stage, state, [&](LogWriter& log) -> Status {
      Status ran = RunCommand(command, guest, timeout, log);
      if (!ran && ran.error().what.empty()) ran.error().what = failed;
      return ran;
    });
  };
  made = run(Stage::kBuild, State::kBuilding, settings_.build, "the build failed", settings_.limits.build_timeout);
  if (made)
    made = run(Stage::kTest, State::kTesting, settings_.test, "the tests failed", settings_.limits.test_timeout);
  if (!made) return made;
  for (const char* name : {"tmp", "home"}) {
    if (made) made = RemoveTree(folder / name);
  }
  if (made) made = SealTree(tree);
  if (made && chown(folder.c_str(), geteuid(), getegid()) != 0)
    made = Fail(DiskError("cannot seal a release", folder, errno));
  return made;
}

Status Deployment::StartApp() {
  app_ = {.generation = generation_,
          .commit = request_.branch.commit,
          .tree = request_.branch.tree,
          .settings_hash = settings_.hash,
          .release = release_,
          .data = data_};
  if (InContainers()) app_.container = NewContainerName();
  if (stop_.stop_requested()) return Fail(Cancelled());
  Stage stage = Stage::kStart;
  Started(stage, State::kStarting);
  const LocalPlatform::Impl::StartHooks hooks{
      .record =
          [&](const RunningApp& app) {
            return platform_.Change(slot_, [&](Record& record) { record.candidate = app; });
          },
      .listening =
          [&] {
            [[maybe_unused]] const Status finished = Finished(Stage::kStart, {});
            stage = Stage::kHealth;
            Started(stage, State::kStarting);
          }};
  Status status = MakeFolders(platform_.layout.Run(slug_), 0700);
  if (status) {
    auto started = platform_.StartApp(settings_, slot_, app_, hooks, stop_);
    if (started) {
      app_ = started->app;
      if (ListensEverywhere(app_.port)) {
        Emit({.kind = Event::Kind::kNotice,
              .text =
                  "the app listens on every address of this machine instead of $HOST: others can reach it past perch"});
      }
    } else {
      status = Fail(started.error());
    }
  }
  return Finished(stage, std::move(status));
}

Status Deployment::Switch() {
  if (stop_.stop_requested()) return Fail(Cancelled());
  if (const Status wanted = request_.still_wanted ? request_.still_wanted() : Status(); !wanted) return wanted;
  Started(Stage::kSwitch, State::kStarting);
  const Status changed = platform_.Change(slot_, [&](Record& record) {
    Environment& e = record.environment;
    record.retiring = record.serving;
    record.serving = app_;
    record.candidate.reset();
    record.data = data_;
    if (record.retiring && record.retiring->release != release_) record.previous_release = record.retiring->release;
    e.state = State::kReady;
    e.reason.clear();
    e.serving_commit = app_.commit;
    e.serving_tree = app_.tree;
    e.settings_hash = app_.settings_hash;
    if (e.last_attempt) {
      e.last_attempt->result = Attempt::Result::kSucceeded;
      e.last_attempt->ended_at = platform_.options.clock();
    }
  });
  if (!changed) return Finished(Stage::kSwitch, changed);
  platform_.traffic.Route(slug_, app_.port);
  platform_.WatchApp(slot_);
  [[maybe_unused]] const Status finished = Finished(Stage::kSwitch, {});
  Emit({.kind = Event::Kind::kSwitched, .state = State::kReady, .took = Since(begun_)});
  return {};
}

void Deployment::Retire() {
  const Record record = platform_.Read(slot_);
  if (record.retiring) {
    Started(Stage::kRetire, State::kReady);
    platform_.traffic.Drain(record.retiring->port, platform_.options.drain_timeout);
    const bool ended = platform_.EndApp(*record.retiring);
    Status changed;
    if (ended) changed = platform_.Change(slot_, [](Record& r) { r.retiring.reset(); });
    if (!ended) changed = Fail({.what = "some processes of the replaced release would not end"});
    [[maybe_unused]] const Status finished = Finished(Stage::kRetire, std::move(changed));
  }
  MakeDurable(platform_.layout.Release(release_));
  platform_.CollectReleases();
  platform_.CollectFolders(slot_);
}

}  // namespace perch::local
