#include <utility>

#include "engine/engine_impl.h"

namespace perch::engine {

void Engine::Impl::Delete(const std::string& name, const Step& step, const Facts& facts) {
  BeginWork(name, Place::Work::kDeleting, State::kDeleting, step, facts);
  const Status status = ports_.platform.Delete(step, [&](Event event) { OnPlatformEvent(name, std::move(event)); });
  AfterDelete(name, step, facts, status);
}

void Engine::Impl::AfterDelete(const std::string& name, const Step& step, const Facts& facts, const Status& status) {
  const Result<std::optional<Environment>> left = ports_.platform.Find(name);
  const bool proven = status && left && !*left;
  {
    const Lock lock(mutex_);
    Place& place = places_.at(name);
    if (left) place.environment = *left;
    if (proven) {
      if (!place.deletion_told) PostAbout(place, {.kind = Event::Kind::kDeleted, .text = step.reason});
      place.planned.reset();
      place.failures = 0;
      place.told.clear();
      const bool wait = queue_.IsReady(name) || !place.stop_words.empty();
      place.step.reset();
      if (facts.branch || wait) {
        place.step = Step{.action = Action::kSkip, .branch = name, .slug = step.slug, .reason = step.reason};
        if (wait) place.step->action = Action::kCreate;
      } else {
        Forget(name, step.reason);
      }
      RequestLook(lock);  // a place is free, or the branch came back meanwhile
      return;
    }
    if (!status && status.error().kind == ErrorKind::kRefused) {
      place.step->action = Action::kRefuse;
      place.step->reason = step.reason + "; not deleted: " + status.error().Text();
      Tell(place, Event::Kind::kRefused, place.step->reason);
      return;
    }
    if (!status && status.error().kind == ErrorKind::kSuperseded && ++place.failures <= kOvertakenAtOnce) {
      RequestLook(lock);
      return;
    }
  }
  Postpone(name, !status ? status.error()
                 : !left ? left.error()
                         : Error{.what = "the environment is still there after its deletion", .where = name});
}

void Engine::Impl::StopNow(const std::string& name, const std::vector<std::shared_ptr<StopWord>>& words) {
  const Status status = StopOnPlatform(name);
  const Lock lock(mutex_);
  for (const auto& word : words) word->answer = status;
}

Status Engine::Impl::StopOnPlatform(const std::string& name) {
  std::stop_token stop;
  {
    const Lock lock(mutex_);
    stop = places_.at(name).stop.get_token();
  }
  Status status;
  for (int i = 0; i < kOvertakenAtOnce; ++i) {
    Result<Facts> facts = Read(name, stop);
    if (!facts) return std::unexpected(facts.error());
    if (!facts->environment) {
      return Fail({.kind = ErrorKind::kRefused, .what = "cannot stop '" + name + "'", .why = "it has no environment"});
    }
    Step step{.action = Action::kLeaveStopped,
              .branch = name,
              .slug = facts->environment->slug,
              .profile = facts->environment->profile,
              .commit = facts->branch ? facts->branch->commit : facts->environment->serving_commit,
              .settings_hash = facts->settings ? facts->settings->hash : facts->environment->settings_hash,
              .generation = facts->environment->generation,
              .reason = "a person stopped it; a push or a redeploy starts it again"};
    if (facts->environment->deleting) {
      return Fail({.kind = ErrorKind::kRefused, .what = "cannot stop '" + name + "'", .why = "it is being deleted"});
    }
    BeginWork(name, Place::Work::kStopping, facts->environment->state, step, *facts);
    status = ports_.platform.Stop(step, [&](Event event) { OnPlatformEvent(name, std::move(event)); });
    if (status) {
      const Result<std::optional<Environment>> after = ports_.platform.Find(name);
      if (after) facts->environment = *after;
      Settle(name, *facts, step);
      return {};
    }
    if (status.error().kind != ErrorKind::kSuperseded) break;
  }
  const Lock lock(mutex_);
  queue_.Add(name);  // to see what is true now
  return status;
}

}  // namespace perch::engine
