#pragma once

#include "cfn/types/tag.h"

/// One or two types each of Route 53, ECR, Secrets Manager and Systems Manager, as the CloudFormation registry
/// describes them.
namespace perch::cfn {

namespace route53 {

struct AliasTarget {
  Text dns_name, hosted_zone_id;
  Flag evaluate_target_health;
  Value Properties() const {
    return cfn::Properties()
        .Add("DNSName", dns_name)
        .Add("HostedZoneId", hosted_zone_id)
        .Add("EvaluateTargetHealth", evaluate_target_health);
  }
};

struct RecordSet {
  static constexpr std::string_view kType = "AWS::Route53::RecordSet";
  Text hosted_zone_name;  ///< with a final dot
  Text name, type;
  std::optional<AliasTarget> alias_target;  ///< excludes a TTL
  Value Properties() const {
    return cfn::Properties()
        .Add("HostedZoneName", hosted_zone_name)
        .Add("Name", name)
        .Add("Type", type)
        .Add("AliasTarget", alias_target);
  }
};

}  // namespace route53

namespace ecr {

struct LifecyclePolicy {
  Text text;  ///< JSON
  Value Properties() const { return cfn::Properties().Add("LifecyclePolicyText", text); }
};

struct ImageScanning {
  Flag scan_on_push;
  Value Properties() const { return cfn::Properties().Add("ScanOnPush", scan_on_push); }
};

struct Repository {
  static constexpr std::string_view kType = "AWS::ECR::Repository";
  static constexpr Attribute<Repository> kArn{"Arn"};
  static constexpr Attribute<Repository> kUri{"RepositoryUri"};
  Text image_tag_mutability;
  std::optional<ImageScanning> image_scanning;
  std::optional<LifecyclePolicy> lifecycle_policy;
  Flag empty_on_delete;
  Value Properties() const {
    return cfn::Properties()
        .Add("ImageTagMutability", image_tag_mutability)
        .Add("ImageScanningConfiguration", image_scanning)
        .Add("LifecyclePolicy", lifecycle_policy)
        .Add("EmptyOnDelete", empty_on_delete);
  }
};

}  // namespace ecr

namespace secretsmanager {

struct GenerateSecretString {
  Text secret_string_template, generate_string_key, exclude_characters;
  Number password_length;
  Flag exclude_punctuation;
  Value Properties() const {
    return cfn::Properties()
        .Add("SecretStringTemplate", secret_string_template)
        .Add("GenerateStringKey", generate_string_key)
        .Add("PasswordLength", password_length)
        .Add("ExcludePunctuation", exclude_punctuation)
        .Add("ExcludeCharacters", exclude_characters);
  }
};

/// Ref is its ARN.
struct Secret {
  static constexpr std::string_view kType = "AWS::SecretsManager::Secret";
  Text description;
  std::optional<GenerateSecretString> generate_secret_string;
  Value Properties() const {
    return cfn::Properties().Add("Description", description).Add("GenerateSecretString", generate_secret_string);
  }
};

}  // namespace secretsmanager

namespace ssm {

/// Ref is its name.
struct Parameter {
  static constexpr std::string_view kType = "AWS::SSM::Parameter";
  Text description, type, value;
  Value Properties() const {
    return cfn::Properties().Add("Description", description).Add("Type", type).Add("Value", value);
  }
};

}  // namespace ssm

}  // namespace perch::cfn
