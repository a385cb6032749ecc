#include <algorithm>
#include <set>
#include <utility>

#include "base/glob.h"
#include "engine/engine_impl.h"

namespace perch::engine {
namespace {

bool IsSkipped(const plan::Policy& policy, const std::string& name) {
  return std::any_of(policy.skip.begin(), policy.skip.end(),
                     [&](const std::string& pattern) { return GlobMatches(pattern, name); });
}

/// Whether a deployment of `target` should end because `step` is what is wanted now.
bool Overtakes(const Step& step, const Step& target) {
  if (step.action == Action::kDelete) return true;
  if (step.action == Action::kRefuse || step.commit.empty()) return false;
  return step.commit != target.commit || (!step.settings_hash.empty() && step.settings_hash != target.settings_hash);
}

Environment EnvironmentToBe(const Place& place, const plan::Policy& policy) {
  Environment environment;
  environment.app = policy.app;
  environment.branch = place.name;
  environment.slug = place.slug;
  environment.owner_mark = kOwnerMark;
  environment.last_attempt = Attempt{.commit = place.target.commit, .settings_hash = place.target.settings_hash};
  return environment;
}

bool SameTarget(const Step& a, const Step& b) {
  return (a.action == Action::kDelete) == (b.action == Action::kDelete) && a.commit == b.commit &&
         a.settings_hash == b.settings_hash;
}

}  // namespace

void Engine::Impl::LookLoop() {
  for (;;) {
    {
      Lock lock(mutex_);
      const auto wanted = [&] { return look_wanted_ || stopping_; };
      if (looked_ || look_failures_ > 0) {
        const Instant due = next_look_;
        looks_.wait_until(lock, due, wanted);
      } else {
        looks_.wait(lock, wanted);
      }
      if (stopping_) return;
      if (!look_wanted_ && std::chrono::steady_clock::now() < next_look_) continue;
    }
    const Result<Plan> plan = LookWith(std::nullopt);  // its error is kept in look_error_
  }
}

Result<Plan> Engine::Impl::LookWith(std::optional<int> max_deletes) {
  const std::lock_guard one_at_a_time(look_mutex_);
  {
    const Lock lock(mutex_);
    look_wanted_ = false;
    ++looking_;
  }
  plan::Policy policy = ports_.policy();
  if (max_deletes) policy.max_deletes = std::max(policy.max_deletes.value_or(0), *max_deletes);
  Result<Plan> plan = Plan{};
  const Result<World> world = ListWorld(policy);
  if (world) {
    plan = PlanFor(*world, policy);
    Adopt(*world, *plan);
  } else {
    plan = std::unexpected(world.error());
    LookFailed(world.error());
  }
  {
    const Lock lock(mutex_);
    --looking_;
  }
  Send();
  return plan;
}

Result<Plan> Engine::Impl::Preview(std::optional<int> max_deletes) {
  plan::Policy policy = ports_.policy();
  if (max_deletes) policy.max_deletes = std::max(policy.max_deletes.value_or(0), *max_deletes);
  const Result<World> world = ListWorld(policy);
  if (!world) return std::unexpected(world.error());
  return PlanFor(*world, policy);
}

/// Environments are listed first: a branch born in between then has none in the list, never the other way round.
Result<Engine::Impl::World> Engine::Impl::ListWorld(const plan::Policy& policy) {
  World world;
  {
    const Lock lock(mutex_);
    world.began = ++tick_;
  }
  Result<std::vector<Environment>> environments = ports_.platform.List();
  if (!environments) return Fail(environments.error(), "listing the environments");
  Result<BranchList> list = ports_.branches.List(stop_.get_token());
  if (!list) return Fail(list.error(), "listing the branches");
  world.environments = std::move(*environments);
  world.branches = std::move(list->branches);
  world.wanted.reserve(world.branches.size());
  for (const Branch& branch : world.branches) {
    if (stop_.stop_requested()) {
      return Fail({.kind = ErrorKind::kCancelled, .what = "the look was cut short", .why = "perch is shutting down"});
    }
    world.wanted.push_back(Want(branch, policy, nullptr));
    if (!world.wanted.back().unavailable.empty()) world.unread_settings = true;
  }
  return world;
}

plan::WantedBranch Engine::Impl::Want(const Branch& branch, const plan::Policy& policy,
                                      std::optional<Settings>* settings) {
  plan::WantedBranch wanted{.branch = branch};
  if (IsSkipped(policy, branch.name)) return wanted;
  Result<Settings> read = ports_.settings.For(branch);
  Status valid;
  if (read) {
    wanted.profile = read->profile;
    valid = ports_.platform.Validate(*read);
  } else {
    valid = std::unexpected(read.error());
  }
  if (valid) {
    read->fixed = wanted.fixed = ports_.platform.Fixed(*read);
    wanted.settings_hash = read->hash;
    if (settings) *settings = std::move(*read);
  } else if (valid.error().kind == ErrorKind::kUsage || valid.error().kind == ErrorKind::kRefused) {
    wanted.problem = valid.error().Text();
  } else {
    wanted.unavailable = valid.error().Text();
  }
  return wanted;
}

Plan Engine::Impl::PlanFor(const World& world, const plan::Policy& policy) {
  std::vector<std::string> asked, working, granted;
  std::vector<Environment> environments = world.environments;
  {
    const Lock lock(mutex_);
    asked.assign(asked_.begin(), asked_.end());
    std::set<std::string_view> listed;
    for (const Environment& environment : world.environments) listed.insert(environment.branch);
    for (const auto& [name, place] : places_) {
      if (place.work == Place::Work::kDeploying) {
        working.push_back(name);
        // It began after the listing, and takes a place already.
        if (!listed.contains(name)) environments.push_back(EnvironmentToBe(place, policy));
      }
      const bool allowed =
          place.planned && (place.planned->action == Action::kDelete || place.planned->action == Action::kReplace);
      if (allowed) granted.push_back(name);
    }
  }
  return plan::MakePlan({.branches = world.wanted,
                         .environments = environments,
                         .asked = asked,
                         .working = working,
                         .granted = granted,
                         .policy = policy,
                         .now = ports_.clock()});
}

void Engine::Impl::Adopt(const World& world, const Plan& plan) {
  std::unordered_map<std::string_view, const Branch*> branches;
  for (const Branch& branch : world.branches) branches.try_emplace(branch.name, &branch);
  std::unordered_map<std::string_view, const Environment*> environments;
  for (const Environment& environment : world.environments) environments.try_emplace(environment.branch, &environment);
  const auto find = [](const auto& map, std::string_view name) {
    const auto at = map.find(name);
    return at == map.end() ? nullptr : at->second;
  };

  std::vector<std::stop_source> to_stop;
  {
    const Lock lock(mutex_);
    std::set<std::string_view> listed;
    for (const Step& step : plan.steps) {
      listed.insert(step.branch);
      AdoptStep(step, world, find(branches, step.branch), find(environments, step.branch), to_stop);
    }
    AdoptAbsence(world, listed, to_stop);
    std::erase_if(asked_, [&](const std::string& name) { return !places_.contains(name); });
    if (look_error_) Post({.kind = Event::Kind::kNotice, .text = "Branches and environments can be listed again."});
    look_error_.reset();
    if (plan.refusal != plan_refusal_ && !plan.refusal.empty()) {
      Post({.kind = Event::Kind::kRefused, .text = plan.refusal});
    }
    plan_refusal_ = plan.refusal;
    looked_ = true;
    look_again_later_ = world.unread_settings;
    look_failures_ = world.unread_settings ? look_failures_ + 1 : 0;
    next_look_ =
        std::chrono::steady_clock::now() + (world.unread_settings ? BackOff(look_failures_) : options_.interval);
    work_.notify_all();
  }
  for (std::stop_source& stop : to_stop) stop.request_stop();
}

void Engine::Impl::AdoptStep(const Step& step, const World& world, const Branch* branch, const Environment* environment,
                             std::vector<std::stop_source>& to_stop) {
  Place& place = PlaceFor(step.branch, step.slug);
  place.planned = step;
  if (place.work != Place::Work::kNone) {
    const bool overtaken = place.touched < world.began && Overtakes(step, place.target);
    if (overtaken) {
      if (branch) place.branch = *branch;
      if (place.work == Place::Work::kDeploying) to_stop.push_back(place.stop);
    }
    // What the worker reads now may be older than what this look saw.
    if (overtaken || place.work == Place::Work::kChecking || place.touched >= world.began) queue_.Add(step.branch);
    Show(place);
    return;
  }
  if (place.touched >= world.began) {
    // A worker knows better about some of it, this look about the rest: it is read once more.
    queue_.Add(step.branch);
    return Show(place);
  }
  place.branch = branch ? std::optional(*branch) : std::nullopt;
  place.environment = environment ? std::optional(*environment) : std::nullopt;
  const bool known_failure = place.failure && place.failure->commit == step.commit &&
                             place.failure->settings_hash == step.settings_hash && !asked_.contains(step.branch);
  if (!(known_failure && Changes(step.action))) {
    place.step = step;
    const bool waits = queue_.IsWaiting(step.branch) && SameTarget(step, place.target);
    if (Changes(step.action) && !waits) queue_.Add(step.branch);
  }
  Show(place);
}

/// What neither listing has any more.
void Engine::Impl::AdoptAbsence(const World& world, const std::set<std::string_view>& listed,
                                std::vector<std::stop_source>& to_stop) {
  std::vector<std::string> gone;
  for (auto& [name, place] : places_) {
    if (listed.contains(name)) continue;
    place.planned.reset();
    if (place.work == Place::Work::kNone && place.touched < world.began && place.stop_words.empty()) {
      if (!queue_.IsReady(name) && !queue_.IsWaiting(name)) {
        gone.push_back(name);
        continue;
      }
    }
    if (place.work == Place::Work::kDeploying && place.touched < world.began && !world.branches.empty()) {
      to_stop.push_back(place.stop);
    }
    queue_.Add(name);
  }
  for (const std::string& name : gone) Forget(name, "branch is gone");
}

void Engine::Impl::LookFailed(const Error& error) {
  const Lock lock(mutex_);
  if (stopping_) return;
  if (!look_error_ || look_error_->Text() != error.Text()) {
    Post({.kind = Event::Kind::kNotice, .text = "Nothing is changed for now: " + error.Text()});
  }
  look_error_ = error;
  look_again_later_ = true;
  ++look_failures_;
  next_look_ = std::chrono::steady_clock::now() + BackOff(look_failures_);
}

}  // namespace perch::engine
