#include "local/platform.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "local/deployment.h"
#include "local/guest_log.h"
#include "local/health.h"
#include "local/platform_impl.h"
#include "local/tree.h"

namespace perch::local {
namespace {

namespace fs = std::filesystem;

constexpr int kGuestUids = 1000;

Error NoEnvironment(const std::string& branch) {
  return {.kind = ErrorKind::kNotFound, .what = "the branch has no environment", .where = branch};
}

}  // namespace

LocalPlatform::Impl::Impl(Options o, engine::BranchSource& b, engine::Traffic& t)
    : options(std::move(o)),
      layout{options.state_folder},
      branches(b),
      traffic(t),
      containers(options.docker, options.state_folder, options.app) {
  next_port = unsigned(std::hash<std::string>()(options.state_folder.string() + std::to_string(getpid())) % 12'000);
  watch_ = std::make_unique<AppWatch>(
      [this](const std::string& slug, const ProcessId& keeper, bool alive) { AppChanged(slug, keeper, alive); });
}

LocalPlatform::Impl::~Impl() {
  watch_.reset();
  comebacks_.clear();
}

Status LocalPlatform::Impl::TakeStateFolder() {
  Status made = MakeFolders(layout.root, 0700);
  if (made && chmod(layout.root.c_str(), 0700) != 0) {
    made = Fail({.what = "cannot use the state folder", .where = layout.root, .why = ErrnoText(errno)});
  }
  for (const fs::path& folder : {layout.Environments(), layout.Releases(), layout.Seeds()}) {
    if (made) made = MakeFolders(folder, 0700);
  }
  if (!made) return made;
  const fs::path file = layout.root / "platform.lock";
  lock_ = UniqueFd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_) return Fail({.what = "cannot use the state folder", .where = file, .why = ErrnoText(errno)});
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return {};
  return Fail({.kind = ErrorKind::kRefused,
               .what = "another perch uses this state folder",
               .where = layout.root,
               .hint = "Stop it first, or give this one a state folder of its own."});
}

Status LocalPlatform::Impl::LoadRecords() {
  for (const std::string& slug : NamesIn(layout.Environments())) {
    Result<Record> record = LoadRecord(layout, slug);
    if (!record) {
      // Made by a crash between mkdir and the first record, or damaged by somebody: the first holds nothing, the second
      // is not ours to judge.
      if (record.error().kind == ErrorKind::kNotFound) {
        if (const Status removed = RemoveTree(layout.Environment(slug)); !removed) return removed;
      } else {
        Log(LogLevel::kError, record.error().Text());
      }
      continue;
    }
    const SlotPtr slot = std::make_shared<Slot>();
    slot->record = *std::move(record);
    for (const RunningApp& app : slot->record.Apps()) ports.insert(app.port);
    slots[slug] = slot;
  }
  return {};
}

SlotPtr LocalPlatform::Impl::FindSlot(const std::string& slug) {
  const std::lock_guard lock(mutex);
  const auto it = slots.find(slug);
  return it == slots.end() ? nullptr : it->second;
}

SlotPtr LocalPlatform::Impl::FindSlotOf(const std::string& branch) {
  for (const SlotPtr& slot : Slots()) {
    const std::lock_guard lock(slot->mutex);
    if (slot->record.environment.branch == branch && slot->record.environment.app == options.app) return slot;
  }
  return nullptr;
}

std::vector<SlotPtr> LocalPlatform::Impl::Slots() {
  const std::lock_guard lock(mutex);
  std::vector<SlotPtr> all;
  for (const auto& [slug, slot] : slots) all.push_back(slot);
  return all;
}

Result<SlotPtr> LocalPlatform::Impl::CreateSlot(const Step& step) {
  const SlotPtr slot = std::make_shared<Slot>();
  Record& record = slot->record;
  record.environment = {.app = options.app,
                        .branch = step.branch,
                        .slug = step.slug,
                        .owner_mark = std::string(kOwnerMark),
                        .profile = step.profile,
                        .url = options.url_for(step.slug),
                        .created_at = options.clock(),
                        .updated_at = options.clock()};
  const std::lock_guard lock(mutex);
  if (slots.contains(step.slug)) {
    return Fail({.kind = ErrorKind::kRefused, .what = "the name is taken by another branch", .where = step.slug});
  }
  if (geteuid() == 0) {
    std::set<std::uint32_t> taken;
    for (const auto& [slug, other] : slots) {
      const std::lock_guard reading(other->mutex);
      taken.insert(other->record.uid);
    }
    const uid_t first = FirstGuestUid(fs::weakly_canonical(layout.root));
    for (uid_t uid = first; uid < first + kGuestUids && record.uid == 0; ++uid) {
      if (!taken.contains(uid)) record.uid = uid;
    }
    if (record.uid == 0) {
      return Fail({.kind = ErrorKind::kUnavailable,
                   .what = "there are no users left for another environment",
                   .why = std::to_string(kGuestUids) + " is the most that one state folder can have"});
    }
  }
  Status made = MakeFolders(layout.Environment(step.slug), 0700);
  if (made) made = SaveRecord(layout, record);
  if (!made) return Fail(made.error());
  slots[step.slug] = slot;
  return slot;
}

void LocalPlatform::Impl::ForgetSlot(const std::string& slug) {
  const std::lock_guard lock(mutex);
  if (const auto it = slots.find(slug); it != slots.end()) {
    it->second->gone = true;
    slots.erase(it);
  }
}

Record LocalPlatform::Impl::Read(const SlotPtr& slot) {
  const std::lock_guard lock(slot->mutex);
  return slot->record;
}

Status LocalPlatform::Impl::Change(const SlotPtr& slot, const std::function<void(Record&)>& change) {
  const std::lock_guard lock(slot->mutex);
  Record changed = slot->record;
  change(changed);
  changed.environment.updated_at = options.clock();
  if (Status saved = SaveRecord(layout, changed); !saved) {
    if (saved.error().why == ErrnoText(ENOSPC)) saved.error().kind = ErrorKind::kUnavailable;
    return saved;
  }
  slot->record = std::move(changed);
  return {};
}

Status LocalPlatform::Impl::CheckFence(const Record& record, const Step& step) const {
  const Environment& e = record.environment;
  if (e.owner_mark != kOwnerMark || e.app != options.app || e.branch != step.branch) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "the environment is not this perch's",
                 .where = e.slug,
                 .why = "it belongs to branch " + Printable(e.branch) + " of " + Printable(e.app)});
  }
  if (e.generation != step.generation) {
    return Fail(
        {.kind = ErrorKind::kSuperseded,
         .what = "the environment has changed since this was planned",
         .where = step.branch,
         .why = "generation " + std::to_string(e.generation) + ", planned for " + std::to_string(step.generation)});
  }
  return {};
}

LocalPlatform::LocalPlatform(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LocalPlatform::~LocalPlatform() = default;

Result<std::unique_ptr<LocalPlatform>> LocalPlatform::Open(Options options, engine::BranchSource& branches,
                                                           engine::Traffic& traffic) {
  auto impl = std::make_unique<Impl>(std::move(options), branches, traffic);
  if (const Status taken = impl->TakeStateFolder(); !taken) return Fail(taken.error());
  if (!impl->options.trust_branches) {
    const uid_t uid = geteuid() == 0 ? FirstGuestUid(fs::weakly_canonical(impl->layout.root)) + kGuestUids - 1 : 0;
    if (const Status works = SandboxWorks(uid); !works) return Fail(works.error());
  }
  if (const Status loaded = impl->LoadRecords(); !loaded) return Fail(loaded.error());
  return std::unique_ptr<LocalPlatform>(new LocalPlatform(std::move(impl)));
}

Status LocalPlatform::Validate(const Settings& settings) const {
  if (!settings.dockerfile.empty()) {
    if (settings.writable.empty()) return {};
    const Value* run = settings.values.Find("run");
    const Value* writable = run ? run->Find("writable") : nullptr;
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "run.writable cannot be used here",
                 .where = writable ? writable->at.Text() : "run.writable",
                 .why = "the code is in a container image, and has its permissions from there",
                 .hint = "Make the folders writable for everybody in the Dockerfile."});
  }
  if (settings.run.empty()) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "there is no command to run",
                 .where = "run.command",
                 .hint = "Say in perch.yaml how the app starts; it must listen on $PORT."});
  }
  return {};
}

Result<std::vector<Environment>> LocalPlatform::List() {
  std::vector<Environment> all;
  for (const SlotPtr& slot : impl_->Slots()) {
    Environment environment = impl_->Read(slot).environment;
    if (environment.app == impl_->options.app) all.push_back(std::move(environment));
  }
  return all;
}

Result<std::optional<Environment>> LocalPlatform::Find(const std::string& branch) {
  const SlotPtr slot = impl_->FindSlotOf(branch);
  if (!slot) return std::optional<Environment>();
  return std::optional(impl_->Read(slot).environment);
}

Status LocalPlatform::Deploy(const engine::DeployRequest& request, const engine::Emit& emit, std::stop_token stop) {
  if (const Status valid = Validate(request.settings); !valid) return valid;
  if (request.step.action == Action::kReplace) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "the environment is not replaced",
                 .where = request.step.branch,
                 .why = "on this machine everything can change in place"});
  }
  SlotPtr slot = impl_->FindSlot(request.step.slug);
  if (!slot && request.step.generation == 0) {
    Result<SlotPtr> created = impl_->CreateSlot(request.step);
    if (!created) return Fail(created.error());
    slot = *std::move(created);
  }
  if (!slot) {
    return Fail({.kind = ErrorKind::kSuperseded, .what = "the environment is gone", .where = request.step.branch});
  }
  const std::lock_guard working(slot->working);
  const Record record = impl_->Read(slot);
  if (slot->gone)
    return Fail({.kind = ErrorKind::kSuperseded, .what = "the environment is gone", .where = request.step.branch});
  if (const Status fence = impl_->CheckFence(record, request.step); !fence) return fence;
  if (record.environment.deleting) {
    return Fail(
        {.kind = ErrorKind::kSuperseded, .what = "the environment is being deleted", .where = request.step.branch});
  }
  return Deployment(*impl_, slot, request, emit, stop).Run();
}

Status LocalPlatform::RecordFailure(const Step& step, const std::string& reason) {
  SlotPtr slot = impl_->FindSlot(step.slug);
  if (!slot) {
    Result<SlotPtr> created = impl_->CreateSlot(step);
    if (!created) return Fail(created.error());
    slot = *std::move(created);
  }
  const std::lock_guard working(slot->working);
  if (const Status fence = impl_->CheckFence(impl_->Read(slot), step); !fence) return fence;
  return impl_->Change(slot, [&](Record& record) {
    Environment& e = record.environment;
    const Time now = impl_->options.clock();
    ++e.generation;
    e.state = State::kFailed;
    e.reason = reason;
    e.last_attempt = Attempt{.generation = e.generation,
                             .commit = step.commit,
                             .settings_hash = step.settings_hash,
                             .result = Attempt::Result::kFailed,
                             .reason = reason,
                             .started_at = now,
                             .ended_at = now};
  });
}

Result<engine::LogPiece> LocalPlatform::ReadLog(const std::string& branch, std::uint64_t generation, Stage stage,
                                                std::uint64_t from, std::size_t limit) {
  const SlotPtr slot = impl_->FindSlotOf(branch);
  if (!slot) return Fail(NoEnvironment(branch));
  const Record record = impl_->Read(slot);
  const std::string& slug = record.environment.slug;
  const std::optional<Attempt>& attempt = record.environment.last_attempt;
  if (generation == 0) {
    // The newest attempt that came so far as to have this log.
    generation = attempt ? attempt->generation : record.environment.generation;
    if (stage == Stage::kStart && record.serving && !record.candidate) generation = record.serving->generation;
  }
  bool grows = attempt && attempt->generation == generation && attempt->result == Attempt::Result::kRunning;
  if (stage == Stage::kStart) {
    for (const RunningApp& app : record.Apps()) grows |= app.generation == generation;
  } else if (grows && attempt->stage) {
    grows = *attempt->stage <= stage;
  }
  Result<engine::LogPiece> piece =
      ReadLogPiece(impl_->layout.Log(slug, generation), std::string(StageName(stage)), from, limit);
  if (piece) piece->ended = !grows && piece->text.size() < limit;
  return piece;
}

void LocalPlatform::OnChange(std::function<void(const std::string& branch)> callback) {
  const std::lock_guard lock(impl_->mutex);
  impl_->on_change = std::move(callback);
}

}  // namespace perch::local
