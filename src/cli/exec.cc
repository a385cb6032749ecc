#include "cli/commands.h"
#include "cli/control.h"
#include "cli/guest_json.h"
#include "cli/output.h"

namespace perch::cli {

int RunExec(const Context& context) {
  if (IsAboutAws(context)) {
    return Report({.kind = ErrorKind::kUsage,
                   .what = "`perch exec` reaches environments of this machine only",
                   .hint = "On AWS, start a session with Systems Manager on the environment's instance."},
                  context.arguments.json);
  }
  const Control control(context.ControlSocket());
  const Result<Value> view = control.FindBranch(context.arguments.branch);
  if (!view) return Report(view.error(), context.arguments.json);
  const Result<std::string> answer =
      control.Post(EnvironmentPath(*view) + "/guest", WordsJson(context.arguments.words));
  if (!answer) return Report(answer.error(), context.arguments.json);
  const Result<local::GuestCommand> guest = ReadGuestJson(*answer);
  if (!guest) return Report(guest.error(), context.arguments.json);
  return local::RunGuest(*guest);
}

}  // namespace perch::cli
