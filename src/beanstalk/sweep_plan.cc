#include "beanstalk/sweep_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/glob.h"
#include "base/text.h"
#include "beanstalk/stack_status.h"
#include "model/tags.h"

namespace perch::beanstalk {
namespace {

// A tag's value ends at 256 characters, so that a longer branch name may have been cut to fit one.
constexpr std::size_t kPerhapsCut = 250;
// Between making and executing a change set pass seconds; what is older was left behind.
constexpr std::chrono::hours kReviewEnds(1);
constexpr std::chrono::days kOldestMark(90);

std::string Quoted(const std::string& text) { return "'" + Printable(text) + "'"; }

const std::string* FirstMatch(const std::vector<std::string>& globs, const std::string& name) {
  const auto at =
      std::find_if(globs.begin(), globs.end(), [&](const std::string& glob) { return GlobMatches(glob, name); });
  return at == globs.end() ? nullptr : &*at;
}

/// The profile of an environment that perch made, when its environments are never swept.
const std::string* ProtectedProfile(const aws::Stack& stack, const SweepRules& rules) {
  const auto profile = stack.tags.find("perch:profile");
  if (profile == stack.tags.end()) return nullptr;
  const auto at = std::find(rules.protect_profiles.begin(), rules.protect_profiles.end(), profile->second);
  return at == rules.protect_profiles.end() ? nullptr : &*at;
}

bool IsNested(const aws::Stack& stack) {
  return !stack.parent_id.empty() || !stack.root_id.empty() || stack.name.starts_with("awseb-");
}

bool CanBeDeleted(std::string_view status) {
  switch (RemedyFor(status)) {
    case Remedy::kNone:
    case Remedy::kDeleteAndCreate:
    case Remedy::kContinueRollback:
    case Remedy::kDeleteAgain:
      return true;
    default:
      return status == "REVIEW_IN_PROGRESS" || status == "UPDATE_FAILED" || status == "IMPORT_ROLLBACK_FAILED";
  }
}

/// What is the same in the spellings that CI systems and their scripts make of one branch's name: as a whole reference,
/// of a remote, escaped, in lower case, as a slug, with what tags cannot hold replaced.
std::string Folded(const std::string& name) {
  std::string text = ToLower(PercentDecode(name).value_or(name));
  text = std::string(Trim(text));
  for (const std::string_view prefix : {"refs/heads/", "refs/remotes/", "origin/"}) {
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
  }
  std::string folded;
  for (const char c : text) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (kept) {
      folded += c;
    } else if (!folded.ends_with('-')) {
      folded += '-';
    }
  }
  return folded;
}

/// The branches of one listing, and what may be one of them.
class Branches {
 public:
  explicit Branches(std::span<const std::string> names) : names_(names.begin(), names.end()) {
    for (const std::string& name : names_) folded_.emplace(Folded(name), &name);
  }
  bool Has(const std::string& name) const { return names_.contains(name); }
  /// A branch of which `name` may be the beginning; nullptr if there is none.
  const std::string* Longer(const std::string& name) const {
    if (name.size() < kPerhapsCut) return nullptr;
    const auto at = names_.lower_bound(name);
    return at != names_.end() && at->starts_with(name) ? &*at : nullptr;
  }

  /// A branch that `name` may mean in another spelling; nullptr if there is none.
  const std::string* Like(const std::string& name) const {
    const auto at = folded_.find(Folded(name));
    return at == folded_.end() ? nullptr : at->second;
  }

 private:
  std::set<std::string> names_;
  std::map<std::string, const std::string*> folded_;
};

aws::Stack WithoutDetails(const aws::Stack& stack) {
  aws::Stack kept = stack;
  kept.outputs.clear();
  kept.parameters.clear();
  kept.description.clear();
  return kept;
}

/// Delete or wait, by when the branch was first missed.
void JudgeOrphan(StackVerdict& judged, const SweepInput& input, const SweepRules& rules) {
  judged.orphan = true;
  judged.verdict = Verdict::kDelete;
  judged.reason = "branch " + Quoted(judged.branch) + " is gone";
  if (rules.grace.count() == 0) return;
  const auto mark = input.marks ? input.marks->find(judged.stack.id) : Marks::const_iterator();
  const bool known = input.marks && mark != input.marks->end() && mark->second.branch == judged.branch &&
                     mark->second.first_seen <= input.now;
  const Time since = known ? mark->second.first_seen : input.now;
  if (known && input.now - since >= rules.grace) {
    judged.reason += ", first seen " + FormatTime(since);
    return;
  }
  judged.verdict = Verdict::kWait;
  judged.reason += known ? ", first seen " + FormatTime(since) + "; it may go after " + FormatTime(since + rules.grace)
                         : ", first seen now; it may go after " + FormatTime(since + rules.grace);
}

/// nullopt: nothing of the operator's protects it.
std::optional<StackVerdict> Protection(const aws::Stack& stack, const std::string& branch, const SweepRules& rules) {
  std::string reason;
  if (const std::string* glob = FirstMatch(rules.protect_stacks, stack.name)) {
    reason = "stack is protected by " + Quoted(*glob);
  } else if (const std::string* by = FirstMatch(rules.protect_branches, branch)) {
    reason = "branch " + Quoted(branch) + " is protected by " + Quoted(*by);
  } else if (const std::string* profile = ProtectedProfile(stack, rules)) {
    reason = "environments of profile " + Quoted(*profile) + " are never swept";
  } else {
    return std::nullopt;
  }
  return StackVerdict{.stack = stack, .branch = branch, .verdict = Verdict::kProtected, .reason = std::move(reason)};
}

StackVerdict JudgeRecord(const LoneRecord& record, const Branches& branches, const SweepInput& input,
                         const SweepRules& rules) {
  // Marks know what they are about by an ARN; no service makes this one.
  const std::string id =
      "perch:record:s3:" + input.region + ":" + record.application.versions_bucket + "/" + record.key;
  const std::size_t name = record.key.rfind('/') + 1;
  StackVerdict judged{.stack = {.id = id, .name = record.key.substr(name, record.key.rfind('.') - name)},
                      .branch = record.identity.branch,
                      .record = record};
  const Result<std::vector<Tag>> tags = TagsFor(record.identity);
  if (!record.problem.empty() || !tags) {
    judged.verdict = Verdict::kUnreadable;
    judged.branch.clear();
    judged.reason = "s3://" + record.application.versions_bucket + "/" + record.key + ": " +
                    (record.problem.empty() ? "it is not as perch writes it" : record.problem);
    return judged;
  }
  judged.stack.tags = {tags->begin(), tags->end()};
  if (branches.Has(judged.branch)) {
    judged.verdict = Verdict::kKeep;
    judged.reason = "branch " + Quoted(judged.branch) + " is there";
    return judged;
  }
  JudgeOrphan(judged, input, rules);
  if (record.deleting && judged.verdict == Verdict::kWait) {
    judged.verdict = Verdict::kDelete;
    judged.reason = "branch " + Quoted(judged.branch) + " is gone";
  }
  judged.reason += "; it has no stack any more, but what it left is recorded";
  if (const std::optional<StackVerdict> stays = Protection(judged.stack, judged.branch, rules)) {
    judged.verdict = stays->verdict;
    judged.reason = stays->reason;
  }
  return judged;
}

StackVerdict Judge(const aws::Stack& stack, const Branches& branches, const SweepInput& input,
                   const SweepRules& rules) {
  StackVerdict judged{.stack = WithoutDetails(stack)};
  if (IsNested(stack)) {
    judged.verdict = Verdict::kNested;
    judged.reason = stack.name.starts_with("awseb-") ? "Elastic Beanstalk made it for an environment, and deletes it"
                                                     : "it is part of another stack, and goes with that one";
    return judged;
  }
  const StackBranch found = BranchOf(stack, rules);
  if (!found.branch) {
    judged.verdict = found.verdict;
    judged.reason = found.reason;
    return judged;
  }
  judged.branch = *found.branch;
  if (branches.Has(judged.branch)) {
    judged.verdict = Verdict::kKeep;
    judged.reason = "branch " + Quoted(judged.branch) + " is there";
    return judged;
  }
  if (const std::string* longer = branches.Longer(judged.branch)) {
    judged.verdict = Verdict::kKeep;
    judged.reason = "its tag may be the cut name of branch " + Quoted(*longer);
    return judged;
  }
  // What perch wrote is exact; what others wrote is whatever their CI calls the branch.
  const std::string* like = stack.tags.contains("perch:app") ? nullptr : branches.Like(judged.branch);
  if (like) {
    judged.verdict = Verdict::kUnreadable;
    judged.reason = "its tag " + Quoted(judged.branch) + " may mean branch " + Quoted(*like);
    return judged;
  }
  JudgeOrphan(judged, input, rules);
  if (const std::optional<StackVerdict> stays = MustStay(stack, judged.branch, rules, input.now)) {
    judged.verdict = stays->verdict;
    judged.reason = stays->reason;
  }
  return judged;
}

/// Several stacks of one branch all go or all stay: half a branch is of no use, and which half is a guess.
void HoldBackSiblings(std::vector<StackVerdict>& stacks) {
  std::map<std::string, std::vector<StackVerdict*>> by_branch;
  for (StackVerdict& judged : stacks) {
    if (judged.orphan) by_branch[judged.branch].push_back(&judged);
  }
  for (auto& [branch, siblings] : by_branch) {
    const auto stays =
        std::find_if(siblings.begin(), siblings.end(), [](const auto* s) { return s->verdict != Verdict::kDelete; });
    if (stays == siblings.end()) continue;
    for (StackVerdict* sibling : siblings) {
      if (sibling->verdict != Verdict::kDelete) continue;
      sibling->verdict = Verdict::kHeldBack;
      sibling->reason = "branch " + Quoted(branch) + " is gone, but its other stack " + (*stays)->stack.name +
                        " stays: " + (*stays)->reason;
    }
  }
}

bool IsProtected(const StackVerdict& judged, const SweepRules& rules) {
  return judged.stack.termination_protection || ProtectedProfile(judged.stack, rules) ||
         FirstMatch(rules.protect_stacks, judged.stack.name) || FirstMatch(rules.protect_branches, judged.branch);
}

void CheckLimit(SweepPlan& plan, const SweepRules& rules) {
  const int deletions = plan.Count(Verdict::kDelete);
  const int unprotected = int(std::count_if(plan.stacks.begin(), plan.stacks.end(), [&](const StackVerdict& judged) {
    return !judged.branch.empty() && !IsProtected(judged, rules);
  }));
  const int limit = rules.max_deletes ? *rules.max_deletes : rules.limit ? rules.limit(unprotected) : 0;
  if (deletions <= limit) return;
  plan.refusal = std::to_string(deletions) + (deletions == 1 ? " stack" : " stacks") +
                 " would go at once, more than the limit of " + std::to_string(limit) +
                 (rules.max_deletes ? " (--max-deletes)"
                                    : " (" + std::to_string(unprotected) + " of the listed ones are not protected)");
  plan.refusal_hint = "If all of them shall go, say --max-deletes " + std::to_string(deletions) + ".";
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDelete:
      return "delete";
    case Verdict::kWait:
      return "wait";
    case Verdict::kKeep:
      return "keep";
    case Verdict::kProtected:
      return "protected";
    case Verdict::kTerminationProtected:
      return "termination-protected";
    case Verdict::kNested:
      return "nested";
    case Verdict::kInProgress:
      return "in-progress";
    case Verdict::kHeldBack:
      return "held-back";
    case Verdict::kNoMark:
      return "no-mark";
    case Verdict::kOtherApp:
      return "other-app";
    case Verdict::kUnreadable:
      return "unreadable";
  }
  return "";
}

int SweepPlan::Count(Verdict verdict) const {
  return int(
      std::count_if(stacks.begin(), stacks.end(), [&](const auto& judged) { return judged.verdict == verdict; }));
}

StackBranch BranchOf(const aws::Stack& stack, const SweepRules& rules) {
  const bool of_an_app = stack.tags.contains("perch:app");
  if (of_an_app && !stack.tags.contains("perch:branch"))
    return {.verdict = Verdict::kNoMark, .reason = "it has perch's tags but no branch: environments share it"};
  const Result<std::optional<Identity>> identity = IdentityFrom({stack.tags.begin(), stack.tags.end()});
  if (!identity) {
    return {.verdict = Verdict::kUnreadable,
            .reason = "its tags are not as perch writes them: " + identity.error().Text()};
  }
  if (*identity) {
    if ((*identity)->app != rules.app) {
      return {.verdict = Verdict::kOtherApp, .reason = "it is an environment of app " + Quoted((*identity)->app)};
    }
    return {.branch = (*identity)->branch};
  }
  const auto tag = stack.tags.find(rules.tag);
  if (tag == stack.tags.end() || tag->second.empty())
    return {.verdict = Verdict::kNoMark,
            .reason = rules.adopt ? "it has no tag " + Quoted(rules.tag) : "perch did not make it"};
  if (!rules.adopt)
    return {.verdict = Verdict::kNoMark,
            .reason = "perch did not make it; --adopt would go by its tag " + Quoted(rules.tag)};
  return {.branch = tag->second};
}

std::optional<StackVerdict> MustStay(const aws::Stack& stack, const std::string& branch, const SweepRules& rules,
                                     Time now) {
  const auto stays = [&](Verdict verdict, std::string reason) {
    return StackVerdict{.stack = stack, .branch = branch, .verdict = verdict, .reason = std::move(reason)};
  };
  if (IsNested(stack)) return stays(Verdict::kNested, "it is part of another stack, and goes with that one");
  if (std::optional<StackVerdict> is_protected = Protection(stack, branch, rules)) return is_protected;
  if (stack.termination_protection)
    return stays(Verdict::kTerminationProtected, "it has termination protection in CloudFormation");
  if (IsUnderWay(stack.status)) return stays(Verdict::kInProgress, "it is in " + Printable(stack.status));
  if (!CanBeDeleted(stack.status)) {
    return stays(Verdict::kInProgress,
                 "its status " + Quoted(stack.status) + " is none that perch knows how to delete from");
  }
  if (stack.status == "REVIEW_IN_PROGRESS" && (!stack.created || now - *stack.created < kReviewEnds))
    return stays(Verdict::kInProgress, "it is in REVIEW_IN_PROGRESS: a deployment may be about to begin");
  return std::nullopt;
}

SweepPlan MakeSweepPlan(const SweepInput& input, const SweepRules& rules) {
  SweepPlan plan;
  const Branches branches(input.branches);
  std::set<std::string_view> seen;
  for (const aws::Stack& stack : input.stacks) {
    // A list that changes while it is read may tell a stack on two pages.
    if (stack.status == "DELETE_COMPLETE" || !seen.insert(stack.id).second) continue;
    plan.stacks.push_back(Judge(stack, branches, input, rules));
  }
  for (const LoneRecord& record : input.records) plan.stacks.push_back(JudgeRecord(record, branches, input, rules));
  HoldBackSiblings(plan.stacks);
  if (input.stacks.empty()) {
    plan.refusal = "the list of stacks is empty";
    plan.refusal_hint = "Check the region and the account.";
  } else if (input.branches.empty()) {
    plan.refusal = "the list of branches is empty";
    plan.refusal_hint = "Check the repository, and what the token may see.";
  } else if (rules.grace.count() > 0 && !input.marks) {
    plan.refusal = "there is a grace, but nowhere to record when a branch was first missed";
    plan.refusal_hint = "Say --marks s3://BUCKET/KEY, or --grace 0.";
  } else {
    CheckLimit(plan, rules);
  }
  return plan;
}

Marks MarksAfter(const SweepPlan& plan, const Marks& marks, std::string_view region, Time now) {
  std::map<std::string_view, const StackVerdict*> listed;
  std::set<std::string> accounts;
  for (const StackVerdict& judged : plan.stacks) {
    listed[judged.stack.id] = &judged;
    const std::vector<std::string> arn = Split(judged.stack.id, ':');
    if (arn.size() > 4) accounts.insert(arn[4]);
  }
  Marks after;
  for (const auto& [id, mark] : marks) {
    const auto at = listed.find(id);
    const std::vector<std::string> arn = Split(id, ':');
    // Accounts may share the object.
    const bool ours = arn.size() > 4 && arn[3] == region && (arn[0] != "arn" || accounts.contains(arn[4]));
    const bool keep = at == listed.end() ? !ours && now - mark.first_seen < kOldestMark
                                         : at->second->branch.empty() || at->second->orphan;
    if (keep) after.emplace(id, mark);
  }
  for (const StackVerdict& judged : plan.stacks) {
    if (!judged.orphan) continue;
    Mark& mark = after[judged.stack.id];
    if (mark.branch == judged.branch && mark.first_seen != Time() && mark.first_seen <= now) continue;
    mark = {.branch = judged.branch, .first_seen = now};
  }
  return after;
}

}  // namespace perch::beanstalk
