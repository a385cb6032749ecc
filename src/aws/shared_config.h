#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "aws/surroundings.h"
#include "base/error.h"

namespace perch::aws {

/// One section of AWS's shared files: keys in lower case. A value that goes on over indented lines keeps their line
/// ends, so a nested section is a value that begins with one.
using ConfigSection = std::map<std::string, std::string>;

/// An INI file as AWS's tools read it: sections by their whole title. kUsage with file and line if it is none.
Result<std::map<std::string, ConfigSection>> ParseIni(std::string_view text, const std::string& file);

/// The two shared files, ~/.aws/config and ~/.aws/credentials (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE).
struct SharedConfig {
  std::string config_file, credentials_file;                 ///< where they are looked for
  bool has_config = false, has_credentials = false;          ///< whether they are there
  std::map<std::string, ConfigSection> profiles;             ///< of the config file
  std::map<std::string, ConfigSection> credential_profiles;  ///< of the credentials file
  std::map<std::string, ConfigSection> services;             ///< "[services NAME]"

  bool HasProfile(const std::string& name) const;
  /// A key of a profile; the credentials file wins. nullopt if absent or empty.
  std::optional<std::string> Find(const std::string& profile, const std::string& key) const;
};

/// Reads both; absent files are empty ones. Errors: unreadable, no INI file.
Result<SharedConfig> ReadSharedConfig(const Surroundings& surroundings);

}  // namespace perch::aws
