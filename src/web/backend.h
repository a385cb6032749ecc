#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/events.h"
#include "engine/journal.h"
#include "engine/ports.h"
#include "engine/view.h"
#include "model/plan.h"

namespace perch::web {

/// What the pages and the API need from the rest of perch. EngineBackend is the real one; tests fake it. Thread-safe.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::vector<engine::BranchView> Views() = 0;
  virtual std::optional<engine::BranchView> FindView(const std::string& slug_or_branch) = 0;
  virtual std::optional<Error> LastLookError() = 0;

  virtual Result<Plan> Preview() = 0;
  virtual Result<Plan> Sweep(std::optional<int> max_deletes, bool apply) = 0;
  virtual void Look() = 0;
  virtual Status Redeploy(const std::string& branch) = 0;
  virtual Status Reset(const std::string& branch) = 0;
  virtual Status StopBranch(const std::string& branch) = 0;

  /// As engine::Platform::ReadLog.
  virtual Result<engine::LogPiece> ReadLog(const std::string& branch, std::uint64_t generation, Stage stage,
                                           std::uint64_t from, std::size_t limit) = 0;

  virtual engine::EventStream& events() = 0;
  virtual engine::Journal& journal() = 0;
};

/// The last `lines` lines of a stage's log, reading at most the log's kept bytes; "" when there is none.
std::string LogTail(Backend& backend, const std::string& branch, std::uint64_t generation, Stage stage,
                    std::size_t lines);

}  // namespace perch::web
