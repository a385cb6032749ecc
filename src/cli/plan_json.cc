#include "cli/plan_json.h"

#include "cli/json.h"

namespace perch::cli {
namespace {

Action ActionOf(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(Action::kRefuse); ++i) {
    if (ActionName(static_cast<Action>(i)) == name) return static_cast<Action>(i);
  }
  return Action::kKeep;
}

}  // namespace

Plan ReadPlanJson(const Value& json) {
  Plan plan{.steps = {}, .refusal = StringAt(json, "refusal")};
  const Value* steps = json.Find("steps");
  for (const Value& step : steps && steps->AsList() ? *steps->AsList() : Value::List()) {
    const std::int64_t position = NumberAt(step, "position");
    plan.steps.push_back({.action = ActionOf(StringAt(step, "action")),
                          .branch = StringAt(step, "branch"),
                          .slug = StringAt(step, "slug"),
                          .profile = StringAt(step, "profile"),
                          .commit = StringAt(step, "commit"),
                          .settings_hash = StringAt(step, "settings_hash"),
                          .generation = std::uint64_t(NumberAt(step, "generation")),
                          .reason = StringAt(step, "reason"),
                          .position = position > 0 ? std::optional<int>(int(position)) : std::nullopt});
  }
  return plan;
}

}  // namespace perch::cli
