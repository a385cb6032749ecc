#include <signal.h>
#include <sys/wait.h>

#include <thread>

#include "base/log.h"
#include "base/process.h"
#include "base/text.h"
#include "local/guest_log.h"
#include "local/health.h"
#include "local/platform_impl.h"

namespace perch::local {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint16_t kFirstPort = 20000, kPortCount = 12000;  // below Linux' ephemeral ports (32768 and up)
constexpr int kPortTries = 5;

Error StartError(std::string why) { return {.what = "the app did not start", .why = std::move(why)}; }

std::string WithLastLine(std::string text, const std::filesystem::path& folder) {
  std::string last;
  for (const std::string& line : LastLines(folder, std::string(StageName(Stage::kStart)), 8)) {
    if (!line.starts_with("perch: ")) last = Printable(line);
  }
  if (!last.empty()) text.append(": ").append(last);
  return text;
}

/// Programs that get no more memory abort, crash or are killed; they seldom say why.
std::string MemoryHint(int code, std::int64_t limit) {
  const int signal = code - 128;
  if (signal != SIGABRT && signal != SIGSEGV && signal != SIGKILL && signal != SIGTRAP) return "";
  return "; limits.memory is " + FormatBytes(limit);
}

/// Waits until an app under a fresh keeper is well, and says in words why it is not.
class HealthWait {
 public:
  enum class End { kHealthy, kPortTaken, kFailed, kCancelled };

  HealthWait(Keeper& keeper, const Settings& settings, std::uint16_t port, std::string host,
             std::filesystem::path log_folder, std::function<bool()> runs, std::stop_token stop)
      : keeper_(keeper),
        settings_(settings),
        port_(port),
        host_(std::move(host)),
        log_folder_(std::move(log_folder)),
        container_runs_(std::move(runs)),
        stop_(std::move(stop)),
        deadline_(Clock::now() + settings.health_timeout) {}

  End Run(const std::function<void()>& listening) {
    const End listens = UntilListening();
    if (listens != End::kHealthy) return listens;
    if (listening) listening();
    return UntilHealthy();
  }

  const std::string& reason() const { return reason_; }

 private:
  /// Waits one turn; an end when there is nothing more to wait for.
  std::optional<End> Turn() {
    const bool exited = WaitReadable(keeper_.process_fd(), pause_);
    pause_ = std::min(pause_ + pause_ / 4 + milliseconds(1), milliseconds(100));
    if (stop_.stop_requested()) return End::kCancelled;
    if (exited) {
      const int code = keeper_.ExitCode().value_or(0);
      reason_ = WithLastLine(code <= 128 ? "it ended at once with " + DescribeExit(code)
                                         : "it was " + DescribeExit(code) + MemoryHint(code, settings_.limits.memory),
                             log_folder_);
      return End::kFailed;
    }
    return std::nullopt;
  }

  End UntilListening() {
    while (true) {
      if (container_runs_) {
        if (container_runs_()) return End::kHealthy;  // the engine listens for it, from its start on
      } else if (Accepts(port_)) {
        const auto listener = Listener(port_, Descendants(keeper_.id().pid));
        if (listener && *listener != 0) return End::kHealthy;
        if (listener) return End::kPortTaken;
      }
      if (Clock::now() >= deadline_) break;
      if (const auto end = Turn()) return *end;
    }
    if (container_runs_) {
      reason_ = "its container did not start within " + FormatDuration(settings_.health_timeout);
      return End::kFailed;
    }
    std::vector<std::string> others;
    for (const std::uint16_t other : ListeningPorts(Descendants(keeper_.id().pid))) {
      others.push_back(std::to_string(other));
    }
    reason_ = others.empty()
                  ? "it did not listen on $PORT (" + std::to_string(port_) + ") of 127.0.0.1 within " +
                        FormatDuration(settings_.health_timeout)
                  : "it listens on port " + Join(others, ", ") + " instead of $PORT (" + std::to_string(port_) + ")";
    return End::kFailed;
  }

  End UntilHealthy() {
    pause_ = milliseconds(5);
    while (true) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - Clock::now());
      const auto status =
          GetStatus(port_, host_, settings_.health_path, std::clamp(left, milliseconds(100), milliseconds(5000)));
      if (status && (settings_.health_status ? *status == *settings_.health_status : *status < 500)) {
        return End::kHealthy;
      }
      // A last question that the deadline cut short says less than the answer before it.
      if (!status && !reason_.empty() && Clock::now() >= deadline_) return End::kFailed;
      reason_ =
          !status ? status.error() + (container_runs_ ? "; inside the container it must listen on port " +
                                                            std::to_string(InsidePort(settings_)) + " of every address"
                                                      : "")
                  : "GET " + settings_.health_path + " answers " + std::to_string(*status) +
                        (settings_.health_status ? ", not " + std::to_string(*settings_.health_status) : "");
      if (Clock::now() >= deadline_) return End::kFailed;
      if (const auto end = Turn()) return *end;
    }
  }

  Keeper& keeper_;
  const Settings& settings_;
  const std::uint16_t port_;
  const std::string host_;
  const std::filesystem::path log_folder_;
  const std::function<bool()> container_runs_;  // empty for processes
  const std::stop_token stop_;
  const Clock::time_point deadline_;
  milliseconds pause_{2};
  std::string reason_;
};

std::string HostOf(const std::string& url) {
  const std::size_t scheme = url.find("://");
  std::string host = scheme == std::string::npos ? url : url.substr(scheme + 3);
  host.resize(std::min(host.find('/'), host.size()));
  return host.empty() ? "localhost" : host;
}

}  // namespace

Result<std::uint16_t> LocalPlatform::Impl::TakePort() {
  const std::lock_guard lock(mutex);
  for (int tried = 0; tried < kPortCount; ++tried) {
    const std::uint16_t port = std::uint16_t(kFirstPort + next_port++ % kPortCount);
    if (!ports.contains(port) && IsFree(port)) {
      ports.insert(port);
      return port;
    }
  }
  return Fail({.kind = ErrorKind::kUnavailable,
               .what = "no port is free between " + std::to_string(kFirstPort) + " and " +
                       std::to_string(kFirstPort + kPortCount - 1)});
}

void LocalPlatform::Impl::GiveBackPort(std::uint16_t port) {
  const std::lock_guard lock(mutex);
  ports.erase(port);
}

Result<LocalPlatform::Impl::StartResult> LocalPlatform::Impl::StartApp(const Settings& settings, const SlotPtr& slot,
                                                                       RunningApp app, const StartHooks& hooks,
                                                                       std::stop_token stop) {
  const Record record = Read(slot);
  const std::string& slug = record.environment.slug;
  for (int tried = 1;; ++tried) {
    const Result<std::uint16_t> port = TakePort();
    if (!port) return Fail(port.error());
    app.port = *port;
    app.stop_timeout_ms = settings.stop_timeout.count();
    Result<Guest> guest = MakeAppGuest(settings, record, app);
    if (!guest) {
      GiveBackPort(app.port);
      return Fail(guest.error());
    }
    if (app.container.empty()) guest->argv = settings.run.argv;
    KeeperTask task{.guest = *std::move(guest),
                    .log_folder = layout.Log(slug, app.generation),
                    .log_name = std::string(StageName(Stage::kStart)),
                    .status_path = layout.KeeperStatus(slug, app.generation),
                    .stop_timeout = settings.stop_timeout,
                    .first_delay = options.restart_delay,
                    .quick_deaths = options.quick_deaths};
    for (const auto& [name, secret] : settings.secrets) task.secrets.push_back(secret.Reveal());
    Result<Keeper> keeper = Keeper::Spawn(options.self_exe, task);
    if (!keeper) {
      GiveBackPort(app.port);
      return Fail(keeper.error());
    }
    app.keeper = keeper->id();
    Status begun = hooks.record(app);
    if (begun) begun = keeper->Go();
    HealthWait::End end = HealthWait::End::kFailed;
    std::string reason;
    if (begun) {
      std::function<bool()> container_runs;
      if (!app.container.empty()) container_runs = [&] { return containers.Runs(app.container); };
      HealthWait wait(*keeper, settings, app.port, HostOf(record.environment.url), task.log_folder, container_runs,
                      stop);
      end = wait.Run(hooks.listening);
      reason = wait.reason();
      if (end == HealthWait::End::kHealthy) begun = keeper->Release();
      if (end == HealthWait::End::kHealthy && begun) return StartResult{*std::move(keeper), app};
    }
    EndApp(app);
    if (!begun) return Fail(begun.error());
    if (end == HealthWait::End::kCancelled) {
      return Fail({.kind = ErrorKind::kCancelled, .what = "the start was cancelled"});
    }
    if (end == HealthWait::End::kFailed || tried == kPortTries) {
      if (end == HealthWait::End::kPortTaken)
        reason = "port " + std::to_string(app.port) + " is taken by another program";
      return Fail(StartError(std::move(reason)));
    }
  }
}

bool LocalPlatform::Impl::EndApp(const RunningApp& app) {
  bool ended = EndKeeper(app.keeper, milliseconds(app.stop_timeout_ms));
  if (!app.container.empty()) {
    if (const Status removed = containers.Remove(app.container); !removed) {
      Log(LogLevel::kWarning, removed.error().Text());
      ended = false;
    }
  }
  GiveBackPort(app.port);
  return ended;
}

bool LocalPlatform::Impl::Listens(const RunningApp& app) const {
  if (!Accepts(app.port)) return false;
  if (!app.container.empty()) return containers.Runs(app.container);
  const auto listener = Listener(app.port, Descendants(app.keeper.pid));
  return listener && *listener != 0;
}

void LocalPlatform::Impl::WatchApp(const SlotPtr& slot) {
  const Record record = Read(slot);
  if (record.serving) {
    watch().Add(record.environment.slug, record.serving->keeper, layout.Run(record.environment.slug));
  }
}

void LocalPlatform::Impl::TellChange(const std::string& branch) {
  std::function<void(const std::string&)> callback;
  {
    const std::lock_guard lock(mutex);
    if (shutting_down) return;
    callback = on_change;
  }
  if (callback) callback(branch);
}

void LocalPlatform::Impl::AppChanged(const std::string& slug, const ProcessId& keeper, bool alive) {
  comebacks_.erase(slug);
  if (!alive) waitpid(keeper.pid, nullptr, WNOHANG);
  const SlotPtr slot = FindSlot(slug);
  if (!slot) return;
  const Record before = Read(slot);
  if (!before.serving || before.serving->keeper != keeper) return;
  {
    const std::lock_guard lock(mutex);
    if (shutting_down) return;
  }
  const RunningApp app = *before.serving;
  const auto status = ReadKeeperStatus(layout.KeeperStatus(slug, app.generation));
  const bool waits = status && status->phase == KeeperStatus::Phase::kWaiting;
  if (alive && !waits) {
    if (before.environment.state != State::kReady) {
      comebacks_[slug] = std::jthread([this, slot, app](std::stop_token stop) { AwaitComeback(slot, app, stop); });
    }
    return;
  }
  std::string reason;
  if (alive) {
    reason = "the app ended with " + DescribeExit(status->last_exit) + " and is being started again";
  } else {
    const bool again = status && status->last_exit >= 0;
    reason =
        WithLastLine("the app died" + (again ? " again and again, last with " + DescribeExit(status->last_exit) : ""),
                     layout.Log(slug, app.generation));
    EndApp(app);  // its container may have outlived it
  }
  const Status changed = Change(slot, [&](Record& record) {
    if (!record.serving || record.serving->keeper != keeper) return;
    traffic.Unroute(slug);  // under the record's lock, so that no later Route is undone
    if (!record.candidate && !record.environment.deleting) {  // a deploy under way tells the state itself
      record.environment.state = alive ? State::kStarting : State::kFailed;
      record.environment.reason = reason;
    }
    if (alive) return;
    record.serving.reset();
    record.environment.serving_commit.clear();
    record.environment.serving_tree.clear();
  });
  if (!changed) Log(LogLevel::kError, changed.error().Text());
  TellChange(before.environment.branch);
}

void LocalPlatform::Impl::AwaitComeback(const SlotPtr& slot, const RunningApp& app, std::stop_token stop) {
  const UniqueFd process = OpenProcess(app.keeper);
  for (milliseconds pause(2); process && !stop.stop_requested();) {
    if (Listens(app)) break;
    if (WaitReadable(process.get(), pause)) return;  // it died again: the watch tells
    pause = std::min(pause * 2, milliseconds(100));
  }
  if (!process || stop.stop_requested()) return;
  const Status changed = Change(slot, [&](Record& record) {
    if (!record.serving || record.serving->keeper != app.keeper) return;
    if (record.environment.stopped || record.environment.deleting) return;
    traffic.Route(record.environment.slug, app.port);
    if (record.candidate) return;
    // A newer commit failed meanwhile: that the old one serves again does not mend it.
    const std::optional<Attempt>& last = record.environment.last_attempt;
    if (last && last->result == Attempt::Result::kFailed && last->generation > app.generation) {
      record.environment.state = State::kFailed;
      record.environment.reason = last->reason;
      return;
    }
    record.environment.state = State::kReady;
    record.environment.reason.clear();
  });
  if (!changed) Log(LogLevel::kError, changed.error().Text());
  TellChange(Read(slot).environment.branch);
}

}  // namespace perch::local
