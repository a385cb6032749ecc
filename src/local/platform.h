#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "engine/ports.h"
#include "local/sandbox.h"

namespace perch::local {

struct Options {
  std::filesystem::path state_folder;  ///< absolute; made if absent, mode 0700
  std::string app;                     ///< only this app's environments are seen
  std::function<std::string(const std::string& slug)> url_for;
  /// The settings that a branch has at a commit, to start its release again after a restart of perch; secrets are never
  /// kept on disk. Only name, commit and tree of the Branch are set.
  std::function<Result<Settings>(const Branch& branch)> settings_for;
  Clock clock;
  std::shared_ptr<const Redactor> redactor;                           ///< for stage logs; may be nullptr
  bool trust_branches = false;                                        ///< run branches' code without a sandbox
  std::string docker = "docker";                                      ///< the program, for branches with a Dockerfile
  std::string self_exe = "/proc/self/exe";                            ///< this program, for keepers
  int parallel = 2;                                                   ///< apps started at the same time after a restart
  std::chrono::milliseconds drain_timeout = std::chrono::seconds(5);  ///< for requests to a replaced release
  std::chrono::milliseconds restart_delay = std::chrono::seconds(1);  ///< before a dead app's first new start
  int quick_deaths = 10;                                              ///< in a row, then an app is given up
};

/// A program to run by a person inside an environment.
struct GuestCommand {
  Guest guest;
};

/// Runs it with this process's terminal and waits; gives its exit code (128 + signal), 126 when it could not start.
int RunGuest(const GuestCommand& command);

/// Environments on this machine: processes, sandboxed by bubblewrap. Thread-safe. The ports must outlive it.
class LocalPlatform : public engine::Platform {
 public:
  /// Takes the state folder for itself (kRefused when another perch has it) and reads its records. kRefused when no
  /// sandbox can be made and branches are not trusted.
  static Result<std::unique_ptr<LocalPlatform>> Open(Options options, engine::BranchSource& branches,
                                                     engine::Traffic& traffic);
  /// Leaves all apps running, as a crash would; call ShutdownAll first for an ordinary end.
  ~LocalPlatform() override;

  /// Puts right what a crash left behind: unfinished attempts become interrupted, healthy apps are adopted and routed,
  /// the apps that served before are started again, everything else ends. Call once, before the engine starts.
  Status Recover(std::stop_token stop = {});
  /// Ends all apps; their records keep what they served, so that the next Recover brings it back.
  void ShutdownAll();

  /// What `perch exec` runs: `argv` in the environment's sandbox with its data and its serving release. kNotFound when
  /// there is none, kRefused when nothing serves.
  Result<GuestCommand> GuestFor(const std::string& branch, const std::vector<std::string>& argv);

  Status Validate(const Settings& settings) const override;
  Result<std::vector<Environment>> List() override;
  Result<std::optional<Environment>> Find(const std::string& branch) override;
  Status Deploy(const engine::DeployRequest& request, const engine::Emit& emit, std::stop_token stop) override;
  Status Stop(const Step& step, const engine::Emit& emit) override;
  Status Delete(const Step& step, const engine::Emit& emit) override;
  Status RecordFailure(const Step& step, const std::string& reason) override;
  Result<engine::LogPiece> ReadLog(const std::string& branch, std::uint64_t generation, Stage stage, std::uint64_t from,
                                   std::size_t limit) override;
  void OnChange(std::function<void(const std::string& branch)> callback) override;

  class Impl;  ///< What the parts of this folder share.

 private:
  explicit LocalPlatform(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace perch::local
