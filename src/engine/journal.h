#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/event.h"

namespace perch::engine {

/// The history: every event, in SQLite (WAL). Losing it loses no environment. Thread-safe.
class Journal {
 public:
  /// Opens or makes it. A damaged file is set aside as `<path>.damaged-<time>` and a new one begun, with a notice in
  /// the log.
  static Result<std::unique_ptr<Journal>> Open(const std::filesystem::path& path);
  virtual ~Journal() = default;

  virtual Status Append(const Event& event) = 0;
  /// The events of one slug (or of all, for ""), with an id above `after`, oldest first, at most `limit`.
  virtual Result<std::vector<Event>> Read(const std::string& slug, std::uint64_t after, int limit) = 0;
  /// The newest `limit` events of one slug (or all), oldest first.
  virtual Result<std::vector<Event>> ReadNewest(const std::string& slug, int limit) = 0;
  /// The highest id; 0 when empty.
  virtual std::uint64_t LastId() = 0;
  /// Keeps the newest `keep` events.
  virtual Status Trim(std::uint64_t keep) = 0;
};

}  // namespace perch::engine
