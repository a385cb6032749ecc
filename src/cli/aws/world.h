#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "beanstalk/platform.h"
#include "cli/aws/build_logs.h"
#include "cli/aws_session.h"
#include "cli/look.h"
#include "cli/serve/live_project.h"
#include "cli/serve/project_settings.h"
#include "image/docker.h"

namespace perch::cli {

/// Everything that a command about environments on AWS needs, wired together.
class AwsWorld {
 public:
  struct Options {
    std::string nothing_done;     ///< begins errors of credentials and branches: "nothing was deployed"
    bool ends_on_signals = true;  ///< false: somebody else waits for Ctrl-C and TERM
    std::string image;            ///< --image, by digest; "": built from the branch
    bool detach = false;
    /// Whether the default branch's perch.yaml counts instead of the checkout's: a branch's must not decide.
    bool of_default_branch = false;
    std::function<void(const beanstalk::DeployProgress&)> on_progress;
    std::function<void(const std::vector<aws::Change>&)> on_changes;
    std::function<void(std::string_view)> on_output;  ///< of builds and tests; any thread
  };
  static Result<std::unique_ptr<AwsWorld>> Open(const Context& context, Options options);

  AwsSession& session() { return *session_; }
  LiveProject& project() { return *project_; }
  engine::BranchSource& branches() { return *branches_; }
  engine::SettingsSource& settings() { return *settings_; }
  beanstalk::AwsPlatform& platform() { return *platform_; }
  const std::shared_ptr<Redactor>& redactor() { return redactor_; }

  LookPorts Look();
  /// As perch.yaml says; production's and staging's branches are protected whether or not it does.
  plan::Policy Policy() const;
  /// From now on deploys this image, by digest.
  void UseImage(std::string image) { options_.image = std::move(image); }

  /// The link that a branch has or will have.
  std::string UrlFor(const std::string& branch) const;

 private:
  AwsWorld(const Context& context, Options options)
      : context_(context), options_(std::move(options)), logs_(context.state_folder / "aws-logs") {}
  Status ReadProject();
  Status OpenPlatform();
  beanstalk::Application ApplicationOf(const std::string& branch) const;
  Result<image::MadeImage> MakeImage(const beanstalk::ImageWanted& wanted, std::stop_token stop);
  engine::BranchSource& Code(const std::string& commit);

  const Context context_;
  Options options_;
  std::shared_ptr<Redactor> redactor_ = std::make_shared<Redactor>();
  std::unique_ptr<AwsSession> session_;
  std::unique_ptr<engine::BranchSource> branches_, checkout_;
  std::unique_ptr<LiveProject> project_;
  std::unique_ptr<ProjectSettings> settings_;
  image::Docker docker_;
  BuildLogs logs_;
  std::unique_ptr<beanstalk::AwsPlatform> platform_;
};

}  // namespace perch::cli
