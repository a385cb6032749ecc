#include <cstdio>

#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/views.h"

namespace perch::cli {

int RunLs(const Context& context) {
  if (IsAboutAws(context)) return RunLsOnAws(context);
  const Control control(context.ControlSocket());
  const Result<std::string> answer = control.Get("/api/environments");
  if (!answer) return Report(answer.error(), context.arguments.json);
  if (context.arguments.json) {
    std::printf("%s\n", answer->c_str());
    return 0;
  }
  const Result<Value> views = ParseJson(*answer);
  if (!views) return Report(views.error(), false);
  PrintViews(*views);
  return 0;
}

}  // namespace perch::cli
