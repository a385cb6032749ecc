#include "engine/work_queue.h"

namespace perch::engine {

void WorkQueue::Add(const std::string& key) {
  Item& item = items_[key];
  if (item.due) {
    waiting_.erase({*item.due, key});
    item.due.reset();
  }
  if (item.ready) return;
  item.ready = true;
  if (!item.running) ready_.push_back(key);
}

void WorkQueue::AddAt(const std::string& key, Instant due) {
  Item& item = items_[key];
  if (item.ready) return;
  if (item.due) waiting_.erase({*item.due, key});
  item.due = due;
  if (!item.running) waiting_.emplace(due, key);
}

std::optional<std::string> WorkQueue::Take(Instant now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const std::string key = waiting_.begin()->second;
    Add(key);
  }
  if (ready_.empty()) return std::nullopt;
  std::string key = std::move(ready_.front());
  ready_.pop_front();
  Item& item = items_[key];
  item.ready = false;
  item.running = true;
  return key;
}

void WorkQueue::Finish(const std::string& key) {
  const auto at = items_.find(key);
  if (at == items_.end()) return;
  Item& item = at->second;
  item.running = false;
  if (item.ready) {
    ready_.push_back(key);
  } else if (item.due) {
    waiting_.emplace(*item.due, key);
  } else {
    items_.erase(at);
  }
}

std::optional<WorkQueue::Instant> WorkQueue::NextDue() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first;
}

const WorkQueue::Item* WorkQueue::Find(const std::string& key) const {
  const auto at = items_.find(key);
  return at == items_.end() ? nullptr : &at->second;
}

bool WorkQueue::IsReady(const std::string& key) const {
  const Item* item = Find(key);
  return item && item->ready;
}

bool WorkQueue::IsWaiting(const std::string& key) const {
  const Item* item = Find(key);
  return item && item->due.has_value();
}

bool WorkQueue::IsRunning(const std::string& key) const {
  const Item* item = Find(key);
  return item && item->running;
}

}  // namespace perch::engine
