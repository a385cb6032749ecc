#include "git/repository.h"

#include <system_error>
#include <utility>

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "git/git_program.h"
#include "git/refs.h"
#include "git/watch.h"

namespace perch::git {
namespace {

namespace fs = std::filesystem;

std::string AsText(const std::vector<Branch>& branches) {
  std::string text;
  for (const Branch& branch : branches) text.append(branch.commit).append(" ").append(branch.name).append("\n");
  return text;
}

}  // namespace

Repository::Repository(RepositoryOptions options, Location location)
    : options_(std::move(options)), location_(std::move(location)) {
  if (location_.IsLocal()) {
    refs_ = {.git_dir = location_.git_dir, .shown = location_.shown, .timeout = options_.list_timeout};
    return;
  }
  const fs::path folder = options_.folder / ("mirror-" + Sha256Hex(location_.url).substr(0, 16) + ".git");
  mirror_ = std::make_unique<Mirror>(
      location_, folder,
      Mirror::Options{.list_timeout = options_.list_timeout, .fetch_timeout = options_.fetch_timeout});
  refs_ = mirror_->refs();
}

Result<std::unique_ptr<Repository>> Repository::Open(RepositoryOptions options) {
  std::error_code error;
  options.folder = fs::absolute(options.folder, error);
  if (const Status made = MakeFolders(options.folder, 0700); !made) return Fail(made.error());
  Result<Location> location = FindLocation(options.location);
  if (!location) return Fail(location.error());
  if (location->IsLocal()) {
    GitCall call;
    call.args = {"--git-dir=" + location->git_dir.string(), "rev-parse", "--git-dir"};
    call.cwd = location->git_dir;
    call.timeout = options.list_timeout;
    call.doing = "cannot use this repository";
    call.where = location->shown;
    if (const Result<GitOutput> works = RunGit(call); !works) {
      Error refused = works.error();
      refused.kind = ErrorKind::kUsage;
      return Fail(std::move(refused));
    }
  }
  return std::unique_ptr<Repository>(new Repository(std::move(options), std::move(*location)));
}

Result<BranchList> Repository::List(std::stop_token stop) {
  std::string default_branch;
  if (mirror_) {
    Result<RemoteRefs> remote = mirror_->FetchAll(stop);
    if (!remote) return Fail(remote.error());
    default_branch = std::move(remote->default_branch);
  } else {
    default_branch = ReadDefaultBranch(refs_, stop);
  }
  Result<std::vector<Branch>> branches = ReadBranches(refs_, stop);
  if (!branches) return Fail(branches.error());
  if (branches->empty()) {
    return Fail({.kind = ErrorKind::kUnavailable,
                 .what = "cannot list the branches",
                 .where = location_.shown,
                 .why = "the repository has no branch with a commit",
                 .hint = "Make a first commit there, or push one."});
  }
  return BranchList{.branches = std::move(*branches), .default_branch = std::move(default_branch)};
}

Result<std::optional<Branch>> Repository::Find(const std::string& name, std::stop_token stop) {
  if (!IsBranchName(name)) return std::nullopt;
  if (mirror_) {
    const Result<bool> there = mirror_->FetchOne(name, stop);
    if (!there) return Fail(there.error());
    if (!*there) return std::nullopt;
  }
  return ReadBranch(refs_, name, stop);
}

Result<Objects> Repository::OpenObjects(const std::string& commit) const {
  const std::string format = commit.size() == 64 ? "sha256" : "sha1";
  return Objects::Open(options_.folder / ("reader-" + format + ".git"), refs_.git_dir / "objects", format,
                       location_.shown);
}

Result<std::optional<std::string>> Repository::ReadFile(const std::string& commit, const std::string& path) {
  const Result<Objects> objects = OpenObjects(commit);
  if (!objects) return Fail(objects.error());
  return objects->ReadFile(commit, path);
}

Result<std::string> Repository::FilesDigest(const std::string& commit, const std::vector<std::string>& globs) {
  const Result<Objects> objects = OpenObjects(commit);
  if (!objects) return Fail(objects.error());
  return objects->FilesDigest(commit, globs);
}

Status Repository::CheckOut(const std::string& commit, const fs::path& folder, std::stop_token stop) {
  const Result<Objects> objects = OpenObjects(commit);
  if (!objects) return Fail(objects.error());
  return objects->CheckOut(commit, folder, stop);
}

Result<std::unique_ptr<engine::Watch>> Repository::WatchForChanges(std::function<void()> on_change) {
  if (mirror_) {
    return WatchByPolling(
        [this](const std::stop_token& stop) -> Result<std::string> {
          const Result<RemoteRefs> remote = mirror_->Ask(stop);
          if (!remote) return Fail(remote.error());
          std::string text = remote->default_branch + "\n";
          for (const auto& [name, commit] : remote->heads) text.append(commit).append(" ").append(name).append("\n");
          return text;
        },
        options_.poll, std::move(on_change));
  }
  Result<std::unique_ptr<engine::Watch>> watch = WatchRefs(location_.git_dir, on_change);
  if (watch) return watch;
  const Error& error = watch.error();
  Log(LogLevel::kWarning, error.what + ": " + error.where + ": " + error.why + "; looking every second instead");
  return WatchByPolling(
      [this](const std::stop_token& stop) -> Result<std::string> {
        const Result<std::vector<Branch>> branches = ReadBranches(refs_, stop);
        if (!branches) return Fail(branches.error());
        return ReadDefaultBranch(refs_, stop) + "\n" + AsText(*branches);
      },
      std::chrono::seconds(1), std::move(on_change));
}

}  // namespace perch::git
