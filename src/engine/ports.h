#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/branch.h"
#include "model/environment.h"
#include "model/event.h"
#include "model/plan.h"
#include "model/settings.h"

/// The ports: what the engine needs from the world. Adapters implement them; src/cli wires them; the engine's tests
/// fake them. All methods may be called from several threads at once unless said otherwise.
namespace perch::engine {

/// Ends a watch when destroyed; after that its callback is not running and will not be called.
class Watch {
 public:
  virtual ~Watch() = default;
};

/// Where branches come from: a git repository, GitHub.
class BranchSource {
 public:
  virtual ~BranchSource() = default;

  /// All branches, or an error. A listing that failed, hung, or was cut short is an error (kUnavailable), never a
  /// shorter list.
  virtual Result<BranchList> List(std::stop_token stop) = 0;

  /// One branch as it is now; nullopt only when the host says for certain that it is not there.
  virtual Result<std::optional<Branch>> Find(const std::string& name, std::stop_token stop) = 0;

  /// A file of a commit's tree; nullopt when the commit has no such regular file. `path` is relative to the root.
  virtual Result<std::optional<std::string>> ReadFile(const std::string& commit, const std::string& path) = 0;

  /// A hash over the (path, blob) pairs of a commit's files that fit any of `globs`.
  virtual Result<std::string> FilesDigest(const std::string& commit, const std::vector<std::string>& globs) = 0;

  /// Writes a commit's tree into `folder`, which exists and is empty. No hook and no filter of the repository runs.
  virtual Status CheckOut(const std::string& commit, const std::filesystem::path& folder, std::stop_token stop) = 0;

  /// Calls `on_change` from a thread of its own whenever branches may have changed (never for sure, never late by more
  /// than the source's interval).
  virtual Result<std::unique_ptr<Watch>> WatchForChanges(std::function<void()> on_change) = 0;
};

/// Which settings a branch has at its head: the operator's perch.yaml, plus what the branch's own file may set.
class SettingsSource {
 public:
  virtual ~SettingsSource() = default;
  /// kUsage when the branch's file is wrong (the text is for its author); kUnavailable when it could not be read now.
  virtual Result<Settings> For(const Branch& branch) = 0;
};

/// Takes events while work goes on. Any thread; never blocks for long.
using Emit = std::function<void(Event)>;

/// One deployment. The step's generation and commit are its fence.
struct DeployRequest {
  Step step;
  Branch branch;
  Settings settings;
  /// Asks the git host once more that the branch's head is still `step.commit`; kSuperseded when it is not. Called
  /// right before traffic is switched, and before a replacement deletes anything.
  std::function<Status()> still_wanted;
  /// A person wants the database and the bucket made anew. Where that means deleting the environment first, the link
  /// is down meanwhile; elsewhere what served goes on until the new release is healthy.
  bool fresh_data = false;
};

/// A piece of a log.
struct LogPiece {
  std::string text;         ///< masked; may be cut in the middle of a line
  std::uint64_t next = 0;   ///< where to read on
  std::uint64_t first = 0;  ///< the oldest offset still kept
  bool ended = false;       ///< nothing will be added to this log any more
};

/// Where environments live. Everything it does survives a crash at any instruction: facts are written before the act,
/// and doing the same step again converges.
class Platform {
 public:
  virtual ~Platform() = default;

  /// What this platform cannot do is an error (kUsage) that names the place in perch.yaml.
  virtual Status Validate(const Settings& settings) const = 0;

  /// What of an environment with these settings could only be changed by deleting and making it again: label to value,
  /// values as a person reads them. Pure and quick; asked while planning, for settings that Validate accepts.
  virtual std::map<std::string, std::string> Fixed(const Settings&) const { return {}; }

  /// All environments of this app that exist in any form, half-made and half-deleted ones too.
  virtual Result<std::vector<Environment>> List() = 0;
  virtual Result<std::optional<Environment>> Find(const std::string& branch) = 0;

  /// Brings `step.commit` up and switches the link to it. The environment's generation must be `step.generation` (0:
  /// there is none), else kSuperseded; it grows by one. On any failure what served before goes on serving. `stop` asks
  /// to give up (kCancelled); after the switch has begun it is ignored.
  ///
  /// A step kReplace deletes the environment with its data and makes it again with `settings.fixed`; both halves are
  /// the platform's. `request.still_wanted` is asked before the deletion as well. From the deletion's begin until it is
  /// proven the environment is told as `deleting`, so that after a crash it is finished like any other; then there is
  /// none, and the next look creates it. No kDeleted is told. After success the environment's `fixed` is that of the
  /// settings.
  virtual Status Deploy(const DeployRequest& request, const Emit& emit, std::stop_token stop) = 0;

  /// Ends the processes, keeps the data; the environment is stopped until a push, changed settings or a person's word.
  virtual Status Stop(const Step& step, const Emit& emit) = 0;

  /// Removes the environment and everything it caused, and proves it. Fails closed: refuses (kRefused) what lacks
  /// perch's mark, kSuperseded on another generation.
  virtual Status Delete(const Step& step, const Emit& emit) = 0;

  /// Records that an attempt failed before it reached the platform (for example: the branch's perch.yaml is wrong).
  virtual Status RecordFailure(const Step& step, const std::string& reason) = 0;

  /// The log of one stage of an attempt: `generation` 0 means the newest; kStart is the running app's output. `from` is
  /// a byte offset; at most `limit` bytes come back.
  virtual Result<LogPiece> ReadLog(const std::string& branch, std::uint64_t generation, Stage stage, std::uint64_t from,
                                   std::size_t limit) = 0;

  /// Called (any thread) with the branch whose environment changed by itself: its app died for good, or came back.
  virtual void OnChange(std::function<void(const std::string& branch)> callback) = 0;
};

/// What the links show. The local platform tells it; the gateway does it.
class Traffic {
 public:
  virtual ~Traffic() = default;
  /// From now on new requests for `slug` go to 127.0.0.1:`port`. Returns after that is true.
  virtual void Route(const std::string& slug, std::uint16_t port) = 0;
  /// From now on `slug` gets the honest page.
  virtual void Unroute(const std::string& slug) = 0;
  /// Waits until no request is under way to that port, at most `timeout` (long-lived connections are cut then). Call
  /// after Route moved on.
  virtual void Drain(std::uint16_t port, std::chrono::milliseconds timeout) = 0;
};

}  // namespace perch::engine
