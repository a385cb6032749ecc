#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "engine/ports.h"

namespace perch::git {

/// Tells what a repository's branches look like as one text: another text means that they changed.
using Fingerprint = std::function<Result<std::string>(std::stop_token)>;

/// Calls `on_change` from a thread of its own within milliseconds of a change to the refs of a repository on this
/// machine; changes a few milliseconds apart make one call. kUnavailable when the system's limits on watches are
/// reached.
Result<std::unique_ptr<engine::Watch>> WatchRefs(const std::filesystem::path& git_dir, std::function<void()> on_change);

/// Calls `on_change` from a thread of its own when the fingerprint, looked at every `interval`, is not what it was, and
/// when looking began to fail or to work again. The first look, made at once, calls too: nobody knows what came before.
std::unique_ptr<engine::Watch> WatchByPolling(Fingerprint fingerprint, std::chrono::milliseconds interval,
                                              std::function<void()> on_change);

}  // namespace perch::git
