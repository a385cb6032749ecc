#include "cli/aws/world.h"

#include <map>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "beanstalk/environment_template.h"
#include "beanstalk/image_registry.h"
#include "cli/template_input.h"
#include "config/profiles.h"
#include "config/template.h"
#include "git/repository.h"
#include "image/reference.h"

namespace perch::cli {
namespace {

constexpr char kNoSuchImage[] = "--image names no image of its registry";

/// Where the checkout that a command runs in is, if it is one.
bool IsCheckout(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (std::filesystem::path at = folder; !at.empty(); at = at.parent_path()) {
    if (std::filesystem::exists(at / ".git", ignored)) return true;
    if (at == at.parent_path()) return false;
  }
  return false;
}

std::optional<Stage> StageOf(image::ImageStage stage) {
  switch (stage) {
    case image::ImageStage::kCheckout:
      return Stage::kCheckout;
    case image::ImageStage::kBuild:
      return Stage::kBuild;
    case image::ImageStage::kTest:
      return Stage::kTest;
    case image::ImageStage::kPush:
      return std::nullopt;  // part of no stage that every platform has
  }
  return std::nullopt;
}

void EmitProgress(const engine::Emit& emit, const image::ImageProgress& progress) {
  const std::optional<Stage> stage = StageOf(progress.stage);
  Event event{.kind = Event::Kind::kNotice, .stage = stage, .took = progress.took, .text = progress.why};
  switch (progress.kind) {
    case image::ImageProgress::Kind::kStarted:
      event.kind = Event::Kind::kStageStarted;
      break;
    case image::ImageProgress::Kind::kFinished:
      event.kind = stage ? Event::Kind::kStageFinished : Event::Kind::kNotice;
      if (!stage) event.text = "image pushed (" + FormatDuration(progress.took) + ")";
      break;
    case image::ImageProgress::Kind::kFailed:
      return;  // told by whoever gave up
  }
  if (stage || event.kind == Event::Kind::kNotice) emit(event);
}

}  // namespace

Result<std::unique_ptr<AwsWorld>> AwsWorld::Open(const Context& context, Options options) {
  std::unique_ptr<AwsWorld> world(new AwsWorld(context, std::move(options)));
  if (const Status read = world->ReadProject(); !read) return Fail(read.error());
  if (const Status opened = world->OpenPlatform(); !opened) return Fail(opened.error());
  return world;
}

/// Afterwards: AWS and the git host can be asked, and it is known whose perch.yaml counts.
Status AwsWorld::ReadProject() {
  Result<config::Project> here = config::Load(context_.config_file, {.platform = "aws"});
  if (!here) return Fail(here.error());
  std::vector<beanstalk::Problem> problems;  // of profiles; told where a branch has them
  beanstalk::PlaceSettings place;
  if (const config::Profile* profile = here->FindProfile("branch"))
    place = beanstalk::ReadAwsSettings(config::CompleteForAws(*profile), "branch", problems).place;
  const Value* aws = here->root.Find("aws");
  if (aws && aws->Find("account") && place.account.empty()) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = options_.nothing_done + ": `aws.account` is no account's number",
                 .where = aws->Find("account")->at.Text(),
                 .hint = "Write its 12 digits in quotes, so that no command works in another one."});
  }
  auto session = AwsSession::Open({.region = place.region,
                                   .account = place.account,
                                   .file = here->file,
                                   .ends_on_signals = options_.ends_on_signals},
                                  options_.nothing_done);
  if (!session) return Fail(session.error());
  session_ = std::move(*session);
  auto branches = OpenBranches(context_,
                               {.repository = here->repository,
                                .github = context_.arguments.github,
                                .all = false,
                                .nothing_done = options_.nothing_done},
                               session_->transport());
  if (!branches) return Fail(branches.error());
  branches_ = std::move(*branches);

  config::LoadOptions load{.platform = "aws"};
  if (options_.of_default_branch && IsCheckout(here->folder)) {
    const Result<BranchList> list = branches_->List(session_->stop());
    if (!list) return Fail(list.error(), options_.nothing_done);
    for (const Branch& branch : list->branches) {
      if (branch.name != list->default_branch) continue;
      const Result<std::optional<std::string>> file = branches_->ReadFile(branch.commit, "perch.yaml");
      if (!file) return Fail(file.error(), options_.nothing_done);
      if (*file && **file != here->text) {
        Log(LogLevel::kInfo, "perch.yaml of the branch " + Printable(branch.name) + " counts, not the one here");
        load.text = **file;
      }
    }
  }
  auto project = LiveProject::Open(context_.config_file, redactor_, load);
  if (!project) return Fail(project.error());
  project_ = std::move(*project);
  for (const std::string& warning : project_->Current()->project.warnings) Log(LogLevel::kWarning, warning);
  settings_ = std::make_unique<ProjectSettings>(*project_, *branches_);
  return {};
}

beanstalk::Application AwsWorld::ApplicationOf(const std::string& branch) const {
  const std::shared_ptr<const LiveProject::Snapshot> now = project_->Current();
  const config::Profile* profile = now->project.ProfileFor(branch);
  if (!profile) return beanstalk::Application::kStaging;
  std::vector<beanstalk::Problem> problems;
  return beanstalk::ReadAwsSettings(config::CompleteForAws(*profile), profile->name, problems).application;
}

LookPorts AwsWorld::Look() {
  return {.branches = *branches_,
          .settings = *settings_,
          .platform = platform_.get(),
          .policy = Policy(),
          .now = session_->client().Now()};
}

plan::Policy AwsWorld::Policy() const {
  plan::Policy policy = project_->Policy();
  for (std::string& branch : project_->Current()->project.BranchesForGood()) {
    if (std::ranges::find(policy.protect, branch) == policy.protect.end()) policy.protect.push_back(std::move(branch));
  }
  return policy;
}

std::string AwsWorld::UrlFor(const std::string& branch) const {
  const std::shared_ptr<const LiveProject::Snapshot> now = project_->Current();
  const config::Profile* profile = now->project.ProfileFor(branch);
  if (!profile) return "";
  std::vector<beanstalk::Problem> problems;
  const beanstalk::AwsSettings settings =
      beanstalk::ReadAwsSettings(config::CompleteForAws(*profile), profile->name, problems);
  return "https://" + beanstalk::HostOf(settings, branch);
}

Status AwsWorld::OpenPlatform() {
  Result<cfn::Schemas> schemas = FindSchemas(session_->region());
  if (!schemas) return Fail(schemas.error());
  beanstalk::AwsPlatform::Options options{
      .app = project_->Current()->project.app,
      .ports = {.client = session_->client(),
                .transport = &session_->transport(),
                .read_template = config::ReadTemplate,
                .own_template =
                    [this](const beanstalk::AwsSettings& settings) {
                      return ReadOwnTemplate(project_->Current()->project, settings);
                    },
                .schemas = std::make_shared<const cfn::Schemas>(*std::move(schemas)),
                .make_image = [this](const beanstalk::ImageWanted& wanted,
                                     std::stop_token stop) { return MakeImage(wanted, std::move(stop)); },
                .on_progress = options_.on_progress,
                .on_changes = options_.on_changes,
                .is_for_good =
                    [this](const std::string& profile) { return project_->Current()->project.IsForGood(profile); },
                .apps_at = EnvironmentVariable("PERCH_AWS_APPS"),
                .poll = PollTime(),
                .detach = options_.detach},
      .application_of = [this](const std::string& branch) { return ApplicationOf(branch); },
      .own_log = [this](const std::string& branch, std::uint64_t generation, Stage stage, std::uint64_t from,
                        std::size_t limit) { return logs_.Read(branch, generation, stage, from, limit); }};
  platform_ = std::make_unique<beanstalk::AwsPlatform>(std::move(options));
  return {};
}

/// Where a commit's files come from: the checkout that the command runs in, where it has them; else the git host.
engine::BranchSource& AwsWorld::Code(const std::string& commit) {
  if (!checkout_ && IsCheckout(context_.config_file.parent_path())) {
    auto opened = git::Repository::Open(
        {.location = context_.config_file.parent_path().string(), .folder = context_.state_folder / "git"});
    if (opened) checkout_ = std::move(*opened);
  }
  if (checkout_ && checkout_->ReadFile(commit, "perch.yaml")) return *checkout_;
  return *branches_;
}

Result<image::MadeImage> AwsWorld::MakeImage(const beanstalk::ImageWanted& wanted, std::stop_token stop) {
  const beanstalk::ImageRegistry registry(aws::Ecr(session_->client()), session_->transport());
  if (!options_.image.empty()) {
    const Result<image::ImageReference> reference = image::ParseImageReference(options_.image);
    if (!reference) return Fail(reference.error());
    image::MadeImage made{.reference = reference->Text()};
    // Another endpoint is not AWS, and its registry is not where the name says.
    if (!EnvironmentVariable("AWS_ENDPOINT_URL").empty()) return made;
    const Result<std::string> architecture = registry.Architecture(made.reference, stop);
    if (architecture) {
      made.architecture = *architecture;
    } else if (architecture.error().kind == ErrorKind::kNotFound) {
      return Fail(architecture.error(), kNoSuchImage);
    }
    return made;
  }
  const std::string& uri = wanted.application.repository_uri;
  const std::string name = uri.substr(std::min(uri.size(), uri.find('/') + 1));
  const image::ImagePorts ports{
      .source = Code(wanted.request.step.commit),
      .docker = docker_,
      .find_in_registry = [&](const std::string& tag) { return registry.Find(name, tag); },
      .login = [&]() -> Result<std::optional<image::Login>> {
        Result<image::Login> login = registry.LogIn();
        if (!login) return Fail(login.error());
        return *std::move(login);
      },
      .on_output =
          [&](image::ImageStage stage, std::string_view piece) {
            const std::string masked = redactor_->Mask(piece);
            // The next number is this attempt's.
            logs_.Add(wanted.request.branch.name, wanted.request.step.generation + 1,
                      StageOf(stage).value_or(Stage::kBuild), masked);
            if (options_.on_output) options_.on_output(masked);
          },
      .on_progress = [&](const image::ImageProgress& progress) { EmitProgress(wanted.emit, progress); },
      .scratch = context_.state_folder / "images"};
  return image::MakeImage({.repository = uri,
                           .commit = wanted.request.step.commit,
                           .tree = wanted.request.branch.tree,
                           .settings = &wanted.request.settings,
                           .platform = wanted.platform},
                          ports, std::move(stop));
}

}  // namespace perch::cli
