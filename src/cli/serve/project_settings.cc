#include "cli/serve/project_settings.h"

#include "base/digest.h"
#include "config/resolve.h"

namespace perch::cli {
namespace {

constexpr const char* kBranchFile = "perch.yaml";
constexpr std::size_t kMostFiles = 20'000;

}  // namespace

Result<ProjectSettings::Text> ProjectSettings::FileOf(const std::string& commit) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = files_.find(commit);
    if (known != files_.end()) return known->second;
  }
  const Result<std::optional<std::string>> read = branches_.ReadFile(commit, kBranchFile);
  if (!read) return Fail(read.error());
  const std::lock_guard lock(mutex_);
  Text text;
  if (*read) {
    std::weak_ptr<const std::string>& shared = texts_[Sha256Hex(**read)];
    text = shared.lock();
    if (!text) shared = text = std::make_shared<const std::string>(**read);
  }
  if (files_.size() >= kMostFiles) files_.clear();  // commits of long ago; those of now are read again
  files_[commit] = text;
  std::erase_if(texts_, [](const auto& entry) { return entry.second.expired(); });
  return text;
}

void ProjectSettings::Forget(const std::string& stamp) {
  if (stamp_ == stamp) return;
  resolved_.clear();
  stamp_ = stamp;
}

Result<Settings> ProjectSettings::For(const Branch& branch) {
  const Result<Text> file = FileOf(branch.commit);
  if (!file) return Fail(file.error());
  const auto now = project_.Current();
  const config::Profile* profile = now->project.ProfileFor(branch.name);
  const std::string name = profile ? profile->name : "";
  const std::string key = name + "\n" + (*file ? Sha256Hex(**file) : "");
  std::shared_ptr<const Result<Settings>> settings;
  {
    const std::lock_guard lock(mutex_);
    Forget(now->stamp);
    const auto known = resolved_.find(key);
    if (known != resolved_.end()) settings = known->second;
  }
  if (!settings) {
    static const std::map<std::string, Secret> kNone;
    const auto secrets = now->secrets.find(name);
    const std::optional<std::string_view> text = *file ? std::optional<std::string_view>(**file) : std::nullopt;
    settings = std::make_shared<const Result<Settings>>(
        config::Resolve(now->project, branch.name, text, secrets == now->secrets.end() ? kNone : secrets->second));
    // A branch without a profile is told so by name: not to be shared.
    const std::lock_guard lock(mutex_);
    if (profile && stamp_ == now->stamp) resolved_[key] = settings;
  }
  Result<Settings> own = *settings;
  if (own) own->branch = branch.name;
  return own;
}

}  // namespace perch::cli
