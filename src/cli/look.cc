#include "cli/look.h"

#include "base/text.h"
#include "engine/place.h"
#include "model/names.h"
#include "plan/planner.h"

namespace perch::cli {
namespace {

plan::WantedBranch Want(const LookPorts& ports, const Branch& branch) {
  const Result<Settings> own = ports.settings.For(branch);
  plan::WantedBranch wanted{.branch = branch};
  if (own) {
    wanted.profile = own->profile;
    wanted.settings_hash = own->hash;
    if (ports.platform) wanted.fixed = ports.platform->Fixed(*own);
    const Status valid = ports.platform ? ports.platform->Validate(*own) : Status();
    if (!valid) wanted.problem = valid.error().Text();
  } else if (own.error().kind == ErrorKind::kUnavailable) {
    wanted.unavailable = own.error().Text();
  } else {
    wanted.problem = own.error().Text();
  }
  return wanted;
}

Plan PlanFor(const LookPorts& ports, const Looked& looked, const std::vector<std::string>& asked) {
  std::vector<plan::WantedBranch> wanted;
  for (const Branch& branch : looked.branches) wanted.push_back(Want(ports, branch));
  return plan::MakePlan({.branches = wanted,
                         .environments = looked.environments,
                         .asked = asked,
                         .policy = ports.policy,
                         .now = ports.now});
}

}  // namespace

const Branch* Looked::FindBranch(const std::string& name) const {
  for (const Branch& branch : branches) {
    if (branch.name == name) return &branch;
  }
  return nullptr;
}

const Environment* Looked::FindEnvironment(const std::string& name) const {
  for (const Environment& environment : environments) {
    if (environment.branch == name) return &environment;
  }
  return nullptr;
}

Result<Looked> LookAtAll(const LookPorts& ports, std::stop_token stop) {
  Looked looked;
  if (ports.platform) {
    Result<std::vector<Environment>> environments = ports.platform->List();
    if (!environments) return Fail(environments.error());
    looked.environments = *std::move(environments);
  }
  Result<BranchList> list = ports.branches.List(stop);
  if (!list) return Fail(list.error());
  looked.branches = std::move(list->branches);
  looked.plan = PlanFor(ports, looked, {});
  return looked;
}

namespace {

/// The branch, or the environment without one, that has this slug; "" when none has.
Result<std::string> NameOfSlug(const LookPorts& ports, const std::string& slug, const std::stop_token& stop) {
  if (ports.platform) {
    const Result<std::vector<Environment>> environments = ports.platform->List();
    if (!environments) return Fail(environments.error());
    for (const Environment& environment : *environments) {
      if (environment.slug == slug) return environment.branch;
    }
  }
  const Result<BranchList> list = ports.branches.List(stop);
  if (!list) return Fail(list.error());
  for (const Branch& branch : list->branches) {
    if (SlugFor(branch.name) == slug) return branch.name;
  }
  return "";
}

}  // namespace

Result<Looked> LookAtOne(const LookPorts& ports, const std::string& branch, bool asked, std::stop_token stop) {
  Looked looked{.name = branch};
  if (ports.platform) {
    Result<std::optional<Environment>> environment = ports.platform->Find(branch);
    if (!environment) return Fail(environment.error());
    if (*environment) looked.environments.push_back(**environment);
  }
  const Result<std::optional<Branch>> found = ports.branches.Find(branch, stop);
  if (!found) return Fail(found.error());
  if (*found) looked.branches.push_back(**found);
  if (looked.branches.empty() && looked.environments.empty()) {
    const Result<std::string> name = NameOfSlug(ports, branch, stop);
    if (!name) return Fail(name.error());
    if (!name->empty() && *name != branch) return LookAtOne(ports, *name, asked, stop);
    return Fail({.kind = ErrorKind::kNotFound,
                 .what = "there is no branch '" + Printable(branch) + "'",
                 .why = "neither the git host nor the platform has it",
                 .hint = "`perch ls` shows all; is it pushed?"});
  }
  looked.plan = PlanFor(ports, looked, asked ? std::vector<std::string>{branch} : std::vector<std::string>());
  // The planner takes one branch that is gone for an empty list, which deletes nothing.
  if (looked.branches.empty()) {
    looked.plan.refusal.clear();
    for (Step& step : looked.plan.steps) {
      if (step.action != Action::kRefuse) continue;
      step.action = Action::kDelete;
      step.reason = "branch is gone";
    }
  }
  return looked;
}

engine::BranchView ViewOf(const Looked& looked, const std::string& branch, const std::string& url) {
  engine::Place place{.name = branch, .slug = SlugFor(branch)};
  if (const Branch* found = looked.FindBranch(branch)) place.branch = *found;
  if (const Environment* found = looked.FindEnvironment(branch)) place.environment = *found;
  for (const Step& step : looked.plan.steps) {
    if (step.branch == branch) place.step = step;
  }
  engine::BranchView view = engine::ViewOf(place, url);
  // Somebody else is at it: CloudFormation, or a perch on another machine.
  if (place.environment && place.environment->state == State::kStarting && view.state == State::kQueued) {
    view.state = State::kStarting;
    view.reason = "it is being deployed";
  }
  return view;
}

}  // namespace perch::cli
