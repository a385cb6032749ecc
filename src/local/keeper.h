#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "local/proc.h"
#include "local/sandbox.h"

namespace perch::local {

/// What a keeper does: it runs one app, writes its log, starts it again when it dies, and ends all of it when told.
struct KeeperTask {
  Guest guest;
  std::string log_folder;  ///< exists
  std::string log_name;
  std::vector<std::string> secrets;  ///< masked in the log; travel over a pipe only
  std::string status_path;           ///< where it tells how the app is doing
  std::chrono::milliseconds stop_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds first_delay = std::chrono::seconds(1);  ///< before the first new start; doubles up to 60 s
  int quick_deaths = 10;  ///< so many within 10 s of a start, one after the other, and it gives up
};

/// How an app does under its keeper.
struct KeeperStatus {
  enum class Phase { kRunning, kWaiting, kGaveUp };
  Phase phase = Phase::kRunning;
  int starts = 0;
  int last_exit = -1;  ///< as ProcessResult::exit_code; -1: none yet
};
std::optional<KeeperStatus> ReadKeeperStatus(const std::string& path);

/// perch's end of a keeper that it has made. The keeper is a process of its own session: it outlives perch once Release
/// was called. Before that it ends when this object or perch goes.
class Keeper {
 public:
  /// Forks it. It does nothing until Go. `self_exe` is this program; its main gives control to KeeperMain when argv[1]
  /// is "__keeper".
  static Result<Keeper> Spawn(const std::string& self_exe, const KeeperTask& task);

  const ProcessId& id() const { return id_; }
  /// Starts the app. To be called once the keeper's id is recorded.
  Status Go();
  /// The app is well: from now on the keeper starts it again when it dies, and does not need perch any more.
  Status Release();
  /// Readable when the keeper has ended.
  int process_fd() const { return process_.get(); }
  /// How the app ended, before Release; nullopt while the keeper lives. Reaps it.
  std::optional<int> ExitCode();

 private:
  ProcessId id_;
  UniqueFd process_, control_;
  std::optional<int> exit_code_;
};

/// Ends a keeper and everything of its app: TERM, after `stop_timeout` KILL. Returns when all are gone; false when some
/// would not go.
bool EndKeeper(const ProcessId& id, std::chrono::milliseconds stop_timeout);

/// The keeper's main function: `perch __keeper <folder>`.
int KeeperMain(int argc, char** argv);
inline constexpr const char* kKeeperCommand = "__keeper";

}  // namespace perch::local
