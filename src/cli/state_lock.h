#pragma once

#include <filesystem>

#include "base/error.h"
#include "base/file.h"

namespace perch::cli {

/// Makes the state folder (mode 0700) and takes the lock that one `serve` at a time holds; held until the descriptor
/// closes, also by a crash. kFailed when another serve works on the same state, naming its process.
Result<UniqueFd> LockState(const std::filesystem::path& state_folder);

}  // namespace perch::cli
