#include "cli/wait_for_branch.h"

#include <cstdio>
#include <optional>

#include "base/clock.h"
#include "base/text.h"
#include "cli/json.h"
#include "cli/output.h"
#include "model/event.h"

namespace perch::cli {
namespace {

Event ToEvent(const Value& json) {
  Event event;
  event.kind = ParseEventKind(StringAt(json, "kind")).value_or(Event::Kind::kNotice);
  event.branch = StringAt(json, "branch");
  event.slug = StringAt(json, "slug");
  event.commit = StringAt(json, "commit");
  event.state = ParseState(StringAt(json, "state"));
  event.stage = ParseStage(StringAt(json, "stage"));
  event.took = std::chrono::milliseconds(NumberAt(json, "took_ms"));
  event.text = StringAt(json, "text");
  return event;
}

/// How an event ends the waiting; nullopt: it does not.
std::optional<int> Ends(const Event& event, const std::string& commit) {
  if (event.kind == Event::Kind::kSwitched) {
    return static_cast<int>(event.commit == commit ? ExitCode::kDone : ExitCode::kSuperseded);
  }
  if (event.kind != Event::Kind::kState || !event.state) return std::nullopt;
  switch (*event.state) {
    case State::kFailed:
    case State::kSkipped:
    case State::kHeld:
    case State::kStopped:
    case State::kGone:
      return 1;
    default:
      return std::nullopt;
  }
}

}  // namespace

int WaitForBranch(const Control& control, const std::string& slug, const std::string& commit, std::int64_t after,
                  bool json) {
  std::string pending;
  std::optional<int> exit_code;
  const Status status =
      control.Stream("/api/events?format=ndjson&after=" + std::to_string(after), [&](std::string_view piece) {
        pending += piece;
        for (std::size_t end; (end = pending.find('\n')) != std::string::npos && !exit_code;
             pending.erase(0, end + 1)) {
          const std::string line = pending.substr(0, end);
          const Result<Value> value = ParseJson(line);
          if (!value || StringAt(*value, "slug") != slug) continue;
          const Event event = ToEvent(*value);
          const std::string text = json ? line : EventLine(event);
          if (!text.empty()) std::printf("%s\n", text.c_str());
          std::fflush(stdout);
          exit_code = Ends(event, commit);
        }
        return !exit_code;
      });
  if (exit_code) return *exit_code;
  if (!status) return Report(status.error(), json);
  return Report(
      {.what = "perch serve ended before the branch was up", .hint = "Start it again: it goes on where it was."}, json);
}

}  // namespace perch::cli
