#pragma once

#include <functional>
#include <string>

#include "local/guest_log.h"
#include "local/platform_impl.h"

namespace perch::local {

/// The error of an attempt that was told to stop.
Error Cancelled();

/// One attempt to bring a commit up: the pipeline. Lives as long as the attempt, in one thread.
class Deployment {
 public:
  Deployment(LocalPlatform::Impl& platform, SlotPtr slot, const engine::DeployRequest& request,
             const engine::Emit& emit, std::stop_token stop);
  ~Deployment();

  /// The whole of it. Whatever fails, what served before goes on.
  Status Run();

 private:
  using Body = std::function<Status(LogWriter& log)>;

  Status Steps();
  Status MakeRelease();
  Status BuildAndTest(const std::filesystem::path& folder);
  /// The same in a container image, which stays in the local engine.
  Status BuildAndTestImage(const std::filesystem::path& folder);
  bool InContainers() const { return !settings_.dockerfile.empty(); }
  std::string NewContainerName() const;
  Status PrepareData();
  Status FreshData();
  Status CopyData(std::uint64_t from);
  Status SaveSeed(const std::filesystem::path& seed);
  Result<std::string> SeedKey();
  Status StartApp();
  Status Switch();
  void Retire();

  /// Runs one stage with its events, its log and its place in the record. Errors without a `what` are completed.
  Status RunStage(Stage stage, State state, const Body& body);
  void Started(Stage stage, State state);
  Status Finished(Stage stage, Status status);
  void Skipped(Stage stage, const std::string& why);
  /// Runs a command of perch.yaml to its end, its output into the log.
  Status RunCommand(const Command& command, Guest guest, std::chrono::milliseconds timeout, LogWriter& log);
  /// As RunCommand, for what belongs to the app: in a container of its image if it has one.
  Status RunStep(const Command& command, Result<Guest> guest, std::chrono::milliseconds timeout, LogWriter& log);
  Result<Guest> ReleaseGuest();

  Status BeginAttempt();
  Status EndAttempt(Status status);
  void Emit(Event event);
  LogWriter OpenLog(Stage stage);

  LocalPlatform::Impl& platform_;
  const SlotPtr slot_;
  const engine::DeployRequest& request_;
  const engine::Emit& emit_;
  const std::stop_token stop_;
  const Settings& settings_;
  const std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point stage_begun_;
  std::shared_ptr<Redactor> secrets_;

  std::uint64_t generation_ = 0;
  std::string slug_;
  std::string release_;     // key
  std::uint64_t data_ = 0;  // version that the new release works on
  bool fresh_data_ = false;
  RunningApp app_;
};

}  // namespace perch::local
