#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"

namespace perch::git {

/// Reads commits from an object store without trusting the repository around it: git runs in a folder of perch's own,
/// which has no refs, no hooks, no filters and no attributes, and only borrows the objects. Thread-safe.
class Objects {
 public:
  /// `folder` is made and owned by perch; `store` is a repository's `objects` folder; `format` is "sha1" or "sha256".
  static Result<Objects> Open(std::filesystem::path folder, std::filesystem::path store, const std::string& format,
                              std::string shown);

  /// As engine::BranchSource; a file of more than 1 MiB is an error.
  Result<std::optional<std::string>> ReadFile(const std::string& commit, const std::string& path) const;
  /// As engine::BranchSource.
  Result<std::string> FilesDigest(const std::string& commit, const std::vector<std::string>& globs) const;
  /// As engine::BranchSource. The same bytes as `git checkout` would write, apart from filter programs (LFS pointers
  /// stay pointers). Symbolic links are written as they are, even if they point out of the folder: whoever reads the
  /// result outside of a sandbox must not follow links. Submodules stay empty folders. Files that were written before
  /// an error stay.
  Status CheckOut(const std::string& commit, const std::filesystem::path& folder, std::stop_token stop) const;

 private:
  struct Call;
  Objects(std::filesystem::path folder, std::filesystem::path store, std::string shown)
      : folder_(std::move(folder)), store_(std::move(store)), shown_(std::move(shown)) {}

  std::filesystem::path folder_;
  std::filesystem::path store_;
  std::string shown_;
};

/// Makes a bare repository without any commit by writing its few files; leaves one that is there. `format` as above.
Status MakeBareRepository(const std::filesystem::path& folder, const std::string& format);

}  // namespace perch::git
