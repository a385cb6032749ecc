#include <cstdio>
#include <cstdlib>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"

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
  const Control control(context.ControlSocket());
  const Result<std::string> url =
      context.arguments.branch.empty() ? DashboardUrl(context, control) : BranchUrl(context, control);
  if (!url) return Report(url.error(), context.arguments.json);
  if (context.arguments.json) {
    std::printf("{\"url\":%s}\n", JsonString(*url).c_str());
    return 0;
  }
  std::printf("%s\n", url->c_str());
  const bool screen = std::getenv("DISPLAY") || std::getenv("WAYLAND_DISPLAY");
  const Result<ProcessResult> opened =
      screen ? RunProcess({.argv = {"xdg-open", *url}, .timeout = std::chrono::seconds(10)})
             : Result<ProcessResult>(ProcessResult{.exit_code = 1});
  if (!opened || !opened->Succeeded()) std::printf("Open it in a browser; there is none to start here.\n");
  return 0;
}

}  // namespace perch::cli
