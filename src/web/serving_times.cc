#include "web/serving_times.h"

namespace perch::web {
namespace {

constexpr int kLookBack = 300;

}  // namespace

ServingTimes::ServingTimes(Backend& backend) : backend_(backend) {
  subscription_ = backend_.events().Subscribe([this](const Event& event) { Note(event); });
}

ServingTimes::~ServingTimes() { subscription_.reset(); }

void ServingTimes::Note(const Event& event) {
  const std::scoped_lock lock(mutex_);
  if (event.kind == Event::Kind::kSwitched) last_[event.slug] = {.commit = event.commit, .at = event.at};
  if (event.kind == Event::Kind::kDeleted) last_.erase(event.slug);
}

std::optional<Time> ServingTimes::Since(const std::string& slug, const std::string& commit) {
  {
    const std::scoped_lock lock(mutex_);
    const std::map<std::string, Switch>::const_iterator found = last_.find(slug);
    if (found != last_.end()) return found->second.commit == commit ? std::optional(found->second.at) : std::nullopt;
  }
  Switch found;  // An empty commit: looked for and not there.
  if (const Result<std::vector<Event>> events = backend_.journal().ReadNewest(slug, kLookBack)) {
    for (const Event& event : *events) {
      if (event.kind == Event::Kind::kSwitched) found = {.commit = event.commit, .at = event.at};
    }
  }
  const std::scoped_lock lock(mutex_);
  const Switch& kept = last_.try_emplace(slug, found).first->second;
  return kept.commit == commit ? std::optional(kept.at) : std::nullopt;
}

}  // namespace perch::web
