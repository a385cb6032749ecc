#pragma once

#include "cfn/types/tag.h"

/// Amazon S3, as the CloudFormation registry describes it.
namespace perch::cfn::s3 {

struct PublicAccessBlock {
  Flag block_public_acls, block_public_policy, ignore_public_acls, restrict_public_buckets;
  Value Properties() const {
    return cfn::Properties()
        .Add("BlockPublicAcls", block_public_acls)
        .Add("BlockPublicPolicy", block_public_policy)
        .Add("IgnorePublicAcls", ignore_public_acls)
        .Add("RestrictPublicBuckets", restrict_public_buckets);
  }
};

struct Versioning {
  Text status;  ///< "Enabled", "Suspended"
  Value Properties() const { return cfn::Properties().Add("Status", status); }
};

struct Ownership {
  Text object_ownership;
  Value Properties() const { return cfn::Properties().Add("ObjectOwnership", object_ownership); }
};

struct OwnershipControls {
  std::vector<Ownership> rules;
  Value Properties() const { return cfn::Properties().Add("Rules", rules); }
};

struct DefaultEncryption {
  Text algorithm;  ///< "AES256"
  Value Properties() const { return cfn::Properties().Add("SSEAlgorithm", algorithm); }
};

struct EncryptionRule {
  std::optional<DefaultEncryption> by_default;
  Value Properties() const { return cfn::Properties().Add("ServerSideEncryptionByDefault", by_default); }
};

struct Encryption {
  std::vector<EncryptionRule> rules;
  Value Properties() const { return cfn::Properties().Add("ServerSideEncryptionConfiguration", rules); }
};

struct AbortUploads {
  Number days_after_initiation;
  Value Properties() const { return cfn::Properties().Add("DaysAfterInitiation", days_after_initiation); }
};

struct NoncurrentExpiration {
  Number noncurrent_days;
  Value Properties() const { return cfn::Properties().Add("NoncurrentDays", noncurrent_days); }
};

struct LifecycleRule {
  Text id, status, prefix;
  Number expiration_in_days;
  Flag expired_object_delete_marker;
  std::optional<NoncurrentExpiration> noncurrent_version_expiration;
  std::optional<AbortUploads> abort_incomplete_uploads;
  Value Properties() const {
    return cfn::Properties()
        .Add("Id", id)
        .Add("Status", status)
        .Add("Prefix", prefix)
        .Add("ExpirationInDays", expiration_in_days)
        .Add("ExpiredObjectDeleteMarker", expired_object_delete_marker)
        .Add("NoncurrentVersionExpiration", noncurrent_version_expiration)
        .Add("AbortIncompleteMultipartUpload", abort_incomplete_uploads);
  }
};

struct Lifecycle {
  std::vector<LifecycleRule> rules;
  Value Properties() const { return cfn::Properties().Add("Rules", rules); }
};

/// Can only be deleted when it is empty: all versions and delete markers too.
struct Bucket {
  static constexpr std::string_view kType = "AWS::S3::Bucket";
  static constexpr Attribute<Bucket> kArn{"Arn"};
  static constexpr Attribute<Bucket> kRegionalDomainName{"RegionalDomainName"};
  std::optional<PublicAccessBlock> public_access_block;
  std::optional<OwnershipControls> ownership_controls;
  std::optional<Encryption> encryption;
  std::optional<Versioning> versioning;
  std::optional<Lifecycle> lifecycle;
  std::vector<Tag> tags;
  Value Properties() const {
    return cfn::Properties()
        .Add("PublicAccessBlockConfiguration", public_access_block)
        .Add("OwnershipControls", ownership_controls)
        .Add("BucketEncryption", encryption)
        .Add("VersioningConfiguration", versioning)
        .Add("LifecycleConfiguration", lifecycle)
        .Add("Tags", tags);
  }
};

struct BucketPolicy {
  static constexpr std::string_view kType = "AWS::S3::BucketPolicy";
  Text bucket;
  std::optional<Json> policy_document;
  Value Properties() const { return cfn::Properties().Add("Bucket", bucket).Add("PolicyDocument", policy_document); }
};

}  // namespace perch::cfn::s3
