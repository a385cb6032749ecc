#include "image/work_folder.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/digest.h"
#include "base/log.h"

namespace perch::image {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "image-";

UniqueFd Locked(const fs::path& path, int flags, int how) {
  UniqueFd fd(open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd && flock(fd.get(), how) != 0) fd.Close();
  return fd;
}

void RemoveLeft(const fs::path& place, const WorkFolder::CleanUp& clean_up) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(place, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    const UniqueFd lock = Locked(entry.path(), O_RDONLY | O_DIRECTORY, LOCK_EX | LOCK_NB);
    if (!lock) continue;
    Status cleaned = clean_up ? clean_up(name) : Status();
    if (cleaned) cleaned = RemoveTree(entry.path());
    if (!cleaned) Log(LogLevel::kWarning, "left from an image's build: " + cleaned.error().Text());
  }
}

}  // namespace

Result<WorkFolder> WorkFolder::Make(const fs::path& place, const CleanUp& clean_up) {
  const auto failed = [&](const fs::path& where) {
    return Fail(
        {.what = "cannot make a folder for the image's build", .where = where.string(), .why = ErrnoText(errno)});
  };
  if (Status made = MakeFolders(place, 0700); !made) return Fail(made.error());
  // Between making a folder and locking it, it looks like one that was left.
  const UniqueFd making = Locked(place / "lock", O_RDWR | O_CREAT, LOCK_EX);
  if (!making) return failed(place / "lock");
  RemoveLeft(place, clean_up);
  fs::path path = place / (std::string(kPrefix) + RandomHex(8));
  if (Status made = MakeFolders(path, 0700); !made) return Fail(made.error());
  UniqueFd lock = Locked(path, O_RDONLY | O_DIRECTORY, LOCK_EX | LOCK_NB);
  if (!lock) return failed(path);
  return WorkFolder(std::move(path), std::move(lock));
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

WorkFolder::~WorkFolder() {
  if (path_.empty()) return;
  if (const Status removed = RemoveTree(path_); !removed) Log(LogLevel::kWarning, removed.error().Text());
}

}  // namespace perch::image
