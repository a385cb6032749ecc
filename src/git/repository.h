#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "engine/ports.h"
#include "git/location.h"
#include "git/mirror.h"
#include "git/objects.h"

namespace perch::git {

struct RepositoryOptions {
  std::string location;          ///< a path or a URL, as a person says it
  std::filesystem::path folder;  ///< perch's own, for example `<state>/git`; made if absent
  std::chrono::milliseconds poll = std::chrono::seconds(15);          ///< between looks at a remote repository
  std::chrono::milliseconds list_timeout = std::chrono::seconds(60);  ///< for whatever asks only
  std::chrono::milliseconds fetch_timeout = std::chrono::minutes(10);
};

/// Branches of a git repository, by the git program. One on this machine is read where it is, and never written to;
/// any other is mirrored in `folder`.
class Repository : public engine::BranchSource {
 public:
  /// kUsage when `location` is no repository's. Does not ask a remote: what cannot be reached now may be later.
  static Result<std::unique_ptr<Repository>> Open(RepositoryOptions options);

  Result<BranchList> List(std::stop_token stop) override;
  Result<std::optional<Branch>> Find(const std::string& name, std::stop_token stop) override;
  Result<std::optional<std::string>> ReadFile(const std::string& commit, const std::string& path) override;
  Result<std::string> FilesDigest(const std::string& commit, const std::vector<std::string>& globs) override;
  Status CheckOut(const std::string& commit, const std::filesystem::path& folder, std::stop_token stop) override;
  /// A repository on this machine tells its changes within milliseconds; a remote one is polled.
  Result<std::unique_ptr<engine::Watch>> WatchForChanges(std::function<void()> on_change) override;

  /// Where the branches come from, for people; without credentials.
  const Location& location() const { return location_; }

 private:
  Repository(RepositoryOptions options, Location location);
  Result<Objects> OpenObjects(const std::string& commit) const;

  const RepositoryOptions options_;
  const Location location_;
  LocalRefs refs_;
  std::unique_ptr<Mirror> mirror_;  // of a remote repository only
};

}  // namespace perch::git
