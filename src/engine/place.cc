#include "engine/place.h"

#include <algorithm>

namespace perch::engine {
namespace {

State StateOfEnvironment(const Place& place) { return place.environment ? place.environment->state : State::kQueued; }

/// The state of a branch that nobody works on.
State StateAtRest(const Place& place) {
  if (place.environment && place.environment->deleting) return State::kDeleting;
  if (!place.step) return StateOfEnvironment(place);
  switch (place.step->action) {
    case Action::kCreate:
    case Action::kUpdate:
    case Action::kRebuild:
    case Action::kRetry:
    case Action::kReplace:
      return State::kQueued;
    case Action::kLeaveStopped:
      return State::kStopped;
    case Action::kLeaveFailed:
      return State::kFailed;
    case Action::kSkip:
      return State::kSkipped;
    case Action::kHold:
      return State::kHeld;
    case Action::kDelete:
      return State::kDeleting;
    case Action::kKeep:
    case Action::kProtect:
    case Action::kRefuse:
      return StateOfEnvironment(place);
  }
  return StateOfEnvironment(place);
}

std::string ReasonAtRest(const Place& place) {
  if (!place.trouble.empty()) return place.trouble;
  if (!place.step) return place.environment ? place.environment->reason : "";
  if (place.step->action == Action::kKeep && place.environment && !place.environment->reason.empty()) {
    return place.environment->reason;
  }
  return place.step->reason;
}

}  // namespace

State StateDuring(Stage stage) {
  switch (stage) {
    case Stage::kCheckout:
    case Stage::kBuild:
      return State::kBuilding;
    case Stage::kTest:
      return State::kTesting;
    case Stage::kRelease:
    case Stage::kSeed:
    case Stage::kStart:
    case Stage::kHealth:
    case Stage::kSwitch:
      return State::kStarting;
    case Stage::kRetire:
      return State::kReady;
  }
  return State::kStarting;
}

BranchView ViewOf(const Place& place, const std::string& url) {
  BranchView view;
  view.branch = place.name;
  view.slug = place.slug;
  view.url = url;
  if (place.branch) {
    view.commit = place.branch->commit;
    view.title = place.branch->subject;
    view.author = place.branch->author;
    if (place.branch->committed_at != Time()) view.committed_at = place.branch->committed_at;
    view.updated_at = place.branch->committed_at;
  }
  if (place.environment) {
    const Environment& environment = *place.environment;
    view.profile = environment.profile;
    if (!environment.url.empty()) view.url = environment.url;
    view.serving_commit = environment.serving_commit;
    view.generation = environment.generation;
    view.last_attempt = environment.last_attempt;
    view.created_at = environment.created_at;
    view.updated_at = environment.updated_at;
  }
  if (place.step) {
    if (!place.step->profile.empty()) view.profile = place.step->profile;
    if (place.step->action == Action::kHold) view.position = place.step->position;
  }
  const bool busy = place.work != Place::Work::kNone && place.work != Place::Work::kChecking;
  view.state = busy ? place.live : StateAtRest(place);
  view.reason = busy && place.step ? place.step->reason : ReasonAtRest(place);
  if (busy) {
    view.stage = place.stage;
    view.stage_started_at = place.stage_started_at;
    if (!place.live_serving.empty()) view.serving_commit = place.live_serving;
    view.generation = std::max(view.generation, place.live_generation);
  }
  return view;
}

}  // namespace perch::engine
