#include "web/words.h"

namespace perch::web {
namespace {

// "the version from 2 hours ago"
std::string ServedVersion(std::optional<Time> serving_since, Time now) {
  if (!serving_since) return "an earlier version";
  if (now - *serving_since < std::chrono::minutes(1)) return "the version from a moment ago";
  return "the version from " + FormatAge(*serving_since, now);
}

std::string FailedHeadline(const engine::BranchView& view, std::optional<Time> serving_since, Time now) {
  std::optional<Stage> stage = view.stage;
  if (view.last_attempt && view.last_attempt->stage) stage = view.last_attempt->stage;
  const std::string what(stage ? StageFailedText(*stage) : "The latest version did not work");
  if (IsServing(view)) return what + " — the link still shows " + ServedVersion(serving_since, now) + ".";
  return what + ". There is no earlier version to show.";
}

std::string MovingHeadline(const engine::BranchView& view, std::string what, std::optional<Time> serving_since,
                           Time now) {
  if (!IsServing(view)) return what + ". The link works as soon as this is done.";
  return what + " — until then the link shows " + ServedVersion(serving_since, now) + ".";
}

// States that the steps tell of better.
bool IsPassing(State state) {
  return state == State::kQueued || state == State::kBuilding || state == State::kTesting ||
         state == State::kStarting || state == State::kReady;
}

}  // namespace

std::string_view StateWord(State state) {
  switch (state) {
    case State::kQueued:
      return "Waiting";
    case State::kBuilding:
      return "Building";
    case State::kTesting:
      return "Testing";
    case State::kStarting:
      return "Starting";
    case State::kReady:
      return "Ready";
    case State::kFailed:
      return "Failed";
    case State::kAsleep:
      return "Asleep";
    case State::kStopped:
      return "Stopped";
    case State::kSkipped:
      return "Left out";
    case State::kHeld:
      return "Waiting for room";
    case State::kDeleting:
      return "Being removed";
    case State::kGone:
      return "Removed";
  }
  return "Unknown";
}

std::string_view StageDoing(Stage stage) {
  switch (stage) {
    case Stage::kCheckout:
      return "Fetching the code";
    case Stage::kBuild:
      return "Building";
    case Stage::kTest:
      return "Running the tests";
    case Stage::kRelease:
      return "Preparing the data";
    case Stage::kSeed:
      return "Loading sample data";
    case Stage::kStart:
      return "Starting the app";
    case Stage::kHealth:
      return "Waiting for the app to answer";
    case Stage::kSwitch:
      return "Moving the link to the new version";
    case Stage::kRetire:
      return "Putting the old version away";
  }
  return "Working";
}

std::string_view StageFailedText(Stage stage) {
  switch (stage) {
    case Stage::kCheckout:
      return "The code could not be fetched";
    case Stage::kBuild:
      return "The build failed";
    case Stage::kTest:
      return "Tests failed";
    case Stage::kRelease:
      return "Preparing the data failed";
    case Stage::kSeed:
      return "Loading the sample data failed";
    case Stage::kStart:
      return "The app did not start";
    case Stage::kHealth:
      return "The app started but does not answer as it should";
    case Stage::kSwitch:
      return "The link could not be moved";
    case Stage::kRetire:
      return "The old version could not be put away";
  }
  return "Something failed";
}

std::string_view StageTitle(Stage stage) {
  switch (stage) {
    case Stage::kCheckout:
      return "Fetch the code";
    case Stage::kBuild:
      return "Build";
    case Stage::kTest:
      return "Tests";
    case Stage::kRelease:
      return "Prepare the data";
    case Stage::kSeed:
      return "Sample data";
    case Stage::kStart:
      return "Start";
    case Stage::kHealth:
      return "First answer";
    case Stage::kSwitch:
      return "Move the link";
    case Stage::kRetire:
      return "Put the old version away";
  }
  return "Step";
}

bool IsMoving(State state) {
  return state == State::kQueued || state == State::kBuilding || state == State::kTesting ||
         state == State::kStarting || state == State::kDeleting;
}

bool IsServing(const engine::BranchView& view) {
  return !view.serving_commit.empty() && view.state != State::kStopped && view.state != State::kAsleep &&
         view.state != State::kDeleting && view.state != State::kGone && view.state != State::kSkipped;
}

std::string Headline(const engine::BranchView& view, std::optional<Time> serving_since, Time now) {
  switch (view.state) {
    case State::kQueued:
      return MovingHeadline(view, "Next in line", serving_since, now);
    case State::kBuilding:
    case State::kTesting:
    case State::kStarting:
      return MovingHeadline(view, std::string(view.stage ? StageDoing(*view.stage) : StateWord(view.state)),
                            serving_since, now);
    case State::kReady:
      if (view.commit.empty() || view.commit == view.serving_commit) return "The link shows the latest version.";
      return "The link shows " + ServedVersion(serving_since, now) + ".";
    case State::kFailed:
      return FailedHeadline(view, serving_since, now);
    case State::kAsleep:
      return "Asleep, because nobody looked for a while. Opening the link wakes it up.";
    case State::kStopped:
      return "Somebody stopped it. It comes back with the next push, or when somebody presses Redeploy.";
    case State::kSkipped:
      return "This branch has no link: the project leaves branches with such a name out.";
    case State::kHeld:
      return "All places are taken." +
             (view.position ? " This is number " + std::to_string(*view.position) + " in line." : "");
    case State::kDeleting:
      return "The branch is gone, so its link and its data are being removed.";
    case State::kGone:
      return "The branch is gone, and with it its link and its data.";
  }
  return "";
}

std::string HistoryLine(const Event& event) {
  switch (event.kind) {
    case Event::Kind::kState:
      if (!event.state || IsPassing(*event.state)) return "";
      return std::string(StateWord(*event.state)) + (event.text.empty() ? "" : ": " + event.text);
    case Event::Kind::kStageStarted:
    case Event::Kind::kStageFinished:
      return "";
    case Event::Kind::kStageFailed:
      return std::string(event.stage ? StageFailedText(*event.stage) : "A step failed") +
             (event.text.empty() ? "" : ": " + event.text);
    case Event::Kind::kSwitched:
      return "The link shows version " + ShortCommit(event.commit) +
             (event.took.count() > 0 ? " now, " + FormatDuration(event.took) + " after the start" : " now");
    case Event::Kind::kDeleted:
      return "Removed, with its data";
    case Event::Kind::kRefused:
      return "Not done, to be safe: " + event.text;
    case Event::Kind::kNotice:
      return event.text;
  }
  return "";
}

std::string ShortCommit(std::string_view commit) { return std::string(commit.substr(0, 7)); }

}  // namespace perch::web
