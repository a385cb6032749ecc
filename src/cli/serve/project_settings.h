#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "cli/serve/live_project.h"
#include "engine/ports.h"

namespace perch::cli {

/// Settings of branches: the operator's perch.yaml and what the branch's own, at its commit, may set. Thread-safe.
/// Branches with the same profile and the same file share one resolution, and a commit's file is read once.
class ProjectSettings : public engine::SettingsSource {
 public:
  ProjectSettings(const LiveProject& project, engine::BranchSource& branches)
      : project_(project), branches_(branches) {}
  Result<Settings> For(const Branch& branch) override;

 private:
  using Text = std::shared_ptr<const std::string>;  // nullptr: the commit has no such file
  Result<Text> FileOf(const std::string& commit);
  void Forget(const std::string& stamp);

  const LiveProject& project_;
  engine::BranchSource& branches_;
  std::mutex mutex_;
  std::map<std::string, Text> files_;                              // by commit
  std::map<std::string, std::weak_ptr<const std::string>> texts_;  // by digest, so that equal files are kept once
  std::map<std::string, std::shared_ptr<const Result<Settings>>> resolved_;  // by profile and digest
  std::string stamp_;                                                        // of the project that `resolved_` is for
};

}  // namespace perch::cli
