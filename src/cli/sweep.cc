#include <algorithm>
#include <cstdio>
#include <string>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/plan_json.h"
#include "config/project.h"
#include "plan/render.h"

namespace perch::cli {
namespace {

std::string Body(bool apply, const std::optional<int>& max_deletes) {
  return std::string("{\"apply\":") + (apply ? "true" : "false") +
         (max_deletes ? ",\"max_deletes\":" + std::to_string(*max_deletes) : "") + "}";
}

int Deletions(const Plan& plan) {
  return int(std::count_if(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
    return step.action == Action::kDelete || step.action == Action::kReplace;
  }));
}

bool Agreed(int deletions) {
  return Agrees(
      "Delete " + std::to_string(deletions) + " environment" + (deletions == 1 ? "" : "s") + " with their data?", {});
}

}  // namespace

int RunSweep(const Context& context) {
  const Arguments& arguments = context.arguments;
  const bool named = !context.arguments.github.empty() || !context.arguments.repository.empty();
  if ((context.arguments.platform.empty() && (named || context.arguments.adopt)) || IsAboutAws(context))
    return RunSweepOnAws(context);
  const Control control(context.ControlSocket());
  const Result<std::string> answer = control.Post("/api/sweep", Body(false, arguments.max_deletes));
  if (!answer) return Report(answer.error(), arguments.json);
  const Result<Value> json = ParseJson(*answer);
  if (!json) return Report(json.error(), arguments.json);
  const Plan plan = ReadPlanJson(*json);
  if (!arguments.json) std::printf("%s", plan::PlanText(plan).c_str());
  if (!plan.refusal.empty()) {
    return Report({.kind = ErrorKind::kRefused, .what = "nothing was deleted", .why = plan.refusal}, arguments.json);
  }
  const int deletions = Deletions(plan);
  if (!arguments.json && deletions == 0) {
    std::printf("Nothing to delete: every environment has its branch.\n");
    return 0;
  }
  if (!arguments.yes) {
    if (arguments.json || !CanAsk()) {
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
