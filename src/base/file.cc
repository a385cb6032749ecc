#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <vector>

namespace perch {
namespace {

std::unexpected<Error> SystemError(std::string what, const std::filesystem::path& path, int code) {
  return Fail({.kind = code == ENOENT ? ErrorKind::kNotFound : ErrorKind::kFailed,
               .what = std::move(what),
               .where = path.string(),
               .why = ErrnoText(code),
               .hint = code == ENOSPC ? "Free some disk space, then try again." : ""});
}

bool WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(std::size_t(written));
  }
  return true;
}

constexpr int kDeepest = 128;

/// Deletes what a folder holds, however deep: a level holds a descriptor and a stack frame, and a guest can make more
/// levels than there are of these, so what lies too deep is first moved up to the top.
class ContentsRemover {
 public:
  /// Takes over `top`, the folder. Gives 0 or an errno value.
  static int Run(UniqueFd top) {
    ContentsRemover remover(top.get());
    int error = 0;
    do {
      remover.moved_ = false;
      UniqueFd again(openat(top.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      error = again ? remover.Remove(std::move(again), 0) : errno;
    } while (error == 0 && remover.moved_);
    return error;
  }

 private:
  explicit ContentsRemover(int top) : top_(top) {}

  int Remove(UniqueFd fd, int depth) {
    std::unique_ptr<DIR, int (*)(DIR*)> folder(fdopendir(fd.get()), closedir);
    if (!folder) return errno;
    fd.Release();
    std::vector<std::string> names;
    while (const dirent* entry = readdir(folder.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    int first_error = 0;
    for (const std::string& name : names) {
      const int error = RemoveEntry(dirfd(folder.get()), name, depth);
      if (error != 0 && first_error == 0) first_error = error;
    }
    return first_error;
  }

  int RemoveEntry(int at, const std::string& name, int depth) {
    if (unlinkat(at, name.c_str(), 0) == 0 || errno == ENOENT) return 0;
    if (errno != EISDIR && errno != EPERM) return errno;
    fchmodat(at, name.c_str(), 0700, 0);
    if (depth >= kDeepest) {
      const std::string place = ".perch-deep-" + std::to_string(getpid()) + "-" + std::to_string(places_++);
      moved_ = true;
      return renameat(at, name.c_str(), top_, place.c_str()) == 0 ? 0 : errno;
    }
    UniqueFd child(openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const int error = child ? Remove(std::move(child), depth + 1) : errno;
    if (error != 0) return error;
    return unlinkat(at, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
  }

  const int top_;
  bool moved_ = false;
  unsigned places_ = 0;
};

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void UniqueFd::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

Result<std::string> ReadFile(const std::filesystem::path& path, std::uint64_t limit) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // O_NONBLOCK: a FIFO must not hang us
  if (!fd) return SystemError("cannot read", path, errno);
  struct stat info{};
  if (fstat(fd.get(), &info) != 0) return SystemError("cannot read", path, errno);
  if (!S_ISREG(info.st_mode)) {
    return Fail({.what = "cannot read", .where = path.string(), .why = "it is not a regular file"});
  }
  std::string content;
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read", path, errno);
    if (got == 0) return content;
    content.append(buffer, std::size_t(got));
    if (content.size() > limit) {
      return Fail({.what = "cannot read",
                   .where = path.string(),
                   .why = "it is larger than the limit of " + std::to_string(limit) + " bytes"});
    }
  }
}

Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content, unsigned mode) {
  static std::atomic<unsigned> counter = 0;
  const std::string temporary =
      path.string() + ".tmp" + std::to_string(getpid()) + "." + std::to_string(counter.fetch_add(1));
  UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return SystemError("cannot write", path, errno);
  if (!WriteAll(fd.get(), content) || fchmod(fd.get(), mode) != 0 || fdatasync(fd.get()) != 0 ||
      rename(temporary.c_str(), path.c_str()) != 0) {
    const int code = errno;
    unlink(temporary.c_str());
    return SystemError("cannot write", path, code);
  }
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  const UniqueFd folder(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || fsync(folder.get()) != 0) return SystemError("cannot make the write last", path, errno);
  return {};
}

Status MakeFolders(const std::filesystem::path& path, unsigned mode) {
  std::error_code error;
  const std::filesystem::path parent = path.parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return SystemError("cannot make the folder", path, errno);
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return SystemError("cannot make the folder", path, errno);
  if (!S_ISDIR(info.st_mode)) {
    return Fail({.what = "cannot make the folder", .where = path.string(), .why = "there is a file of that name"});
  }
  return {};
}

Status RemoveTree(const std::filesystem::path& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  chmod(path.c_str(), 0700);
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return SystemError("cannot delete", path, errno);
  const int code = ContentsRemover::Run(std::move(fd));
  if (code != 0) return SystemError("cannot delete", path, code);
  if (rmdir(path.c_str()) != 0 && errno != ENOENT) return SystemError("cannot delete", path, errno);
  return {};
}

}  // namespace perch
