#include "cli/doctor_leaks.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "base/value.h"
#include "beanstalk/leaks.h"
#include "beanstalk/settings.h"
#include "cli/aws_session.h"
#include "cli/output.h"
#include "config/profiles.h"
#include "config/project.h"

namespace perch::cli {
namespace {

using beanstalk::Leak;

constexpr char kNothingTold[] = "nothing can be told";

void PrintJson(const std::vector<Leak>& leaks) {
  std::string json;
  for (const Leak& leak : leaks) {
    json += json.empty() ? "" : ",";
    json += "{\"what\":" + JsonString(leak.what) + ",\"why\":" + JsonString(leak.why) +
            ",\"costs\":" + JsonString(leak.costs) + ",\"remove\":" + JsonString(leak.remove) +
            ",\"certain\":" + (leak.certain ? "true" : "false") + "}";
  }
  std::printf("[%s]\n", json.c_str());
}

void PrintText(const std::vector<Leak>& leaks, int certain) {
  for (const Leak& leak : leaks) {
    std::printf("%s: %s", Printable(leak.what).c_str(), InOneLine(leak.why).c_str());
    if (!leak.costs.empty()) std::printf(" (%s)", InOneLine(leak.costs).c_str());
    std::printf("\n  %s\n", InOneLine(leak.remove).c_str());
  }
  if (certain == 0) std::printf("Nothing is left of environments that are gone.\n");
  if (certain > 0) std::printf("%d left of environments that are gone; nothing was deleted.\n", certain);
}

}  // namespace

int RunDoctorLeaks(const Context& context) {
  const bool json = context.arguments.json;
  const Result<config::Project> project = config::Load(context.config_file, {.platform = "aws"});
  if (!project) return Report(project.error(), json);
  beanstalk::PlaceSettings place;
  if (const config::Profile* profile = project->FindProfile("branch")) {
    std::vector<beanstalk::Problem> problems;  // of templates; nothing of them is used here
    place = beanstalk::ReadAwsSettings(config::CompleteForAws(*profile), "branch", problems).place;
  }
  const auto session =
      AwsSession::Open({.region = place.region, .account = place.account, .file = project->file}, kNothingTold);
  if (!session) return Report(session.error(), json);
  const auto branches =
      OpenBranches(context, {.repository = project->repository, .nothing_done = kNothingTold}, (*session)->transport());
  if (!branches) return Report(branches.error(), json);
  const auto list = [&]() -> Result<std::vector<std::string>> {
    const Result<BranchList> listed = (*branches)->List((*session)->stop());
    if (!listed) return Fail(listed.error());
    std::vector<std::string> names;
    for (const Branch& branch : listed->branches) names.push_back(branch.name);
    if (names.empty()) {
      return Fail({.kind = ErrorKind::kRefused,
                   .what = "the list of branches is empty",
                   .hint = "Check the repository, and what the token may see."});
    }
    return names;
  };
  const Result<std::vector<Leak>> leaks = beanstalk::FindLeaks((*session)->client(), project->app, list);
  if (!leaks) return Report(leaks.error(), json);
  const int certain = int(std::count_if(leaks->begin(), leaks->end(), [](const Leak& leak) { return leak.certain; }));
  json ? PrintJson(*leaks) : PrintText(*leaks, certain);
  return static_cast<int>(certain > 0 ? ExitCode::kFailed : ExitCode::kDone);
}

}  // namespace perch::cli
