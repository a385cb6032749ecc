#include <cstdio>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/json.h"
#include "cli/output.h"

namespace perch::cli {
namespace {

void PrintBranch(const Value& view) {
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const char* name, const std::string& value) {
    std::string label = name;
    for (const std::string& line : Lines(value)) rows.push_back({std::exchange(label, ""), Printable(line)});
  };
  add("branch", StringAt(view, "branch"));
  add("title", StringAt(view, "title"));
  add("author", StringAt(view, "author"));
  add("state", StringAt(view, "state"));
  add("because", StringAt(view, "reason"));
  add("now", StringAt(view, "stage"));
  add("link", StringAt(view, "url"));
  add("shows", StringAt(view, "serving_commit"));
  add("head", StringAt(view, "commit"));
  add("profile", StringAt(view, "profile"));
  add("updated", StringAt(view, "updated_at"));
  std::printf("%s", Table(rows).c_str());
}

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
