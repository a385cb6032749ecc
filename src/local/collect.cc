#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "local/platform_impl.h"
#include "local/tree.h"

/// What nobody needs any more goes: releases, containers, images, old data and logs.
namespace perch::local {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLogsKept = 5;  // generations of logs of one environment

}  // namespace

std::set<std::string> LocalPlatform::Impl::UsedReleases() {
  std::set<std::string> used(releases_in_use.begin(), releases_in_use.end());
  for (const auto& [slug, slot] : slots) {
    const std::lock_guard reading(slot->mutex);
    used.insert(slot->record.previous_release);
    for (const RunningApp& app : slot->record.Apps()) used.insert(app.release);
  }
  return used;
}

void LocalPlatform::Impl::CollectReleases() {
  std::vector<fs::path> unused;
  {
    // One lock over looking and setting aside: a deployment either is known here as a user of its release, or has
    // ended and written down what it serves.
    const std::lock_guard lock(mutex);
    const std::set<std::string> used = UsedReleases();
    for (const std::string& name : NamesIn(layout.Releases())) {
      if (used.contains(name.substr(0, name.find('.')))) continue;
      fs::path aside = layout.Releases() / name;
      if (name.find('.') == std::string::npos) aside += ".gone";
      if (name.find('.') != std::string::npos || rename((layout.Releases() / name).c_str(), aside.c_str()) == 0) {
        unused.push_back(aside);
      }
    }
  }
  for (const fs::path& folder : unused) {
    if (const Status removed = RemoveTree(folder); !removed) Log(LogLevel::kWarning, removed.error().Text());
  }
  CollectContainers();
  CollectImages();
}

void LocalPlatform::Impl::CollectFolders(const SlotPtr& slot) {
  const Record record = Read(slot);
  const std::string& slug = record.environment.slug;
  std::set<std::string> data = {std::to_string(record.data)};
  for (const RunningApp& app : record.Apps()) data.insert(std::to_string(app.data));
  for (const std::string& name : NamesIn(layout.Environment(slug) / "data")) {
    if (data.contains(name)) continue;
    if (const Status removed = RemoveTree(layout.Environment(slug) / "data" / name); !removed) {
      Log(LogLevel::kWarning, removed.error().Text());
    }
  }
  std::vector<std::uint64_t> logs;
  for (const std::string& name : NamesIn(layout.Logs(slug))) {
    if (const auto generation = ParseNumber(name)) logs.push_back(*generation);
  }
  std::sort(logs.begin(), logs.end());
  for (std::size_t i = 0; i + kLogsKept < logs.size(); ++i) {
    if (record.serving && record.serving->generation == logs[i]) continue;
    if (const Status removed = RemoveTree(layout.Log(slug, logs[i])); !removed)
      Log(LogLevel::kWarning, removed.error().Text());
  }
}

void LocalPlatform::Impl::CollectContainers() {
  if (!containers.Used()) return;
  // Listed first: what is started later is recorded before.
  const Result<std::vector<std::string>> names = containers.Names();
  if (!names) return Log(LogLevel::kWarning, names.error().Text());
  std::set<std::string> known;
  {
    const std::lock_guard lock(mutex);
    known = steps_in_use;
    for (const auto& [slug, slot] : slots) {
      const std::lock_guard reading(slot->mutex);
      for (const RunningApp& app : slot->record.Apps()) known.insert(app.container);
    }
  }
  for (const std::string& name : *names) {
    if (known.contains(name)) continue;
    if (const Status removed = containers.Remove(name); !removed) Log(LogLevel::kWarning, removed.error().Text());
  }
}

void LocalPlatform::Impl::CollectImages() {
  if (!containers.Used()) return;
  const Result<std::vector<std::string>> images = containers.Images();
  if (!images) return Log(LogLevel::kWarning, images.error().Text());
  const auto used = [&](const std::string& release) {
    const std::lock_guard lock(mutex);
    return UsedReleases().contains(release);
  };
  for (const std::string& release : *images) {
    if (used(release)) continue;
    // Who wants to build it waits for this, and finds it gone.
    const KeyLocks::Lock lock = builds.Take(release, {});
    if (used(release)) continue;
    if (const Status removed = containers.RemoveImage(release); !removed) {
      Log(LogLevel::kWarning, removed.error().Text());
    }
  }
}

}  // namespace perch::local
