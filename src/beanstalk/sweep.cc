#include "beanstalk/sweep.h"

#include <algorithm>

#include "aws/cloudformation.h"
#include "aws/s3.h"
#include "base/text.h"
#include "beanstalk/sweep_records.h"
#include "beanstalk/sweep_removal.h"

namespace perch::beanstalk {
namespace {

std::unexpected<Error> NothingDeleted(Error error) {
  if (error.kind != ErrorKind::kCancelled && error.kind != ErrorKind::kUsage) error.kind = ErrorKind::kRefused;
  return Fail(std::move(error), "nothing was deleted");
}

/// In the first versions bucket.
std::optional<MarksPlace> DefaultPlace(const std::vector<ApplicationFacts>& applications) {
  if (applications.empty()) return std::nullopt;
  return MarksPlace{.bucket = applications.front().versions_bucket, .key = "perch/sweep-marks.json"};
}

}  // namespace

int SweepResult::Count(SweptStack::End end) const {
  return int(std::count_if(stacks.begin(), stacks.end(), [&](const auto& stack) { return stack.end == end; }));
}

Sweep::Sweep(Options options) : options_(std::move(options)) {}

Result<SweepPlan> Sweep::Plan(std::stop_token stop) {
  const aws::Client client = options_.client.With(stop);
  std::vector<aws::Stack> stacks;
  for (aws::Answer<std::vector<aws::Stack>>& page : aws::CloudFormation(client).DescribeStacks()) {
    if (!page) return NothingDeleted(page.error());
    std::move(page->begin(), page->end(), std::back_inserter(stacks));
  }
  if (stacks.empty()) {
    return NothingDeleted(
        {.what = "the list of stacks is empty", .where = client.region(), .hint = "Check the region and the account."});
  }
  applications_ = ApplicationsIn(stacks, options_.rules.app);
  const bool graced = options_.rules.grace.count() > 0;
  if (graced && !options_.marks) options_.marks = DefaultPlace(applications_);
  // Before the branches, so that a record of a branch made meanwhile does not seem to have lost it.
  const Result<std::vector<std::vector<std::string>>> keys = RecordKeys(client, applications_);
  if (!keys) return NothingDeleted(keys.error());
  const Result<BranchList> list = options_.branches->List(stop);
  if (!list) return NothingDeleted(list.error());
  std::vector<std::string> branches;
  for (const Branch& branch : list->branches) branches.push_back(branch.name);
  if (branches.empty()) {
    return NothingDeleted(
        {.what = "the list of branches is empty", .hint = "Check the repository, and what the token may see."});
  }

  const Result<std::vector<LoneRecord>> records =
      LoneRecords(client, applications_, *keys, options_.rules.app, stacks, branches);
  if (!records) return NothingDeleted(records.error());
  if (graced && options_.marks) {
    Result<Marks> marks = MarksStore(aws::S3(client), *options_.marks).Read();
    if (!marks) return NothingDeleted(marks.error());
    known_ = std::move(*marks);
  }
  return MakeSweepPlan({.stacks = stacks,
                        .branches = branches,
                        .marks = graced && options_.marks ? &known_ : nullptr,
                        .now = options_.client.Now(),
                        .records = *records,
                        .region = client.region()},
                       options_.rules);
}

bool Sweep::NeedsRecording(const SweepPlan& plan) const {
  return options_.rules.grace.count() > 0 && options_.marks &&
         MarksAfter(plan, known_, options_.client.region(), options_.client.Now()) != known_;
}

Status Sweep::Record(const SweepPlan& plan, std::stop_token stop) {
  if (!NeedsRecording(plan)) return {};
  const Time now = options_.client.Now();
  const Status done = MarksStore(aws::S3(options_.client.With(stop)), *options_.marks).Update([&](const Marks& marks) {
    return MarksAfter(plan, marks, options_.client.region(), now);
  });
  if (!done) return NothingDeleted(done.error());
  return {};
}

SweepResult Sweep::Apply(const SweepPlan& plan, std::stop_token stop) {
  if (!plan.refusal.empty()) return {};
  Removal removal(options_, applications_, stop);
  return removal.Run(plan);
}

}  // namespace perch::beanstalk
