#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace perch::image {

/// A folder of one piece of work, gone when this is. It is locked while it is used, so that what a killed process left
/// is told from what another one works in.
class WorkFolder {
 public:
  /// Undoes what the work of that name left outside of its folder; after an error the folder stays, to be tried again.
  using CleanUp = std::function<Status(const std::string& name)>;

  /// Makes one in `place`, which is made if absent, and removes those that killed processes left there.
  static Result<WorkFolder> Make(const std::filesystem::path& place, const CleanUp& clean_up);

  WorkFolder(WorkFolder&& other) noexcept;
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder();

  const std::filesystem::path& path() const { return path_; }
  std::string name() const { return path_.filename().string(); }  ///< "image-" and 16 hexadecimal digits

 private:
  WorkFolder(std::filesystem::path path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  UniqueFd lock_;
};

/// Waits until nobody else who works in `place` holds `name`, and holds it until what comes back goes. `on_wait` is
/// called once if it must wait. kCancelled after a stop.
Result<UniqueFd> HoldName(const std::filesystem::path& place, const std::string& name,
                          const std::function<void()>& on_wait, std::stop_token stop);

}  // namespace perch::image
