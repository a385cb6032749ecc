#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/views.h"

namespace perch::cli {
namespace {

/// The dashboard's address that signs its visitor in.
Result<std::string> DashboardUrl(const Context& context, const Control& control) {
  const Result<Value> status = control.GetJson("/api/status");
  if (!status) return Fail(status.error());
  const Result<std::string> token = ReadFile(context.TokenFile(), 4096);
  if (!token) return Fail(token.error());
  return StringAt(*status, "dashboard_url") + "?token=" + PercentEncode(Trim(*token));
}

Result<std::string> BranchUrl(const Context& context, const Control& control) {
  const Result<Value> view = control.FindBranch(context.arguments.branch);
  if (!view) return Fail(view.error());
  return StringAt(*view, "url");
}

}  // namespace

int RunOpen(const Context& context) {
  if (IsAboutAws(context)) return RunOpenOnAws(context);
  const Control control(context.ControlSocket());
  const Result<std::string> url =
      context.arguments.branch.empty() ? DashboardUrl(context, control) : BranchUrl(context, control);
  if (!url) return Report(url.error(), context.arguments.json);
  return ShowUrl(*url, context.arguments.json);
}

}  // namespace perch::cli
