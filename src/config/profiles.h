#pragma once

#include <map>
#include <string>

#include "base/value.h"
#include "config/diagnostics.h"
#include "config/project.h"

namespace perch::config {

/// Resolves every profile of a checked file: inheritance, then the checks that need the whole of a profile (names that
/// are both `env` and `secrets`, secrets without a source). Wrong ones (unknown names, circles) are left out.
std::map<std::string, Profile> ResolveProfiles(const Value& root, Diagnostics& diagnostics);

/// Reads `environments` (or its default): rules in order, each checked against `profiles`, none unreachable.
std::vector<Rule> ReadRules(const Value& root, const std::map<std::string, Profile>& profiles,
                            Diagnostics& diagnostics);

/// A profile's values with the defaults, in the schema's order. `perchs` is Profile::perchs; keys for AWS are there
/// only when `values` say that the platform is aws.
Value Complete(const Value& values, const std::string& perchs);

/// The same, as if the platform were aws.
Value CompleteForAws(const Profile& profile);

/// Refuses a `host` that several branches would get. All rules' profiles that exist are in `profiles`.
void CheckHosts(const std::vector<Rule>& rules, const std::map<std::string, Profile>& profiles,
                Diagnostics& diagnostics);

}  // namespace perch::config
