#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/pages.h"

namespace perch::aws {

struct Object {
  std::string body;  ///< empty from HeadObject
  std::string etag;  ///< with its quotes, as If-Match takes it
  std::string content_type, version_id;
  std::uint64_t size = 0;
  std::map<std::string, std::string> metadata;  ///< x-amz-meta-…, names in lower case
};

struct PutOptions {
  bool only_if_absent = false;  ///< If-None-Match: *
  std::string if_match;         ///< an ETag: only over exactly that object
  std::string content_type = "application/octet-stream";
  std::map<std::string, std::string> metadata;  ///< ASCII only
};

/// A version of a key, or a delete marker; in a bucket without versions the id is "null".
struct ObjectVersion {
  std::string key, version_id;
  bool delete_marker = false;
  bool latest = false;
  std::uint64_t size = 0;
};

struct ObjectSummary {
  std::string key, etag;
  std::uint64_t size = 0;
  std::optional<Time> modified;
};

struct MultipartUpload {
  std::string key, upload_id;
};

/// A key that DeleteObjects could not delete, though the call itself went well.
struct DeleteError {
  std::string key, version_id;
  Failure failure;
};

constexpr std::size_t kMostKeysPerDelete = 1000;  ///< of DeleteObjects and of a page of versions

/// Amazon S3.
class S3 {
 public:
  explicit S3(Client client) : client_(std::move(client)) {}

  /// kNotFound (kNoBucket if the bucket is missing).
  Answer<Object> GetObject(const std::string& bucket, const std::string& key, std::size_t limit = 64 << 20) const;
  Answer<Object> HeadObject(const std::string& bucket, const std::string& key) const;
  /// The new ETag. kConflict with kPrecondition if a condition did not hold. A conditional put that was repeated after
  /// a lost answer and finds its own content there is a success.
  Answer<std::string> PutObject(const std::string& bucket, const std::string& key, const std::string& body,
                                const PutOptions& options = {}) const;
  Answer<void> DeleteObject(const std::string& bucket, const std::string& key,
                            const std::string& version_id = "") const;
  /// At most 1,000; what could not be deleted comes back, with why. Keys that are gone already are no error.
  Answer<std::vector<DeleteError>> DeleteObjects(const std::string& bucket,
                                                 const std::vector<ObjectVersion>& versions) const;

  Pages<ObjectSummary> ListObjects(const std::string& bucket, const std::string& prefix = "") const;
  /// Versions and delete markers, 1,000 a page. To empty a bucket ask for the first page again and again: see
  /// aws/s3_emptying.h.
  Pages<ObjectVersion> ListObjectVersions(const std::string& bucket, const std::string& prefix = "") const;
  Pages<MultipartUpload> ListMultipartUploads(const std::string& bucket) const;
  Answer<void> AbortMultipartUpload(const std::string& bucket, const MultipartUpload& upload) const;

  /// kNotFound if there is none; kFatal with kOtherRegion (and `region`) if it is elsewhere.
  Answer<void> HeadBucket(const std::string& bucket) const;
  /// JSON; "" when it has none.
  Answer<std::string> GetBucketPolicy(const std::string& bucket) const;
  /// In place of the policy that is there, if any. `policy`: JSON.
  Answer<void> PutBucketPolicy(const std::string& bucket, const std::string& policy) const;
  /// The id of the stack that made the bucket, by the tag that CloudFormation puts on what it makes; "" without one.
  Answer<std::string> StackOfBucket(const std::string& bucket) const;
  /// The region a bucket is in, wherever that is.
  Answer<std::string> BucketRegion(const std::string& bucket) const;

 private:
  Answer<net::RemoteResponse> Ask(Call call,
                                  const std::function<Answer<void>(const net::RemoteResponse&)>& read = {}) const;
  Client client_;
};

}  // namespace perch::aws
