#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"

namespace perch::cli {
namespace {

std::string Body(bool apply, const std::optional<int>& max_deletes) {
  return std::string("{\"apply\":") + (apply ? "true" : "false") +
         (max_deletes ? ",\"max_deletes\":" + std::to_string(*max_deletes) : "") + "}";
}

/// How many steps would delete.
int PrintSweep(const Value& plan) {
  std::vector<std::vector<std::string>> rows;
  int deletions = 0;
  if (const Value* steps = plan.Find("steps"); steps && steps->AsList()) {
    for (const Value& step : *steps->AsList()) {
      const std::string action = StringAt(step, "action");
      deletions += action == "delete";
      rows.push_back({action, Printable(StringAt(step, "branch")), Printable(StringAt(step, "reason"))});
    }
  }
  std::printf("%s", Table(rows).c_str());
  return deletions;
}

bool Agreed(int deletions) {
  std::printf("Delete %d environment%s with their data? [y/N] ", deletions, deletions == 1 ? "" : "s");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace

int RunSweep(const Context& context) {
  const Arguments& arguments = context.arguments;
  const Control control(context.ControlSocket());
  const Result<std::string> answer = control.Post("/api/sweep", Body(false, arguments.max_deletes));
  if (!answer) return Report(answer.error(), arguments.json);
  const Result<Value> plan = ParseJson(*answer);
  if (!plan) return Report(plan.error(), arguments.json);
  const std::string refusal = StringAt(*plan, "refusal");
  if (!refusal.empty()) {
    if (!arguments.json) PrintSweep(*plan);
    return Report({.kind = ErrorKind::kRefused, .what = "nothing was deleted", .why = refusal}, arguments.json);
  }
  const int deletions = arguments.json ? 0 : PrintSweep(*plan);
  if (!arguments.json && deletions == 0) {
    std::printf("Nothing to delete: every environment has its branch.\n");
    return 0;
  }
  if (!arguments.yes) {
    if (arguments.json || !isatty(STDIN_FILENO)) {
      return Report({.kind = ErrorKind::kRefused,
                     .what = "nothing was deleted",
                     .why = "there is no terminal to ask",
                     .hint = "Say --yes to delete without asking, or `perch plan` to only look."},
                    arguments.json);
    }
    if (!Agreed(deletions)) {
      std::printf("Nothing was deleted.\n");
      return 0;
    }
  }
  const Result<std::string> applied = control.Post("/api/sweep", Body(true, arguments.max_deletes));
  if (!applied) return Report(applied.error(), arguments.json);
  if (arguments.json) {
    std::printf("%s\n", applied->c_str());
  } else {
    std::printf("Deleting. `perch ls` shows what is left.\n");
  }
  return 0;
}

}  // namespace perch::cli
