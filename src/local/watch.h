#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/file.h"
#include "local/keeper.h"

namespace perch::local {

/// Notices when a serving app's keeper ends or tells something new, without polling. Thread-safe.
class AppWatch {
 public:
  /// `status`: nullopt when the keeper is gone. Called from the watch's own thread, without locks.
  using Callback = std::function<void(const std::string& slug, const ProcessId& keeper, bool alive)>;

  explicit AppWatch(Callback callback);
  ~AppWatch();

  /// Watches a keeper in place of the slug's former one. `folder` holds its status file.
  void Add(const std::string& slug, const ProcessId& keeper, const std::string& folder);
  void Remove(const std::string& slug);

 private:
  struct Watched {
    ProcessId keeper;
    UniqueFd process;
    int inotify = -1;
  };
  void Run();
  void Forget(std::map<std::string, Watched>::iterator it);

  const Callback callback_;
  UniqueFd epoll_, wake_, inotify_;
  std::mutex mutex_;
  std::map<std::string, Watched> watched_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace perch::local
