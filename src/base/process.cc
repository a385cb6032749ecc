#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/text.h"

namespace perch {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Pipe {
  UniqueFd read, write;
};

Result<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return Fail({.what = "cannot make a pipe", .why = ErrnoText(errno)});
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

std::string FindInPath(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const char* path = getenv("PATH");
  for (const std::string& folder : Split(path ? path : "/usr/local/bin:/usr/bin:/bin", ':')) {
    const std::string full = (folder.empty() ? "." : folder) + "/" + program;
    if (access(full.c_str(), X_OK) == 0) return full;
  }
  return "";
}

/// What the child does between fork and exec; reports errno through `report` if it cannot.
[[noreturn]] void BecomeProgram(const ProcessOptions& options, const char* program, char* const* argv,
                                char* const* envp, int in, int out, int err, int report, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int signal = 1; signal < NSIG; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) ::signal(signal, SIG_DFL);
  }
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  bool ok = dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0;
  if (ok && !options.cwd.empty()) ok = chdir(options.cwd.c_str()) == 0;
  if (ok) {
    if (report != 3) ok = dup2(report, 3) >= 0;
    syscall(SYS_close_range, 4u, ~0u, 0u);
    fcntl(3, F_SETFD, FD_CLOEXEC);
    if (ok && options.in_child) options.in_child();
    if (ok) execve(program, argv, envp);
    report = 3;
  }
  const int code = errno;
  [[maybe_unused]] const ssize_t n = write(report, &code, sizeof code);
  _exit(127);
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Feeds input, gathers output, and ends the program on time-out, cancellation or too much output.
class Exchange {
 public:
  Exchange(const ProcessOptions& options, pid_t child, UniqueFd in, UniqueFd out, UniqueFd err)
      : options_(options), child_(child), in_(std::move(in)), out_(std::move(out)), err_(std::move(err)) {
    for (int fd : {in_.get(), out_.get(), err_.get()}) fcntl(fd, F_SETFL, O_NONBLOCK);
    if (options_.input.empty()) in_.Close();
  }

  ProcessResult Run(std::stop_token stop) {
    UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const std::stop_callback on_stop(stop, [&] { eventfd_write(wake.get(), 1); });
    const UniqueFd exited(int(syscall(SYS_pidfd_open, child_, 0)));
    Clock::time_point deadline = Clock::now() + options_.timeout;
    int status = 0;
    while (true) {
      pollfd fds[] = {{in_.get(), POLLOUT, 0},
                      {out_.get(), POLLIN, 0},
                      {err_.get(), POLLIN, 0},
                      {stage_ == 0 ? wake.get() : -1, POLLIN, 0},
                      {exited.get(), POLLIN, 0}};
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count() + 1;
      poll(fds, std::size(fds), int(std::clamp<std::int64_t>(left, 0, 60'000)));
      if (fds[0].revents) Feed();
      if (fds[1].revents) Drain(out_, result_.out);
      if (fds[2].revents) Drain(err_, result_.err);
      if (fds[4].revents & POLLIN) {
        waitpid(child_, &status, 0);
        // What it forked may still hold the pipes; read what is there, then leave.
        Drain(out_, result_.out);
        Drain(err_, result_.err);
        kill(-child_, SIGKILL);
        break;
      }
      if (stage_ == 0 && stop.stop_requested()) {
        result_.cancelled = true;
        EndProgram(deadline);
      } else if (stage_ == 0 && result_.output_cut) {
        EndProgram(deadline);
      } else if (Clock::now() >= deadline) {
        if (stage_ == 0) result_.timed_out = true;
        EndProgram(deadline);
      }
    }
    result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return std::move(result_);
  }

 private:
  /// First TERM and a second of patience, then KILL.
  void EndProgram(Clock::time_point& deadline) {
    kill(-child_, stage_ == 0 ? SIGTERM : SIGKILL);
    stage_ = std::min(stage_ + 1, 2);
    deadline = Clock::now() + std::chrono::seconds(1);
  }

  void Feed() {
    const ssize_t n = write(in_.get(), options_.input.data() + fed_, options_.input.size() - fed_);
    if (n > 0) fed_ += std::size_t(n);
    if ((n < 0 && errno != EAGAIN && errno != EINTR) || fed_ == options_.input.size()) in_.Close();
  }

  void Drain(UniqueFd& fd, std::string& kept) {
    char buffer[1 << 16];
    while (fd) {
      const ssize_t n = read(fd.get(), buffer, sizeof buffer);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (n <= 0) return fd.Close();
      if (options_.on_output) {
        options_.on_output(std::string_view(buffer, std::size_t(n)));
        return;  // one piece a turn, so that a chatty program cannot outrun its deadline
      }
      const std::size_t room = options_.output_limit - std::min(options_.output_limit, kept.size());
      kept.append(buffer, std::min(room, std::size_t(n)));
      if (std::size_t(n) > room) {
        result_.output_cut = true;
        return;
      }
    }
  }

  const ProcessOptions& options_;
  const pid_t child_;
  UniqueFd in_, out_, err_;
  ProcessResult result_;
  std::size_t fed_ = 0;
  int stage_ = 0;  // 0 running, 1 asked to end, 2 killed
};

}  // namespace

Result<ProcessResult> RunProcess(const ProcessOptions& options, std::stop_token stop) {
  if (options.argv.empty()) return Fail({.what = "cannot run a program without a name"});
  const std::string program = FindInPath(options.argv[0]);
  if (program.empty()) {
    return Fail({.what = "cannot run " + Printable(options.argv[0]),
                 .why = "there is no such program in PATH",
                 .hint = "Install it, or write its whole path."});
  }
  Result<Pipe> in = MakePipe(), out = MakePipe(), err = MakePipe(), report = MakePipe();
  for (Result<Pipe>* pipe : {&in, &out, &err, &report}) {
    if (!*pipe) return Fail(pipe->error());
  }
  std::vector<std::string> args = options.argv;
  std::vector<std::string> variables;
  if (options.env) {
    for (const auto& [name, value] : *options.env) variables.push_back(name + "=" + value);
  }
  std::vector<char*> argv = Pointers(args), envp = Pointers(variables);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return Fail({.what = "cannot start " + options.argv[0], .why = ErrnoText(errno)});
  if (child == 0) {
    // The report pipe may sit on a low number that dup2 would overwrite: move it up first.
    const int report_fd = fcntl(report->write.get(), F_DUPFD_CLOEXEC, 10);
    const int in_fd = fcntl(in->read.get(), F_DUPFD_CLOEXEC, 10), out_fd = fcntl(out->write.get(), F_DUPFD_CLOEXEC, 10),
              err_fd = fcntl(err->write.get(), F_DUPFD_CLOEXEC, 10);
    BecomeProgram(options, program.c_str(), argv.data(), options.env ? envp.data() : environ, in_fd, out_fd, err_fd,
                  report_fd, parent);
  }
  setpgid(child, child);  // both sides say it, so that neither can be too late
  in->read.Close();
  out->write.Close();
  err->write.Close();
  report->write.Close();
  int code = 0;
  ssize_t got;
  while ((got = read(report->read.get(), &code, sizeof code)) < 0 && errno == EINTR) {
  }
  if (got == sizeof code) {
    waitpid(child, nullptr, 0);
    return Fail({.what = "cannot run " + Printable(options.argv[0]), .where = options.cwd, .why = ErrnoText(code)});
  }
  return Exchange(options, child, std::move(in->write), std::move(out->read), std::move(err->read)).Run(stop);
}

std::string DescribeExit(int exit_code) {
  if (exit_code <= 128) return "exit code " + std::to_string(exit_code);
  const int signal = exit_code - 128;
  const char* name = sigdescr_np(signal);
  return "killed by signal " + std::to_string(signal) + (name ? " (" + std::string(name) + ")" : "");
}

}  // namespace perch
