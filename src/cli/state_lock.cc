#include "cli/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/text.h"

namespace perch::cli {

Result<UniqueFd> LockState(const std::filesystem::path& state_folder) {
  if (Status made = MakeFolders(state_folder, 0700); !made) return Fail(made.error());
  chmod(state_folder.c_str(), 0700);
  const std::filesystem::path path = state_folder / "serve.lock";
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return Fail({.what = "cannot lock the state folder", .where = path.string(), .why = ErrnoText(errno)});
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
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
