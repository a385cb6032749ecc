#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/process.h"
#include "base/text.h"
#include "local/copy_data.h"
#include "local/guest_log.h"
#include "local/keeper.h"
#include "local/keeper_wire.h"

namespace perch::local {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kQuickDeath = std::chrono::seconds(10);
constexpr milliseconds kLongestDelay = std::chrono::seconds(60);
constexpr milliseconds kHeldBack = milliseconds(50);  // what could begin a secret waits so long for the rest

bool ReadExactly(int fd, char* into, std::size_t size) {
  while (size > 0) {
    const ssize_t got = read(fd, into, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    size -= std::size_t(got);
  }
  return true;
}

std::optional<KeeperTask> ReadTask() {
  char raw[8];
  if (!ReadExactly(kControlFd, raw, sizeof raw)) return std::nullopt;
  const std::int64_t size = Unpacker(std::string_view(raw, sizeof raw)).Number();
  if (size < 0 || size > (64 << 20)) return std::nullopt;
  std::string bytes(std::size_t(size), '\0');
  if (!ReadExactly(kControlFd, bytes.data(), bytes.size())) return std::nullopt;
  return UnpackTask(bytes);
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// One app, kept running. Single-threaded: everything happens in Run's loop.
class AppKeeper {
 public:
  explicit AppKeeper(KeeperTask task)
      : task_(std::move(task)), launch_(task_.guest), delay_(task_.first_delay), log_(MakeLog(task_)) {
    argv_ = launch_.argv();
    for (const auto& [name, value] : launch_.env()) env_.push_back(name + "=" + value);
    sigset_t handled;
    sigemptyset(&handled);
    for (const int signal : {SIGTERM, SIGINT, SIGCHLD, SIGPIPE}) sigaddset(&handled, signal);
    sigprocmask(SIG_BLOCK, &handled, nullptr);
    signals_ = UniqueFd(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // what the app forks away comes back to us
    fcntl(kControlFd, F_SETFD, FD_CLOEXEC);
    fcntl(kControlFd, F_SETFL, O_NONBLOCK);
  }

  int Run() {
    if (!Start()) return 126;
    while (true) {
      pollfd fds[] = {
          {signals_.get(), POLLIN, 0}, {perch_listens_ ? kControlFd : -1, POLLIN, 0}, {output_.get(), POLLIN, 0}};
      const int ready = poll(fds, std::size(fds), PollTimeout());
      if (ready == 0 && held_back_) {
        log_.Flush();
        held_back_ = false;
      }
      if (fds[2].revents) Pump();
      if (fds[0].revents) HandleSignals();
      if (fds[1].revents) HearPerch();
      if (const std::optional<int> done = Advance()) return *done;
    }
  }

 private:
  static LogWriter MakeLog(const KeeperTask& task) {
    const auto redactor = std::make_shared<Redactor>();
    for (const std::string& value : task.secrets) redactor->Add(Secret(value));
    return LogWriter(task.log_folder, task.log_name, task.guest.limits.log, redactor);
  }

  bool Start() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return false;
    output_ = UniqueFd(fds[0]);
    const UniqueFd write_end(fds[1]);
    fcntl(output_.get(), F_SETFL, O_NONBLOCK);
    std::vector<char*> argv = Pointers(argv_), envp = Pointers(env_);
    const pid_t keeper = getpid();
    app_ = fork();
    if (app_ == 0) {
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      setpgid(0, 0);
      dup2(write_end.get(), 1);
      dup2(write_end.get(), 2);
      syscall(SYS_close_range, 3u, ~0u, 0u);
      if (chdir(launch_.cwd().c_str()) != 0) _exit(126);
      launch_.PrepareChild(keeper);
      // PATH is the guest's own: execvpe looks it up in this process, whose environment is empty.
      environ = envp.data();
      execvp(argv[0], argv.data());
      perror(argv[0]);
      _exit(127);
    }
    started_at_ = Clock::now();
    restart_at_.reset();
    ++status_.starts;
    status_.phase = KeeperStatus::Phase::kRunning;
    WriteStatus();
    return app_ > 0;
  }

  int PollTimeout() const {
    std::optional<Clock::time_point> next = restart_at_;
    if (kill_at_ && (!next || *kill_at_ < *next)) next = kill_at_;
    const auto left = next ? std::chrono::duration_cast<milliseconds>(*next - Clock::now()).count() + 1 : -1;
    if (held_back_) return int(next ? std::clamp<std::int64_t>(left, 0, kHeldBack.count()) : kHeldBack.count());
    return int(next ? std::clamp<std::int64_t>(left, 0, 60'000) : -1);
  }

  void Pump() {
    static char buffer[1 << 15];
    const ssize_t got = read(output_.get(), buffer, sizeof buffer);
    if (got > 0) {
      log_.Write(std::string_view(buffer, std::size_t(got)));
      held_back_ = true;
    } else if (got == 0) {
      output_.Close();
    }
  }

  void HandleSignals() {
    signalfd_siginfo info;
    while (read(signals_.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) Stop();
    }
  }

  void HearPerch() {
    char byte = 0;
    const ssize_t got = read(kControlFd, &byte, 1);
    if (got == 1 && byte == kRelease) released_ = true;
    if (got == 0) {
      perch_listens_ = false;
      if (!released_) Stop();  // perch is gone and has not taken the app over: nobody would know of it
    }
  }

  void Stop() {
    if (stopping_) return;
    stopping_ = true;
    restart_at_.reset();
    // bubblewrap's two processes are not the guest's: they must stay to the end.
    std::vector<pid_t> members = Descendants(getpid());
    const std::size_t own = task_.guest.sandboxed ? std::min<std::size_t>(2, members.size()) : 0;
    for (std::size_t i = own; i < members.size(); ++i) kill(members[i], SIGTERM);
    if (members.size() == own && app_ > 0) kill(app_, SIGKILL);  // the app has not come to life yet
    kill_at_ = Clock::now() + task_.stop_timeout;
  }

  /// What the time and the children's deaths ask for; the exit code when all is over.
  std::optional<int> Advance() {
    Reap();
    if (stopping_ && app_ <= 0) return 0;
    if (kill_at_ && Clock::now() >= *kill_at_) {
      log_.Note("the app did not end in time and was killed");
      kill_at_.reset();
      KillAll();
    }
    if (restart_at_ && Clock::now() >= *restart_at_ && !Start()) return 126;
    if (app_ > 0 || restart_at_) return std::nullopt;
    if (!released_) return exit_code_;
    return AfterDeath();
  }

  void Reap() {
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid != app_) continue;
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      KillTheRest();
      app_ = 0;
      while (output_) {
        const int before = output_.get();
        pollfd more{before, POLLIN, 0};
        if (poll(&more, 1, 0) <= 0) break;
        Pump();
      }
      output_.Close();
      log_.Flush();
    }
  }

  /// With bubblewrap the first two take the rest with them.
  static void KillAll() {
    for (const pid_t pid : Descendants(getpid())) kill(pid, SIGKILL);
  }

  /// Ends what the app left behind, and waits for it: what it forked away came to us.
  static void KillTheRest() {
    while (true) {
      const pid_t pid = waitpid(-1, nullptr, WNOHANG);
      if (pid < 0) return;
      if (pid > 0) continue;
      KillAll();
      const timespec moment{0, 1'000'000};
      nanosleep(&moment, nullptr);
    }
  }

  std::optional<int> AfterDeath() {
    const bool quick = Clock::now() - started_at_ < kQuickDeath;
    deaths_ = quick ? deaths_ + 1 : 1;
    if (!quick) delay_ = task_.first_delay;
    status_.last_exit = exit_code_;
    if (deaths_ >= task_.quick_deaths) {
      status_.phase = KeeperStatus::Phase::kGaveUp;
      log_.Note("the app ended (" + DescribeExit(exit_code_) + ") for the " + std::to_string(deaths_) +
                "th time in a row; it is not started again");
      WriteStatus();
      return 1;
    }
    log_.Note("the app ended (" + DescribeExit(exit_code_) + "); it starts again in " + FormatDelay(delay_));
    restart_at_ = Clock::now() + delay_;
    delay_ = std::min(delay_ * 2, kLongestDelay);
    status_.phase = KeeperStatus::Phase::kWaiting;
    WriteStatus();
    return std::nullopt;
  }

  static std::string FormatDelay(milliseconds delay) {
    return delay < std::chrono::seconds(1) ? std::to_string(delay.count()) + " ms"
                                           : std::to_string(delay.count() / 1000) + " s";
  }

  /// No fsync: after a crash of the machine the process is gone anyway.
  void WriteStatus() {
    const std::string text = std::string(kPhaseNames[std::size_t(status_.phase)]) + " " +
                             std::to_string(status_.starts) + " " +
                             (status_.last_exit < 0 ? "-" : std::to_string(status_.last_exit)) + "\n";
    const std::string temporary = task_.status_path + ".new";
    const UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd && write(fd.get(), text.data(), text.size()) == ssize_t(text.size())) {
      rename(temporary.c_str(), task_.status_path.c_str());
    }
  }

  const KeeperTask task_;
  const Launch launch_;
  std::vector<std::string> argv_, env_;
  milliseconds delay_;
  LogWriter log_;
  UniqueFd signals_, output_;
  pid_t app_ = 0;
  Clock::time_point started_at_;
  std::optional<Clock::time_point> restart_at_, kill_at_;
  KeeperStatus status_;
  int deaths_ = 0;
  int exit_code_ = 0;
  bool released_ = false, perch_listens_ = true, stopping_ = false, held_back_ = false;
};

}  // namespace

int KeeperMain(int argc, char** argv) {
  if (argc > 2 && std::string_view(argv[2]) == kCopyDataCommand) return CopyDataMain(argc, argv);
  std::optional<KeeperTask> task = ReadTask();
  char go = 0;
  if (!task || !ReadExactly(kControlFd, &go, 1) || go != kGo) return 0;
  return AppKeeper(std::move(*task)).Run();
}

}  // namespace perch::local
