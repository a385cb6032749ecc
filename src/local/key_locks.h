#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

namespace perch::local {

/// One worker per key; others wait for it. Thread-safe.
class KeyLocks {
 public:
  class Lock {
   public:
    Lock() = default;
    Lock(KeyLocks* locks, std::string key) : locks_(locks), key_(std::move(key)) {}
    Lock(Lock&& other) noexcept : locks_(std::exchange(other.locks_, nullptr)), key_(std::move(other.key_)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock() {
      if (locks_) locks_->Unlock(key_);
    }
    /// False when the wait was stopped.
    explicit operator bool() const { return locks_ != nullptr; }

   private:
    KeyLocks* locks_ = nullptr;
    std::string key_;
  };

  /// Waits until the key is free, or `stop` is asked for.
  Lock Take(const std::string& key, std::stop_token stop);

 private:
  void Unlock(const std::string& key);

  std::mutex mutex_;
  std::condition_variable_any freed_;
  std::set<std::string> taken_;
};

}  // namespace perch::local
