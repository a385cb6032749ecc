#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace perch::local {

/// These walk folders that a guest has filled: they never follow a symbolic link and open nothing but regular files and
/// folders. `uid` 0 leaves owners as they are. A full disk is kUnavailable.

/// The names of what a folder holds, sorted; empty when it cannot be read.
std::vector<std::string> NamesIn(const std::filesystem::path& folder);

/// Gives a folder and all in it to a user.
Status GiveTree(const std::filesystem::path& folder, uid_t uid);

/// Makes a folder and all in it readable for everybody and owned by perch, without set-user-ID bits.
Status SealTree(const std::filesystem::path& folder);

/// Copies what is in `from` into `to`, which exists; by reflink where the file system can. Symbolic links stay links;
/// sockets, pipes and devices are left out. The copies belong to `uid`.
Status CopyTree(const std::filesystem::path& from, const std::filesystem::path& to, uid_t uid);

/// Makes the folder `relative` under `base` if it is absent. kUsage when a symbolic link or a file is in the way.
Status MakeFolderInside(const std::filesystem::path& base, const std::string& relative);

/// Whether a release or a seed is whole. After a power cut the marker may be on the disk and what it stands for not: so
/// a marker of another boot counts only beside the one of MakeDurable.
bool IsSealed(const std::filesystem::path& folder);

/// Writes a sealed folder's content through to the disk, once.
void MakeDurable(const std::filesystem::path& folder);

/// kUnavailable with advice for a full disk or quota, else kFailed.
Error DiskError(std::string what, const std::filesystem::path& where, int errno_value);

}  // namespace perch::local
