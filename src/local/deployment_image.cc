#include "base/digest.h"
#include "base/log.h"
#include "local/deployment.h"

/// Attempts of branches with a Dockerfile: what an image is built for, and what runs in it once.
namespace perch::local {

std::string Deployment::NewContainerName() const {
  return "perch-" + slug_ + "-" + std::to_string(generation_) + "-" + RandomHex(4);
}

Status Deployment::BuildAndTestImage(const std::filesystem::path& folder) {
  const std::filesystem::path tree = folder / "tree";
  Status made = RunStage(Stage::kCheckout, State::kBuilding, [&](LogWriter&) -> Status {
    return platform_.branches.CheckOut(request_.branch.commit, tree, stop_);
  });
  if (!made) return made;
  made = RunStage(Stage::kBuild, State::kBuilding, [&](LogWriter& log) -> Status {
    StreamMask also(platform_.options.redactor);
    const Status built = platform_.containers.BuildImage(
        release_, request_.branch.tree,
        {.folder = tree,
         .dockerfile = settings_.dockerfile,
         .scratch = folder,
         .timeout = settings_.limits.build_timeout},
        [&](std::string_view piece) { log.Write(also.Feed(piece)); }, stop_);
    log.Write(also.Finish());
    log.Flush();
    return built;
  });
  if (made && !settings_.test.empty()) {
    made = RunStage(Stage::kTest, State::kTesting, [&](LogWriter& log) -> Status {
      Guest guest = platform_.MakeContainerGuest(settings_, platform_.Read(slot_), request_.branch.commit,
                                                 /*with_secrets=*/false);
      guest.scratch_data = true;
      Status ran = RunStep(settings_.test, std::move(guest), settings_.limits.test_timeout, log);
      if (!ran && ran.error().what.empty()) ran.error().what = "the tests failed";
      return ran;
    });
  }
  if (made) made = RemoveTree(tree);
  if (!made) {
    if (const Status removed = platform_.containers.RemoveImage(release_); !removed) {
      Log(LogLevel::kWarning, removed.error().Text());
    }
  }
  return made;
}

Status Deployment::RunStep(const Command& command, Result<Guest> guest, std::chrono::milliseconds timeout,
                           LogWriter& log) {
  if (!guest) return Fail(guest.error());
  if (!InContainers()) return RunCommand(command, *std::move(guest), timeout, log);
  guest->argv = command.argv;
  const std::string name = NewContainerName();
  const Result<Guest> docker =
      platform_.containers.Wrap(*guest, {.name = name, .release = release_, .branch = request_.branch.name});
  if (!docker) return Fail(docker.error());
  {
    const std::lock_guard lock(platform_.mutex);
    platform_.steps_in_use.insert(name);
  }
  Status ran = RunCommand({.argv = docker->argv}, *docker, timeout, log);
  // When the docker program was ended, its container was not.
  const Status removed = platform_.containers.Remove(name);
  {
    const std::lock_guard lock(platform_.mutex);
    platform_.steps_in_use.erase(name);
  }
  if (ran && !removed) return removed;
  return ran;
}

}  // namespace perch::local
