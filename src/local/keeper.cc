#include "local/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/text.h"
#include "local/keeper_wire.h"

namespace perch::local {
namespace {

using std::chrono::milliseconds;

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(std::size_t(written));
  }
  return true;
}

/// A write to a keeper that just died must be an error, not the end of perch.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec none{};
    if (sigismember(&before_, SIGPIPE) == 0) {
      while (sigtimedwait(&pipe_, nullptr, &none) > 0) {
      }
      pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
  }

 private:
  sigset_t pipe_, before_;
};

Status Tell(int fd, std::string_view bytes) {
  const NoSigpipe guard;
  if (WriteAll(fd, bytes)) return {};
  return Fail({.what = "cannot reach the app's keeper process", .why = ErrnoText(errno)});
}

}  // namespace

std::optional<KeeperStatus> ReadKeeperStatus(const std::string& path) {
  const Result<std::string> text = ReadFile(path, 4096);
  if (!text) return std::nullopt;
  const std::vector<std::string> words = Split(Trim(*text), ' ');
  if (words.size() != 3) return std::nullopt;
  KeeperStatus status;
  if (words[0] == kPhaseNames[1]) status.phase = KeeperStatus::Phase::kWaiting;
  if (words[0] == kPhaseNames[2]) status.phase = KeeperStatus::Phase::kGaveUp;
  status.starts = int(ParseNumber(words[1]).value_or(0));
  status.last_exit = words[2] == "-" ? -1 : int(ParseNumber(words[2]).value_or(0));
  return status;
}

Result<Keeper> Keeper::Spawn(const std::string& self_exe, const KeeperTask& task) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return Fail({.what = "cannot make a pipe", .why = ErrnoText(errno)});
  UniqueFd read_end(fds[0]);
  Keeper keeper;
  keeper.control_ = UniqueFd(fds[1]);
  const char* argv[] = {"perch", kKeeperCommand, task.log_folder.c_str(), nullptr};
  const char* envp[] = {nullptr};
  const char* program = self_exe.c_str();
  const pid_t child = fork();
  if (child < 0) {
    return Fail(
        {.kind = ErrorKind::kUnavailable, .what = "cannot start the app's keeper process", .why = ErrnoText(errno)});
  }
  if (child == 0) {
    setsid();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int signal = 1; signal < NSIG; ++signal) {
      if (signal != SIGKILL && signal != SIGSTOP) ::signal(signal, SIG_DFL);
    }
    const int control = fcntl(read_end.get(), F_DUPFD, 10);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    dup2(control, kControlFd);
    syscall(SYS_close_range, unsigned(kControlFd + 1), ~0u, 0u);
    if (chdir("/") == 0) execve(program, const_cast<char**>(argv), const_cast<char**>(envp));
    _exit(127);
  }
  const std::optional<ProcessId> id = Identify(child);
  keeper.process_ = UniqueFd(int(syscall(SYS_pidfd_open, child, 0)));
  keeper.id_ = id.value_or(ProcessId{child, 0, BootId()});
  const std::string bytes = PackTask(task);
  if (const Status told = Tell(keeper.control_.get(), Packer().Add(std::int64_t(bytes.size())).Take() + bytes); !told) {
    keeper.control_.Close();
    waitpid(child, nullptr, 0);
    Error error = told.error();
    error.where = self_exe;
    return Fail(error);
  }
  return keeper;
}

Status Keeper::Go() { return Tell(control_.get(), std::string_view(&kGo, 1)); }

Status Keeper::Release() {
  Status told = Tell(control_.get(), std::string_view(&kRelease, 1));
  control_.Close();
  return told;
}

std::optional<int> Keeper::ExitCode() {
  if (exit_code_) return exit_code_;
  int status = 0;
  const pid_t got = waitpid(id_.pid, &status, WNOHANG);
  if (got == 0) return std::nullopt;
  if (got == id_.pid) exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (got < 0) exit_code_ = 127;  // reaped elsewhere
  return exit_code_;
}

bool EndKeeper(const ProcessId& id, milliseconds stop_timeout) {
  const UniqueFd process = OpenProcess(id);
  if (!process) {
    waitpid(id.pid, nullptr, WNOHANG);
    return true;
  }
  std::vector<ProcessId> members;
  for (const pid_t pid : Descendants(id.pid)) {
    if (const auto member = Identify(pid)) members.push_back(*member);
  }
  syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0u);
  // Beyond its own patience the keeper is given time to kill and to wait.
  bool ended = WaitReadable(process.get(), stop_timeout + std::chrono::seconds(5));
  if (!ended) {
    syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0u);
    ended = WaitReadable(process.get(), std::chrono::seconds(5));
  }
  waitpid(id.pid, nullptr, WNOHANG);
  for (const ProcessId& member : members) {
    const UniqueFd left = OpenProcess(member);
    if (!left) continue;
    syscall(SYS_pidfd_send_signal, left.get(), SIGKILL, nullptr, 0u);
    ended = WaitReadable(left.get(), std::chrono::seconds(5)) && ended;
  }
  return ended;
}

}  // namespace perch::local
