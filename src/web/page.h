#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "engine/view.h"
#include "model/event.h"
#include "web/markup.h"

/// The dashboard's pages as pure functions from what is known to HTML.
namespace perch::web {

/// Who looks.
struct Viewer {
  bool signed_in = false;
  std::string form_key;  ///< what the forms of this session carry
  bool protect = false;  ///< the server asks for a password
  bool can_stop = true;  ///< branches can be stopped and kept where they live
};

/// What stands around each page's content.
struct Frame {
  std::string title;  ///< of the browser's tab; perch and the app are added
  std::string app;
  std::string path;              ///< of this page, for the Refresh link
  std::uint64_t last_event = 0;  ///< the newest event that the page shows
  bool live = true;              ///< keeps itself current
  Viewer viewer;
  Time now;
};
Markup FramePage(const Frame& frame, const Markup& content);

/// A branch and since when its link shows what it shows.
struct Row {
  engine::BranchView view;
  std::optional<Time> serving_since;
};

/// All branches at a glance. `search` keeps those that hold the text in title, name, author or state.
Markup BoardPage(const Frame& frame, std::vector<Row> rows, const std::string& search,
                 const std::optional<Error>& look_error);

/// One step of an attempt as the branch's page shows it.
struct StageLine {
  enum class Result { kRunning, kDone, kFailed };
  Stage stage = Stage::kCheckout;
  Result result = Result::kRunning;
  Time started_at;
  std::chrono::milliseconds took{0};
  std::string why;
  std::string log_tail;  ///< shown at once; "" : behind a link
};

struct BranchPageInput {
  Row row;
  std::uint64_t generation = 0;  ///< the attempt that `stages` tell of; 0: none
  std::vector<StageLine> stages;
  std::vector<Event> history;  ///< oldest first
};
Markup BranchPage(const Frame& frame, const BranchPageInput& input);

/// The steps of the newest attempt, from a branch's events, oldest first. Gives the attempt's generation, too.
std::vector<StageLine> StagesOf(const std::vector<Event>& events, std::uint64_t* generation);

/// The sign-in form. `problem` is shown above it; `next` is where to go afterwards.
Markup LoginPage(const Frame& frame, const std::string& next, const std::string& problem);

/// A page with one message and a link back.
Markup MessagePage(const Frame& frame, const std::string& heading, const std::string& text);

/// The state as an icon with its word, or with another one.
Markup Chip(State state, std::string_view word = "");
/// "5 minutes ago", with the exact time behind it; nothing for Time(), which nobody knows.
Markup Age(Time then, Time now);

}  // namespace perch::web
