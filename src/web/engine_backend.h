#pragma once

#include "engine/engine.h"
#include "web/backend.h"

namespace perch::web {

/// The Backend over a real engine. All parts must outlive it.
class EngineBackend : public Backend {
 public:
  EngineBackend(engine::Engine& engine, engine::Platform& platform, engine::EventStream& events,
                engine::Journal& journal)
      : engine_(engine), platform_(platform), events_(events), journal_(journal) {}

  std::vector<engine::BranchView> Views() override { return engine_.Views(); }
  std::optional<engine::BranchView> FindView(const std::string& slug_or_branch) override {
    return engine_.FindView(slug_or_branch);
  }
  std::optional<Error> LastLookError() override { return engine_.LastLookError(); }
  Result<Plan> Preview() override { return engine_.Preview(); }
  Result<Plan> Sweep(std::optional<int> max_deletes, bool apply) override { return engine_.Sweep(max_deletes, apply); }
  void Look() override { engine_.Look(); }
  Status Redeploy(const std::string& branch) override { return engine_.Redeploy(branch); }
  Status Reset(const std::string& branch) override { return engine_.Reset(branch); }
  Status StopBranch(const std::string& branch) override { return engine_.StopBranch(branch); }
  Result<engine::LogPiece> ReadLog(const std::string& branch, std::uint64_t generation, Stage stage, std::uint64_t from,
                                   std::size_t limit) override {
    return platform_.ReadLog(branch, generation, stage, from, limit);
  }
  engine::EventStream& events() override { return events_; }
  engine::Journal& journal() override { return journal_; }

 private:
  engine::Engine& engine_;
  engine::Platform& platform_;
  engine::EventStream& events_;
  engine::Journal& journal_;
};

}  // namespace perch::web
