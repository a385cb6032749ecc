#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "base/secret.h"
#include "config/project.h"

namespace perch::config {

/// Looks a variable up in the environment that perch was started in.
using FindVariable = std::function<std::optional<std::string>(const std::string& name)>;

/// The process's own environment. Not safe while another thread changes it.
std::optional<std::string> FindProcessVariable(const std::string& name);

/// What becomes of a secret that has no value here.
enum class MissingSecrets { kAreErrors, kAreLeftOut };

/// The values of a profile's secrets, each also added to `redactor` (unless nullptr). Files and commands start at the
/// project's folder. All that are missing come in one error: kUsage, or kUnavailable when a command failed, since that
/// may work again. Blocks while commands run, ten seconds each at most.
Result<std::map<std::string, Secret>> ResolveSecrets(const Project& project, const Profile& profile,
                                                     const FindVariable& find_variable, Redactor* redactor,
                                                     std::stop_token stop = {},
                                                     MissingSecrets missing = MissingSecrets::kAreErrors);

/// How a secret is shown to people: "(secret from environment variable STRIPE_TEST_KEY)". `source` is its map.
std::string DescribeSecret(const Value& source);

}  // namespace perch::config
