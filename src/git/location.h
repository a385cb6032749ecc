#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace perch::git {

/// Where a repository is, as a person said it.
struct Location {
  std::string url;                ///< what git fetches from; may hold credentials; "" for a local repository
  std::string shown;              ///< for people: without credentials
  std::filesystem::path git_dir;  ///< absolute; of a local repository: the folder with its refs and objects

  bool IsLocal() const { return url.empty(); }
};

/// Understands a path (a work tree, a folder in it, a linked work tree, or a bare repository), file://, http://,
/// https://, ssh://, git:// and host:path as git does. kUsage for anything else, and for a path without a repository.
Result<Location> FindLocation(const std::string& text);

}  // namespace perch::git
