#include "cfn/check.h"

#include <algorithm>
#include <tuple>

#include "cfn/check_context.h"

namespace perch::cfn {
namespace {

constexpr std::size_t kDeepest = 100;

/// A value nested deeper than any template: looked for without recursion, since all that follows is recursive.
bool TooDeep(const Value& document) {
  std::vector<std::pair<const Value*, std::size_t>> open = {{&document, 0}};
  while (!open.empty()) {
    const auto [value, depth] = open.back();
    open.pop_back();
    if (depth > kDeepest) return true;
    if (const Value::List* list = value->AsList()) {
      for (const Value& item : *list) open.emplace_back(&item, depth + 1);
    } else if (const Value::Map* map = value->AsMap()) {
      for (const Value::Entry& entry : *map) open.emplace_back(&entry.value, depth + 1);
    }
  }
  return false;
}

}  // namespace

std::vector<Finding> Check(const Value& document, const Schemas& schemas) {
  if (!document.AsMap()) {
    return {{.at = document.at, .text = "a template is a map, not " + std::string(document.KindName())}};
  }
  if (TooDeep(document)) return {{.at = document.at, .text = "the template is nested more than 100 levels deep"}};
  Context context(document, schemas);
  CheckSections(context);
  CheckParameters(context);
  CheckOutputs(context);
  CheckFunctions(context);
  CheckCycles(context);
  CheckResources(context);
  const auto key = [](const Finding& f) {
    return std::tie(f.at.file, f.at.line, f.at.column, f.path, f.severity, f.text, f.hint);
  };
  std::vector<Finding>& findings = context.findings;
  std::sort(findings.begin(), findings.end(), [&](const Finding& a, const Finding& b) { return key(a) < key(b); });
  findings.erase(std::unique(findings.begin(), findings.end()), findings.end());
  return std::move(findings);
}

}  // namespace perch::cfn
