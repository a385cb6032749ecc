#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"

namespace perch::cli {

namespace {

constexpr std::size_t kLongestName = 60;  // one endless name must not push everybody's link off the screen

}  // namespace

int RunLs(const Context& context) {
  const Control control(context.ControlSocket());
  const Result<std::string> answer = control.Get("/api/environments");
  if (!answer) return Report(answer.error(), context.arguments.json);
  if (context.arguments.json) {
    std::printf("%s\n", answer->c_str());
    return 0;
  }
  const Result<Value> views = ParseJson(*answer);
  if (!views) return Report(views.error(), false);
  std::vector<std::vector<std::string>> rows = {{"branch", "state", "profile", "shows", "link"}};
  for (const Value& view : views->AsList() ? *views->AsList() : Value::List()) {
    const std::optional<State> state = ParseState(StringAt(view, "state"));
    const std::string serving = StringAt(view, "serving_commit").substr(0, 7);
    const std::string reason = InOneLine(StringAt(view, "reason"));
    rows.push_back({Shortened(Printable(StringAt(view, "branch")), kLongestName),
                    state ? ColouredState(*state) : StringAt(view, "state"), Printable(StringAt(view, "profile")),
                    serving.empty() ? "-" : serving,
                    state == State::kReady || !serving.empty() ? StringAt(view, "url") : reason});
  }
  if (rows.size() == 1) {
    std::printf("No branches yet. Push one, and it will be here.\n");
    return 0;
  }
  std::printf("%s", Table(rows).c_str());
  return 0;
}

}  // namespace perch::cli
