#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

#include "base/error.h"
#include "engine/ports.h"

namespace perch::cli {

/// What builds and tests on this machine printed, for environments that live elsewhere: one file for each stage of the
/// last few attempts of a branch. Thread-safe.
class BuildLogs {
 public:
  explicit BuildLogs(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Adds to a log, up to 16 MiB. A disk that is full loses the log, not the build.
  void Add(const std::string& branch, std::uint64_t generation, Stage stage, std::string_view text);

  /// As engine::Platform::ReadLog; an empty piece that has ended where this machine built nothing.
  Result<engine::LogPiece> Read(const std::string& branch, std::uint64_t generation, Stage stage, std::uint64_t from,
                                std::size_t limit) const;

 private:
  std::filesystem::path FolderOf(const std::string& branch) const;
  void ForgetOld(const std::filesystem::path& folder, std::uint64_t generation) const;

  const std::filesystem::path folder_;
  mutable std::mutex mutex_;
};

}  // namespace perch::cli
