#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "local/platform.h"
#include "local/platform_impl.h"
#include "local/tree.h"

/// Stop, delete, and the end of all.
namespace perch::local {
namespace {

namespace fs = std::filesystem;

/// Ends all of an environment's processes, recorded or not; false when some would not die.
bool EndAll(LocalPlatform::Impl& platform, const Record& record) {
  bool ended = true;
  for (const RunningApp& app : record.Apps()) ended = platform.EndApp(app) && ended;
  if (record.uid != 0) ended = KillAllOf(record.uid, std::chrono::seconds(10)) && ended;
  return ended;
}

engine::Emit WithIdentity(const engine::Emit& emit, const Step& step) {
  return [&emit, &step](Event event) {
    event.branch = step.branch;
    event.slug = step.slug;
    event.commit = step.commit;
    if (emit) emit(std::move(event));
  };
}

}  // namespace

Status LocalPlatform::Stop(const Step& step, const engine::Emit& emit) {
  const SlotPtr slot = impl_->FindSlot(step.slug);
  if (!slot) return Fail({.kind = ErrorKind::kNotFound, .what = "the branch has no environment", .where = step.branch});
  const std::lock_guard working(slot->working);
  const Record before = impl_->Read(slot);
  if (const Status fence = impl_->CheckFence(before, step); !fence) return fence;
  const Status changed = impl_->Change(slot, [&](Record& record) {
    Environment& e = record.environment;
    ++e.generation;
    e.stopped = true;
    e.stopped_commit = step.commit;
    e.stopped_settings_hash = step.settings_hash;
    e.state = State::kStopped;
    e.reason = step.reason;
    e.serving_commit.clear();
    e.serving_tree.clear();
  });
  if (!changed) return changed;
  impl_->watch().Remove(step.slug);
  impl_->traffic.Unroute(step.slug);
  if (!EndAll(*impl_, before)) {
    return Fail(
        {.what = "some processes would not end", .where = step.branch, .hint = "Try again, or look at them with ps."});
  }
  const Status cleared = impl_->Change(slot, [](Record& record) {
    record.serving.reset();
    record.candidate.reset();
    record.retiring.reset();
  });
  if (!cleared) return cleared;
  WithIdentity(emit, step)(
      {.kind = Event::Kind::kState, .generation = step.generation + 1, .state = State::kStopped, .text = step.reason});
  return {};
}

Status LocalPlatform::Delete(const Step& step, const engine::Emit& emit) {
  const SlotPtr slot = impl_->FindSlot(step.slug);
  if (!slot) return {};  // it is gone: what was asked for
  const std::lock_guard working(slot->working);
  if (slot->gone) return {};
  const Record before = impl_->Read(slot);
  if (const Status fence = impl_->CheckFence(before, step); !fence) return fence;
  const Status changed = impl_->Change(slot, [&](Record& record) {
    // A deletion that goes on after a crash keeps its generation: the planner's step was made for it.
    if (!record.environment.deleting) ++record.environment.generation;
    record.environment.deleting = true;
    record.environment.state = State::kDeleting;
    record.environment.reason = step.reason;
  });
  if (!changed) return changed;
  const engine::Emit tell = WithIdentity(emit, step);
  tell(
      {.kind = Event::Kind::kState, .generation = step.generation + 1, .state = State::kDeleting, .text = step.reason});
  impl_->watch().Remove(step.slug);
  impl_->traffic.Unroute(step.slug);
  if (!EndAll(*impl_, before)) {
    return Fail({.what = "some processes would not end", .where = step.branch, .hint = "perch tries again by itself."});
  }
  // The record goes last: as long as anything is left, it says that this is being deleted.
  const fs::path folder = impl_->layout.Environment(step.slug);
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path() == impl_->layout.Record(step.slug)) continue;
    if (const Status removed = RemoveTree(it->path()); !removed) return removed;
  }
  if (error) return Fail(DiskError("cannot delete the environment's folder", folder, error.value()));
  if (const Status removed = RemoveTree(folder); !removed) return removed;
  if (fs::exists(fs::symlink_status(folder, error)) || (before.uid != 0 && !ProcessesOf(before.uid).empty())) {
    return Fail({.what = "the environment is not gone yet", .where = folder});
  }
  impl_->ForgetSlot(step.slug);
  impl_->CollectReleases();
  tell({.kind = Event::Kind::kDeleted, .generation = step.generation + 1, .state = State::kGone, .text = step.reason});
  return {};
}

void LocalPlatform::ShutdownAll() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->shutting_down = true;
  }
  std::vector<std::jthread> enders;
  for (const SlotPtr& slot : impl_->Slots()) {
    const Record record = impl_->Read(slot);
    if (!record.serving && !record.candidate && !record.retiring) continue;
    impl_->watch().Remove(record.environment.slug);
    // Each may take its stop time; they share the wait.
    enders.emplace_back([this, slot] {
      const std::lock_guard working(slot->working);
      const Record now = impl_->Read(slot);
      impl_->traffic.Unroute(now.environment.slug);
      EndAll(*impl_, now);
    });
  }
}

}  // namespace perch::local
