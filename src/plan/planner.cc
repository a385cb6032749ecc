#include "plan/planner.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/glob.h"
#include "model/names.h"

namespace perch::plan {
namespace {

/// Sorted names, to ask for one quickly.
class Names {
 public:
  explicit Names(std::span<const std::string> names) : names_(names.begin(), names.end()) {
    std::sort(names_.begin(), names_.end());
  }
  bool Has(std::string_view name) const {
    return !names_.empty() && std::binary_search(names_.begin(), names_.end(), name);
  }

 private:
  std::vector<std::string_view> names_;
};

/// Whether a glob can be ruled out by one byte at either end, which settles most cases.
bool CannotMatch(std::string_view pattern, std::string_view name) {
  if (pattern.empty() || name.empty()) return false;
  const auto differ = [](char wanted, char there) { return wanted != '*' && wanted != '?' && wanted != there; };
  return differ(pattern.front(), name.front()) || differ(pattern.back(), name.back());
}

/// The first of `patterns` that fits; nullptr if none does.
const std::string* FirstMatch(const std::vector<std::string>& patterns, std::string_view name) {
  for (const std::string& pattern : patterns) {
    if (!CannotMatch(pattern, name) && GlobMatches(pattern, name)) return &pattern;
  }
  return nullptr;
}

/// Sorts `items` by name (bytewise), equal names by `tie`. Names of one repository often begin alike, so the eight
/// bytes after what they have in common are compared first: most comparisons then need no text at all.
template <typename T, typename NameOf, typename Tie>
void SortByName(std::vector<T>& items, const NameOf& name_of, const Tie& tie) {
  const auto order = [&](const T& a, const T& b) {
    const int compared = name_of(a).compare(name_of(b));
    return compared != 0 ? compared < 0 : tie(a, b);
  };
  if (items.empty() || std::is_sorted(items.begin(), items.end(), order)) return;
  std::string_view common = name_of(items.front());
  for (const T& item : items) {
    const std::string_view name = name_of(item);
    const auto end = std::mismatch(common.begin(), common.end(), name.begin(), name.end()).first;
    common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
  }
  struct Keyed {
    std::uint64_t key;
    T item;
  };
  std::vector<Keyed> keyed;
  keyed.reserve(items.size());
  for (const T& item : items) {
    const std::string_view rest = name_of(item).substr(common.size());
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < sizeof key; ++i) {
      key = key << 8 | (i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0);
    }
    keyed.push_back({key, item});
  }
  std::sort(keyed.begin(), keyed.end(),
            [&](const Keyed& a, const Keyed& b) { return a.key != b.key ? a.key < b.key : order(a.item, b.item); });
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = keyed[i].item;
}

std::string_view Short(std::string_view commit) { return commit.substr(0, 7); }

std::string Text(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (std::string_view part : parts) size += part.size();
  std::string text;
  text.reserve(size);
  for (std::string_view part : parts) text += part;
  return text;
}

/// One branch name with what is known under it. At least one of the two is set.
struct Pair {
  std::string_view name;
  const WantedBranch* wanted = nullptr;
  const Environment* environment = nullptr;
  bool listed_twice = false;
};

class Planner {
 public:
  explicit Planner(const PlanInput& input)
      : input_(input), asked_(input.asked), working_(input.working), granted_(input.granted) {}

  Plan Make() {
    Match();
    plan_.steps.reserve(pairs_.size());
    for (const Pair& pair : pairs_) plan_.steps.push_back(StepFor(pair));
    RefuseSharedSlugs();
    Hold();
    LimitDeletions();
    return std::move(plan_);
  }

 private:
  bool IsOurs(const Environment& environment) const {
    return environment.owner_mark == kOwnerMark && environment.app == input_.policy.app;
  }

  /// Brings both listings together by name, in order.
  void Match() {
    std::vector<const WantedBranch*> branches;
    branches.reserve(input_.branches.size());
    for (const WantedBranch& wanted : input_.branches) branches.push_back(&wanted);
    SortByName(
        branches, [](const WantedBranch* wanted) { return std::string_view(wanted->branch.name); },
        [](const WantedBranch* a, const WantedBranch* b) { return a->branch.commit < b->branch.commit; });

    std::vector<const Environment*> environments;
    environments.reserve(input_.environments.size());
    for (const Environment& environment : input_.environments) {
      if (IsOurs(environment)) environments.push_back(&environment);
    }
    SortByName(
        environments, [](const Environment* environment) { return std::string_view(environment->branch); },
        [](const Environment* a, const Environment* b) { return a->generation > b->generation; });

    pairs_.reserve(branches.size() + environments.size());
    std::size_t b = 0, e = 0;
    while (b < branches.size() || e < environments.size()) {
      Pair pair;
      if (e == environments.size() || (b < branches.size() && branches[b]->branch.name <= environments[e]->branch)) {
        pair.name = branches[b]->branch.name;
      } else {
        pair.name = environments[e]->branch;
      }
      for (; b < branches.size() && branches[b]->branch.name == pair.name; ++b) {
        pair.listed_twice |= pair.wanted != nullptr;
        pair.wanted = branches[b];
      }
      for (; e < environments.size() && environments[e]->branch == pair.name; ++e) {
        pair.listed_twice |= pair.environment != nullptr;
        if (!pair.environment) pair.environment = environments[e];
      }
      if (pair.environment) ++existing_;
      pairs_.push_back(pair);
    }
  }

  Step StepFor(const Pair& pair) const {
    Step step;
    step.branch = pair.name;
    step.slug = pair.environment ? pair.environment->slug : SlugFor(pair.name);
    if (pair.environment) {
      step.profile = pair.environment->profile;
      step.generation = pair.environment->generation;
    }
    if (pair.wanted && !pair.wanted->profile.empty()) step.profile = pair.wanted->profile;
    Decide(pair, step);
    return step;
  }

  void Decide(const Pair& pair, Step& step) const {
    const auto decide = [&](Action action, std::string reason) {
      step.action = action;
      step.reason = std::move(reason);
    };
    const WantedBranch* wanted = pair.wanted;
    const Environment* environment = pair.environment;
    if (pair.listed_twice)
      return decide(Action::kRefuse, "it is listed twice; nothing is done until that is cleared up");
    const std::string* skip = wanted ? FirstMatch(input_.policy.skip, pair.name) : nullptr;
    // The first half of a replacement that goes on; it makes the environment again itself.
    const bool replaced_now = wanted && environment && environment->deleting && working_.Has(pair.name);
    if (environment && (!wanted || skip || (environment->deleting && !replaced_now))) {
      std::string why = !wanted ? "branch is gone" : skip ? Text({"branches like '", *skip, "' are skipped"}) : "";
      if (environment->deleting) {
        why = why.empty() ? "its deletion began before the branch came back, and is finished first"
                          : why + "; its deletion began and is finished now";
      }
      if (const std::string* protect = FirstMatch(input_.policy.protect, pair.name)) {
        return decide(Action::kProtect, Text({why, "; '", *protect, "' protects it"}));
      }
      return decide(Action::kDelete, std::move(why));
    }
    if (skip) return decide(Action::kSkip, Text({"branches like '", *skip, "' are skipped"}));

    step.commit = wanted->branch.commit;
    step.settings_hash = wanted->settings_hash;
    if (replaced_now) return decide(Action::kKeep, "it is being deleted and made again now");
    if (environment && environment->stopped && !asked_.Has(pair.name) && StoppedFor(*environment, *wanted)) {
      return decide(Action::kLeaveStopped, "a person stopped it; a push or a redeploy starts it again");
    }
    if (!wanted->unavailable.empty()) {
      return decide(Action::kRefuse, "its settings cannot be read now: " + wanted->unavailable);
    }
    if (!wanted->problem.empty()) return decide(Action::kLeaveFailed, wanted->problem);
    if (!environment) return decide(Action::kCreate, "branch has no environment");
    DecideExisting(*wanted, *environment, decide);
  }

  static bool StoppedFor(const Environment& environment, const WantedBranch& wanted) {
    const bool hash_unknown = !wanted.problem.empty() || !wanted.unavailable.empty();
    return environment.stopped_commit == wanted.branch.commit &&
           (hash_unknown || environment.stopped_settings_hash == wanted.settings_hash);
  }

  template <typename DecideFn>
  void DecideExisting(const WantedBranch& wanted, const Environment& environment, const DecideFn& decide) const {
    const std::string& commit = wanted.branch.commit;
    const std::string_view to = Short(commit);
    const Attempt* attempt = environment.last_attempt ? &*environment.last_attempt : nullptr;
    const bool tried = attempt && attempt->commit == commit && attempt->settings_hash == wanted.settings_hash;
    const bool serves = !environment.stopped && environment.serving_commit == commit &&
                        environment.settings_hash == wanted.settings_hash;
    const bool cut_short =
        tried && (attempt->result == Attempt::Result::kRunning || attempt->result == Attempt::Result::kInterrupted);
    if (cut_short && attempt->result == Attempt::Result::kRunning && working_.Has(wanted.branch.name)) {
      return decide(Action::kKeep, Text({to, " is being deployed now"}));
    }
    const bool asked = asked_.Has(wanted.branch.name);
    const bool failed = tried && attempt->result == Attempt::Result::kFailed;
    if (!failed || asked) {
      const std::string changes = FixedChanges(environment.fixed, wanted.fixed);
      if (!changes.empty()) return DecideReplacement(wanted.branch.name, changes, decide);
    }
    if (asked && (serves || tried || environment.stopped)) {
      return decide(Action::kRetry, Text({"a person asked to deploy ", to, " again"}));
    }
    if (cut_short) return decide(Action::kRetry, Text({"the last try to deploy ", to, " was cut short"}));
    if (serves && environment.state != State::kFailed) {
      return decide(Action::kKeep, Text({"the link shows ", to, ", the newest commit"}));
    }
    if (serves) {
      const std::string_view why = environment.reason.empty() ? "the app ended" : std::string_view(environment.reason);
      return decide(Action::kLeaveFailed, LeftFailed(why));
    }
    if (failed) {
      const std::string_view why = attempt->reason.empty() ? "it failed" : std::string_view(attempt->reason);
      return decide(Action::kLeaveFailed, LeftFailed(why));
    }
    if (environment.stopped && environment.stopped_commit != commit) {
      return decide(Action::kUpdate, Text({to, " was pushed after it was stopped"}));
    }
    if (environment.serving_commit == commit || (attempt && attempt->commit == commit && !tried)) {
      return decide(Action::kRebuild, Text({"the settings of ", to, " changed"}));
    }
    if (!environment.serving_commit.empty()) {
      return decide(Action::kUpdate,
                    Text({wanted.branch.name, " is at ", to, ", the link shows ", Short(environment.serving_commit)}));
    }
    if (attempt && !tried) {
      return decide(Action::kUpdate, Text({to, " was pushed after ", Short(attempt->commit), " did not come up"}));
    }
    decide(Action::kRetry, Text({"nothing runs yet at ", to}));
  }

  template <typename DecideFn>
  void DecideReplacement(const std::string& name, const std::string& changes, const DecideFn& decide) const {
    if (const std::string* protect = FirstMatch(input_.policy.protect, name)) {
      return decide(Action::kRefuse,
                    Text({changes, ", which takes deleting the environment, and '", *protect,
                          "' protects it; set the old value again, or take it out of 'protect' until it is replaced"}));
    }
    decide(Action::kReplace, Text({changes, ": the environment is deleted and made again, its data too"}));
  }

  /// Two names for one address: whichever came second would take the other's place. A deletion may go on when it is
  /// what clears the address.
  void RefuseSharedSlugs() {
    std::vector<std::pair<std::string_view, std::size_t>> slugs;
    slugs.reserve(plan_.steps.size());
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) slugs.emplace_back(plan_.steps[i].slug, i);
    if (!std::is_sorted(slugs.begin(), slugs.end())) std::sort(slugs.begin(), slugs.end());
    for (std::size_t first = 0, end = 0; first < slugs.size(); first = end) {
      int environments = 0;
      for (end = first; end < slugs.size() && slugs[end].first == slugs[first].first; ++end) {
        if (pairs_[slugs[end].second].environment) ++environments;
      }
      for (std::size_t i = first; end - first > 1 && i < end; ++i) {
        Step& step = plan_.steps[slugs[i].second];
        if (step.action == Action::kSkip || step.action == Action::kProtect) continue;
        if (step.action == Action::kDelete && environments == 1) continue;
        const Step& other = plan_.steps[slugs[i == first ? first + 1 : first].second];
        step.action = Action::kRefuse;
        step.reason =
            Text({"it has the same address ('", step.slug, "') as '", other.branch, "'; rename one of the branches"});
      }
    }
  }

  /// The oldest commits come first; who waits longest is served first whenever a place gets free.
  void Hold() {
    if (input_.policy.max_environments <= 0) return;
    std::vector<std::size_t> creations;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      if (plan_.steps[i].action == Action::kCreate) creations.push_back(i);
    }
    std::sort(creations.begin(), creations.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(pairs_[a].wanted->branch.committed_at, a) < std::pair(pairs_[b].wanted->branch.committed_at, b);
    });
    const std::size_t limit = static_cast<std::size_t>(input_.policy.max_environments);
    const std::size_t free = limit > existing_ ? limit - existing_ : 0;
    const std::string limit_text = std::to_string(limit);
    for (std::size_t i = free; i < creations.size(); ++i) {
      Step& step = plan_.steps[creations[i]];
      step.action = Action::kHold;
      step.position = static_cast<int>(i - free) + 1;
      step.reason = Text({"the limit of ", limit_text, limit == 1 ? " environment" : " environments",
                          " is reached; place ", std::to_string(*step.position), " in the queue"});
    }
  }

  void LimitDeletions() {
    const bool empty = input_.branches.empty();
    int unprotected = 0;
    std::vector<Step*> deletions;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      const Environment* environment = pairs_[i].environment;
      if (!environment) continue;
      Step& step = plan_.steps[i];
      if (!FirstMatch(input_.policy.protect, pairs_[i].name)) ++unprotected;
      if (step.action != Action::kDelete && step.action != Action::kReplace) continue;
      if (empty || !(environment->deleting || granted_.Has(pairs_[i].name))) deletions.push_back(&step);
    }
    const int count = static_cast<int>(deletions.size());
    if (count == 0) return;
    const int limit = std::max(DeleteLimit(unprotected), input_.policy.max_deletes.value_or(0));
    std::string why;
    if (empty) {
      why = "the list of branches is empty, and an empty list deletes nothing";
      plan_.refusal = Text({why,
                            ". If the repository really has no branches, there is nothing to do; otherwise check "
                            "that perch looks at the right repository."});
    } else if (count > limit) {
      const std::string n = std::to_string(count);
      const bool replaces = std::any_of(deletions.begin(), deletions.end(),
                                        [](const Step* step) { return step->action == Action::kReplace; });
      why = Text({n, replaces ? " deletions and replacements" : " deletions", " at once are more than the limit of ",
                  std::to_string(limit)});
      plan_.refusal = Text({why, ", so none is done. If they are right, run: perch sweep --max-deletes ", n});
    } else {
      return;
    }
    for (Step* step : deletions) {
      step->reason =
          Text({step->reason, step->action == Action::kReplace ? "; not replaced: " : "; not deleted: ", why});
      step->action = Action::kRefuse;
    }
  }

  const PlanInput& input_;
  Names asked_;
  Names working_;
  Names granted_;
  std::vector<Pair> pairs_;  // one for each step, same order
  std::size_t existing_ = 0;
  Plan plan_;
};

}  // namespace

Plan MakePlan(const PlanInput& input) { return Planner(input).Make(); }

std::string FixedChanges(const std::map<std::string, std::string>& made,
                         const std::map<std::string, std::string>& wanted) {
  std::string text;
  for (const auto& [label, value] : wanted) {
    const auto old = made.find(label);
    if (old == made.end() || old->second == value) continue;
    text += Text({text.empty() ? "its " : ", its ", label, " changes from ", old->second, " to ", value});
  }
  return text;
}

std::string LeftFailed(std::string_view why) {
  const std::size_t line = why.find('\n');
  return std::string(why.substr(0, line)) + "; push again or redeploy" +
         std::string(line == std::string_view::npos ? "" : why.substr(line));
}

int DeleteLimit(int unprotected) { return std::max(3, std::min(10, unprotected / 2)); }

}  // namespace perch::plan
