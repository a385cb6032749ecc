#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "git/repository.h"

/// For tests of this folder: real repositories, made by the git program.
namespace perch::git {

/// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "perch-git-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { EXPECT_TRUE(RemoveTree(path_).has_value()); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Runs git in `folder` with nobody's configuration and fixed names and dates; gives what it printed, trimmed.
inline std::string Git(const std::filesystem::path& folder, std::vector<std::string> args,
                       const std::string& input = "") {
  args.insert(args.begin(), "git");
  const std::map<std::string, std::string> env = {{"PATH", getenv("PATH")},
                                                  {"HOME", "/nonexistent"},
                                                  {"GIT_CONFIG_NOSYSTEM", "1"},
                                                  {"GIT_CONFIG_GLOBAL", "/dev/null"},
                                                  {"GIT_AUTHOR_NAME", "Ada"},
                                                  {"GIT_AUTHOR_EMAIL", "ada@example.com"},
                                                  {"GIT_COMMITTER_NAME", "Cleo"},
                                                  {"GIT_COMMITTER_EMAIL", "cleo@example.com"},
                                                  {"GIT_AUTHOR_DATE", "1700000000 +0000"},
                                                  {"GIT_COMMITTER_DATE", "1700000100 +0000"}};
  const Result<ProcessResult> result = RunProcess({.argv = args, .env = env, .cwd = folder.string(), .input = input});
  if (!result) ADD_FAILURE() << result.error().Text();
  if (!result) return "";
  EXPECT_TRUE(result->Succeeded()) << Join(args, " ") << "\n" << result->err;
  return std::string(Trim(result->out));
}

/// A work tree with one commit of `files` on main.
inline void MakeRepository(const std::filesystem::path& folder,
                           const std::map<std::string, std::string>& files = {{"a.txt", "a\n"}}) {
  std::filesystem::create_directories(folder);
  Git(folder, {"init", "--quiet", "--initial-branch=main"});
  for (const auto& [path, content] : files) {
    std::filesystem::create_directories((folder / path).parent_path());
    EXPECT_TRUE(WriteFileAtomically(folder / path, content).has_value());
  }
  Git(folder, {"add", "--all", "--force"});
  Git(folder, {"commit", "--quiet", "--message=first commit"});
}

inline std::string Head(const std::filesystem::path& folder) { return Git(folder, {"rev-parse", "HEAD"}); }

/// A new commit on `branch` (made if absent) without touching the work tree.
inline std::string CommitOn(const std::filesystem::path& folder, const std::string& branch,
                            const std::string& message) {
  const std::string commit = Git(folder, {"commit-tree", "-p", "HEAD", "-m", message, "HEAD^{tree}"});
  Git(folder, {"update-ref", "refs/heads/" + branch, commit});
  return commit;
}

inline std::unique_ptr<Repository> Open(RepositoryOptions options) {
  Result<std::unique_ptr<Repository>> repository = Repository::Open(std::move(options));
  if (!repository) ADD_FAILURE() << repository.error().Text();
  return repository ? std::move(*repository) : nullptr;
}

inline std::vector<std::string> Names(const Result<BranchList>& list) {
  std::vector<std::string> names;
  if (!list) ADD_FAILURE() << list.error().Text();
  if (list) {
    for (const Branch& branch : list->branches) names.push_back(branch.name);
  }
  return names;
}

}  // namespace perch::git
