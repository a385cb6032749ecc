#include <cstdio>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/wait_for_branch.h"

namespace perch::cli {

int RunReset(const Context& context) {
  if (IsAboutAws(context)) return RunResetOnAws(context);
  const Arguments& arguments = context.arguments;
  const Control control(context.ControlSocket());
  const Result<Value> before = control.FindBranch(arguments.branch);
  if (!before) return Report(before.error(), arguments.json);
  const std::string branch = Printable(StringAt(*before, "branch"));
  if (!arguments.yes) {
    if (!CanAsk()) {
      return Report({.kind = ErrorKind::kRefused,
                     .what = "nothing was reset",
                     .why = "there is no terminal to ask",
                     .hint = "Say --yes to go on without asking."},
                    arguments.json);
    }
    if (!Agrees("Delete the database and the files of " + branch + " and make them anew?", {})) {
      std::printf("Nothing was reset.\n");
      return 0;
    }
  }
  const Result<Value> status = control.GetJson("/api/status");
  if (!status) return Report(status.error(), arguments.json);
  const Result<std::string> asked =
      control.Post("/api/branches/" + PercentEncode(StringAt(*before, "slug")) + "/reset");
  if (!asked) return Report(asked.error(), arguments.json);
  if (arguments.no_wait) {
    if (!arguments.json) std::printf("Asked for. `perch logs -f %s` shows how it goes.\n", branch.c_str());
    return 0;
  }
  return WaitForBranch(control, StringAt(*before, "slug"), StringAt(*before, "commit"), NumberAt(*status, "last_event"),
                       arguments.json);
}

}  // namespace perch::cli
