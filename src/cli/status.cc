#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/views.h"

namespace perch::cli {
namespace {

void PrintServe(const Value& status) {
  std::vector<std::vector<std::string>> rows;
  if (const Value::Map* map = status.AsMap()) {
    for (const auto& [key, value, at] : *map) {
      const std::string* text = value.AsString();
      rows.push_back({Printable(key), Printable(text ? *text : CanonicalJson(value))});
    }
  }
  std::printf("%s", Table(rows).c_str());
}

}  // namespace

int RunStatus(const Context& context) {
  if (IsAboutAws(context)) return RunStatusOnAws(context);
  const Control control(context.ControlSocket());
  const bool one = !context.arguments.branch.empty();
  const Result<Value> value = one ? control.FindBranch(context.arguments.branch) : control.GetJson("/api/status");
  if (!value) return Report(value.error(), context.arguments.json);
  if (context.arguments.json) {
    const Result<std::string> answer = control.Get(one ? EnvironmentPath(*value) : std::string("/api/status"));
    if (!answer) return Report(answer.error(), true);
    std::printf("%s\n", answer->c_str());
    return 0;
  }
  one ? PrintBranch(*value) : PrintServe(*value);
  return 0;
}

}  // namespace perch::cli
