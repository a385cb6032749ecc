#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"
#include "model/environment.h"

namespace perch::cli {

namespace {

/// What a person who asks for "the log" wants to read: why it failed, else what the app says.
std::string UsualLog(const Value& view) {
  const Value* attempt = view.Find("last_attempt");
  if (!attempt || StringAt(*attempt, "result") != "failed") return "?stage=start";
  const Stage failed = ParseStage(StringAt(*attempt, "stage")).value_or(Stage::kStart);
  return "?stage=" + std::string(StageName(std::min(failed, Stage::kStart))) +  // the app's own log goes on after that
         "&generation=" + std::to_string(NumberAt(*attempt, "generation"));
}

}  // namespace

int RunLogs(const Context& context) {
  if (IsAboutAws(context)) return RunLogsOnAws(context);
  const Control control(context.ControlSocket());
  const Result<Value> view = control.FindBranch(context.arguments.branch);
  if (!view) return Report(view.error(), context.arguments.json);
  const std::string& wanted = context.arguments.stage;
  std::string query = wanted.empty() ? UsualLog(*view) : "?stage=" + PercentEncode(wanted);
  if (context.arguments.follow) query += "&follow=1";
  // Output of a branch's code goes to a terminal: what could move the cursor is escaped there, and left as it is in a
  // pipe.
  const bool terminal = isatty(STDOUT_FILENO);
  const Status status = control.Stream(EnvironmentPath(*view) + "/log" + query, [&](std::string_view piece) {
    std::string text;
    if (terminal) {
      for (std::size_t start = 0; start < piece.size();) {
        const std::size_t end = std::min(piece.find('\n', start), piece.size());
        text += Printable(piece.substr(start, end - start));
        if (end < piece.size()) text += '\n';
        start = end + 1;
      }
    } else {
      text = piece;
    }
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  });
  if (!status) return Report(status.error(), context.arguments.json);
  return 0;
}

}  // namespace perch::cli
