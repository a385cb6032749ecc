#include "beanstalk/progress_text.h"

#include <string_view>

namespace perch::beanstalk {
namespace {

constexpr std::chrono::milliseconds kWorthTelling = std::chrono::seconds(1);

// CloudFormation's own words for an update that makes a new resource.
constexpr std::string_view kReplacement = "Requested update requires the creation of a new physical resource";

struct Verb {
  std::string_view status, during, after;
};
constexpr Verb kVerbs[] = {
    {"CREATE", "creating", "created"},
    {"UPDATE", "updating", "updated"},
    {"DELETE", "deleting", "deleted"},
    {"ROLLBACK", "taking it back", "taken back"},
    {"UPDATE_ROLLBACK", "taking the update back", "as it was before"},
};

/// The verb of "UPDATE_ROLLBACK_IN_PROGRESS" for `end` "_IN_PROGRESS"; nullptr when it is none.
const Verb* VerbOf(std::string_view status, std::string_view end) {
  if (!status.ends_with(end)) return nullptr;
  status.remove_suffix(end.size());
  for (const Verb& verb : kVerbs) {
    if (verb.status == status) return &verb;
  }
  return nullptr;
}

bool IsConsequence(std::string_view reason) {
  return reason == "Resource creation cancelled" || reason == "Resource update cancelled";
}

std::string WithReason(std::string text, const std::string& reason) {
  return reason.empty() ? text : text + ": " + reason;
}

}  // namespace

std::string ProgressText::Line(const StackProgress& event) {
  const bool of_stack = event.logical_id == stack_name_;
  const std::string name = of_stack ? "stack" : event.logical_id;
  const std::map<std::string, Work>::iterator work = under_way_.find(event.logical_id);
  if (const Verb* verb = VerbOf(event.status, "_IN_PROGRESS")) {
    const std::string during = event.reason.starts_with(kReplacement) ? "replacing" : std::string(verb->during);
    const bool known = work != under_way_.end() && (work->second.verb == during || work->second.verb == "replacing");
    if (known && verb->during != "deleting") return "";  // "Resource creation Initiated"
    under_way_[event.logical_id] = {during, event.time};
    if (!of_stack) return name + ": " + during;
    return event.status.find("ROLLBACK") == std::string::npos ? "" : WithReason(name + ": " + during, event.reason);
  }
  std::string took;
  if (work != under_way_.end() && event.time - work->second.began >= kWorthTelling)
    took = " (" + FormatDuration(event.time - work->second.began) + ")";
  if (of_stack) return OfStack(event, took);
  const bool replaced = work != under_way_.end() && work->second.verb == "replacing";
  if (work != under_way_.end()) under_way_.erase(work);
  if (const Verb* verb = VerbOf(event.status, "_COMPLETE"))
    return name + ": " + (replaced ? "replaced" : std::string(verb->after)) + took;
  if (event.status == "DELETE_SKIPPED") return name + ": kept";
  if (IsConsequence(event.reason)) return name + ": given up, because another one failed";
  if (event.status.ends_with("_FAILED")) return WithReason(name + ": failed" + took, event.reason);
  return WithReason(name + ": " + event.status, event.reason);
}

std::string ProgressText::OfStack(const StackProgress& event, const std::string& took) const {
  if (event.status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") return "stack: updated" + took;
  if (event.status == "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS") return "";
  if (const Verb* verb = VerbOf(event.status, "_COMPLETE")) return "stack: " + std::string(verb->after) + took;
  if (event.status.ends_with("_FAILED")) return WithReason("stack: failed", event.reason);
  return WithReason("stack: " + event.status, event.reason);
}

std::vector<std::string> ProgressText::Busy() const {
  std::vector<std::string> names;
  for (const auto& [name, work] : under_way_) {
    if (name != stack_name_) names.push_back(name);
  }
  return names;
}

}  // namespace perch::beanstalk
