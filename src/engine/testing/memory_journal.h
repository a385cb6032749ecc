#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "engine/journal.h"

namespace perch::engine::testing {

/// A journal in memory. Thread-safe.
class MemoryJournal : public Journal {
 public:
  Status Append(const Event& event) override {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    return {};
  }
  Result<std::vector<Event>> Read(const std::string& slug, std::uint64_t after, int limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<Event> found;
    for (const Event& event : events_) {
      if (event.id > after && (slug.empty() || event.slug == slug) && static_cast<int>(found.size()) < limit) {
        found.push_back(event);
      }
    }
    return found;
  }
  Result<std::vector<Event>> ReadNewest(const std::string& slug, int limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<Event> found;
    for (auto at = events_.rbegin(); at != events_.rend() && static_cast<int>(found.size()) < limit; ++at) {
      if (slug.empty() || at->slug == slug) found.push_back(*at);
    }
    std::reverse(found.begin(), found.end());
    return found;
  }
  std::uint64_t LastId() override {
    const std::lock_guard lock(mutex_);
    return events_.empty() ? 0 : events_.back().id;
  }
  Status Trim(std::uint64_t keep) override {
    const std::lock_guard lock(mutex_);
    if (events_.size() > keep) events_.erase(events_.begin(), events_.end() - static_cast<std::ptrdiff_t>(keep));
    return {};
  }

 private:
  std::mutex mutex_;
  std::vector<Event> events_;
};

}  // namespace perch::engine::testing
