#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "local/platform.h"
#include "local/platform_impl.h"

namespace perch::local {

Result<GuestCommand> LocalPlatform::GuestFor(const std::string& branch, const std::vector<std::string>& argv) {
  const SlotPtr slot = impl_->FindSlotOf(branch);
  if (!slot) return Fail({.kind = ErrorKind::kNotFound, .what = "the branch has no environment", .where = branch});
  const Record record = impl_->Read(slot);
  if (!record.serving) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "nothing runs in this environment",
                 .where = branch,
                 .why = "it is " + std::string(StateName(record.environment.state)),
                 .hint = "Bring it up first: perch up " + branch});
  }
  if (!impl_->options.settings_for) return Fail({.what = "nobody knows the environment's settings", .where = branch});
  const RunningApp& app = *record.serving;
  if (!app.container.empty()) return GuestCommand{impl_->containers.Exec(app.container, argv)};
  const Result<Settings> settings =
      impl_->options.settings_for(Branch{.name = branch, .commit = app.commit, .tree = app.tree});
  if (!settings) return Fail(settings.error());
  Result<Guest> guest = impl_->MakeAppGuest(*settings, record, app);
  if (!guest) return Fail(guest.error());
  guest->argv = argv;
  guest->own_session = false;
  return GuestCommand{*std::move(guest)};
}

int RunGuest(const GuestCommand& command) {
  const Launch launch(command.guest);
  std::vector<std::string> words = launch.argv(), variables;
  for (const auto& [name, value] : launch.env()) variables.push_back(name + "=" + value);
  if (const char* term = getenv("TERM"); term && !command.guest.sandboxed)
    variables.push_back(std::string("TERM=") + term);
  std::vector<char*> argv, envp;
  for (std::string& word : words) argv.push_back(word.data());
  for (std::string& variable : variables) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  const pid_t parent = getpid();
  // The program gets what a person types at the terminal, Ctrl-C too; we wait for it.
  struct sigaction ignore = {}, old_int = {}, old_quit = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGINT, &ignore, &old_int);
  sigaction(SIGQUIT, &ignore, &old_quit);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    if (chdir(launch.cwd().c_str()) != 0) _exit(126);
    launch.PrepareChild(parent);
    environ = envp.data();
    execvp(argv[0], argv.data());
    perror(argv[0]);
    _exit(127);
  }
  int status = 126 << 8;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  sigaction(SIGINT, &old_int, nullptr);
  sigaction(SIGQUIT, &old_quit, nullptr);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace perch::local
