#pragma once

#include "base/value.h"
#include "model/settings.h"

namespace perch::config {

/// The typed settings that a resolved and checked tree holds, defaults included. App, commands, health, limits, env and
/// `values`; not branch, profile, secrets, notices and hashes.
Settings ReadSettings(const Value& values);

/// Sets `hash` and `build_hash` from all other members. Only meaning counts: not places, order or ways of writing.
void SetHashes(Settings& settings);

/// A list of words as one would type it into a shell: for showing only.
std::string ShellText(const std::vector<std::string>& words);

}  // namespace perch::config
