#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"

namespace perch::cli {

int RunDown(const Context& context) {
  if (IsAboutAws(context)) return RunDownOnAws(context);
  const Control control(context.ControlSocket());
  const Result<Value> view = control.FindBranch(context.arguments.branch);
  if (!view) return Report(view.error(), context.arguments.json);
  const Result<std::string> stopped = control.Post("/api/branches/" + PercentEncode(StringAt(*view, "slug")) + "/stop");
  if (!stopped) return Report(stopped.error(), context.arguments.json);
  const std::string branch = Printable(StringAt(*view, "branch"));
  if (context.arguments.json) {
    std::printf("%s\n", stopped->c_str());
  } else {
    std::printf("%s is stopped; its data stay. It starts again with the next push, or with `perch up %s`.\n",
                branch.c_str(), branch.c_str());
  }
  return 0;
}

}  // namespace perch::cli
