#pragma once

#include "cfn/types/tag.h"

/// Identity and access management, as the CloudFormation registry describes it.
namespace perch::cfn::iam {

struct InlinePolicy {
  Text policy_name;
  std::optional<Json> policy_document;
  Value Properties() const {
    return cfn::Properties().Add("PolicyName", policy_name).Add("PolicyDocument", policy_document);
  }
};

struct ManagedPolicy {
  static constexpr std::string_view kType = "AWS::IAM::ManagedPolicy";
  Text description;
  std::optional<Json> policy_document;
  Value Properties() const {
    return cfn::Properties().Add("Description", description).Add("PolicyDocument", policy_document);
  }
};

struct Role {
  static constexpr std::string_view kType = "AWS::IAM::Role";
  static constexpr Attribute<Role> kArn{"Arn"};
  Text description;
  std::optional<Json> assume_role_policy_document;
  Texts managed_policy_arns;
  Text permissions_boundary;
  std::vector<InlinePolicy> policies;
  Value Properties() const {
    return cfn::Properties()
        .Add("Description", description)
        .Add("AssumeRolePolicyDocument", assume_role_policy_document)
        .Add("ManagedPolicyArns", managed_policy_arns)
        .Add("PermissionsBoundary", permissions_boundary)
        .Add("Policies", policies);
  }
};

struct InstanceProfile {
  static constexpr std::string_view kType = "AWS::IAM::InstanceProfile";
  static constexpr Attribute<InstanceProfile> kArn{"Arn"};
  Texts roles;
  Value Properties() const { return cfn::Properties().Add("Roles", roles); }
};

}  // namespace perch::cfn::iam
