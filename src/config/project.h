#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/value.h"
#include "config/diagnostics.h"

namespace perch::config {

/// A line of `environments`.
struct Rule {
  std::string pattern;
  std::string profile;
  Source at;
};

/// A profile with all that it inherits.
struct Profile {
  std::string name;
  std::vector<std::string> chain;  ///< itself, what it extends, and so on
  Value values;                    ///< the top level's keys (but `profiles` and `environments`), overlaid; no defaults
  std::string perchs;              ///< the one of perch's own profiles whose defaults it gets: the first of its chain
  Source at;                       ///< its name; line 0 when nobody wrote it
};

/// The operator's perch.yaml, checked. A value; nothing in it is secret.
struct Project {
  std::string file;              ///< as messages name it
  std::filesystem::path folder;  ///< of the file; "" when parsed from text. Relative paths in the file start here
  std::string text;              ///< the whole file, for messages about its lines

  std::string app;
  std::string repository;  ///< a folder (absolute when `folder` is known) or a URL; the default is `folder`
  std::string domain;
  std::string platform;
  std::chrono::milliseconds poll{0};
  int parallel = 0;
  std::vector<std::string> skip;     ///< globs
  std::vector<std::string> protect;  ///< globs
  int max_environments = 0;          ///< 0: no limit

  std::vector<Rule> environments;           ///< in order; the first that matches wins
  std::map<std::string, Profile> profiles;  ///< by name; perch's own three are always there
  std::vector<std::string> warnings;        ///< sentences with their place
  Value root;                               ///< the file as written, without what was wrong

  /// The profile of a branch; nullptr when no pattern of `environments` fits it.
  const Profile* ProfileFor(std::string_view branch) const;
  const Profile* FindProfile(const std::string& name) const;

  /// Whether a profile is production or staging, or gets its defaults from one of them.
  bool IsForGood(const std::string& profile) const;
  /// The branches that `environments` names singly with such a profile.
  std::vector<std::string> BranchesForGood() const;
};

/// What Value::from says of the platform when the command line set it.
inline constexpr std::string_view kFromCommandLine = "--platform";

struct LoadOptions {
  std::string platform = "";  ///< "local" or "aws": counts instead of what the file says; "": the file's
  std::optional<std::string> text = std::nullopt;  ///< what the file says, instead of what is on the disk
};

/// Reads and checks a file. A missing, empty or unreadable one is an error that says what to do; everything that is
/// wrong in it comes in one error (kUsage).
Result<Project> Load(const std::filesystem::path& path, const LoadOptions& options = {});

/// The same from text; `file_name` is what messages call it.
Result<Project> Parse(std::string_view text, const std::string& file_name, const LoadOptions& options = {});

/// What is wrong with a text, as data: for `config check --json`. Empty when Parse succeeds.
std::vector<Diagnostic> Problems(std::string_view text, const std::string& file_name);

}  // namespace perch::config
