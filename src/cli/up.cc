#include <cstdio>
#include <string>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/wait_for_branch.h"

namespace perch::cli {

int RunUp(const Context& context) {
  if (IsAboutAws(context)) return RunUpOnAws(context);
  const Arguments& arguments = context.arguments;
  const Control control(context.ControlSocket());
  const Result<Value> before = control.FindBranch(arguments.branch);
  if (!before) return Report(before.error(), arguments.json);
  const Result<Value> status = control.GetJson("/api/status");
  if (!status) return Report(status.error(), arguments.json);
  const Result<std::string> asked =
      control.Post("/api/branches/" + PercentEncode(StringAt(*before, "slug")) + "/redeploy");
  if (!asked) return Report(asked.error(), arguments.json);
  if (arguments.no_wait) {
    if (!arguments.json)
      std::printf("Asked for. `perch logs -f %s` shows how it goes.\n", Printable(arguments.branch).c_str());
    return 0;
  }
  return WaitForBranch(control, StringAt(*before, "slug"), StringAt(*before, "commit"), NumberAt(*status, "last_event"),
                       arguments.json);
}

}  // namespace perch::cli
