#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"
#include "base/secret.h"
#include "config/project.h"
#include "plan/policy.h"

namespace perch::cli {

/// perch.yaml with its secrets, read again when the file changes. A changed file that is wrong keeps the old one in
/// force. Thread-safe.
class LiveProject {
 public:
  /// One state of the file. Never changes.
  struct Snapshot {
    config::Project project;
    std::map<std::string, std::map<std::string, Secret>> secrets;  ///< by profile
    std::string stamp;                                             ///< differs between two states of the file
  };

  /// Reads the file and all secrets of the profiles that branches can have; both wrong ones are errors.
  static Result<std::unique_ptr<LiveProject>> Open(const std::filesystem::path& file,
                                                   std::shared_ptr<Redactor> redactor,
                                                   const config::LoadOptions& options = {});

  std::shared_ptr<const Snapshot> Current() const;
  plan::Policy Policy() const;

  /// Reads the file again if it changed; whether it did. The error is for a changed file that is wrong; told once for
  /// each change.
  Result<bool> ReloadIfChanged();

 private:
  LiveProject(std::filesystem::path file, std::shared_ptr<Redactor> redactor, config::LoadOptions options)
      : file_(std::move(file)), redactor_(std::move(redactor)), options_(std::move(options)) {}
  Result<std::shared_ptr<const Snapshot>> Read() const;

  const std::filesystem::path file_;
  const std::shared_ptr<Redactor> redactor_;
  const config::LoadOptions options_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> current_;
  std::string seen_;  // the stamp that was looked at last, right or wrong
};

}  // namespace perch::cli
