#pragma once

#include <functional>
#include <string>
#include <vector>

#include "aws/s3.h"

namespace perch::aws {

struct EmptyingReport {
  std::uint64_t deleted = 0;  ///< versions and delete markers
  std::uint64_t uploads_aborted = 0;
  std::vector<DeleteError> left;  ///< what could not be deleted (object lock, no permission); at most 1,000 told
  bool bucket_gone = false;       ///< there was no such bucket
  bool Empty() const { return left.empty(); }
};

/// Deletes every version and delete marker of a bucket and aborts its uploads: the first page of versions again and
/// again until it is empty, so that V versions take at most ceil(V / 1000) + 1 lists and ceil(V / 1000) deletes, and
/// memory stays that of a page. Versions that cannot be deleted end it, told in the report (those that S3 had no time
/// for are tried again first); a missing bucket is empty, and one that others write into all
/// the while is not when this ends. `progress` gets the number deleted so far.
Answer<EmptyingReport> EmptyBucket(const S3& s3, const std::string& bucket,
                                   const std::function<void(std::uint64_t)>& progress = {});

}  // namespace perch::aws
