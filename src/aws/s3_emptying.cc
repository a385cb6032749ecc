#include "aws/s3_emptying.h"

#include <algorithm>

namespace perch::aws {
namespace {

/// The first page only: what it lists is deleted before it is asked for again.
Answer<std::vector<ObjectVersion>> FirstPage(const S3& s3, const std::string& bucket) {
  for (Answer<std::vector<ObjectVersion>>& page : s3.ListObjectVersions(bucket)) return std::move(page);
  return std::vector<ObjectVersion>();
}

constexpr int kFruitlessRounds = 3;
// A page that is not full is nearly always the last: so many mean that somebody writes all the while.
constexpr int kMostShortPages = 1000;

bool AllMayBeRetried(const std::vector<DeleteError>& left) {
  return std::all_of(left.begin(), left.end(),
                     [](const DeleteError& error) { return error.failure.outcome == Outcome::kRetry; });
}

}  // namespace

Answer<EmptyingReport> EmptyBucket(const S3& s3, const std::string& bucket,
                                   const std::function<void(std::uint64_t)>& progress) {
  EmptyingReport report;
  const auto gone = [&](const Failure& failure) {
    report.bucket_gone = failure.cause == Cause::kNoBucket;
    return report.bucket_gone;
  };
  int fruitless = 0;
  for (int short_pages = 0; short_pages < kMostShortPages;) {
    Answer<std::vector<ObjectVersion>> versions = FirstPage(s3, bucket);
    if (!versions && gone(versions.error())) return report;
    if (!versions) return Failed(versions.error());
    if (versions->empty()) break;
    if (versions->size() < kMostKeysPerDelete) ++short_pages;
    Answer<std::vector<DeleteError>> left = s3.DeleteObjects(bucket, *versions);
    if (!left && gone(left.error())) return report;
    if (!left) return Failed(left.error());
    report.deleted += versions->size() - left->size();
    if (progress) progress(report.deleted);
    // Keys that S3 had no time for come up again on the next first page; others would, for ever.
    fruitless = left->size() < versions->size() ? 0 : fruitless + 1;
    if (!AllMayBeRetried(*left) || fruitless > kFruitlessRounds) {
      report.left = std::move(*left);
      return report;
    }
  }
  for (Answer<std::vector<MultipartUpload>>& page : s3.ListMultipartUploads(bucket)) {
    if (!page && gone(page.error())) return report;
    if (!page) return Failed(page.error());
    for (const MultipartUpload& upload : *page) {
      if (Answer<void> done = s3.AbortMultipartUpload(bucket, upload); !done) return Failed(done.error());
      ++report.uploads_aborted;
    }
  }
  return report;
}

}  // namespace perch::aws
