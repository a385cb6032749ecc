#include "cli/state_lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "base/text.h"

namespace perch::cli {
namespace {

// What a killed serve had just forked holds the lock until it has become another program.
constexpr std::chrono::milliseconds kPatience(3000), kStep(20);

bool HolderLives(const std::filesystem::path& path) {
  const std::optional<std::uint64_t> pid = ParseNumber(Trim(ReadFile(path, 64).value_or("")));
  return !pid || *pid == 0 || kill(pid_t(*pid), 0) == 0 || errno != ESRCH;
}

/// False, with errno, when it stays taken: at once by a living serve, after a while by what a dead one left.
bool TakeLock(int fd, const std::filesystem::path& path) {
  for (std::chrono::milliseconds waited(0);; waited += kStep) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    const int code = errno;
    const bool lives = HolderLives(path);
    errno = code;
    if (code != EWOULDBLOCK || lives || waited >= kPatience) return false;
    std::this_thread::sleep_for(kStep);
  }
}

}  // namespace

Result<UniqueFd> LockState(const std::filesystem::path& state_folder) {
  if (Status made = MakeFolders(state_folder, 0700); !made) return Fail(made.error());
  chmod(state_folder.c_str(), 0700);
  const std::filesystem::path path = state_folder / "serve.lock";
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return Fail({.what = "cannot lock the state folder", .where = path.string(), .why = ErrnoText(errno)});
  if (!TakeLock(fd.get(), path)) {
    if (errno != EWOULDBLOCK) {
      return Fail({.what = "cannot lock the state folder", .where = path.string(), .why = ErrnoText(errno)});
    }
    const std::string holder(Trim(ReadFile(path, 64).value_or("")));
    return Fail({.what = "another perch serve works on this state",
                 .where = state_folder.string(),
                 .why = holder.empty() ? "" : "process " + Printable(holder),
                 .hint = "Stop that one first, or give this one its own folder with PERCH_STATE."});
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(fd.get(), 0) != 0 || pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) {
    return Fail({.what = "cannot write the lock", .where = path.string(), .why = ErrnoText(errno)});
  }
  return fd;
}

}  // namespace perch::cli
