#include <cstdio>

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
    if (!value.empty()) rows.push_back({name, Printable(value)});
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
  const Result<std::string> answer =
      control.Get(one ? EnvironmentPath(context.arguments.branch) : std::string("/api/status"));
  if (!answer) return Report(answer.error(), context.arguments.json);
  if (context.arguments.json) {
    std::printf("%s\n", answer->c_str());
    return 0;
  }
  const Result<Value> value = ParseJson(*answer);
  if (!value) return Report(value.error(), false);
  one ? PrintBranch(*value) : PrintServe(*value);
  return 0;
}

}  // namespace perch::cli
