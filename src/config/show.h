#pragma once

#include <string>

#include "base/error.h"
#include "config/project.h"
#include "model/settings.h"

/// The texts of `perch config`, as pure functions. No secret value is ever in them; they end with a line end, the JSON
/// forms do not.
namespace perch::config {

/// A branch or a profile, resolved for looking at.
struct View {
  std::string name;   ///< "feature/cart", "staging"
  std::string title;  ///< "branch feature/cart: profile branch, which extends staging (perch.yaml:40:3, pattern \"*\")"
  Value values;       ///< with defaults; secrets as their references
};

/// By name: a profile if there is one of that name, else a branch as the operator's file resolves it.
Result<View> ViewOf(const Project& project, const std::string& branch_or_profile);

/// Of a branch with what its own file set.
View ViewOf(const Project& project, const Settings& settings);

/// That the file is right, what it says in a few lines, and its warnings.
std::string CheckText(const Project& project);
std::string CheckJson(const Project& project);

/// The resolved settings as YAML.
std::string ShowText(const View& view);
std::string ShowJson(const View& view);

/// Every value with its place and the profile that set it; of perch's own defaults the reason, too.
std::string ExplainText(const View& view);
std::string ExplainJson(const View& view);

/// Only what differs, both sides with their places, and why perch's own defaults do.
std::string DiffText(const View& a, const View& b);
std::string DiffJson(const View& a, const View& b);

/// A list of problems, [] when there is none: `[{"file":…,"line":…,"column":…,"text":…,"hint":…}]`.
std::string ProblemsJson(const std::vector<Diagnostic>& problems);

}  // namespace perch::config
