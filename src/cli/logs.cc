#include <unistd.h>

#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/output.h"

namespace perch::cli {

int RunLogs(const Context& context) {
  const Control control(context.ControlSocket());
  std::string query = "?x=1";
  if (context.arguments.follow) query += "&follow=1";
  if (!context.arguments.stage.empty()) query += "&stage=" + PercentEncode(context.arguments.stage);
  // Output of a branch's code goes to a terminal: what could move the cursor is escaped there, and left as it is in a
  // pipe.
  const bool terminal = isatty(STDOUT_FILENO);
  const Status status =
      control.Stream(EnvironmentPath(context.arguments.branch) + "/log" + query, [&](std::string_view piece) {
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
