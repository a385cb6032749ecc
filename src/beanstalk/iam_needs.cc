#include "beanstalk/iam_needs.h"

#include <string>
#include <vector>

#include "aws/endpoints.h"
#include "beanstalk/policies.h"
#include "model/resource_names.h"

namespace perch::beanstalk {
namespace {

/// ARNs of what CloudFormation named after the app's stacks.
class Arns {
 public:
  explicit Arns(const AwsSettings& settings)
      : names_(NamesBeginWith(settings.app)),
        partition_(aws::PartitionOf(settings.place.region).name),
        region_(settings.place.region),
        account_(settings.place.account.empty() ? "*" : settings.place.account) {}

  std::string Stacks() const { return Local("cloudformation", "stack/" + names_ + "*/*"); }
  std::string Repositories() const { return Local("ecr", "repository/" + names_ + "*"); }
  std::string Buckets() const { return "arn:" + partition_ + ":s3:::" + names_ + "*"; }
  std::string Objects() const { return Buckets() + "/*"; }
  std::string Versions() const { return Local("elasticbeanstalk", "applicationversion/" + names_ + "*/*"); }
  std::string LogGroups() const { return Local("logs", "log-group:/aws/elasticbeanstalk/*"); }
  std::string DatabaseSecrets() const { return Local("secretsmanager", "secret:DatabaseSecret-*"); }
  std::string Roles() const { return "arn:" + partition_ + ":iam::" + account_ + ":role/" + names_ + "*"; }
  std::string Local(const std::string& service, const std::string& resource) const {
    return "arn:" + partition_ + ":" + service + ":" + region_ + ":" + account_ + ":" + resource;
  }

 private:
  std::string names_, partition_, region_, account_;
};

}  // namespace

Value DeployPolicy(const AwsSettings& settings) {
  const Arns arns(settings);
  std::vector<Statement> statements = {
      // What takes no resource, and what is looked for where its name is not known yet.
      {.actions = {"cloudformation:DescribeStacks", "cloudformation:ListImports",
                   "elasticbeanstalk:ListPlatformVersions", "elasticbeanstalk:DescribeEvents",
                   "elasticbeanstalk:DescribeEnvironments", "ecr:GetAuthorizationToken", "rds:DescribeDBInstances",
                   "rds:DescribeDBSnapshots", "logs:DescribeLogGroups"},
       .resources = {"*"}},
      {.actions = {"cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet",
                   "cloudformation:ExecuteChangeSet", "cloudformation:DeleteChangeSet",
                   "cloudformation:DescribeStackEvents", "cloudformation:ListStackResources",
                   "cloudformation:GetTemplate", "cloudformation:ContinueUpdateRollback", "cloudformation:DeleteStack"},
       .resources = {arns.Stacks()}},
      {.actions = {"iam:PassRole"}, .resources = {arns.Roles()}},
      {.actions = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
                   "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"},
       .resources = {arns.Repositories()}},
      {.actions = {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketTagging"},
       .resources = {arns.Buckets()}},
      {.actions = {"s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"},
       .resources = {arns.Objects()}},
      {.actions = {"elasticbeanstalk:RequestEnvironmentInfo", "elasticbeanstalk:RetrieveEnvironmentInfo"},
       .resources = {arns.Local("elasticbeanstalk", "environment/" + NamesBeginWith(settings.app) + "*/*")}},
      {.actions = {"elasticbeanstalk:DeleteApplicationVersion"}, .resources = {arns.Versions()}},
      {.actions = {"logs:FilterLogEvents", "logs:DeleteLogGroup"}, .resources = {arns.LogGroups()}},
      {.actions = {"secretsmanager:DescribeSecret"}, .resources = {arns.DatabaseSecrets()}}};
  if (!settings.secrets.empty()) {
    const std::string of_profile = ParameterNameFor(settings.app, "x", "x");
    const std::string folder = of_profile.substr(0, of_profile.size() - std::string_view("/x/x").size());
    statements.push_back({.actions = {"ssm:GetParametersByPath", "ssm:PutParameter"},
                          .resources = {arns.Local("ssm", "parameter" + folder + "/*")}});
  }
  return Policy(statements).value();
}

Value SweepPolicy(const AwsSettings& settings) {
  const Arns arns(settings);
  return Policy(
             {// Who has an environment is told by all pages of one list.
              {.actions = {"cloudformation:DescribeStacks", "cloudformation:ListStacks", "cloudformation:ListImports",
                           "elasticbeanstalk:DescribeEnvironments", "elasticbeanstalk:DescribeApplicationVersions",
                           "elasticbeanstalk:DescribeAccountAttributes", "rds:DescribeDBInstances",
                           "rds:DescribeDBSnapshots", "logs:DescribeLogGroups", "tag:GetResources"},
               .resources = {"*"}},
              {.actions = {"cloudformation:ListStackResources", "cloudformation:GetTemplate",
                           "cloudformation:DescribeStackEvents", "cloudformation:DeleteStack"},
               .resources = {arns.Stacks()}},
              {.actions = {"s3:GetBucketTagging", "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:ListBucket",
                           "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"},
               .resources = {arns.Buckets()}},
              {.actions = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion",
                           "s3:AbortMultipartUpload"},
               .resources = {arns.Objects()}},
              {.actions = {"elasticbeanstalk:DeleteApplicationVersion"}, .resources = {arns.Versions()}},
              {.actions = {"logs:DeleteLogGroup"}, .resources = {arns.LogGroups()}},
              {.actions = {"secretsmanager:DescribeSecret"}, .resources = {arns.DatabaseSecrets()}}})
      .value();
}

}  // namespace perch::beanstalk
