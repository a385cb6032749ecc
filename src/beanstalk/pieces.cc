#include "beanstalk/pieces.h"

#include "model/resource_names.h"

namespace perch::beanstalk {
namespace s3 = cfn::s3;

cfn::Expression Imported(const AwsSettings& settings, std::string_view fact) {
  return cfn::Import(ExportNameFor(settings.app, ApplicationName(settings.application), fact));
}

s3::Bucket PrivateBucket(int old_version_days, int expire_days) {
  std::vector<s3::LifecycleRule> rules = {
      {.id = "OldVersions",
       .status = "Enabled",
       .expired_object_delete_marker = expire_days == 0 ? cfn::Flag(true) : cfn::Flag(),
       .noncurrent_version_expiration = s3::NoncurrentExpiration{.noncurrent_days = old_version_days},
       .abort_incomplete_uploads = s3::AbortUploads{.days_after_initiation = 1}}};
  if (expire_days > 0) rules[0].expiration_in_days = expire_days;
  return {
      .public_access_block = s3::PublicAccessBlock{.block_public_acls = true,
                                                   .block_public_policy = true,
                                                   .ignore_public_acls = true,
                                                   .restrict_public_buckets = true},
      .ownership_controls = s3::OwnershipControls{.rules = {{.object_ownership = "BucketOwnerEnforced"}}},
      .encryption = s3::Encryption{.rules = {{.by_default = s3::DefaultEncryption{.algorithm = "AES256"}}}},
      .versioning = s3::Versioning{.status = "Enabled"},
      .lifecycle = s3::Lifecycle{.rules = std::move(rules)},
  };
}

cfn::Extra Keeping(OnDelete on_delete) {
  const cfn::Keep keep = on_delete == OnDelete::kDelete     ? cfn::Keep::kDelete
                         : on_delete == OnDelete::kSnapshot ? cfn::Keep::kSnapshot
                                                            : cfn::Keep::kRetain;
  return {.deletion_policy = keep, .update_replace_policy = keep};
}

cfn::Expression LocalArn(const std::string& service, const std::string& resource) {
  return cfn::Sub("arn:${AWS::Partition}:" + service + ":${AWS::Region}:${AWS::AccountId}:" + resource);
}

}  // namespace perch::beanstalk
