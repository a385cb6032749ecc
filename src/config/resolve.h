#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"
#include "config/project.h"
#include "model/settings.h"

namespace perch::config {

/// What Value::from says of what a branch's own file set.
inline constexpr std::string_view kFromBranch = "the branch's perch.yaml";

/// The settings of one branch: its profile, then what its own perch.yaml (`branch_file`) may set and sets differently
/// from the operator's top level, then the defaults. `secrets` are the profile's, as ResolveSecrets gives them.
/// kUsage: the branch's file is wrong (the text is for its author), no pattern fits the branch, or nothing says how to
/// run it. What the branch's file may not set is ignored and told in Settings::notices. Pure.
Result<Settings> Resolve(const Project& project, const std::string& branch, std::optional<std::string_view> branch_file,
                         const std::map<std::string, Secret>& secrets);

}  // namespace perch::config
