#include "plan/render.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "base/value.h"

namespace perch::plan {
namespace {

/// How many columns a well-formed text takes, counting a code point as one.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string OneLine(std::string_view text) {
  std::string line = Printable(text);
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

/// Reasons may have several lines (an error with its hint); here each is one.
std::string Unfolded(const std::string& text) {
  std::string line;
  for (const std::string& part : Lines(text)) {
    const std::string_view trimmed = Trim(part);
    if (!trimmed.empty()) line += (line.empty() ? "" : "; ") + std::string(trimmed);
  }
  return line;
}

std::string Counts(const Plan& plan) {
  std::array<int, static_cast<std::size_t>(Action::kRefuse) + 1> counts{};
  for (const Step& step : plan.steps) ++counts[static_cast<std::size_t>(step.action)];
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(counts[i]) + " " + std::string(ActionName(Action(i)));
  }
  return text;
}

}  // namespace

std::string PlanText(const Plan& plan) {
  if (plan.steps.empty()) return "No branches and no environments.\n";
  std::vector<std::array<std::string, 4>> rows;
  rows.reserve(plan.steps.size());
  std::array<std::size_t, 3> widths{};
  for (const Step& step : plan.steps) {
    rows.push_back({std::string(ActionName(step.action)), OneLine(step.branch),
                    step.commit.empty() ? "-" : OneLine(step.commit.substr(0, 7)), OneLine(Unfolded(step.reason))});
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], Width(rows.back()[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      text += row[i];
      text.append(widths[i] - Width(row[i]) + 2, ' ');
    }
    text += row[3] + "\n";
  }
  if (!plan.refusal.empty()) text += "\n" + OneLine(plan.refusal) + "\n";
  return text + "\n" + Counts(plan) + "\n";
}

std::string ToJson(const Step& step) {
  std::string json = "{\"action\":" + JsonString(ActionName(step.action));
  json += ",\"branch\":" + JsonString(step.branch);
  json += ",\"slug\":" + JsonString(step.slug);
  json += ",\"profile\":" + JsonString(step.profile);
  json += ",\"commit\":" + JsonString(step.commit);
  json += ",\"settings_hash\":" + JsonString(step.settings_hash);
  json += ",\"generation\":" + std::to_string(step.generation);
  json += ",\"reason\":" + JsonString(step.reason);
  json += ",\"position\":" + (step.position ? std::to_string(*step.position) : "null") + "}";
  return json;
}

std::string ToJson(const Plan& plan) {
  std::string json = "{\"steps\":[";
  for (const Step& step : plan.steps) {
    if (json.back() != '[') json += ',';
    json += ToJson(step);
  }
  return json + "],\"refusal\":" + JsonString(plan.refusal) + "}";
}

}  // namespace perch::plan
