#include "local/key_locks.h"

namespace perch::local {

KeyLocks::Lock KeyLocks::Take(const std::string& key, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (!freed_.wait(lock, stop, [&] { return !taken_.contains(key); })) return {};
  taken_.insert(key);
  return Lock(this, key);
}

void KeyLocks::Unlock(const std::string& key) {
  const std::lock_guard lock(mutex_);
  taken_.erase(key);
  freed_.notify_all();
}

}  // namespace perch::local
