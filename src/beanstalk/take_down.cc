#include "beanstalk/take_down.h"

#include <utility>

#include "aws/s3_emptying.h"

namespace perch::beanstalk {
namespace {

Status EmptyOne(const aws::S3& s3, const std::string& bucket, const std::function<void(const std::string&)>& on_note) {
  const aws::Answer<aws::EmptyingReport> report = aws::EmptyBucket(s3, bucket);
  if (!report) return Fail(report.error());
  if (!report->Empty()) {
    Error error = report->left.front().failure;
    error.what = std::to_string(report->left.size()) + " objects cannot be deleted";
    error.where = "s3://" + bucket + "/" + report->left.front().key;
    return Fail(std::move(error));
  }
  if (report->deleted > 0 && on_note) {
    on_note("emptied the bucket " + bucket + ": " + std::to_string(report->deleted) + " versions");
  }
  return {};
}

}  // namespace

std::function<Status(const aws::Stack&)> EmptyingBuckets(const aws::Client& client, TemplateReader read_template,
                                                         std::function<void(const std::string&)> on_note) {
  return [client, read_template = std::move(read_template),
          on_note = std::move(on_note)](const aws::Stack& stack) -> Status {
    const Result<StackContents> contents = ContentsOf(aws::CloudFormation(client), stack.id, read_template);
    if (!contents) return Fail(contents.error());
    for (const std::string& bucket : contents->buckets) {
      const aws::Answer<void> ours = StillOfStack(aws::S3(client), bucket, *contents);
      if (!ours) return Fail(Error(ours.error()));
      if (const Status emptied = EmptyOne(aws::S3(client), bucket, on_note); !emptied) return emptied;
    }
    return {};
  };
}

}  // namespace perch::beanstalk
