#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/ports.h"
#include "engine/view.h"
#include "model/plan.h"
#include "plan/policy.h"

namespace perch::cli {

/// What is there and what a plan makes of it, without a running serve.
struct Looked {
  std::string name;  ///< of the branch, after LookAtOne
  std::vector<Branch> branches;
  std::vector<Environment> environments;
  Plan plan;

  const Branch* FindBranch(const std::string& name) const;
  const Environment* FindEnvironment(const std::string& name) const;
};

/// The world as commands read it; references outlive the call.
struct LookPorts {
  engine::BranchSource& branches;
  engine::SettingsSource& settings;
  engine::Platform* platform;  ///< nullptr: there is no environment yet
  plan::Policy policy;
  Time now;
};

/// Everything. Environments are listed before branches, so that none seems to have lost its branch.
Result<Looked> LookAtAll(const LookPorts& ports, std::stop_token stop = {});

/// One branch, by its name or its slug; kNotFound when there is neither branch nor environment. `asked`: a person wants
/// it deployed.
Result<Looked> LookAtOne(const LookPorts& ports, const std::string& branch, bool asked, std::stop_token stop = {});

/// A branch as `perch ls` shows it. `url`: the link that it will have.
engine::BranchView ViewOf(const Looked& looked, const std::string& branch, const std::string& url);

}  // namespace perch::cli
