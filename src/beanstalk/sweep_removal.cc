#include "beanstalk/sweep_removal.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "aws/s3.h"
#include "base/text.h"
#include "beanstalk/sweep_closing.h"

namespace perch::beanstalk {
namespace {

constexpr int kTries = 3;    // deletions of one stack
constexpr int kUnmoved = 5;  // polls after which a stack that does not begin to go will not

/// Calls `work` for 0 to `count` - 1, `parallel` at a time.
void InParallel(std::size_t count, int parallel, const std::function<void(std::size_t)>& work) {
  if (count == 1) return work(0);
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> workers;
  for (std::size_t i = 0; i < std::min(count, std::size_t(std::max(1, parallel))); ++i) {
    workers.emplace_back([&] {
      for (std::size_t at = next++; at < count; at = next++) work(at);
    });
  }
}

std::string InShort(const Error& error) {
  std::string text = error.what;
  if (!error.where.empty()) text += ": " + error.where;
  if (!error.why.empty()) text += ": " + error.why;
  if (!error.hint.empty()) text += ". " + error.hint;
  return text;
}

std::string Versions(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " version" : " versions"); }

}  // namespace

Removal::Removal(const Sweep::Options& options, const std::vector<ApplicationFacts>& applications, std::stop_token stop)
    : options_(options),
      applications_(applications),
      stop_(stop),
      client_(options.client.With(stop)),
      cloudformation_(client_) {}

SweepResult Removal::Run(const SweepPlan& plan) {
  std::vector<Job> jobs;
  for (const StackVerdict& judged : plan.stacks) {
    if (judged.verdict != Verdict::kDelete) continue;
    jobs.push_back({.planned = &judged,
                    .result = {.name = judged.stack.name,
                               .id = judged.stack.id,
                               .branch = judged.branch,
                               .record = judged.record.has_value()}});
  }
  const Time until = client_.Now() + options_.patience;
  std::chrono::milliseconds pause = options_.first_poll;
  while (true) {
    std::vector<Job*> to_do;
    for (Job& job : jobs) {
      if (job.phase == Phase::kToDo || job.phase == Phase::kSettling) to_do.push_back(&job);
    }
    if (!to_do.empty()) {
      InParallel(to_do.size(), options_.parallel, [&](std::size_t i) { Act(*to_do[i]); });
      pause = options_.first_poll;
    }
    const bool waiting =
        std::any_of(jobs.begin(), jobs.end(), [](const Job& job) { return job.phase == Phase::kDeleting; });
    if (!waiting) break;
    if (!client_.Sleep(pause) || client_.Now() > until) break;
    Poll(jobs);
    pause = std::min(options_.longest_poll, pause * 3 / 2);
  }
  SweepResult result;
  for (Job& job : jobs) {
    if (job.phase != Phase::kEnded) {
      End(job, SweptStack::End::kFailed,
          stop_.stop_requested() ? "stopped while CloudFormation deletes it; the next sweep looks again"
                                 : "CloudFormation still deletes it; the next sweep looks again");
    }
    result.stacks.push_back(std::move(job.result));
  }
  return result;
}

void Removal::Act(Job& job) {
  if (job.phase == Phase::kSettling) return Settle(job);
  if (stop_.stop_requested()) return End(job, SweptStack::End::kFailed, "stopped before anything was done to it");
  if (job.planned->record) return ActOnRecord(job);
  if (StillToGo(job)) Prepare(job);
  if (job.phase == Phase::kSettling) Settle(job);
}

/// A record without a stack.
void Removal::ActOnRecord(Job& job) {
  if (!BranchIsGone(job)) return;
  const aws::Answer<aws::Stack> stack = cloudformation_.DescribeStack(job.result.name);
  if (stack && stack->status != "DELETE_COMPLETE")
    return End(job, SweptStack::End::kStays, "there is a stack of this name again");
  if (!stack && stack.error().outcome != aws::Outcome::kNotFound)
    return End(job, SweptStack::End::kFailed, InShort(stack.error()));
  Result<std::optional<ClaimedRecord>> claimed = ClaimLoneRecord(client_, *job.planned->record, client_.Now());
  if (!claimed) {
    const bool superseded = claimed.error().kind == ErrorKind::kSuperseded;
    return End(job, superseded ? SweptStack::End::kStays : SweptStack::End::kFailed, InShort(claimed.error()));
  }
  if (!*claimed) return End(job, SweptStack::End::kGone, "somebody else settled it");
  job.claimed = *std::move(claimed);
  Settle(job);
}

/// Records of a stack that perch made that it goes, once. What cannot be recorded stays: it would be forgotten.
bool Removal::Claim(Job& job) {
  if (job.claimed || applications_.empty() || !job.planned->stack.tags.contains("perch:app")) return true;
  Result<std::optional<ClaimedRecord>> claimed =
      ClaimRecordOf(client_, applications_, job.planned->stack, client_.Now());
  if (!claimed) {
    const bool superseded = claimed.error().kind == ErrorKind::kSuperseded;
    End(job, superseded ? SweptStack::End::kStays : SweptStack::End::kFailed,
        (superseded ? "" : "what it caused could not be recorded: ") + InShort(claimed.error()));
    return false;
  }
  job.claimed = *std::move(claimed);
  return true;
}

void Removal::Gone(Job& job, std::string reason) {
  if (!job.claimed) return End(job, SweptStack::End::kGone, std::move(reason));
  job.phase = Phase::kSettling;
}

/// Its stack is proven gone.
void Removal::Settle(Job& job) {
  Result<LedgerReport> report = SettleClaimed(client_, *job.claimed);
  if (!report && report.error().kind == ErrorKind::kSuperseded) {
    return End(job, job.result.record ? SweptStack::End::kStays : SweptStack::End::kGone, InShort(report.error()));
  }
  if (!report) {
    return End(
        job, SweptStack::End::kFailed,
        "the stack is gone, but not all that it caused: " + InShort(report.error()) + "; the next sweep looks again");
  }
  // What the template said of these has been looked for now.
  for (const Caused& caused : job.claimed->found.record.caused) {
    if (caused.kind != "AWS::S3::Bucket" && caused.kind != "AWS::RDS::DBInstance") continue;
    std::erase_if(job.result.left,
                  [&](const std::string& line) { return line.contains(" " + Printable(caused.name) + ":"); });
  }
  for (const std::string& line : report->removed) Tell(job, "deleted " + line);
  job.result.removed = std::move(report->removed);
  std::move(report->left.begin(), report->left.end(), std::back_inserter(job.result.left));
  End(job, SweptStack::End::kGone, "");
}

bool Removal::BranchIsGone(Job& job) {
  const Result<std::optional<Branch>> branch = options_.branches->Find(job.planned->branch, stop_);
  std::string reason;
  if (!branch) {
    reason = "whether its branch is there could not be found out again: " + InShort(branch.error());
  } else if (*branch) {
    reason = "branch '" + Printable(job.planned->branch) + "' came back";
  } else {
    return true;
  }
  if (job.emptied_anything) reason += "; its buckets were emptied already";
  End(job, branch ? SweptStack::End::kStays : SweptStack::End::kFailed, std::move(reason));
  return false;
}

/// Asks for branch and stack once more. Fails closed: only a certain absence of the branch goes on.
bool Removal::StillToGo(Job& job) {
  const auto stays = [&](SweptStack::End end, std::string reason) {
    if (job.emptied_anything) reason += "; its buckets were emptied already";
    End(job, end, std::move(reason));
    return false;
  };
  const StackVerdict& planned = *job.planned;
  if (!BranchIsGone(job)) return false;
  if (job.claimed) {
    const Status ours = StillClaimed(client_, *job.claimed);
    if (!ours) {
      const bool superseded = ours.error().kind == ErrorKind::kSuperseded;
      return stays(superseded ? SweptStack::End::kStays : SweptStack::End::kFailed, InShort(ours.error()));
    }
  }
  const aws::Answer<aws::Stack> now = cloudformation_.DescribeStack(planned.stack.id);
  if (!now && now.error().outcome == aws::Outcome::kNotFound) {
    Gone(job, "somebody else deleted it");
    return false;
  }
  if (!now) return stays(SweptStack::End::kFailed, InShort(now.error()));
  if (now->status == "DELETE_COMPLETE") {
    Gone(job, "somebody else deleted it");
    return false;
  }
  if (now->tags != planned.stack.tags) return stays(SweptStack::End::kStays, "its tags changed meanwhile");
  if (now->status == "DELETE_IN_PROGRESS") {
    job.phase = Phase::kDeleting;
    return false;
  }
  if (now->updated != planned.stack.updated && job.tries == 0)
    return stays(SweptStack::End::kStays, "somebody updated it meanwhile");
  if (const auto must = MustStay(*now, planned.branch, options_.rules, client_.Now()))
    return stays(SweptStack::End::kStays, must->reason);
  return true;
}

void Removal::Prepare(Job& job) {
  Result<StackContents> contents = ContentsOf(cloudformation_, job.planned->stack.id, options_.read_template);
  if (!contents) {
    const bool refused = contents.error().kind == ErrorKind::kRefused;
    return End(job, SweptStack::End::kFailed,
               (refused ? "" : "what is in it could not be found out: ") + InShort(contents.error()));
  }
  if (!Claim(job)) return;
  job.result.left = contents->left;
  const std::uint64_t before = job.result.versions;
  if (!Empty(job, *contents)) return;
  if (job.result.versions != before) {
    job.emptied_anything = true;
    if (!StillToGo(job)) return;  // emptying may have taken long
  }
  ++job.tries;
  const aws::Answer<void> asked = cloudformation_.DeleteStack(job.planned->stack.id, aws::Client::NewToken());
  if (!asked) {
    const bool is_protected = asked.error().cause == aws::Cause::kTerminationProtected;
    return End(job, is_protected ? SweptStack::End::kStays : SweptStack::End::kFailed,
               is_protected ? "it has termination protection in CloudFormation" : InShort(asked.error()));
  }
  job.phase = Phase::kDeleting;
  job.unmoved = 0;
  Tell(job, job.tries == 1 ? "deleting" : "deleting again");
}

bool Removal::Empty(Job& job, const StackContents& contents) {
  std::vector<std::string> wrong(contents.buckets.size());
  InParallel(contents.buckets.size(), options_.parallel_buckets, [&](std::size_t i) {
    if (const Status done = EmptyOne(job, contents, contents.buckets[i]); !done) wrong[i] = InShort(done.error());
  });
  const auto first = std::find_if(wrong.begin(), wrong.end(), [](const std::string& text) { return !text.empty(); });
  if (first == wrong.end()) return true;
  End(job, SweptStack::End::kFailed, *first);
  return false;
}

Status Removal::EmptyOne(Job& job, const StackContents& contents, const std::string& bucket) {
  aws::Answer<aws::EmptyingReport> report = CloseAndEmpty(job, client_, contents, bucket);
  if (!report && report.error().cause == aws::Cause::kOtherRegion) {
    std::string region = report.error().region;
    if (!aws::IsRegion(region)) {
      aws::Answer<std::string> found = aws::S3(client_).BucketRegion(bucket);
      if (!found) return Fail(Error(found.error()));
      region = *found;
    }
    report = CloseAndEmpty(job, client_.In(region), contents, bucket);
  }
  if (!report) return Fail(Error(report.error()));
  {
    const std::lock_guard lock(mutex_);
    job.result.versions += report->deleted;
  }
  if (report->deleted > 0) Tell(job, "emptied bucket " + bucket + ": " + Versions(report->deleted));
  if (report->Empty()) return {};
  const aws::DeleteError& first = report->left.front();
  return Fail({.what = "bucket " + bucket + " cannot be emptied",
               .why = Versions(report->left.size()) + " could not be deleted; the first is " + Printable(first.key) +
                      ": " + Printable(first.failure.code) +
                      (first.failure.message.empty() ? "" : ": " + Printable(first.failure.message)),
               .hint = "An object lock, a bucket policy or a missing s3:DeleteObjectVersion does that."});
}

/// The app runs until CloudFormation takes it down: what it wrote meanwhile would keep the bucket from being deleted.
aws::Answer<aws::EmptyingReport> Removal::CloseAndEmpty(Job& job, const aws::Client& client,
                                                        const StackContents& contents, const std::string& bucket) {
  if (const aws::Answer<void> ours = StillOfStack(aws::S3(client), bucket, contents); !ours)
    return aws::Failed(ours.error());
  const aws::Answer<bool> closed = CloseToWrites(client, bucket);
  if (closed) {
    const std::lock_guard lock(mutex_);
    job.closed = job.closed || *closed;
  } else if (closed.error().cause == aws::Cause::kOtherRegion) {
    return aws::Failed(closed.error());
  } else {
    Tell(job,
         "bucket " + bucket + " cannot be closed to writes, and is emptied all the same: " + InShort(closed.error()));
  }
  return aws::EmptyBucket(aws::S3(client), bucket);
}

void Removal::Poll(std::vector<Job>& jobs) {
  std::map<std::string, Job*> unseen;
  for (Job& job : jobs) {
    if (job.phase == Phase::kDeleting) unseen[job.planned->stack.id] = &job;
  }
  if (unseen.size() > 1) {
    // One call tells which are still going; the others are asked for below, and all of them without that permission.
    (void)cloudformation_.ListStacks("DELETE_IN_PROGRESS").ForEach([&](aws::Stack& stack) {
      const auto at = unseen.find(stack.id);
      if (at != unseen.end()) {
        at->second->unmoved = 0;
        unseen.erase(at);
      }
      return !unseen.empty();
    });
  }
  for (const auto& [id, job] : unseen) {
    aws::Answer<aws::Stack> now = cloudformation_.DescribeStack(id);
    if (now) {
      See(*job, *now);
    } else if (now.error().outcome == aws::Outcome::kNotFound) {
      Gone(*job, "");
    } else if (now.error().outcome != aws::Outcome::kRetry) {
      End(*job, SweptStack::End::kFailed,
          "it is being deleted, but how that goes cannot be seen: " + InShort(now.error()));
    }
  }
}

void Removal::See(Job& job, const aws::Stack& now) {
  if (now.status == "DELETE_COMPLETE") return Gone(job, "");
  if (now.status == "DELETE_FAILED") return Failed(job, now.status_reason);
  if (now.status == "DELETE_IN_PROGRESS") {
    job.unmoved = 0;
    return;
  }
  // Right after DeleteStack an older status may be told for a moment. One that stays: another stack imports from it.
  if (++job.unmoved < kUnmoved) return;
  End(job, SweptStack::End::kFailed,
      "CloudFormation did not delete it; it is in " + Printable(now.status) +
          (now.status_reason.empty() ? "" : ": " + Printable(now.status_reason)));
}

/// Finds the first real cause. A bucket that something was written into is emptied and deleted again.
void Removal::Failed(Job& job, const std::string& status_reason) {
  std::optional<aws::StackEvent> first;
  bool bucket = false;
  (void)cloudformation_.DescribeStackEvents(job.planned->stack.id).ForEach([&](aws::StackEvent& event) {
    const bool of_the_stack = event.physical_id == job.planned->stack.id;
    if (of_the_stack && event.status == "DELETE_IN_PROGRESS") return false;  // where this deletion began
    if (!of_the_stack && event.status == "DELETE_FAILED" &&
        event.reason.find("deletion cancelled") == std::string::npos) {
      bucket = bucket || event.type == "AWS::S3::Bucket" || event.type == "AWS::CloudFormation::Stack";
      first = event;
    }
    return true;
  });
  if (bucket && job.tries < kTries) {
    Tell(job, "something was written into its bucket meanwhile; emptying it again");
    job.phase = Phase::kToDo;
    return;
  }
  std::string reason = first ? Printable(first->logical_id) + " (" + Printable(first->type) + ", " +
                                   Printable(first->physical_id) + "): " + Printable(first->reason)
                             : Printable(status_reason);
  if (job.tries > 1) reason += " (tried " + std::to_string(job.tries) + " times)";
  End(job, SweptStack::End::kFailed, "its deletion failed: " + reason);
}

void Removal::End(Job& job, SweptStack::End end, std::string reason) {
  job.phase = Phase::kEnded;
  job.result.end = end;
  if (job.closed && end != SweptStack::End::kGone) {
    if (reason.ends_with('.')) reason.pop_back();
    reason += "; what is left of its buckets stays closed to writes, by the statement PerchSweep in their policy";
  }
  job.result.reason = std::move(reason);
  switch (end) {
    case SweptStack::End::kGone:
      return Tell(job, "gone");
    case SweptStack::End::kStays:
      return Tell(job, "stays: " + job.result.reason);
    case SweptStack::End::kFailed:
      return Tell(job, "failed: " + job.result.reason);
  }
}

void Removal::Tell(const Job& job, const std::string& text) {
  if (!options_.progress) return;
  const std::lock_guard lock(mutex_);
  options_.progress(job.result.name, text);
}

}  // namespace perch::beanstalk
