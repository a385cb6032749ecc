#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "local/layout.h"
#include "local/proc.h"
#include "model/environment.h"

namespace perch::local {

/// A keeper process as recorded: what it runs, and where that listens.
struct RunningApp {
  ProcessId keeper;
  std::uint64_t generation = 0;
  std::uint16_t port = 0;
  std::string commit;
  std::string tree;
  std::string settings_hash;
  std::string release;     ///< key of its release
  std::uint64_t data = 0;  ///< version of its data folder
  std::int64_t stop_timeout_ms = 10'000;
  std::string container;  ///< its name in the Docker engine; "" for processes
};

/// environment.json: all that is known of one environment. Written before each act.
struct Record {
  perch::Environment environment;
  std::uint32_t uid = 0;                ///< the guest's own user; 0: perch's
  std::uint64_t data = 0;               ///< version of the data folder that counts; 0: none yet
  std::string previous_release;         ///< key; kept for a quick way back
  std::optional<RunningApp> serving;    ///< what the link shows, or should show after the next start
  std::optional<RunningApp> candidate;  ///< being started by the current attempt
  std::optional<RunningApp> retiring;   ///< replaced, not ended yet

  /// Those of the three that there are.
  std::vector<RunningApp> Apps() const;
};

std::string ToJson(const Record& record);
/// Reads what ToJson writes. Unknown fields are ignored, so that an older perch can read a newer one's record.
Result<Record> ParseRecord(const std::string& json);

Status SaveRecord(const Layout& layout, const Record& record);
/// kNotFound when there is none.
Result<Record> LoadRecord(const Layout& layout, const std::string& slug);

}  // namespace perch::local
