#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace perch {

/// An open file descriptor, closed when this goes. -1 means none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  ~UniqueFd() { Close(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Close();

 private:
  int fd_ = -1;
};

/// The whole of a regular file. kNotFound if it is absent; kFailed if it is larger than `limit` bytes or unreadable.
Result<std::string> ReadFile(const std::filesystem::path& path, std::uint64_t limit = 64 << 20);

/// Replaces a file so that a crash at any instant leaves the old or the new content, whole: temporary file, fsync,
/// rename, fsync of the folder.
Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content, unsigned mode = 0644);

/// Makes a folder and its parents; no error if it is there.
Status MakeFolders(const std::filesystem::path& path, unsigned mode = 0755);

/// Deletes a folder and all in it without ever following a symbolic link, making folders writable that a guest locked;
/// no error if it is absent.
Status RemoveTree(const std::filesystem::path& path);

}  // namespace perch
