#include "cli/views.h"

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/process.h"
#include "base/text.h"
#include "cli/json.h"
#include "cli/output.h"
#include "model/environment.h"

namespace perch::cli {
namespace {

constexpr std::size_t kLongestName = 60;  // one endless name must not push everybody's link off the screen

}  // namespace

void PrintViews(const Value& views) {
  std::vector<std::vector<std::string>> rows = {{"branch", "state", "profile", "shows", "link"}};
  for (const Value& view : views.AsList() ? *views.AsList() : Value::List()) {
    const std::optional<State> state = ParseState(StringAt(view, "state"));
    const std::string serving = StringAt(view, "serving_commit").substr(0, 7);
    const std::string reason = InOneLine(StringAt(view, "reason"));
    rows.push_back({Shortened(Printable(StringAt(view, "branch")), kLongestName),
                    state ? ColouredState(*state) : StringAt(view, "state"), Printable(StringAt(view, "profile")),
                    serving.empty() ? "-" : serving,
                    state == State::kReady || !serving.empty() ? StringAt(view, "url") : reason});
    if (state == State::kFailed && !serving.empty()) rows.back().push_back(reason);
  }
  if (rows.size() == 1) {
    std::printf("No branches yet. Push one, and it will be here.\n");
    return;
  }
  std::printf("%s", Table(rows).c_str());
}

void PrintBranch(const Value& view) {
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const char* name, const std::string& value) {
    std::string label = name;
    for (const std::string& line : Lines(value)) rows.push_back({std::exchange(label, ""), Printable(line)});
  };
  add("branch", StringAt(view, "branch"));
  add("title", StringAt(view, "title"));
  add("author", StringAt(view, "author"));
  add("state", StringAt(view, "state"));
  add("because", StringAt(view, "reason"));
  add("now", StringAt(view, "stage"));
  add("link", StringAt(view, "url"));
  add("shows", StringAt(view, "serving_commit"));
  add("head", StringAt(view, "commit"));
  add("profile", StringAt(view, "profile"));
  add("updated", StringAt(view, "updated_at"));
  std::printf("%s", Table(rows).c_str());
}

int ShowUrl(const std::string& url, bool json) {
  if (json) {
    std::printf("{\"url\":%s}\n", JsonString(url).c_str());
    return 0;
  }
  std::printf("%s\n", url.c_str());
  const bool screen = std::getenv("DISPLAY") || std::getenv("WAYLAND_DISPLAY");
  const Result<ProcessResult> opened =
      screen ? RunProcess({.argv = {"xdg-open", url}, .timeout = std::chrono::seconds(10)})
             : Result<ProcessResult>(ProcessResult{.exit_code = 1});
  if (!opened || !opened->Succeeded()) std::printf("Open it in a browser; there is none to start here.\n");
  return 0;
}

}  // namespace perch::cli
