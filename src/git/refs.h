#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/branch.h"

namespace perch::git {

/// Whether git allows a branch of this name (git-check-ref-format); one that it doesn't is certainly not there.
bool IsBranchName(std::string_view name);

/// Whether `text` is a whole object name: 40 or 64 lower-case hexadecimal digits.
bool IsHash(std::string_view text);

/// A repository on this machine whose refs are read.
struct LocalRefs {
  std::filesystem::path git_dir;  ///< absolute
  std::string shown;              ///< for errors
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

/// All branches, sorted by name, by one run of git. A branch that git could not read, or a folder of branches that
/// could not be opened, is an error: git itself would leave them out.
Result<std::vector<Branch>> ReadBranches(const LocalRefs& refs, std::stop_token stop);

/// One branch by its exact name; nullopt only when it is certainly not there.
Result<std::optional<Branch>> ReadBranch(const LocalRefs& refs, const std::string& name, std::stop_token stop);

/// The branch that HEAD points at, "" if none. HEAD may name a branch that does not exist.
std::string ReadDefaultBranch(const LocalRefs& refs, std::stop_token stop);

/// What `git ls-remote --symref` tells.
struct RemoteRefs {
  std::map<std::string, std::string> heads;  ///< branch name to commit
  std::string default_branch;                ///< "" if HEAD points nowhere or the host does not tell
};
Result<RemoteRefs> ParseRemoteRefs(std::string_view text);

}  // namespace perch::git
