#include <algorithm>
#include <utility>

#include "base/glob.h"
#include "engine/engine_impl.h"
#include "model/names.h"

namespace perch::engine {
namespace {

bool IsOurs(const Environment& environment, const plan::Policy& policy) {
  return environment.owner_mark == kOwnerMark && environment.app == policy.app;
}

/// Whether an error says nothing about the branch itself.
bool IsPassing(ErrorKind kind) {
  return kind == ErrorKind::kSuperseded || kind == ErrorKind::kCancelled || kind == ErrorKind::kUnavailable;
}

bool RecordsFailureOf(const std::optional<Environment>& environment, const Step& step) {
  if (!environment || !environment->last_attempt) return false;
  const Attempt& attempt = *environment->last_attempt;
  return attempt.result == Attempt::Result::kFailed && attempt.commit == step.commit &&
         attempt.settings_hash == step.settings_hash;
}

}  // namespace

std::chrono::milliseconds Engine::Impl::BackOff(int failures) const {
  std::chrono::milliseconds wait = options_.first_retry;
  for (int i = 1; i < failures && wait < options_.interval; ++i) wait *= 2;
  return std::min(wait, options_.interval);
}

void Engine::Impl::WorkLoop() {
  Lock lock(mutex_);
  while (!stopping_) {
    const std::optional<std::string> name = queue_.Take(std::chrono::steady_clock::now());
    if (name) {
      if (queue_.HasReady()) work_.notify_one();
      lock.unlock();
      WorkOn(*name);
      lock.lock();
      continue;
    }
    const auto ready = [&] { return stopping_ || queue_.HasReady(); };
    if (const std::optional<Instant> due = queue_.NextDue()) {
      work_.wait_until(lock, *due, ready);
    } else {
      work_.wait(lock, [&] { return ready() || queue_.NextDue(); });
    }
  }
}

void Engine::Impl::WorkOn(const std::string& name) {
  std::vector<std::shared_ptr<StopWord>> words;
  bool asked = false;
  {
    const Lock lock(mutex_);
    const auto at = places_.find(name);
    if (at != places_.end()) {
      Place& place = at->second;
      place.work = Place::Work::kChecking;
      place.touched = ++tick_;
      place.stop = std::stop_source();
      words = std::exchange(place.stop_words, {});
      asked = asked_.contains(name) || place.try_again;
    } else {
      queue_.Finish(name);
      changed_.notify_all();
      return;
    }
  }
  if (words.empty()) {
    Check(name, asked);
  } else {
    StopNow(name, words);
  }
  {
    const Lock lock(mutex_);
    const auto at = places_.find(name);
    if (at != places_.end()) {
      Place& place = at->second;
      place.work = Place::Work::kNone;
      place.touched = ++tick_;
      place.stage.reset();
      place.stage_started_at.reset();
      place.live_serving.clear();
      place.live_generation = 0;
      Show(place);
    }
  }
  // Its events are out before anybody hears that it ended.
  Send();
  {
    const Lock lock(mutex_);
    queue_.Finish(name);
    work_.notify_one();
  }
  changed_.notify_all();
}

Result<Engine::Impl::Facts> Engine::Impl::Read(const std::string& name, std::stop_token stop) {
  Facts facts;
  Result<std::optional<Environment>> environment = ports_.platform.Find(name);
  if (!environment) return Fail(environment.error(), "reading the environment of '" + name + "'");
  Result<std::optional<Branch>> branch = ports_.branches.Find(name, stop);
  if (!branch) return Fail(branch.error(), "reading the branch '" + name + "'");
  const plan::Policy policy = ports_.policy();
  if (*environment && IsOurs(**environment, policy)) facts.environment = std::move(*environment);
  facts.branch = std::move(*branch);
  if (facts.branch) facts.wanted = Want(*facts.branch, policy, &facts.settings);
  return facts;
}

void Engine::Impl::Check(const std::string& name, bool asked) {
  std::stop_token stop;
  {
    const Lock lock(mutex_);
    stop = places_.at(name).stop.get_token();
  }
  const Result<Facts> facts = Read(name, stop);
  if (!facts) return Postpone(name, facts.error());
  if (!facts->branch) return CheckGone(name, *facts);
  if (!facts->wanted->unavailable.empty()) {
    return Postpone(name, {.kind = ErrorKind::kUnavailable, .what = facts->wanted->unavailable});
  }

  plan::Policy policy = ports_.policy();
  policy.max_environments = 0;  // the full plan has decided about that
  std::vector<Environment> environments;
  if (facts->environment) environments.push_back(*facts->environment);
  std::vector<std::string> words;
  if (asked) words.push_back(name);
  Plan plan = plan::MakePlan({.branches = std::span(&*facts->wanted, 1),
                              .environments = environments,
                              .asked = words,
                              .policy = policy,
                              .now = ports_.clock()});
  std::optional<Step> step;
  {
    const Lock lock(mutex_);
    const Place& place = places_.at(name);
    step = Permit(place, std::move(plan.steps.front()), *facts);
    if (!step) RequestLook(lock);
    if (step && !asked && place.failure && place.failure->commit == step->commit &&
        place.failure->settings_hash == step->settings_hash && Changes(step->action) && place.step) {
      step = place.step;
    }
  }
  if (!step) return;
  if (step->action == Action::kDelete) return Delete(name, *step, *facts);
  if (Changes(step->action)) return Deploy(name, *step, *facts);
  Settle(name, *facts, *step);
}

/// The branch is certainly gone. Its environment goes only with the full plan's permission.
void Engine::Impl::CheckGone(const std::string& name, const Facts& facts) {
  const plan::Policy policy = ports_.policy();
  std::optional<Step> step;
  {
    const Lock lock(mutex_);
    Place& place = places_.at(name);
    if (!facts.environment) return Forget(name, "branch is gone");
    Step wanted{.action = Action::kDelete,
                .branch = name,
                .slug = facts.environment->slug,
                .profile = facts.environment->profile,
                .generation = facts.environment->generation,
                .reason = "branch is gone"};
    const auto protects = [&](const std::string& pattern) { return GlobMatches(pattern, name); };
    if (std::any_of(policy.protect.begin(), policy.protect.end(), protects)) {
      wanted.action = Action::kProtect;
      wanted.reason = "branch is gone; it is protected";
    }
    step = Permit(place, std::move(wanted), facts);
    if (!step) RequestLook(lock);
  }
  if (!step) return;
  if (step->action == Action::kDelete) return Delete(name, *step, facts);
  Settle(name, facts, *step);
}

/// What of a step that was planned for one branch alone is allowed by the last full plan; nullopt: a new full look has
/// to decide.
std::optional<Step> Engine::Impl::Permit(const Place& place, Step step, const Facts& facts) const {
  if (!Changes(step.action)) return step;
  if (!place.planned) return std::nullopt;
  const Step& planned = *place.planned;
  if (step.action == Action::kDelete) {
    if (planned.action == Action::kRefuse || planned.action == Action::kProtect) return planned;
    if (planned.action != Action::kDelete) return std::nullopt;
    if (!facts.environment->deleting && planned.generation != step.generation) return std::nullopt;
    step.reason = planned.reason;
    return step;
  }
  if (planned.action == Action::kRefuse) return planned;
  if (step.action == Action::kReplace) {
    if (planned.action != Action::kReplace || planned.generation != step.generation) return std::nullopt;
    return step;
  }
  if (step.action == Action::kCreate) {
    if (planned.action == Action::kHold) return planned;
    if (planned.action != Action::kCreate) return std::nullopt;
  }
  return step;
}

void Engine::Impl::Settle(const std::string& name, const Facts& facts, const Step& step) {
  const Lock lock(mutex_);
  Place& place = places_.at(name);
  place.branch = facts.branch;
  place.environment = facts.environment;
  place.step = step;
  place.failures = 0;
  place.trouble.clear();
  if (step.action != Action::kRefuse) place.told.clear();
  if (step.action != Action::kHold && step.action != Action::kRefuse) {
    asked_.erase(name);
    place.try_again = false;
  }
}

/// Says something that may come up again and again only once.
void Engine::Impl::Tell(Place& place, Event::Kind kind, const std::string& text) {
  if (place.told == text) return;
  place.told = text;
  PostAbout(place, {.kind = kind, .text = text});
}

/// Something that is not the branch's fault: tried again later, nothing recorded.
void Engine::Impl::Postpone(const std::string& name, const Error& error) {
  const Lock lock(mutex_);
  if (stopping_) return;
  Place& place = places_.at(name);
  ++place.failures;
  place.trouble = "it is tried again soon: " + error.Text();
  queue_.AddAt(name, std::chrono::steady_clock::now() + BackOff(place.failures));
  Tell(place, Event::Kind::kNotice, place.trouble);
}

void Engine::Impl::BeginWork(const std::string& name, Place::Work work, State live, const Step& step,
                             const Facts& facts) {
  {
    const Lock lock(mutex_);
    Place& place = places_.at(name);
    place.branch = facts.branch;
    place.environment = facts.environment;
    place.work = work;
    place.live = live;
    place.step = place.target = step;
    place.trouble.clear();
    place.deletion_told = false;
    if (work == Place::Work::kDeploying) {
      asked_.erase(name);
      place.failure.reset();
    }
    Show(place);
  }
  Send();
}

void Engine::Impl::Deploy(const std::string& name, const Step& step, const Facts& facts) {
  BeginWork(name, Place::Work::kDeploying, State::kQueued, step, facts);
  std::stop_token stop;
  bool overtaken = false, fresh_data = false;
  {
    const Lock lock(mutex_);
    Place& place = places_.at(name);
    fresh_data = fresh_.contains(name);
    stop = place.stop.get_token();
    overtaken = stopping_ || !place.stop_words.empty();
  }
  if (overtaken) return;
  const DeployRequest request{
      .step = step,
      .branch = *facts.branch,
      .settings = *facts.settings,
      .still_wanted = [this, &step, stop]() -> Status {
        const Result<std::optional<Branch>> now = ports_.branches.Find(step.branch, stop);
        if (!now) return std::unexpected(now.error());
        if (*now && (*now)->commit == step.commit) return {};
        return Fail({.kind = ErrorKind::kSuperseded,
                     .what = "'" + step.branch + "' has moved on",
                     .why = *now ? "it is at " + (*now)->commit.substr(0, 7) + " now" : "it is gone"});
      },
      .fresh_data = fresh_data};
  const Emit emit = [&](Event event) { OnPlatformEvent(name, std::move(event)); };
  const Status status = ports_.platform.Deploy(request, emit, stop);
  AfterDeploy(name, step, facts, status);
}

void Engine::Impl::AfterDeploy(const std::string& name, const Step& step, const Facts& facts, const Status& status) {
  Facts after = facts;
  const Result<std::optional<Environment>> environment = ports_.platform.Find(name);
  if (environment) after.environment = *environment;
  if (status && step.action == Action::kReplace && after.environment) {
    // Never again and again: each time would cost its data.
    const std::string left = plan::FixedChanges(after.environment->fixed, facts.settings->fixed);
    if (!left.empty()) {
      return DeployFailed(name, step, after, {.what = "the environment was made again, but still " + left});
    }
  }
  if (!status && !IsPassing(status.error().kind)) return DeployFailed(name, step, after, status.error());
  Error postponed;
  {
    const Lock lock(mutex_);
    Place& place = places_.at(name);
    place.environment = after.environment;
    place.try_again = !status && status.error().kind == ErrorKind::kUnavailable;
    if (status) fresh_.erase(name);
    if (status && environment) {
      place.failures = 0;
      place.told.clear();
      if (place.planned && step.action == Action::kReplace) place.planned->action = Action::kKeep;  // used up
      place.step->action = Action::kKeep;
      place.step->reason = "the link shows " + step.commit.substr(0, 7) + ", the newest commit";
      return;
    }
    if (status) {
      postponed = environment.error();
    } else {
      const bool stopped = place.stop.stop_requested();
      const bool overtaken = status.error().kind == ErrorKind::kSuperseded;
      if (stopping_ || !place.stop_words.empty()) return;
      if (stopped || (overtaken && place.failures < kOvertakenAtOnce)) {
        if (!stopped) ++place.failures;
        RequestLook(lock);
        queue_.Add(name);
        return;
      }
      postponed = status.error();
    }
  }
  Postpone(name, postponed);
}

/// The branch's own fault: recorded, so that it is not repeated.
void Engine::Impl::DeployFailed(const std::string& name, const Step& step, const Facts& facts, const Error& error) {
  Facts after = facts;
  bool recorded = RecordsFailureOf(after.environment, step);
  if (!recorded) {
    Step failed = step;
    failed.generation = after.environment ? after.environment->generation : 0;
    const Status status = ports_.platform.RecordFailure(failed, error.Text());
    const Result<std::optional<Environment>> environment = ports_.platform.Find(name);
    if (environment) after.environment = *environment;
    recorded = status && RecordsFailureOf(after.environment, step);
  }
  const std::string why = recorded && !after.environment->last_attempt->reason.empty()
                              ? after.environment->last_attempt->reason
                              : error.Text();
  const Lock lock(mutex_);
  Place& place = places_.at(name);
  place.environment = after.environment;
  place.failures = 0;
  place.try_again = false;
  fresh_.erase(name);
  if (!recorded) place.failure = Place::Failure{.commit = step.commit, .settings_hash = step.settings_hash};
  place.step->action = Action::kLeaveFailed;
  place.step->reason = plan::LeftFailed(why);
}

}  // namespace perch::engine
