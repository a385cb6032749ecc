#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "engine/events.h"
#include "engine/journal.h"
#include "engine/ports.h"
#include "engine/view.h"
#include "model/plan.h"
#include "plan/policy.h"

namespace perch::engine {

/// Looks, plans and applies, again and again. Nobody tells it what to do, only where to look: it watches the branch
/// source itself, and listens to the platform. Every event of the stream goes to the journal as long as it lives.
/// It alone emits kState events; those that a platform emits are dropped. Thread-safe; must not be called from a sink,
/// except for Views, FindView, Idle and LastLookError. The ports must outlive it.
class Engine {
 public:
  struct Ports {
    BranchSource& branches;
    SettingsSource& settings;
    Platform& platform;
    EventStream& events;
    Journal& journal;
    Clock clock;
    std::function<plan::Policy()> policy;  ///< read anew for each plan, so that a changed perch.yaml counts
    /// The link of a slug, for branches that the platform does not know yet; may be empty.
    std::function<std::string(const std::string& slug)> url;
  };
  struct Options {
    int parallel = 2;                                               ///< branches worked on at the same time, at least 1
    std::chrono::milliseconds interval = std::chrono::seconds(60);  ///< a full look at least this often
    /// What failed for no fault of the branch is tried again after this, then twice that, ... up to `interval`.
    std::chrono::milliseconds first_retry = std::chrono::seconds(1);
    std::uint64_t keep_events = 100'000;  ///< older ones leave the journal
  };

  Engine(Ports ports, Options options);
  ~Engine();  ///< as Shutdown

  /// Starts the workers and the first look. Call once.
  void Start();
  /// Cancels running work, waits for it, ends the workers. Environments are left as they are.
  void Shutdown();

  /// Asks for a full look soon. Cheap; many calls make one look.
  void Look();
  /// A full look now, in the calling thread; gives the plan it made. Enqueues what the plan changes.
  Result<Plan> LookNow();
  /// The plan as of a fresh look; changes and enqueues nothing.
  Result<Plan> Preview();

  /// A person's word: deploy the branch's head again, whatever failed or was stopped before. kNotFound for an unknown
  /// branch (with the nearest name as a hint); kRefused, with the reason, for one that is skipped or held. Held in
  /// memory until the deployment starts: a crash before that forgets it.
  Status Redeploy(const std::string& branch);
  /// The same with fresh data. kRefused also for a protected branch.
  Status Reset(const std::string& branch);
  /// A person's word: end the branch's processes and keep it so. Cancels a running deployment. Waits until it is done;
  /// kRefused for a branch that has no environment.
  Status StopBranch(const std::string& branch);
  /// The deletions that a fresh look asks for; with `apply` they are enqueued. `max_deletes` raises the limit for this
  /// once; an empty or failed listing is still refused (kRefused). Over the limit, the plan's `refusal` says so.
  /// Applying is a full look: what else it finds to do is done too.
  Result<Plan> Sweep(std::optional<int> max_deletes, bool apply);

  /// What is known now, sorted by branch; no I/O.
  std::vector<BranchView> Views() const;
  /// One branch by slug or by name; a slug wins. Branches that went lately are found too, as kGone.
  std::optional<BranchView> FindView(const std::string& slug_or_branch) const;
  /// Whether nothing is queued, being worked on, or waiting to be tried again, after at least one look that worked.
  bool Idle() const;
  /// Waits until Idle or the time is over; says which.
  bool WaitUntilIdle(std::chrono::milliseconds timeout) const;
  /// Why the last look failed; nullopt when it worked.
  std::optional<Error> LastLookError() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace perch::engine
