#pragma once

#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/cloudformation.h"
#include "aws/s3_emptying.h"
#include "base/error.h"
#include "beanstalk/sweep.h"
#include "beanstalk/sweep_contents.h"
#include "beanstalk/sweep_records.h"

namespace perch::beanstalk {

/// The deletions of one sweep: each stack is looked at again, its buckets closed to writes and emptied, deleted and
/// waited for; again where something was written meanwhile. What is recorded of it is settled after.
class Removal {
 public:
  /// References outlive it.
  Removal(const Sweep::Options& options, const std::vector<ApplicationFacts>& applications, std::stop_token stop);
  SweepResult Run(const SweepPlan& plan);

 private:
  enum class Phase { kToDo, kDeleting, kSettling, kEnded };
  struct Job {
    const StackVerdict* planned = nullptr;
    Phase phase = Phase::kToDo;
    int tries = 0;
    int unmoved = 0;  // polls that saw no deletion
    bool emptied_anything = false;
    std::optional<ClaimedRecord> claimed;
    bool closed = false;  // a bucket of it has the policy that denies writes
    SweptStack result;
  };

  void Act(Job& job);
  void Prepare(Job& job);
  void ActOnRecord(Job& job);
  bool BranchIsGone(Job& job);
  bool Claim(Job& job);
  void Gone(Job& job, std::string reason);
  void Settle(Job& job);
  bool StillToGo(Job& job);
  bool Empty(Job& job, const StackContents& contents);
  Status EmptyOne(Job& job, const StackContents& contents, const std::string& bucket);
  aws::Answer<aws::EmptyingReport> CloseAndEmpty(Job& job, const aws::Client& client, const StackContents& contents,
                                                 const std::string& bucket);
  void Poll(std::vector<Job>& jobs);
  void See(Job& job, const aws::Stack& now);
  void Failed(Job& job, const std::string& status_reason);
  void End(Job& job, SweptStack::End end, std::string reason);
  void Tell(const Job& job, const std::string& text);

  const Sweep::Options& options_;
  const std::vector<ApplicationFacts>& applications_;
  const std::stop_token stop_;
  const aws::Client client_;
  const aws::CloudFormation cloudformation_;
  std::mutex mutex_;  // of progress, and of a job's result while its buckets are emptied
};

}  // namespace perch::beanstalk
