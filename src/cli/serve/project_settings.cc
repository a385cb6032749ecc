#include "cli/serve/project_settings.h"

#include "base/digest.h"
#include "config/resolve.h"

namespace perch::cli {
namespace {

constexpr const char* kBranchFile = "perch.yaml";
constexpr std::size_t kMostFiles = 20'000;

}  // namespace

Result<ProjectSettings::BranchFile> ProjectSettings::FileOf(const Branch& branch) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = files_.find(branch.name);
    if (known != files_.end() && known->second.commit == branch.commit) return known->second;
  }
  const Result<std::optional<std::string>> text = branches_.ReadFile(branch.commit, kBranchFile);
  if (!text) return Fail(text.error());
  const std::lock_guard lock(mutex_);
  BranchFile file{.commit = branch.commit, .text = nullptr};
  if (*text) {
    std::weak_ptr<const std::string>& shared = texts_[Sha256Hex(**text)];
    file.text = shared.lock();
    if (!file.text) shared = file.text = std::make_shared<const std::string>(**text);
  }
  if (files_.size() >= kMostFiles) files_.clear();
  files_[branch.name] = file;
  std::erase_if(texts_, [](const auto& entry) { return entry.second.expired(); });
  return file;
}

void ProjectSettings::Forget(const std::string& stamp) {
  if (stamp_ == stamp) return;
  resolved_.clear();
  stamp_ = stamp;
}

Result<Settings> ProjectSettings::For(const Branch& branch) {
  const Result<BranchFile> file = FileOf(branch);
  if (!file) return Fail(file.error());
  const auto now = project_.Current();
  const config::Profile* profile = now->project.ProfileFor(branch.name);
  const std::string name = profile ? profile->name : "";
  const std::string key = name + "\n" + (file->text ? Sha256Hex(*file->text) : "");
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
    const std::optional<std::string_view> text =
        file->text ? std::optional<std::string_view>(*file->text) : std::nullopt;
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
