#include "cli/sweep_print.h"

#include <algorithm>

#include "base/text.h"
#include "base/value.h"
#include "cli/output.h"

namespace perch::cli {
namespace {

using beanstalk::StackVerdict;
using beanstalk::SweptStack;
using beanstalk::Verdict;

/// Whether a person who looks at a sweep wants to read about it.
bool Matters(Verdict verdict) {
  return verdict != Verdict::kKeep && verdict != Verdict::kNested && verdict != Verdict::kNoMark &&
         verdict != Verdict::kOtherApp;
}

std::string EndName(SweptStack::End end) {
  switch (end) {
    case SweptStack::End::kGone:
      return "gone";
    case SweptStack::End::kStays:
      return "stays";
    case SweptStack::End::kFailed:
      return "failed";
  }
  return "";
}

std::string Stacks(int count) { return std::to_string(count) + (count == 1 ? " stack" : " stacks"); }

std::string TextList(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) list += (list.size() > 1 ? "," : "") + JsonString(text);
  return list + "]";
}

}  // namespace

std::string SweepPlanText(const beanstalk::SweepPlan& plan, bool all) {
  std::vector<std::vector<std::string>> rows;
  int others = 0;
  for (const StackVerdict& judged : plan.stacks) {
    if (!all && !Matters(judged.verdict)) {
      ++others;
      continue;
    }
    rows.push_back(
        {std::string(beanstalk::VerdictName(judged.verdict)), Printable(judged.stack.name), InOneLine(judged.reason)});
  }
  std::string text = rows.empty() ? "" : Table(rows);
  if (others > 0)
    text += Stacks(others) + (others == 1 ? " stays" : " stay") + " as a matter of course (-v lists them).\n";
  return text;
}

std::string SweepResultText(const beanstalk::SweepPlan& plan, const beanstalk::SweepResult& result) {
  std::string text;
  std::uint64_t versions = 0;
  for (const SweptStack& stack : result.stacks) {
    versions += stack.versions;
    if (stack.end == SweptStack::End::kGone) continue;
    text += Printable(stack.name) + (stack.end == SweptStack::End::kStays ? " stays: " : " failed: ") +
            InOneLine(stack.reason) + "\n";
  }
  for (const SweptStack& stack : result.stacks) {
    for (const std::string& removed : stack.removed)
      text += "Also gone: " + InOneLine(removed) + ", of " + Printable(stack.name) + "\n";
  }
  for (const SweptStack& stack : result.stacks) {
    for (const std::string& left : stack.left)
      text += "May still cost: " + left + ", of " + Printable(stack.name) + "\n";
  }
  const int gone = result.Count(SweptStack::End::kGone);
  const int failed = result.Count(SweptStack::End::kFailed);
  const int records = int(std::count_if(result.stacks.begin(), result.stacks.end(), [](const SweptStack& stack) {
    return stack.record && stack.end == SweptStack::End::kGone;
  }));
  if (records > 0) text += std::to_string(records) + (records == 1 ? " record" : " records") + " settled, ";
  text += Stacks(gone - records) + " gone";
  if (versions > 0)
    text += " with " + std::to_string(versions) + (versions == 1 ? " version" : " versions") + " in buckets";
  text += ", " + std::to_string(plan.stacks.size() - std::size_t(gone) - std::size_t(failed)) + " stay, " +
          std::to_string(failed) + " failed.\n";
  return text;
}

std::string SweepJson(const std::string& region, const beanstalk::SweepPlan& plan,
                      const beanstalk::SweepResult* result) {
  std::string json = "{\"region\":" + JsonString(region) + ",\"applied\":" + (result ? "true" : "false") +
                     ",\"refusal\":" + JsonString(plan.refusal) + ",\"stacks\":[";
  const char* separator = "";
  for (const StackVerdict& judged : plan.stacks) {
    json += separator + std::string("{\"stack\":") + JsonString(judged.stack.name) +
            ",\"id\":" + JsonString(judged.stack.id) + ",\"branch\":" + JsonString(judged.branch) +
            ",\"verdict\":" + JsonString(beanstalk::VerdictName(judged.verdict)) +
            ",\"reason\":" + JsonString(judged.reason) + "}";
    separator = ",";
  }
  json += "],\"results\":[";
  separator = "";
  for (const SweptStack& stack : result ? result->stacks : std::vector<SweptStack>()) {
    json += separator + std::string("{\"stack\":") + JsonString(stack.name) + ",\"id\":" + JsonString(stack.id) +
            ",\"branch\":" + JsonString(stack.branch) + ",\"end\":" + JsonString(EndName(stack.end)) +
            ",\"reason\":" + JsonString(stack.reason) + ",\"versions\":" + std::to_string(stack.versions) +
            ",\"removed\":" + TextList(stack.removed) + ",\"left\":" + TextList(stack.left) + "}";
    separator = ",";
  }
  return json + "]}\n";
}

}  // namespace perch::cli
