#pragma once

#include <string>
#include <string_view>

#include "local/keeper.h"

namespace perch::local {

/// What passes between perch and a keeper: a length and a packed task, then one byte each for go and release.
inline constexpr int kControlFd = 3;
inline constexpr char kGo = 'G', kRelease = 'R';
inline constexpr std::string_view kPhaseNames[] = {"running", "waiting", "gave-up"};

std::string PackTask(const KeeperTask& task);
/// nullopt for bytes that PackTask did not make.
std::optional<KeeperTask> UnpackTask(std::string_view bytes);

}  // namespace perch::local
