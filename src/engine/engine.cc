#include "engine/engine.h"

#include <algorithm>
#include <utility>

#include "base/glob.h"
#include "base/log.h"
#include "base/suggest.h"
#include "engine/engine_impl.h"
#include "model/names.h"

namespace perch::engine {
namespace {

constexpr std::size_t kGoneKept = 1000;
constexpr std::uint64_t kTrimEvery = 1000;

/// Whether nothing happened between two views that a person waits for.
bool SameNews(const BranchView& a, const BranchView& b) {
  return a.state == b.state && a.commit == b.commit && a.position == b.position &&
         (a.state == State::kReady || a.reason == b.reason);
}

}  // namespace

Engine::Impl::Impl(Ports ports, Options options) : ports_(std::move(ports)), options_(options) {
  journal_ = ports_.events.Subscribe([this](const Event& event) {
    const Status appended = ports_.journal.Append(event);
    if (!appended && !journal_failed_) Log(LogLevel::kError, appended.error().Text());
    journal_failed_ = !appended;
    if (++journalled_ % kTrimEvery != 0) return;
    if (const Status trimmed = ports_.journal.Trim(options_.keep_events); !trimmed) {
      Log(LogLevel::kError, trimmed.error().Text());
    }
  });
}

Engine::Impl::~Impl() { Shutdown(); }

void Engine::Impl::Start() {
  {
    const Lock lock(mutex_);
    if (started_ || stopping_) return;
    started_ = true;
    RequestLook(lock);
  }
  link_->engine = this;
  ports_.platform.OnChange([link = link_](const std::string& branch) {
    const std::lock_guard lock(link->mutex);
    if (link->engine) link->engine->OnEnvironmentChanged(branch);
  });
  threads_.emplace_back([this] { LookLoop(); });
  for (int i = 0; i < std::max(options_.parallel, 1); ++i) threads_.emplace_back([this] { WorkLoop(); });
  Result<std::unique_ptr<Watch>> watch = ports_.branches.WatchForChanges([this] { Look(); });
  if (watch) {
    watch_ = std::move(*watch);
  } else {
    ports_.events.Emit({.kind = Event::Kind::kNotice,
                        .text = "Branches cannot be watched, so changes are noticed later: " + watch.error().Text()});
  }
}

void Engine::Impl::Shutdown() {
  const std::lock_guard only_one(shutdown_mutex_);
  watch_.reset();
  {
    const std::lock_guard lock(link_->mutex);
    link_->engine = nullptr;
  }
  std::vector<std::stop_source> running;
  {
    const Lock lock(mutex_);
    stopping_ = true;
    for (auto& [name, place] : places_) {
      if (place.work != Place::Work::kNone) running.push_back(place.stop);
    }
  }
  stop_.request_stop();
  for (std::stop_source& stop : running) stop.request_stop();
  looks_.notify_all();
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  {
    const Lock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  Send();
  journal_.reset();
}

void Engine::Impl::Look() {
  const Lock lock(mutex_);
  RequestLook(lock);
}

void Engine::Impl::RequestLook(const Lock&) {
  if (look_wanted_) return;
  look_wanted_ = true;
  looks_.notify_all();
}

Place& Engine::Impl::PlaceFor(const std::string& name, const std::string& slug) {
  const auto [at, fresh] = places_.try_emplace(name);
  Place& place = at->second;
  if (fresh) place.name = name;
  if (fresh || place.slug != slug) {
    const auto old = names_by_slug_.find(place.slug);
    if (old != names_by_slug_.end() && old->second == name) names_by_slug_.erase(old);
    place.slug = slug;
    names_by_slug_.try_emplace(slug, name);
    if (gone_.erase(slug) > 0) std::erase(gone_order_, slug);
  }
  return place;
}

void Engine::Impl::PostAbout(const Place& place, Event event) {
  if (event.branch.empty()) event.branch = place.name;
  if (event.slug.empty()) event.slug = place.slug;
  if (event.commit.empty()) event.commit = place.view.commit;
  if (event.generation == 0) event.generation = place.view.generation;
  Post(std::move(event));
}

void Engine::Impl::Show(Place& place) {
  const std::string url = place.environment && !place.environment->url.empty() ? place.environment->url
                          : ports_.url                                         ? ports_.url(place.slug)
                                                                               : "";
  const bool first = !std::exchange(place.shown, true);
  const BranchView before = std::exchange(place.view, ViewOf(place, url));
  // What was already there when perch started has not changed.
  if (first ? place.environment && place.view.state == place.environment->state : SameNews(before, place.view)) return;
  PostAbout(place, {.kind = Event::Kind::kState, .state = place.view.state, .text = place.view.reason});
}

void Engine::Impl::Forget(const std::string& name, const std::string& reason) {
  const auto at = places_.find(name);
  if (at == places_.end()) return;
  Place& place = at->second;
  if (place.shown) {
    PostAbout(place, {.kind = Event::Kind::kState, .state = State::kGone, .text = reason});
    BranchView view = place.view;
    view.state = State::kGone;
    view.reason = reason;
    view.commit.clear();
    view.serving_commit.clear();
    view.stage.reset();
    view.position.reset();
    if (gone_.insert_or_assign(place.slug, std::move(view)).second) gone_order_.push_back(place.slug);
    if (gone_order_.size() > kGoneKept) {
      gone_.erase(gone_order_.front());
      gone_order_.pop_front();
    }
  }
  const auto slug = names_by_slug_.find(place.slug);
  if (slug != names_by_slug_.end() && slug->second == name) names_by_slug_.erase(slug);
  asked_.erase(name);
  places_.erase(at);
}

void Engine::Impl::Send() {
  const std::lock_guard in_order(send_mutex_);
  std::deque<Event> events;
  for (;;) {
    {
      const Lock lock(mutex_);
      sending_ = !outbox_.empty();
      if (!sending_) break;
      events.swap(outbox_);
    }
    for (Event& event : events) ports_.events.Emit(std::move(event));
    events.clear();
  }
  changed_.notify_all();
}

void Engine::Impl::OnPlatformEvent(const std::string& name, Event event) {
  if (event.kind == Event::Kind::kState) return;
  {
    const Lock lock(mutex_);
    const auto at = places_.find(name);
    if (at == places_.end()) return;
    Place& place = at->second;
    if (event.commit.empty()) event.commit = place.target.commit;
    place.live_generation = std::max(place.live_generation, event.generation);
    if (event.kind == Event::Kind::kStageStarted && event.stage) {
      place.stage = event.stage;
      place.stage_started_at = ports_.clock();
      if (place.work == Place::Work::kDeploying) place.live = StateDuring(*event.stage);
    } else if (event.kind == Event::Kind::kSwitched) {
      place.live = State::kReady;
      place.live_serving = event.commit;
    } else if (event.kind == Event::Kind::kDeleted) {
      place.deletion_told = true;
    }
    Show(place);
    PostAbout(place, std::move(event));
  }
  Send();
}

void Engine::Impl::OnEnvironmentChanged(const std::string& name) {
  const Lock lock(mutex_);
  if (!places_.contains(name)) return RequestLook(lock);
  queue_.Add(name);
  work_.notify_one();
}

Error Engine::Impl::UnknownBranch(const std::string& branch) const {
  std::vector<std::string> names;
  for (const auto& [name, place] : places_) names.push_back(name);
  return {
      .kind = ErrorKind::kNotFound, .what = "there is no branch '" + branch + "'", .hint = DidYouMean(branch, names)};
}

Status Engine::Impl::Redeploy(const std::string& branch, bool fresh_data) {
  if (fresh_data) {
    for (const std::string& pattern : ports_.policy().protect) {
      if (!GlobMatches(pattern, branch)) continue;
      return Fail({.kind = ErrorKind::kRefused,
                   .what = "cannot reset '" + branch + "'",
                   .why = "it is protected, and its data would be lost",
                   .hint = "Take it out of `branches.protect` first, if that is meant."});
    }
  }
  Lock lock(mutex_);
  auto at = places_.find(branch);
  if (at == places_.end()) {
    lock.unlock();
    // It may have been pushed a moment ago.
    const Result<std::optional<Branch>> found = ports_.branches.Find(branch, stop_.get_token());
    if (!found) return std::unexpected(found.error());
    lock.lock();
    if (!*found) return Fail(UnknownBranch(branch));
    asked_.insert(branch);
    if (fresh_data) fresh_.insert(branch);
    RequestLook(lock);
    return {};
  }
  Place& place = at->second;
  if (!place.branch) {
    return Fail({.kind = ErrorKind::kNotFound,
                 .what = "the branch '" + branch + "' is gone",
                 .why = "only its environment is left",
                 .hint = "Push the branch again to get it back."});
  }
  const Action planned = place.step ? place.step->action : Action::kKeep;
  if (planned == Action::kSkip || planned == Action::kHold || planned == Action::kRefuse) {
    return Fail({.kind = ErrorKind::kRefused, .what = "cannot deploy '" + branch + "' now", .why = place.step->reason});
  }
  asked_.insert(branch);
  if (fresh_data) fresh_.insert(branch);
  place.failures = 0;
  place.failure.reset();
  queue_.Add(branch);
  work_.notify_one();
  const std::string reason = fresh_data ? "a person asked for fresh data" : "a person asked to deploy it again";
  PostAbout(place, {.kind = Event::Kind::kNotice, .text = reason});
  if (place.work == Place::Work::kNone && place.step && !Changes(place.step->action)) {
    place.step->action = Action::kRetry;
    place.step->reason = reason;
    Show(place);
  }
  lock.unlock();
  Send();
  return {};
}

Status Engine::Impl::StopBranch(const std::string& branch) {
  const auto word = std::make_shared<StopWord>();
  std::stop_source running(std::nostopstate);
  Lock lock(mutex_);
  if (!started_) return Fail({.kind = ErrorKind::kUnavailable, .what = "perch has not started yet"});
  const auto at = places_.find(branch);
  if (at == places_.end()) return Fail(UnknownBranch(branch));
  if (!at->second.environment && at->second.work != Place::Work::kDeploying) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "cannot stop '" + branch + "'",
                 .why = "it has no environment",
                 .hint = "A branch that should never have one can be named under branches.skip in perch.yaml."});
  }
  asked_.erase(branch);
  fresh_.erase(branch);
  at->second.try_again = false;
  at->second.stop_words.push_back(word);
  if (at->second.work == Place::Work::kDeploying) running = at->second.stop;
  PostAbout(at->second, {.kind = Event::Kind::kNotice, .text = "a person asked to stop it"});
  queue_.Add(branch);
  work_.notify_one();
  lock.unlock();
  running.request_stop();
  Send();
  lock.lock();
  changed_.wait(lock, [&] { return word->answer || ended_; });
  if (word->answer) return *word->answer;
  return Fail({.kind = ErrorKind::kCancelled, .what = "cannot stop '" + branch + "'", .why = "perch is shutting down"});
}

std::vector<BranchView> Engine::Impl::Views() const {
  const Lock lock(mutex_);
  std::vector<BranchView> views;
  views.reserve(places_.size());
  for (const auto& [name, place] : places_) {
    if (place.shown) views.push_back(place.view);
  }
  return views;
}

std::optional<BranchView> Engine::Impl::FindView(const std::string& slug_or_branch) const {
  const Lock lock(mutex_);
  const auto by_slug = names_by_slug_.find(slug_or_branch);
  const auto at = places_.find(by_slug == names_by_slug_.end() ? slug_or_branch : by_slug->second);
  if (at != places_.end() && at->second.shown) return at->second.view;
  const auto gone = gone_.find(slug_or_branch);
  if (gone != gone_.end()) return gone->second;
  return std::nullopt;
}

bool Engine::Impl::IdleLocked(const Lock&) const {
  return looked_ && !look_wanted_ && looking_ == 0 && !look_again_later_ && queue_.Empty() && outbox_.empty() &&
         !sending_;
}

bool Engine::Impl::Idle() const {
  const Lock lock(mutex_);
  return IdleLocked(lock);
}

bool Engine::Impl::WaitUntilIdle(std::chrono::milliseconds timeout) const {
  Lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return IdleLocked(lock); });
}

std::optional<Error> Engine::Impl::LastLookError() const {
  const Lock lock(mutex_);
  return look_error_;
}

Engine::Engine(Ports ports, Options options) : impl_(std::make_unique<Impl>(std::move(ports), options)) {}
Engine::~Engine() = default;
void Engine::Start() { impl_->Start(); }
void Engine::Shutdown() { impl_->Shutdown(); }
void Engine::Look() { impl_->Look(); }
Result<Plan> Engine::LookNow() { return impl_->LookNow(); }
Result<Plan> Engine::Preview() { return impl_->Preview(std::nullopt); }
Status Engine::Redeploy(const std::string& branch) { return impl_->Redeploy(branch, false); }
Status Engine::Reset(const std::string& branch) { return impl_->Redeploy(branch, true); }
Status Engine::StopBranch(const std::string& branch) { return impl_->StopBranch(branch); }
std::vector<BranchView> Engine::Views() const { return impl_->Views(); }
std::optional<BranchView> Engine::FindView(const std::string& slug_or_branch) const {
  return impl_->FindView(slug_or_branch);
}
bool Engine::Idle() const { return impl_->Idle(); }
bool Engine::WaitUntilIdle(std::chrono::milliseconds timeout) const { return impl_->WaitUntilIdle(timeout); }
std::optional<Error> Engine::LastLookError() const { return impl_->LastLookError(); }

Result<Plan> Engine::Sweep(std::optional<int> max_deletes, bool apply) {
  Result<Plan> plan = apply ? impl_->LookWith(max_deletes) : impl_->Preview(max_deletes);
  if (!plan) {
    Error error = plan.error();
    error.kind = ErrorKind::kRefused;
    return Fail(std::move(error), "cannot sweep");
  }
  const bool nothing_listed = std::none_of(plan->steps.begin(), plan->steps.end(), [](const Step& step) {
    return step.action == Action::kSkip || !step.commit.empty();
  });
  if (nothing_listed && !plan->refusal.empty()) {
    return Fail({.kind = ErrorKind::kRefused, .what = "cannot sweep", .why = plan->refusal});
  }
  std::erase_if(plan->steps, [](const Step& step) {
    const bool about_deletion = step.action == Action::kDelete || step.action == Action::kReplace ||
                                step.action == Action::kProtect ||
                                (step.action == Action::kRefuse && step.commit.empty());
    return !about_deletion;
  });
  return plan;
}

}  // namespace perch::engine
