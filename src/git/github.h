#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "git/github_branches.h"
#include "git/github_client.h"

namespace perch::git {

/// Branches of a repository on GitHub, by its REST API: no copy of the repository is made.
class GitHub : public engine::BranchSource {
 public:
  /// kUsage when the options are wrong; asks nothing yet. `transport` must outlive this. `files` checks commits out,
  /// which REST cannot: the same repository by git, or nullptr where nobody will ask for that.
  static Result<std::unique_ptr<GitHub>> Open(GitHubOptions options, net::Transport& transport,
                                              std::unique_ptr<engine::BranchSource> files = nullptr);

  /// Names and commits. GitHub's list does not tell `tree`, `subject`, `author` and `committed_at`: they are filled
  /// for commits that Find has seen, and empty (the time: 1970) for others. How the list is made complete: see
  /// GitHubBranches.
  Result<BranchList> List(std::stop_token stop) override;

  /// With all fields. nullopt only when GitHub says 404 for the branch, and right after that tells the repository and
  /// its default branch to the same token: a 404 alone can also mean that the token may not see it.
  Result<std::optional<Branch>> Find(const std::string& name, std::stop_token stop) override;

  /// A file of more than 1 MiB is an error (kUsage). A symbolic link reads as what it points at, if that is a file of
  /// the repository.
  Result<std::optional<std::string>> ReadFile(const std::string& commit, const std::string& path) override;

  /// The same digest as of the repository by git. An error when the commit has more files than GitHub lists at once
  /// (100,000, or 7 MB of answer).
  Result<std::string> FilesDigest(const std::string& commit, const std::vector<std::string>& globs) override;

  /// By `files`; kUsage without.
  Status CheckOut(const std::string& commit, const std::filesystem::path& folder, std::stop_token stop) override;

  /// Looks every `poll` of the options, with conditional requests.
  Result<std::unique_ptr<engine::Watch>> WatchForChanges(std::function<void()> on_change) override;

  /// For commit statuses.
  GitHubClient& client() { return *client_; }

 private:
  GitHub(std::unique_ptr<GitHubClient> client, std::unique_ptr<engine::BranchSource> files)
      : client_(std::move(client)), branches_(*client_), files_(std::move(files)) {}

  /// The commit that a branch points at; nullopt for GitHub's 404.
  Result<std::optional<std::string>> ReadRef(const std::string& doing, const std::string& name, std::stop_token stop);
  Result<GitHubCommit> ReadCommit(const std::string& doing, const std::string& commit, std::stop_token stop);
  std::optional<GitHubCommit> KnownCommit(const std::string& commit);

  const std::unique_ptr<GitHubClient> client_;
  GitHubBranches branches_;
  const std::unique_ptr<engine::BranchSource> files_;
  std::mutex mutex_;
  std::map<std::string, GitHubCommit> commits_;  // a commit never changes
  std::deque<std::string> commits_by_age_;
};

}  // namespace perch::git
