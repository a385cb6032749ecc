#include <cstdio>

#include "cli/aws/world.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/look.h"
#include "cli/output.h"
#include "cli/plan_json.h"
#include "cli/serve/live_project.h"
#include "cli/serve/project_settings.h"
#include "cli/system_clock.h"
#include "git/repository.h"
#include "local/platform.h"
#include "plan/render.h"

namespace perch::cli {
namespace {

/// For looking only: nothing is ever routed.
class NoTraffic : public engine::Traffic {
 public:
  void Route(const std::string&, std::uint16_t) override {}
  void Unroute(const std::string&) override {}
  void Drain(std::uint16_t, std::chrono::milliseconds) override {}
};

/// The platform that would be served from; nullptr while there is no environment.
Result<std::unique_ptr<engine::Platform>> OpenPlatform(const Context& context, const std::string& app,
                                                       engine::BranchSource& branches, engine::Traffic& traffic) {
  std::error_code error;
  if (!std::filesystem::exists(context.state_folder / "environments", error)) return nullptr;
  auto platform = local::LocalPlatform::Open({.state_folder = context.state_folder,
                                              .app = app,
                                              .url_for = [](const std::string&) { return ""; },
                                              .clock = SystemClock(),
                                              .trust_branches = true},
                                             branches, traffic);
  if (!platform) return Fail(platform.error());
  return *std::move(platform);
}

/// The same plan that `serve` would make first, made here.
Result<Plan> PlanWithoutServe(const Context& context) {
  const auto project = LiveProject::Open(context.config_file, std::make_shared<Redactor>());
  if (!project) return Fail(project.error());
  const config::Project& now = (*project)->Current()->project;
  const auto repository = git::Repository::Open({.location = now.repository, .folder = context.state_folder / "git"});
  if (!repository) return Fail(repository.error());
  NoTraffic traffic;
  const Result<std::unique_ptr<engine::Platform>> platform = OpenPlatform(context, now.app, **repository, traffic);
  if (!platform) return Fail(platform.error());
  ProjectSettings settings(**project, **repository);
  Result<Looked> looked = LookAtAll({.branches = **repository,
                                     .settings = settings,
                                     .platform = platform->get(),
                                     .policy = (*project)->Policy(),
                                     .now = SystemClock()()});
  if (!looked) return Fail(looked.error());
  return std::move(looked->plan);
}

Result<Plan> PlanOnAws(const Context& context) {
  const auto world = AwsWorld::Open(context, {.nothing_done = "nothing can be planned"});
  if (!world) return Fail(world.error());
  Result<Looked> looked = LookAtAll((*world)->Look(), (*world)->session().stop());
  if (!looked) return Fail(looked.error());
  return std::move(looked->plan);
}

/// The plan of a fresh look by the running serve.
Result<Plan> PlanOfServe(const Control& control) {
  const Result<Value> json = control.GetJson("/api/plan");
  if (!json) return Fail(json.error());
  return ReadPlanJson(*json);
}

}  // namespace

int RunPlan(const Context& context) {
  const bool json = context.arguments.json;
  const Control control(context.ControlSocket());
  const bool serving = control.Get("/api/status").has_value();
  const Result<Plan> plan = IsAboutAws(context) ? PlanOnAws(context)
                            : serving           ? PlanOfServe(control)
                                                : PlanWithoutServe(context);
  if (!plan) return Report(plan.error(), json);
  std::printf("%s\n", json ? plan::ToJson(*plan).c_str() : plan::PlanText(*plan).c_str());
  return 0;
}

}  // namespace perch::cli
