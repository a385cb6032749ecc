#include <algorithm>

#include "aws/elasticbeanstalk.h"
#include "aws/rds.h"
#include "base/text.h"
#include "beanstalk/bundle.h"
#include "beanstalk/deployment.h"
#include "beanstalk/environment_of.h"
#include "beanstalk/generate.h"
#include "beanstalk/newest_snapshot.h"
#include "beanstalk/stack_identity.h"
#include "beanstalk/stack_names.h"
#include "cfn/print.h"
#include "model/resource_names.h"

/// What a deployment asks of CloudFormation: the facts that its template needs, and the change.
namespace perch::beanstalk {
namespace {

constexpr std::size_t kLongestInlineTemplate =
    51'200;  // bytes; CloudFormation quotas, "Template body size in a request"
constexpr std::string_view kPlatformBranch = "Docker running on 64bit Amazon Linux 2023";

std::optional<Architecture> ArchitectureOf(const std::string& docker) {
  if (docker == "amd64") return Architecture::kX86_64;
  if (docker == "arm64") return Architecture::kArm64;
  return std::nullopt;
}

Error Problems(const std::vector<Problem>& problems, const std::vector<cfn::Finding>& findings) {
  Error error{.kind = ErrorKind::kUsage, .what = "the settings make a template that AWS would refuse"};
  for (const Problem& problem : problems) {
    if (!error.why.empty()) break;
    error = {.kind = ErrorKind::kUsage,
             .what = error.what,
             .where = problem.at.Text(),
             .why = problem.text,
             .hint = problem.hint};
  }
  for (const cfn::Finding& finding : findings) {
    if (!error.why.empty()) break;
    if (finding.severity != cfn::Finding::Severity::kError) continue;
    error.where = finding.at.line > 0 ? finding.at.Text() : finding.path;
    error.why = finding.text;
    error.hint = finding.hint;
  }
  return error;
}

}  // namespace

Result<Facts> DeploymentRun::FindFacts() {
  const auto made = [&](std::string_view output) { return stack_ ? OutputOf(*stack_, output) : std::string(); };
  Facts facts{.branch = request_.branch.name,
              .image = image_.reference,
              .platform_arn = settings_.place.platform_arn,
              .commit = request_.step.commit,
              .tree = request_.branch.tree,
              .settings_hash = request_.step.settings_hash,
              .generation = generation_,
              .image_architecture = ArchitectureOf(image_.architecture)};
  facts.bundle_key = BundleKeyFor(settings_.app, facts.branch, facts.image, facts.settings_hash) + ".zip";
  bundle_key_ = facts.bundle_key;
  if (const std::string written = made(outputs::kEverWritten); !written.empty())
    facts.ever_written = Split(written, ',');
  if (facts.platform_arn.empty()) facts.platform_arn = made(outputs::kPlatform);
  if (facts.platform_arn.empty()) {
    const aws::Answer<std::vector<aws::PlatformVersion>> versions =
        aws::ElasticBeanstalk(client_).ListPlatformVersions(std::string(kPlatformBranch));
    if (!versions) return Fail(versions.error());
    if (versions->empty()) {
      return Fail({.what = "Elastic Beanstalk offers no platform version",
                   .where = client_.region(),
                   .why = "it lists none of the branch \"" + std::string(kPlatformBranch) + "\"",
                   .hint = "Name one with `aws: {platform_arn: …}`."});
    }
    facts.platform_arn = versions->front().arn;
  }
  if (settings_.database.mode != DatabaseSettings::Mode::kSnapshot) return facts;
  facts.snapshot = made(outputs::kSnapshot);
  if (facts.snapshot.empty() && settings_.database.snapshot != "newest") facts.snapshot = settings_.database.snapshot;
  if (facts.snapshot.empty()) {
    Result<std::string> newest = NewestSnapshot(aws::Rds(client_), settings_.app);
    if (!newest) return Fail(newest.error());
    facts.snapshot = *std::move(newest);
  }
  return facts;
}

Result<StackRequest> DeploymentRun::RequestFor(const Facts& facts) {
  Result<std::optional<Value>> own = ports_.own_template(settings_);
  if (!own) return Fail(own.error());
  const Result<Generated> generated = GenerateEnvironment(settings_, facts, *own, *ports_.schemas);
  if (!generated) return Fail(generated.error());
  if (!generated->Fits()) return Fail(Problems(generated->problems, generated->findings));
  const Result<aws::TextMap> tags =
      IdentityTags({.app = settings_.app, .branch = facts.branch, .profile = settings_.profile});
  if (!tags) return Fail(tags.error());
  StackRequest request{.name = stack_name_,
                       .template_body = cfn::PrintCompactJson(generated->document),
                       .tags = *tags,
                       .change_set = ChangeSetNameFor(facts.commit, generation_),
                       .token = "perch-" + std::to_string(generation_),
                       .role_arn = application_.cloudformation_role,
                       .wait = !ports_.detach};
  // What holds people's data; a setting that would lose it is for a person to undo.
  if (ports_.is_for_good(settings_.profile) || settings_.database.on_delete != OnDelete::kDelete) {
    request.protected_ids.push_back("Database");
  }
  if (settings_.bucket.on_delete != OnDelete::kDelete) request.protected_ids.push_back("Bucket");
  if (request.template_body.size() <= kLongestInlineTemplate) return request;
  const std::string key =
      BundleFolderFor(settings_.app, facts.branch) + "template-" + std::to_string(generation_) + ".json";
  const aws::Answer<std::string> put =
      aws::S3(client_).PutObject(application_.versions_bucket, key, request.template_body);
  if (!put) return Fail(Error(put.error()), "cannot keep the template, which is over 51,200 bytes");
  request.template_url = "https://" + application_.versions_bucket + ".s3." + client_.region() + "." +
                         std::string(aws::PartitionOf(client_.region()).suffix) + "/" + key;
  request.template_body.clear();
  return request;
}

}  // namespace perch::beanstalk
