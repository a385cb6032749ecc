#include "cli/serve/live_project.h"

#include <sys/stat.h>

#include "config/secrets.h"

namespace perch::cli {
namespace {

/// Differs when the file was replaced or written to.
std::string StampOf(const std::filesystem::path& file) {
  struct stat info = {};
  if (stat(file.c_str(), &info) != 0) return "absent";
  return std::to_string(info.st_ino) + "." + std::to_string(info.st_size) + "." + std::to_string(info.st_mtim.tv_sec) +
         "." + std::to_string(info.st_mtim.tv_nsec);
}

}  // namespace

Result<std::shared_ptr<const LiveProject::Snapshot>> LiveProject::Read() const {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->stamp = StampOf(file_);  // before reading: a change in between is seen as one more change
  Result<config::Project> project = config::Load(file_, options_);
  if (!project) return Fail(project.error());
  snapshot->project = std::move(*project);
  for (const config::Rule& rule : snapshot->project.environments) {
    const config::Profile* profile = snapshot->project.FindProfile(rule.profile);
    if (!profile || snapshot->secrets.contains(rule.profile)) continue;
    // On AWS they are kept in Parameter Store: who deploys need not know them.
    const config::MissingSecrets missing =
        snapshot->project.platform == "aws" ? config::MissingSecrets::kAreLeftOut : config::MissingSecrets::kAreErrors;
    auto secrets =
        config::ResolveSecrets(snapshot->project, *profile, config::FindProcessVariable, redactor_.get(), {}, missing);
    if (!secrets) return Fail(secrets.error());
    snapshot->secrets.emplace(rule.profile, std::move(*secrets));
  }
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

Result<std::unique_ptr<LiveProject>> LiveProject::Open(const std::filesystem::path& file,
                                                       std::shared_ptr<Redactor> redactor,
                                                       const config::LoadOptions& options) {
  std::unique_ptr<LiveProject> live(new LiveProject(file, std::move(redactor), options));
  auto snapshot = live->Read();
  if (!snapshot) return Fail(snapshot.error());
  live->seen_ = (*snapshot)->stamp;
  live->current_ = std::move(*snapshot);
  return live;
}

std::shared_ptr<const LiveProject::Snapshot> LiveProject::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

plan::Policy LiveProject::Policy() const {
  const auto now = Current();
  return {.app = now->project.app,
          .skip = now->project.skip,
          .protect = now->project.protect,
          .max_environments = now->project.max_environments,
          .max_deletes = std::nullopt};
}

Result<bool> LiveProject::ReloadIfChanged() {
  const std::string stamp = StampOf(file_);
  {
    const std::lock_guard lock(mutex_);
    if (stamp == seen_) return false;
    seen_ = stamp;
  }
  auto snapshot = Read();
  if (!snapshot) return Fail(snapshot.error());
  const auto before = Current();
  // These name the place where everything lives; changing them under running environments would lose those.
  if ((*snapshot)->project.app != before->project.app ||
      (*snapshot)->project.repository != before->project.repository) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "`app` or `repository` changed",
                 .where = file_.string(),
                 .why = "a running serve keeps the ones it started with",
                 .hint = "Stop it, run `perch sweep` if the old environments shall go, and start it again."});
  }
  const std::lock_guard lock(mutex_);
  current_ = std::move(*snapshot);
  return true;
}

}  // namespace perch::cli
