#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace perch::engine {

/// Keys that need work: each waits at most once, and none is worked on twice at the same time. Not thread-safe.
class WorkQueue {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  /// The key is ready to be taken; one that is being worked on will be once that ends.
  void Add(const std::string& key);
  /// As Add, but not before `due`. Changes nothing for a key that is ready; replaces an earlier `due`.
  void AddAt(const std::string& key, Instant due);
  /// The next ready key, which is being worked on from now on until Finish.
  std::optional<std::string> Take(Instant now);
  void Finish(const std::string& key);

  /// When the first waiting key gets ready; nullopt when none waits.
  std::optional<Instant> NextDue() const;
  bool HasReady() const { return !ready_.empty(); }
  bool IsReady(const std::string& key) const;    ///< will be taken as soon as possible
  bool IsWaiting(const std::string& key) const;  ///< will be taken at its due time
  bool IsRunning(const std::string& key) const;
  bool Empty() const { return items_.empty(); }  ///< nothing ready, waiting or being worked on

 private:
  struct Item {
    bool ready = false;  ///< in ready_, or to be put there by Finish
    bool running = false;
    std::optional<Instant> due;  ///< in waiting_, or to be put there by Finish
  };
  const Item* Find(const std::string& key) const;

  std::map<std::string, Item> items_;
  std::deque<std::string> ready_;
  std::set<std::pair<Instant, std::string>> waiting_;
};

}  // namespace perch::engine
