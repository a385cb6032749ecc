#include "local/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "local/proc.h"

namespace perch::local {
namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string name;
  struct stat info = {};
};

/// The entries of the folder `fd`, without following links. errno is set and false returned on failure.
bool ReadEntries(int fd, std::vector<Entry>& entries) {
  const int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(copy < 0 ? nullptr : fdopendir(copy), closedir);
  if (!folder) return false;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    Entry found{std::string(name), {}};
    if (fstatat(fd, entry->d_name, &found.info, AT_SYMLINK_NOFOLLOW) == 0) entries.push_back(std::move(found));
  }
  return true;
}

/// Guests can nest folders deeper than our stack and descriptors go. Sets errno.
bool TooDeep(int depth) {
  if (depth <= 256) return false;
  errno = ENAMETOOLONG;
  return true;
}

UniqueFd OpenFolder(int at, const char* name) {
  return UniqueFd(openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Calls `act(folder fd, entry)` for all below `fd`, contents before their folder. Stops at the first false, errno set.
bool Walk(int fd, const std::function<bool(int, const Entry&)>& act, int depth = 0) {
  if (TooDeep(depth)) return false;
  std::vector<Entry> entries;
  if (!ReadEntries(fd, entries)) return false;
  for (const Entry& entry : entries) {
    if (S_ISDIR(entry.info.st_mode)) {
      if ((entry.info.st_mode & 0700) != 0700 && fchmodat(fd, entry.name.c_str(), 0700, 0) != 0) return false;
      const UniqueFd child = OpenFolder(fd, entry.name.c_str());
      if (!child || !Walk(child.get(), act, depth + 1)) return false;
    }
    if (!act(fd, entry)) return false;
  }
  return true;
}

bool CopyContent(int from, int to, off_t size) {
  if (ioctl(to, FICLONE, from) == 0) return true;
  while (size > 0) {
    const ssize_t copied = copy_file_range(from, nullptr, to, nullptr, std::size_t(size), 0);
    if (copied < 0) break;
    if (copied == 0) return true;
    size -= copied;
  }
  if (size == 0) return true;
  if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return false;
  std::vector<char> buffer(1 << 18);
  for (ssize_t got; (got = read(from, buffer.data(), buffer.size())) != 0;) {
    if (got < 0 || write(to, buffer.data(), std::size_t(got)) != got) return false;
  }
  return true;
}

bool CopyEntry(int from, int to, const Entry& entry, uid_t uid, int depth);

bool CopyEntries(int from, int to, uid_t uid, int depth = 0) {
  if (TooDeep(depth)) return false;
  std::vector<Entry> entries;
  if (!ReadEntries(from, entries)) return false;
  for (const Entry& entry : entries) {
    if (!CopyEntry(from, to, entry, uid, depth)) return false;
  }
  return true;
}

bool CopyEntry(int from, int to, const Entry& entry, uid_t uid, int depth) {
  const char* name = entry.name.c_str();
  if (S_ISDIR(entry.info.st_mode)) {
    if (mkdirat(to, name, 0700) != 0 && errno != EEXIST) return false;
    const UniqueFd below_from = OpenFolder(from, name), below_to = OpenFolder(to, name);
    if (!below_from || !below_to || !CopyEntries(below_from.get(), below_to.get(), uid, depth + 1)) return false;
    return fchmod(below_to.get(), entry.info.st_mode & 0777) == 0 &&
           (uid == 0 || fchown(below_to.get(), uid, uid) == 0);
  }
  if (S_ISLNK(entry.info.st_mode)) {
    std::string target(std::size_t(entry.info.st_size) + 1, '\0');
    const ssize_t size = readlinkat(from, name, target.data(), target.size());
    if (size < 0) return false;
    target.resize(std::size_t(size));
    return symlinkat(target.c_str(), to, name) == 0 &&
           (uid == 0 || fchownat(to, name, uid, uid, AT_SYMLINK_NOFOLLOW) == 0);
  }
  if (!S_ISREG(entry.info.st_mode)) return true;
  const UniqueFd source(openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!source) return false;
  const UniqueFd copy(openat(to, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  return copy && CopyContent(source.get(), copy.get(), entry.info.st_size) &&
         fchmod(copy.get(), entry.info.st_mode & 0777) == 0 && (uid == 0 || fchown(copy.get(), uid, uid) == 0);
}

}  // namespace

Error DiskError(std::string what, const fs::path& where, int code) {
  const bool full = code == ENOSPC || code == EDQUOT;
  return {.kind = full ? ErrorKind::kUnavailable : ErrorKind::kFailed,
          .what = std::move(what),
          .where = where.string(),
          .why = ErrnoText(code),
          .hint = full ? "Free some disk space, then try again." : ""};
}

std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status GiveTree(const fs::path& folder, uid_t uid) {
  if (uid == 0) return {};
  const UniqueFd fd = OpenFolder(AT_FDCWD, folder.c_str());
  const auto give = [uid](int at, const Entry& entry) {
    return fchownat(at, entry.name.c_str(), uid, uid, AT_SYMLINK_NOFOLLOW) == 0;
  };
  if (fd && Walk(fd.get(), give) && fchown(fd.get(), uid, uid) == 0) return {};
  return Fail(DiskError("cannot give a folder to the environment's user", folder, errno));
}

Status SealTree(const fs::path& folder) {
  const UniqueFd fd = OpenFolder(AT_FDCWD, folder.c_str());
  const uid_t owner = geteuid();
  const auto seal = [owner](int at, const Entry& entry) {
    const mode_t mode = entry.info.st_mode;
    if (entry.info.st_uid != owner && fchownat(at, entry.name.c_str(), owner, getegid(), AT_SYMLINK_NOFOLLOW) != 0) {
      return false;
    }
    if (S_ISLNK(mode)) return true;
    const bool can_execute = S_ISDIR(mode) || (mode & 0111) != 0;
    const mode_t wanted = can_execute ? 0755 : 0644;
    return (mode & 07777) == wanted || fchmodat(at, entry.name.c_str(), wanted, 0) == 0;
  };
  if (fd && Walk(fd.get(), seal) && fchmod(fd.get(), 0755) == 0 && fchown(fd.get(), owner, getegid()) == 0) return {};
  return Fail(DiskError("cannot seal a release", folder, errno));
}

Status CopyTree(const fs::path& from, const fs::path& to, uid_t uid) {
  const UniqueFd source = OpenFolder(AT_FDCWD, from.c_str()), target = OpenFolder(AT_FDCWD, to.c_str());
  if (source && target && CopyEntries(source.get(), target.get(), uid)) return {};
  return Fail(DiskError("cannot copy a folder", to, errno));
}

Status MakeFolderInside(const fs::path& base, const std::string& relative) {
  UniqueFd at = OpenFolder(AT_FDCWD, base.c_str());
  for (const std::string& name : Split(relative, '/')) {
    if (name.empty() || name == ".") continue;
    if (name == ".." || !at) errno = name == ".." ? ENOTDIR : errno;
    if (name != ".." && at) {
      const bool made = mkdirat(at.get(), name.c_str(), 0755) == 0 || errno == EEXIST;
      at = made ? OpenFolder(at.get(), name.c_str()) : UniqueFd();
      if (at) continue;
    }
    if (errno != ENOTDIR && errno != ELOOP) return Fail(DiskError("cannot make a folder", base / relative, errno));
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot use the folder '" + Printable(relative) + "'",
                 .where = "run.writable",
                 .why = "it is no folder inside of the checkout; symbolic links are not followed",
                 .hint = "Name a plain folder, relative to the repository's root."});
  }
  return {};
}

bool IsSealed(const fs::path& folder) {
  const Result<std::string> boot = ReadFile(folder / "sealed", 4096);
  std::error_code error;
  return boot && (Trim(*boot) == BootId() || fs::exists(folder / "durable", error));
}

void MakeDurable(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / "durable", error)) return;
  const UniqueFd fd = OpenFolder(AT_FDCWD, folder.c_str());
  if (!fd || syncfs(fd.get()) != 0) return;
  [[maybe_unused]] const Status written = WriteFileAtomically(folder / "durable", "", 0644);
}

}  // namespace perch::local
