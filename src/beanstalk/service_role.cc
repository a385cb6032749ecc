#include "beanstalk/service_role.h"

#include "beanstalk/pieces.h"
#include "beanstalk/policies.h"
#include "model/resource_names.h"

namespace perch::beanstalk {
namespace {

using cfn::Json;
using cfn::Object;

std::vector<Statement> Groups() {
  return {
      {.actions = {"ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup", "ec2:AuthorizeSecurityGroupIngress",
                   "ec2:RevokeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress",
                   "ec2:RevokeSecurityGroupEgress", "ec2:CreateTags", "ec2:DeleteTags", "ec2:DescribeSecurityGroups",
                   "ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeAccountAttributes"},
       .resources = {"*"}}};
}

std::vector<Statement> Buckets(const std::string& names) {
  return {{.actions = {"s3:CreateBucket", "s3:DeleteBucket", "s3:ListBucket", "s3:Get*", "s3:PutBucketPolicy",
                       "s3:DeleteBucketPolicy", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration",
                       "s3:PutBucketPublicAccessBlock", "s3:PutBucketOwnershipControls", "s3:PutLifecycleConfiguration",
                       "s3:PutBucketTagging"},
           .resources = {cfn::Sub("arn:${AWS::Partition}:s3:::" + names + "*")}}};
}

std::vector<Statement> Databases() {
  return {
      {.actions = {"rds:CreateDBInstance", "rds:RestoreDBInstanceFromDBSnapshot", "rds:ModifyDBInstance",
                   "rds:RebootDBInstance", "rds:DeleteDBInstance", "rds:CreateDBSnapshot", "rds:AddTagsToResource",
                   "rds:RemoveTagsFromResource", "rds:ListTagsForResource", "rds:Describe*"},
       .resources = {"*"}},
      // A password that RDS keeps is a secret with a key of AWS's own.
      {.actions = {"secretsmanager:CreateSecret", "secretsmanager:TagResource", "kms:DescribeKey"}, .resources = {"*"}},
      {.actions = {"secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret",
                   "secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret", "secretsmanager:UntagResource"},
       .resources = {LocalArn("secretsmanager", "secret:DatabaseSecret-*")}},
      {.actions = {"secretsmanager:GetRandomPassword"}, .resources = {"*"}}};
}

/// Roles of instances, none of which can ever do more than the boundary.
std::vector<Statement> Roles(const std::string& names, const Json& boundary) {
  const Json roles = cfn::Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/" + names + "*");
  return {
      {.actions = {"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"},
       .resources = {roles},
       .condition = {{"StringEquals", Object({{"iam:PermissionsBoundary", boundary}})}}},
      {.actions = {"iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:GetRole", "iam:GetRolePolicy",
                   "iam:ListRolePolicies", "iam:ListAttachedRolePolicies", "iam:TagRole", "iam:UntagRole",
                   "iam:UpdateRoleDescription"},
       .resources = {roles}},
      {.actions = {"iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:AddRoleToInstanceProfile",
                   "iam:RemoveRoleFromInstanceProfile", "iam:GetInstanceProfile", "iam:TagInstanceProfile"},
       .resources = {cfn::Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:instance-profile/" + names + "*")}},
      {.actions = {"iam:PassRole"},
       .resources = {roles},
       .condition = {
           {"StringEquals",
            Object({{"iam:PassedToService", cfn::List({"ec2.amazonaws.com", "elasticbeanstalk.amazonaws.com"})}})}}}};
}

std::vector<Statement> Names() {
  return {{.actions = {"route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets", "route53:GetHostedZone"},
           .resources = {cfn::Sub("arn:${AWS::Partition}:route53:::hostedzone/*")}},
          {.actions = {"route53:GetChange", "route53:ListHostedZones", "route53:ListHostedZonesByName"},
           .resources = {"*"}}};
}

}  // namespace

cfn::iam::Role EnvironmentsRole(const std::string& app, const Json& boundary) {
  const std::string names = NamesBeginWith(app);
  std::vector<Statement> statements;
  for (const std::vector<Statement>& part : {Groups(), Buckets(names), Databases(), Roles(names, boundary), Names()}) {
    statements.insert(statements.end(), part.begin(), part.end());
  }
  return {.description = "CloudFormation makes the environments of " + app,
          .assume_role_policy_document = TrustService("cloudformation.amazonaws.com"),
          // What Beanstalk does for an environment it does with the rights of whoever asks: here CloudFormation.
          .managed_policy_arns = {cfn::Sub(
              "arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess-AWSElasticBeanstalk")},
          .policies = {{.policy_name = "Environments", .policy_document = Policy(statements)}}};
}

}  // namespace perch::beanstalk
