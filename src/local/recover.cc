#include <semaphore>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "local/health.h"
#include "local/platform.h"
#include "local/platform_impl.h"
#include "local/tree.h"

/// What serve does first: it makes the records true again.
namespace perch::local {
namespace {

namespace fs = std::filesystem;

class Recovery {
 public:
  Recovery(LocalPlatform::Impl& platform, SlotPtr slot, std::stop_token stop)
      : platform_(platform), slot_(std::move(slot)), stop_(std::move(stop)) {}

  void Run() {
    const std::lock_guard working(slot_->working);
    Record record = platform_.Read(slot_);
    const bool recorded = EndLeftovers(record);
    if (record.environment.deleting || !record.serving) return;
    const bool stopped = record.environment.stopped;
    // What is well is shown, even while the disk is too full to write anything down.
    if (!stopped && Alive(record.serving->keeper) && platform_.Listens(*record.serving)) return Adopt(*record.serving);
    if (!recorded) return;
    platform_.EndApp(*record.serving);
    if (record.uid != 0) KillAllOf(record.uid, std::chrono::seconds(10));
    if (stopped) {
      [[maybe_unused]] const Status changed = platform_.Change(slot_, [](Record& r) { r.serving.reset(); });
      return;
    }
    StartAgain(*record.serving);
  }

 private:
  /// Unfinished attempts and releases that were being replaced. False when the disk refuses.
  bool EndLeftovers(const Record& record) {
    for (const auto& app : {record.candidate, record.retiring}) {
      if (app) platform_.EndApp(*app);
    }
    const std::optional<Attempt>& attempt = record.environment.last_attempt;
    const bool unfinished = attempt && attempt->result == Attempt::Result::kRunning;
    if (!record.candidate && !record.retiring && !unfinished) return true;
    const Status changed = platform_.Change(slot_, [&](Record& r) {
      Environment& e = r.environment;
      r.candidate.reset();
      r.retiring.reset();
      if (unfinished) {
        e.last_attempt->result = Attempt::Result::kInterrupted;
        e.last_attempt->reason = "perch was stopped while it worked on this";
        e.last_attempt->ended_at = platform_.options.clock();
        e.state = r.serving ? State::kReady : State::kQueued;
        e.reason = r.serving ? "" : e.last_attempt->reason;
      }
    });
    if (!changed) Log(LogLevel::kError, changed.error().Text());
    return changed.has_value();
  }

  void Adopt(const RunningApp& app) {
    const Record record = platform_.Read(slot_);
    platform_.traffic.Route(record.environment.slug, app.port);
    platform_.WatchApp(slot_);
  }

  void StartAgain(const RunningApp& before) {
    const std::string branch = platform_.Read(slot_).environment.branch, slug = platform_.Read(slot_).environment.slug;
    const auto begin = platform_.Change(slot_, [](Record& r) {
      r.environment.state = State::kStarting;
      r.environment.reason = "starting again after a restart of perch";
      r.serving.reset();
    });
    if (!begin) return Log(LogLevel::kError, begin.error().Text());
    RunningApp app = before;
    Status status = Launch(app, branch);
    const Status changed = platform_.Change(slot_, [&](Record& r) {
      Environment& e = r.environment;
      r.candidate.reset();
      if (status) {
        r.serving = app;
        e.state = State::kReady;
        e.reason.clear();
        return;
      }
      e.serving_commit.clear();
      e.serving_tree.clear();
      e.state = State::kQueued;
      e.reason = status.error().Text();
      // Not the branch's fault: marked so that the planner tries once more by itself.
      if (e.last_attempt && e.last_attempt->result == Attempt::Result::kSucceeded) {
        e.last_attempt->result = Attempt::Result::kInterrupted;
        e.last_attempt->reason = e.reason;
      }
    });
    if (!changed) return Log(LogLevel::kError, changed.error().Text());
    if (status) Adopt(app);
  }

  Status Launch(RunningApp& app, const std::string& branch) {
    if (!IsSealed(platform_.layout.Release(app.release))) {
      return Fail({.kind = ErrorKind::kNotFound, .what = "its release is gone"});
    }
    if (!platform_.options.settings_for) return Fail({.what = "nobody knows its settings"});
    const Result<Settings> settings =
        platform_.options.settings_for(Branch{.name = branch, .commit = app.commit, .tree = app.tree});
    if (!settings) return Fail(settings.error());
    const LocalPlatform::Impl::StartHooks hooks{.record = [&](const RunningApp& started) {
      return platform_.Change(slot_, [&](Record& r) { r.candidate = started; });
    }};
    auto started = platform_.StartApp(*settings, slot_, app, hooks, stop_);
    if (!started) return Fail(started.error());
    app = started->app;
    return {};
  }

  LocalPlatform::Impl& platform_;
  const SlotPtr slot_;
  const std::stop_token stop_;
};

void RemoveUnfinished(const fs::path& folder) {
  for (const std::string& name : NamesIn(folder)) {
    if (name.find('.') == std::string::npos) continue;
    if (const Status removed = RemoveTree(folder / name); !removed) Log(LogLevel::kWarning, removed.error().Text());
  }
}

}  // namespace

Status LocalPlatform::Recover(std::stop_token stop) {
  RemoveUnfinished(impl_->layout.Releases());
  RemoveUnfinished(impl_->layout.Seeds());
  impl_->CollectContainers();
  std::vector<SlotPtr> slots = impl_->Slots();
  std::atomic<std::size_t> next = 0;
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < std::max(1, impl_->options.parallel) && std::size_t(i) < slots.size(); ++i) {
      workers.emplace_back([&] {
        for (std::size_t at; (at = next++) < slots.size() && !stop.stop_requested();) {
          Recovery(*impl_, slots[at], stop).Run();
        }
      });
    }
  }
  impl_->CollectReleases();
  for (const SlotPtr& slot : slots) impl_->CollectFolders(slot);
  return {};
}

}  // namespace perch::local
