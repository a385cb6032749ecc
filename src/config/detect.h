#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace perch::config {

/// What `perch init` found, and the perch.yaml that fits it.
struct Detected {
  std::string found;  ///< a sentence: "This is a Django project (manage.py)."
  std::string yaml;   ///< commented, short; Parse accepts it
};

/// Looks at the files of a folder: Dockerfile, Procfile, Django, package.json, Python, Go, static pages, in this order.
/// nullopt when nothing says how to run it; then ask, and use ConfigFor. Reads only; follows no symbolic links.
std::optional<Detected> Detect(const std::filesystem::path& folder);

/// A perch.yaml for a folder whose run command a person gave.
std::string ConfigFor(const std::filesystem::path& folder, const std::string& run_command);

}  // namespace perch::config
