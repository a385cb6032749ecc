#pragma once

#include <filesystem>
#include <functional>
#include <thread>

#include "base/file.h"

namespace perch::cli {

/// Calls back, from a thread of its own, when a file was written, replaced or removed. Where the system cannot watch,
/// it never calls.
class FileWatch {
 public:
  FileWatch(std::filesystem::path file, std::function<void()> on_change);
  /// The callback is not running after this.
  ~FileWatch();

 private:
  void Run();

  const std::filesystem::path file_;
  const std::function<void()> on_change_;
  UniqueFd inotify_, wake_;
  std::thread thread_;
};

}  // namespace perch::cli
