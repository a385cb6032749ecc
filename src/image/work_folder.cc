#include "image/work_folder.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
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

Error NoFolder(const fs::path& where) {
  return {.what = "cannot make a folder for the image's build", .where = where.string(), .why = ErrnoText(errno)};
}

/// One byte of the lock file for each name: there is nothing to delete afterwards.
struct flock ByteOf(const std::string& name) {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  for (const char byte : Sha256(name).substr(0, 7))
    lock.l_start = lock.l_start * 256 + static_cast<unsigned char>(byte);
  return lock;
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
  if (Status made = MakeFolders(place, 0700); !made) return Fail(made.error());
  // Between making a folder and locking it, it looks like one that was left.
  const UniqueFd making = Locked(place / "lock", O_RDWR | O_CREAT, LOCK_EX);
  if (!making) return Fail(NoFolder(place / "lock"));
  RemoveLeft(place, clean_up);
  fs::path path = place / (std::string(kPrefix) + RandomHex(8));
  if (Status made = MakeFolders(path, 0700); !made) return Fail(made.error());
  UniqueFd lock = Locked(path, O_RDONLY | O_DIRECTORY, LOCK_EX | LOCK_NB);
  if (!lock) return Fail(NoFolder(path));
  return WorkFolder(std::move(path), std::move(lock));
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

WorkFolder::~WorkFolder() {
  if (path_.empty()) return;
  if (const Status removed = RemoveTree(path_); !removed) Log(LogLevel::kWarning, removed.error().Text());
}

Result<UniqueFd> HoldName(const fs::path& place, const std::string& name, const std::function<void()>& on_wait,
                          std::stop_token stop) {
  if (Status made = MakeFolders(place, 0700); !made) return Fail(made.error());
  const fs::path path = place / "lock";
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return Fail(NoFolder(path));
  struct flock lock = ByteOf(name);
  for (bool waited = false; fcntl(fd.get(), F_OFD_SETLK, &lock) != 0; waited = true) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) return Fail(NoFolder(path));
    if (stop.stop_requested()) return Fail({.kind = ErrorKind::kCancelled, .what = "stopped"});
    if (!waited && on_wait) on_wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return fd;
}

}  // namespace perch::image
