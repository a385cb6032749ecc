#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "engine/place.h"
#include "engine/work_queue.h"
#include "plan/planner.h"

namespace perch::engine {

/// A step overtaken this often in a row waits before it is tried again.
inline constexpr int kOvertakenAtOnce = 3;

/// Locks: `look_mutex_` before `mutex_`; `send_mutex_` before `mutex_`. No port is called and no stop is requested
/// while `mutex_` is held, so that adapters may call back from anywhere.
class Engine::Impl {
 public:
  Impl(Ports ports, Options options);
  ~Impl();

  void Start();
  void Shutdown();
  void Look();
  Result<Plan> LookNow() { return LookWith(std::nullopt); }
  Result<Plan> Preview(std::optional<int> max_deletes);
  Result<Plan> LookWith(std::optional<int> max_deletes);
  Status Redeploy(const std::string& branch, bool fresh_data);
  Status StopBranch(const std::string& branch);
  std::vector<BranchView> Views() const;
  std::optional<BranchView> FindView(const std::string& slug_or_branch) const;
  bool Idle() const;
  bool WaitUntilIdle(std::chrono::milliseconds timeout) const;
  std::optional<Error> LastLookError() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Instant = WorkQueue::Instant;

  /// One complete look at the world.
  struct World {
    std::uint64_t began = 0;  ///< the tick when it began
    std::vector<Environment> environments;
    std::vector<Branch> branches;
    std::vector<plan::WantedBranch> wanted;
    bool unread_settings = false;
  };
  /// What a worker read about one branch.
  struct Facts {
    std::optional<Environment> environment;
    std::optional<Branch> branch;
    std::optional<plan::WantedBranch> wanted;  ///< set with `branch`
    std::optional<Settings> settings;          ///< set when they can be used
  };
  /// Lets the platform call back, until the engine is shut down.
  struct Link {
    std::mutex mutex;
    Impl* engine = nullptr;
  };

  // engine.cc
  Place& PlaceFor(const std::string& name, const std::string& slug);
  void RequestLook(const Lock&);
  bool IdleLocked(const Lock&) const;
  void Show(Place& place);
  void Forget(const std::string& name, const std::string& reason);
  void Post(Event event) { outbox_.push_back(std::move(event)); }
  void PostAbout(const Place& place, Event event);
  void Send();
  void OnPlatformEvent(const std::string& name, Event event);
  void OnEnvironmentChanged(const std::string& name);
  Error UnknownBranch(const std::string& branch) const;

  // engine_look.cc
  void LookLoop();
  Result<World> ListWorld(const plan::Policy& policy);
  plan::WantedBranch Want(const Branch& branch, const plan::Policy& policy, std::optional<Settings>* settings);
  Plan PlanFor(const World& world, const plan::Policy& policy);
  void Adopt(const World& world, const Plan& plan);
  void AdoptStep(const Step& step, const World& world, const Branch* branch, const Environment* environment,
                 std::vector<std::stop_source>& to_stop);
  void AdoptAbsence(const World& world, const std::set<std::string_view>& listed,
                    std::vector<std::stop_source>& to_stop);
  void LookFailed(const Error& error);

  // engine_work.cc
  void WorkLoop();
  void WorkOn(const std::string& name);
  void Check(const std::string& name, bool asked);
  void CheckGone(const std::string& name, const Facts& facts);
  Result<Facts> Read(const std::string& name, std::stop_token stop);
  std::optional<Step> Permit(const Place& place, Step step, const Facts& facts) const;
  void Deploy(const std::string& name, const Step& step, const Facts& facts);
  void AfterDeploy(const std::string& name, const Step& step, const Facts& facts, const Status& status);
  void DeployFailed(const std::string& name, const Step& step, const Facts& facts, const Error& error);
  void Settle(const std::string& name, const Facts& facts, const Step& step);
  void Tell(Place& place, Event::Kind kind, const std::string& text);
  void Postpone(const std::string& name, const Error& error);
  void BeginWork(const std::string& name, Place::Work work, State live, const Step& step, const Facts& facts);
  std::chrono::milliseconds BackOff(int failures) const;

  // engine_remove.cc
  void Delete(const std::string& name, const Step& step, const Facts& facts);
  void AfterDelete(const std::string& name, const Step& step, const Facts& facts, const Status& status);
  void StopNow(const std::string& name, const std::vector<std::shared_ptr<StopWord>>& words);
  Status StopOnPlatform(const std::string& name);

  const Ports ports_;
  const Options options_;

  std::mutex look_mutex_;  // one look at a time
  mutable std::mutex mutex_;
  mutable std::condition_variable looks_;    // a look is wanted, or the end
  mutable std::condition_variable work_;     // a key is ready, or the end
  mutable std::condition_variable changed_;  // something ended: idle, or a stop word answered

  std::map<std::string, Place> places_;
  std::unordered_map<std::string, std::string> names_by_slug_;
  std::map<std::string, BranchView> gone_;  // by slug; the last look of what is gone
  std::deque<std::string> gone_order_;
  WorkQueue queue_;
  std::set<std::string> asked_;
  std::set<std::string> fresh_;  // those whose next deployment makes the data anew
  std::uint64_t tick_ = 0;

  bool look_wanted_ = false;
  int looking_ = 0;
  bool looked_ = false;
  bool look_again_later_ = false;  // the last look failed, or could not read all settings
  int look_failures_ = 0;
  Instant next_look_;
  std::optional<Error> look_error_;
  std::string plan_refusal_;

  std::mutex send_mutex_;  // events leave one at a time, in order
  std::deque<Event> outbox_;
  bool sending_ = false;

  bool started_ = false;
  bool stopping_ = false;  // no new work begins
  bool ended_ = false;     // no work goes on
  std::stop_source stop_;
  std::shared_ptr<Link> link_ = std::make_shared<Link>();
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<EventStream::Subscription> journal_;
  std::uint64_t journalled_ = 0;
  bool journal_failed_ = false;
  std::mutex shutdown_mutex_;
  std::vector<std::thread> threads_;
};

}  // namespace perch::engine
