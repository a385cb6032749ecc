#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "local/containers.h"
#include "local/key_locks.h"
#include "local/platform.h"
#include "local/record.h"
#include "local/watch.h"

namespace perch::local {

/// An environment in memory. `working` is held for the whole of a deploy, stop or delete; `mutex` for a moment, to read
/// or to change the record.
struct Slot {
  std::mutex working;
  std::mutex mutex;
  Record record;
  bool gone = false;
};
using SlotPtr = std::shared_ptr<Slot>;

/// Where an app in a container listens: run.port, or the same as on AWS without it.
std::uint16_t InsidePort(const Settings& settings);

/// What the parts of the local platform share.
class LocalPlatform::Impl {
 public:
  Impl(Options options, engine::BranchSource& branches, engine::Traffic& traffic);
  ~Impl();

  Status TakeStateFolder();
  Status LoadRecords();

  // Environments.
  SlotPtr FindSlot(const std::string& slug);
  SlotPtr FindSlotOf(const std::string& branch);
  std::vector<SlotPtr> Slots();
  Result<SlotPtr> CreateSlot(const Step& step);
  void ForgetSlot(const std::string& slug);
  Record Read(const SlotPtr& slot);
  /// Changes the record on disk, then in memory; neither when the disk refuses.
  Status Change(const SlotPtr& slot, const std::function<void(Record&)>& change);
  /// kSuperseded unless the environment is at the step's generation; kRefused without perch's mark.
  Status CheckFence(const Record& record, const Step& step) const;

  // Guests.
  Guest MakeGuest(const Settings& settings, const Record& record, const std::string& commit, bool with_secrets) const;
  /// The same for the inside of a container, which brings its own programs. No data yet.
  Guest MakeContainerGuest(const Settings& settings, const Record& record, const std::string& commit,
                           bool with_secrets) const;
  /// Shows a guest in a container the environment's data and bucket.
  Status ShowData(Guest& guest, const Record& record, std::uint64_t data) const;
  /// As MakeGuest, with the release and the data that an app runs with.
  Result<Guest> MakeAppGuest(const Settings& settings, const Record& record, const RunningApp& app);
  Result<std::uint16_t> TakePort();
  void GiveBackPort(std::uint16_t port);

  struct StartResult {
    Keeper keeper;
    RunningApp app;
  };
  /// How an attempt is told about: between starting and being reachable, and after.
  struct StartHooks {
    std::function<Status(const RunningApp&)> record;  ///< writes the keeper's id down; the app starts only after that
    std::function<void()> listening;                  ///< it accepts connections; the health check begins
  };
  /// Starts an app and waits until it is healthy. `app` says what (release, data, generation); port and keeper are
  /// filled in. On failure nothing is left running; the error's `why` is for people.
  Result<StartResult> StartApp(const Settings& settings, const SlotPtr& slot, RunningApp app, const StartHooks& hooks,
                               std::stop_token stop);
  /// Ends an app's keeper, all below it and its container; false when something would not go.
  bool EndApp(const RunningApp& app);

  void AppChanged(const std::string& slug, const ProcessId& keeper, bool alive);
  /// Routes a restarted app again once it listens itself: meanwhile a stranger could have taken its port.
  void AwaitComeback(const SlotPtr& slot, const RunningApp& app, std::stop_token stop);
  void TellChange(const std::string& branch);
  void WatchApp(const SlotPtr& slot);
  /// Whether a running app accepts connections, and nobody else on its port.
  bool Listens(const RunningApp& app) const;
  /// Deletes releases that no environment and no running deployment refers to, then the same of the Docker engine.
  void CollectReleases();
  /// Keys of the releases that may not go; under `mutex`.
  std::set<std::string> UsedReleases();
  /// Removes this state folder's containers that no record and no running deployment knows.
  void CollectContainers();
  void CollectImages();
  void CollectFolders(const SlotPtr& slot);

  const Options options;
  const Layout layout;
  engine::BranchSource& branches;
  engine::Traffic& traffic;
  KeyLocks builds, seeds;
  const Containers containers;

  std::mutex mutex;  // guards what follows
  std::map<std::string, SlotPtr> slots;
  std::set<std::uint16_t> ports;
  std::multiset<std::string> releases_in_use;
  std::set<std::string> steps_in_use;  ///< containers of builds' tests, release steps and seeds
  std::function<void(const std::string&)> on_change;
  bool shutting_down = false;
  unsigned next_port;  // counts up, so that a port just given back is not taken at once

 private:
  UniqueFd lock_;
  std::unique_ptr<AppWatch> watch_;
  std::map<std::string, std::jthread> comebacks_;  // by slug; only the watch's thread touches it

 public:
  AppWatch& watch() { return *watch_; }
};

}  // namespace perch::local
