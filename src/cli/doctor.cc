#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>

#include "base/process.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control.h"
#include "cli/doctor_aws.h"
#include "cli/doctor_leaks.h"
#include "cli/doctor_policy.h"
#include "cli/finding.h"
#include "cli/serve/live_project.h"
#include "config/project.h"
#include "git/repository.h"
#include "image/docker.h"
#include "local/sandbox.h"

namespace perch::cli {
namespace {

constexpr std::uintmax_t kLittleDisk = 2ULL << 30;
constexpr long kFewWatches = 8192;

Finding Git() {
  const auto result = RunProcess({.argv = {"git", "--version"}, .timeout = std::chrono::seconds(5)});
  if (!result) return Bad("git", result.error());
  return Good("git", std::string(Trim(result->out)));
}

Finding Sandbox() {
  const uid_t guest = geteuid() == 0 ? local::FirstGuestUid("/doctor") : 0;
  if (const Status works = local::SandboxWorks(guest); !works) return Bad("sandbox", works.error());
  return Good("sandbox", geteuid() == 0 ? "bubblewrap works; each branch gets a user of its own"
                                        : "bubblewrap works; branches run as you");
}

Finding Memory() { return Good("memory limit", local::MemoryLimitKind()); }

Finding Disk(const std::filesystem::path& folder) {
  struct statvfs info = {};
  if (statvfs(folder.c_str(), &info) != 0)
    return Bad("disk", {.what = "cannot look at the disk", .where = folder.string()});
  const std::uintmax_t free = std::uintmax_t(info.f_bavail) * info.f_frsize;
  const std::string text = FormatBytes(std::int64_t(free)) + " free in " + folder.string();
  if (free < kLittleDisk) return Note("disk", text, "Builds and databases need room: free some.");
  return Good("disk", text);
}

Finding Watches() {
  long limit = 0;
  std::ifstream("/proc/sys/fs/inotify/max_user_watches") >> limit;
  if (limit < kFewWatches) {
    return Note("file watches", std::to_string(limit) + " for this user",
                "sysctl fs.inotify.max_user_watches=65536 keeps pushes noticed at once.");
  }
  return Good("file watches", std::to_string(limit) + " for this user");
}

bool WantsDocker(const config::Project& project) {
  for (const auto& [name, profile] : project.profiles) {
    const Value* build = profile.values.Find("build");
    const Value* dockerfile = build ? build->Find("dockerfile") : nullptr;
    if (dockerfile && !dockerfile->IsNull()) return true;
  }
  return false;
}

Finding DockerEngine() {
  if (const Status answers = image::Docker().Available(); !answers) return Bad("docker", answers.error());
  return Good("docker", "an engine answers");
}

void CheckProject(const Context& context, std::vector<Finding>& findings) {
  const auto project = LiveProject::Open(context.config_file, std::make_shared<Redactor>());
  if (!project) return findings.push_back(Bad("configuration", project.error()));
  findings.push_back(Good("configuration", context.config_file.string() + " is right"));
  if (WantsDocker((*project)->Current()->project)) findings.push_back(DockerEngine());
  const auto repository = git::Repository::Open(
      {.location = (*project)->Current()->project.repository, .folder = context.state_folder / "git"});
  if (!repository) return findings.push_back(Bad("repository", repository.error()));
  const Result<BranchList> list = (*repository)->List({});
  if (!list) return findings.push_back(Bad("repository", list.error()));
  findings.push_back(Good(
      "repository", std::to_string(list->branches.size()) + (list->branches.size() == 1 ? " branch" : " branches")));
}

Finding Serve(const Context& context) {
  if (Control(context.ControlSocket()).Get("/api/status")) return Good("serve", "is running");
  return Note("serve", "is not running here", "Start it with `perch serve`.");
}

}  // namespace

int RunDoctor(const Context& context) {
  const Arguments& arguments = context.arguments;
  if (!arguments.policy.empty()) return PrintPolicy(context);
  if (arguments.leaks) return RunDoctorLeaks(context);
  if (IsAboutAws(context)) return RunDoctorOnAws(context);
  std::vector<Finding> findings = {Git(), Sandbox(), Memory(), Disk(context.config_file.parent_path()), Watches()};
  CheckProject(context, findings);
  findings.push_back(Serve(context));
  return ReportFindings(findings, arguments.json);
}

}  // namespace perch::cli
