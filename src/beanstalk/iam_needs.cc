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
  return Policy({{.actions = {"cloudformation:DescribeStacks", "elasticbeanstalk:ListPlatformVersions",
                              "ecr:GetAuthorizationToken"},
                  .resources = {"*"}},
                 {.actions = {"cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet",
                              "cloudformation:ExecuteChangeSet", "cloudformation:DeleteChangeSet",
                              "cloudformation:DescribeStackEvents", "cloudformation:DeleteStack"},
                  .resources = {arns.Stacks()}},
                 {.actions = {"iam:PassRole"}, .resources = {arns.Roles()}}})
      .value();
}

Value SweepPolicy(const AwsSettings& settings) {
  const Arns arns(settings);
  return Policy({// Who has an environment is told by all pages of one list.
                 {.actions = {"cloudformation:DescribeStacks"}, .resources = {"*"}},
                 {.actions = {"cloudformation:ListStackResources", "cloudformation:GetTemplate",
                              "cloudformation:DescribeStackEvents", "cloudformation:DeleteStack"},
                  .resources = {arns.Stacks()}},
                 {.actions = {"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:ListBucket", "s3:ListBucketVersions",
                              "s3:ListBucketMultipartUploads"},
                  .resources = {arns.Buckets()}},
                 {.actions = {"s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"},
                  .resources = {arns.Objects()}}})
      .value();
}

}  // namespace perch::beanstalk
