#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "engine/view.h"
#include "model/environment.h"
#include "model/event.h"

/// The copy of the pages: plain words for somebody who never saw a terminal.
namespace perch::web {

/// For the chip: "Ready", "Building", "Waiting for room".
std::string_view StateWord(State state);

/// While it goes on: "Running the tests".
std::string_view StageDoing(Stage stage);
/// After it went wrong: "Tests failed".
std::string_view StageFailedText(Stage stage);
/// As the name of a step: "Tests".
std::string_view StageTitle(Stage stage);

/// Whether somebody is waiting for it to change: queued, building, testing, starting, deleting.
bool IsMoving(State state);
/// Whether the link shows an app.
bool IsServing(const engine::BranchView& view);

/// One or two sentences that say what the link shows and why. `serving_since`: when what serves was switched to.
std::string Headline(const engine::BranchView& view, std::optional<Time> serving_since, Time now);

/// An event of the history as a sentence; "" for one that says nothing to a person.
std::string HistoryLine(const Event& event);

/// The first 7 digits of a commit.
std::string ShortCommit(std::string_view commit);

}  // namespace perch::web
