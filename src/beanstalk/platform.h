#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "beanstalk/branch_record.h"
#include "beanstalk/deployment.h"
#include "beanstalk/settings.h"
#include "engine/ports.h"

namespace perch::beanstalk {

/// Environments on AWS: each a CloudFormation stack, with a record beside it in the versions bucket. Keeps nothing of
/// its own; several at once, on different machines, are fenced by the records and by change sets.
class AwsPlatform : public engine::Platform {
 public:
  struct Options {
    std::string app;
    DeployPorts ports;
    /// Which application a branch belongs to, by the operator's file.
    std::function<Application(const std::string& branch)> application_of;
    /// Reads a log that this machine has of an attempt's stage; may be empty.
    std::function<Result<engine::LogPiece>(const std::string& branch, std::uint64_t generation, Stage stage,
                                           std::uint64_t from, std::size_t limit)>
        own_log;
  };
  explicit AwsPlatform(Options options);

  Status Validate(const Settings& settings) const override;
  std::map<std::string, std::string> Fixed(const Settings& settings) const override;
  Result<std::vector<Environment>> List() override;
  Result<std::optional<Environment>> Find(const std::string& branch) override;
  Status Deploy(const engine::DeployRequest& request, const engine::Emit& emit, std::stop_token stop) override;
  /// kRefused: what runs on AWS costs money until it is deleted; see TakeDown.
  Status Stop(const Step& step, const engine::Emit& emit) override;
  Status Delete(const Step& step, const engine::Emit& emit) override;
  Status RecordFailure(const Step& step, const std::string& reason) override;
  /// kStart: the app's own output, from CloudWatch; `from` is then a time, in milliseconds since 1970.
  Result<engine::LogPiece> ReadLog(const std::string& branch, std::uint64_t generation, Stage stage, std::uint64_t from,
                                   std::size_t limit) override;
  void OnChange(std::function<void(const std::string&)>) override {}  // nothing there changes unasked

  /// What an environment runs, by digest, as Find saw it last; "" when nothing serves.
  Result<std::string> ImageOf(const std::string& branch);

  /// Deletes an environment because a person says so; it stays away until its branch is pushed to.
  Status TakeDown(const Step& step, const engine::Emit& emit);

 private:
  /// What is there of one branch.
  struct Seen {
    ApplicationFacts application;
    std::optional<aws::Stack> stack;
    BranchRecords::Found found;
    bool IsThere() const { return stack || !found.etag.empty(); }
  };
  Result<Seen> Look(const std::string& branch);
  Result<ApplicationFacts> ApplicationFor(const std::string& branch);
  BranchRecords RecordsOf(const ApplicationFacts& application) const;
  Status MayGo(const std::string& branch, const std::string& profile) const;
  Status Remove(const Step& step, const engine::Emit& emit, bool by_a_person);

  Options options_;
  aws::CloudFormation cloudformation_;
  std::mutex mutex_;
  std::map<Application, ApplicationFacts> applications_;  // they never change but by bootstrap, and then only grow
  std::map<std::string, std::string> images_;             // by branch, as they were seen last
};

}  // namespace perch::beanstalk
