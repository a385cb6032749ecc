#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "git/location.h"
#include "git/refs.h"

namespace perch::git {

/// A bare copy of a remote repository's branches. Only what the remote said just now counts: a fetch that failed is an
/// error, never the state of yesterday. Thread-safe; fetches take turns.
class Mirror {
 public:
  struct Options {
    std::chrono::milliseconds list_timeout = std::chrono::seconds(60);
    std::chrono::milliseconds fetch_timeout = std::chrono::minutes(10);
  };

  Mirror(Location location, std::filesystem::path folder, Options options)
      : location_(std::move(location)), folder_(std::move(folder)), options_(options) {}

  /// Asks the remote for its branches; fetches nothing.
  Result<RemoteRefs> Ask(std::stop_token stop) const;
  /// Makes the copy equal to the remote, deletions included. The remote must have a branch.
  Result<RemoteRefs> FetchAll(std::stop_token stop);
  /// Makes one branch of the copy equal to the remote's; says whether the remote has it.
  Result<bool> FetchOne(const std::string& name, std::stop_token stop);

  const std::filesystem::path& git_dir() const { return folder_; }
  LocalRefs refs() const { return {.git_dir = folder_, .shown = location_.shown, .timeout = options_.list_timeout}; }

 private:
  class Turn;
  Result<RemoteRefs> Ask(const std::vector<std::string>& patterns, std::stop_token stop) const;
  /// Packs what many fetches left, now and then; a failure is only logged.
  void TidyUp(std::stop_token stop);
  Status Fetch(const std::vector<std::string>& refspecs, bool prune, std::stop_token stop);

  const Location location_;
  const std::filesystem::path folder_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable_any turn_;
  bool busy_ = false;
  int fetches_ = 0;  // since the start; only whose turn it is touches it
};

}  // namespace perch::git
