#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "beanstalk/application_facts.h"
#include "beanstalk/branch_record.h"
#include "beanstalk/facts.h"
#include "beanstalk/progress_text.h"
#include "beanstalk/settings.h"
#include "beanstalk/stack_change.h"
#include "beanstalk/sweep_contents.h"
#include "cfn/schemas.h"
#include "engine/ports.h"
#include "image/make_image.h"

namespace perch::beanstalk {

/// Which image an environment is to run.
struct ImageWanted {
  const engine::DeployRequest& request;
  const ApplicationFacts& application;
  std::string platform;  ///< "linux/amd64": what the instances need
  const engine::Emit& emit;
};

/// How far a deployment or a deletion is, for people.
struct DeployProgress {
  std::string text;                 ///< as ProgressText has it, not made fit for a terminal; never ""
  std::vector<std::string> busy;    ///< what CloudFormation is at now, by logical id
  std::chrono::seconds took{0};     ///< since the change began
  std::chrono::seconds usually{0};  ///< what it took last time; 0: nobody knows
};

/// What deployments need from the world.
struct DeployPorts {
  aws::Client client;
  net::Transport* transport = nullptr;  ///< to the apps and to instances' logs; outlives this
  TemplateReader read_template;
  std::function<Result<std::optional<Value>>(const AwsSettings&)> own_template;
  std::shared_ptr<const cfn::Schemas> schemas;
  std::function<Result<image::MadeImage>(const ImageWanted&, std::stop_token)> make_image;
  std::function<void(const DeployProgress&)> on_progress;           ///< may be empty
  std::function<void(const std::vector<aws::Change>&)> on_changes;  ///< before they are executed; may be empty
  /// Whether environments of a profile, and their data, are never deleted or replaced. Until somebody says: all.
  std::function<bool(const std::string& profile)> is_for_good = [](const std::string&) { return true; };
  std::string apps_at;  ///< "http://127.0.0.1:8080": where all apps answer by their Host header; "": at their own URLs
  std::chrono::milliseconds poll = std::chrono::seconds(3);  ///< between two looks at a stack; 2 s at least on AWS
  bool detach = false;                                       ///< end as soon as CloudFormation has begun
};

/// One attempt to bring a branch up. What it does is recorded before it is done.
class DeploymentRun {
 public:
  /// References outlive it.
  DeploymentRun(const DeployPorts& ports, const engine::DeployRequest& request, const AwsSettings& settings,
                const engine::Emit& emit, std::stop_token stop);

  /// As engine::Platform::Deploy.
  Status Run();

 private:
  Status Begin();
  Status Try();
  Status MakeImage();
  Status PutBundle();
  Result<Facts> FindFacts();
  Result<StackRequest> RequestFor(const Facts& facts);
  Status Change(const StackRequest& request);
  void Show(const StackProgress& progress, std::chrono::seconds usually);
  Status DeleteFirst();
  Status HandOver();
  Error Stopped();
  Status WaitForHealth();
  Status StillWanted();
  Status NoteCaused();
  void NoteResources();
  Status Succeeded();
  Status Failed(Error error);
  void Tell(const std::string& text);
  void Stage(perch::Stage stage);
  void EndStage();

  const DeployPorts& ports_;
  const engine::DeployRequest& request_;
  const AwsSettings& settings_;
  const engine::Emit& emit_;
  const std::stop_token stop_;
  const aws::Client client_;
  const StackChanger changer_;
  const std::string stack_name_;
  ProgressText progress_text_;

  ApplicationFacts application_;
  std::optional<aws::Stack> stack_;
  std::optional<BranchRecords> records_;
  BranchRecords::Found found_;
  std::uint64_t generation_ = 0;  // of this attempt
  bool changed_ = false;          // whether the stack had to
  image::MadeImage image_;
  std::string bundle_key_, url_;
  std::optional<perch::Stage> stage_;
  Time stage_began_, change_began_;
  std::string instance_log_;  // of what failed
};

}  // namespace perch::beanstalk
