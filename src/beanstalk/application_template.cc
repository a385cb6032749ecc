#include "beanstalk/application_template.h"

#include <string>
#include <vector>

#include "base/text.h"
#include "beanstalk/network.h"
#include "beanstalk/pieces.h"
#include "beanstalk/policies.h"
#include "beanstalk/service_role.h"
#include "beanstalk/stack_names.h"
#include "cfn/types/beanstalk.h"
#include "cfn/types/ec2.h"
#include "cfn/types/elbv2.h"
#include "cfn/types/iam.h"
#include "cfn/types/others.h"
#include "cfn/types/rds.h"
#include "cfn/types/s3.h"
#include "model/resource_names.h"

namespace perch::beanstalk {
namespace {

using cfn::Json;
using cfn::List;
using cfn::Object;
namespace ec2 = cfn::ec2;
namespace elbv2 = cfn::elbv2;
namespace iam = cfn::iam;
namespace s3 = cfn::s3;

// Beanstalk allows 1,000 versions in a region, all applications together.
constexpr int kMostVersions = 200;
constexpr int kMostImages = 500;
constexpr int kBundleVersionDays = 1;

// What a link shows before its environment answers and after it is gone; at most 1,024 bytes (API CreateListener).
constexpr std::string_view kNothingHere =
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
    "<title>Not running</title><style>body{font:1.1rem/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;"
    "padding:0 1rem;color-scheme:light dark}</style><h1>Nothing is running here</h1><p>This link belongs to a branch "
    "that is still being set up, is asleep, or is gone.<p>New? Try again in some minutes. Otherwise ask whoever sent "
    "you the link.</html>";

/// Builds one application's stack, piece by piece; each step may use what those before it left.
class Builder {
 public:
  explicit Builder(const AwsSettings& settings)
      : settings_(settings),
        document_("perch: what the environments of " + settings.app + " share (" +
                  std::string(ApplicationName(settings.application)) + ")") {}

  cfn::Template Build() {
    document_.SetMetadata("perch", Object({{"app", settings_.app}, {"application", Application()}}));
    network_ = AddNetwork(document_, settings_);
    Export(exports::kVpc, network_.vpc);
    Export(exports::kPublicSubnets, Joined(network_.public_subnets));
    AddDatabaseSubnets();
    AddAccessLogs();
    AddLoadBalancer();
    AddRecord();
    AddVersions();
    AddRoles();
    AddApplication();
    AddRepository();
    return std::move(document_);
  }

 private:
  std::string Application() const { return std::string(ApplicationName(settings_.application)); }
  bool IsProduction() const { return settings_.application == Application::kProduction; }
  /// Images and bundles of production are how one goes back; those of staging can be built again.
  cfn::Extra KeepingReleases() const { return Keeping(IsProduction() ? OnDelete::kRetain : OnDelete::kDelete); }

  void Export(std::string_view fact, const Json& value) {
    document_.AddOutput(std::string(fact),
                        {.value = value, .export_name = ExportNameFor(settings_.app, Application(), fact)});
  }

  static Json Joined(const cfn::Texts& texts) { return cfn::Join(",", std::vector<Json>(texts.begin(), texts.end())); }

  void AddDatabaseSubnets() {
    const cfn::Handle<cfn::rds::SubnetGroup> group =
        document_.Add("DatabaseSubnets", cfn::rds::SubnetGroup{.description = "perch databases of " + settings_.app,
                                                               .subnet_ids = network_.private_subnets});
    Export(exports::kDatabaseSubnets, Ref(group));
  }

  void AddAccessLogs() {
    const int days = settings_.logs.request_days;
    if (days == 0) return;
    const cfn::Handle<s3::Bucket> bucket =
        document_.Add("RequestLogs", PrivateBucket(kBundleVersionDays, days), Keeping(OnDelete::kDelete));
    // ELB user guide, "Enable access logs for your Application Load Balancer", step 2.
    const cfn::Handle<s3::BucketPolicy> policy = document_.Add(
        "RequestLogsPolicy",
        s3::BucketPolicy{
            .bucket = Ref(bucket),
            .policy_document = Object(
                {{"Version", "2012-10-17"},
                 {"Statement",
                  List({Object({{"Effect", "Allow"},
                                {"Principal", Object({{"Service", "logdelivery.elasticloadbalancing.amazonaws.com"}})},
                                {"Action", "s3:PutObject"},
                                {"Resource", ObjectsOf(bucket.id)}})})}})});
    network_.ready.push_back(policy.id);
    log_bucket_ = Ref(bucket);
  }

  void AddLoadBalancer() {
    std::vector<ec2::Rule> rules;
    for (const std::string& cidr : settings_.cidrs) {
      for (const int port : {80, 443}) {
        ec2::Rule rule{.ip_protocol = "tcp", .from_port = port, .to_port = port};
        (cidr.find(':') == cidr.npos ? rule.cidr_ip : rule.cidr_ipv6) = cidr;
        rules.push_back(std::move(rule));
      }
    }
    const cfn::Handle<ec2::SecurityGroup> group =
        document_.Add("LoadBalancerGroup", ec2::SecurityGroup{.group_description = SecurityGroupDescriptionFor(
                                                                  "Who may open the links of " + settings_.app),
                                                              .vpc_id = network_.vpc,
                                                              .ingress = std::move(rules)});
    std::vector<elbv2::LoadBalancerAttribute> attributes = {
        {.key = "deletion_protection.enabled", .value = IsProduction() ? "true" : "false"},
        {.key = "idle_timeout.timeout_seconds", .value = "120"},
        {.key = "routing.http.drop_invalid_header_fields.enabled", .value = "true"},
        {.key = "access_logs.s3.enabled", .value = log_bucket_ ? "true" : "false"}};
    if (log_bucket_) attributes.push_back({.key = "access_logs.s3.bucket", .value = *log_bucket_});
    balancer_ = document_.Add("LoadBalancer",
                              elbv2::LoadBalancer{.type = "application",
                                                  .scheme = "internet-facing",
                                                  .ip_address_type = "ipv4",
                                                  .subnets = network_.public_subnets,
                                                  .security_groups = {GetAtt(group, ec2::SecurityGroup::kGroupId)},
                                                  .attributes = std::move(attributes)},
                              {.depends_on = network_.ready});
    document_.Add(
        "HttpsListener",
        elbv2::Listener{.load_balancer_arn = Ref(balancer_),
                        .protocol = "HTTPS",
                        .ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06",
                        .port = 443,
                        .certificates = {{.certificate_arn = settings_.place.certificate}},
                        .default_actions = {
                            {.type = "fixed-response",
                             .fixed_response = elbv2::FixedResponse{
                                 .status_code = "503", .content_type = "text/html", .message_body = kNothingHere}}}});
    document_.Add(
        "HttpListener",
        elbv2::Listener{.load_balancer_arn = Ref(balancer_),
                        .protocol = "HTTP",
                        .port = 80,
                        .default_actions = {{.type = "redirect",
                                             .redirect = elbv2::Redirect{
                                                 .protocol = "HTTPS", .port = "443", .status_code = "HTTP_301"}}}});
    Export(exports::kLoadBalancer, Ref(balancer_));
    Export(exports::kLoadBalancerName, GetAtt(balancer_, elbv2::LoadBalancer::kDnsName));
    Export(exports::kLoadBalancerZone, GetAtt(balancer_, elbv2::LoadBalancer::kCanonicalHostedZoneId));
    Export(exports::kLoadBalancerGroup, GetAtt(group, ec2::SecurityGroup::kGroupId));
  }

  /// All branches' names lead to the load balancer, whether they have an environment or not: each link answers.
  void AddRecord() {
    if (IsProduction()) return;
    document_.Add(
        "BranchNames",
        cfn::route53::RecordSet{.hosted_zone_name = settings_.place.hosted_zone + ".",
                                .name = "*." + settings_.domain + ".",
                                .type = "A",
                                .alias_target = cfn::route53::AliasTarget{
                                    .dns_name = GetAtt(balancer_, elbv2::LoadBalancer::kDnsName),
                                    .hosted_zone_id = GetAtt(balancer_, elbv2::LoadBalancer::kCanonicalHostedZoneId),
                                    .evaluate_target_health = false}});
  }

  void AddVersions() {
    versions_ = document_.Add("VersionsBucket", PrivateBucket(kBundleVersionDays), KeepingReleases());
    document_.Add("VersionsBucketPolicy",
                  s3::BucketPolicy{.bucket = Ref(versions_), .policy_document = OnlyTls(versions_.id)});
    Export(exports::kVersionsBucket, Ref(versions_));
  }

  void AddRoles() {
    role_ = document_.Add(
        "ServiceRole",
        iam::Role{
            .description = "Beanstalk looks after the environments of " + settings_.app,
            .assume_role_policy_document = TrustService(
                "elasticbeanstalk.amazonaws.com", {{"StringEquals", Object({{"sts:ExternalId", "elasticbeanstalk"}})}}),
            .managed_policy_arns =
                {cfn::Sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AWSElasticBeanstalkEnhancedHealth"),
                 cfn::Sub("arn:${AWS::Partition}:iam::aws:policy/AWSElasticBeanstalkManagedUpdatesCustomerRolePolicy")},
            .policies = {{.policy_name = "OldVersions",
                          .policy_document = Policy(
                              {{.actions = {"s3:DeleteObject", "s3:GetObject"}, .resources = {ObjectsOf(versions_.id)}},
                               {.actions = {"s3:ListBucket"}, .resources = {GetAtt(versions_, s3::Bucket::kArn)}}})}}});
    // The most that an environment's own role may ever do, whoever writes its policies: nothing that makes rights.
    const cfn::Handle<iam::ManagedPolicy> boundary = document_.Add(
        "Boundary", iam::ManagedPolicy{.description = "The most that an environment of " + settings_.app + " may do",
                                       .policy_document = Policy(
                                           {{.actions = {"*"}, .resources = {"*"}},
                                            {.actions = {"iam:*", "organizations:*", "account:*", "sts:AssumeRole",
                                                         "cloudformation:*", "route53:Change*"},
                                             .resources = {"*"},
                                             .deny = true}})});
    // CloudFormation never takes a secret variable away from an environment again: it gets this value instead.
    const cfn::Handle<cfn::ssm::Parameter> removed =
        document_.Add("Removed", cfn::ssm::Parameter{.description = "Of secret variables that are not set any more",
                                                     .type = "String",
                                                     .value = "removed"});
    Export(exports::kRemoved, LocalArn("ssm", "parameter/${" + removed.id + "}"));
    const cfn::Handle<iam::Role> environments =
        document_.Add("CloudFormationRole", EnvironmentsRole(settings_.app, Ref(boundary)));
    Export(exports::kServiceRole, Ref(role_));
    Export(exports::kCloudFormationRole, GetAtt(environments, iam::Role::kArn));
    Export(exports::kBoundary, Ref(boundary));
  }

  void AddApplication() {
    namespace eb = cfn::beanstalk;
    const cfn::Handle<eb::Application> application = document_.Add(
        "Application",
        eb::Application{.description = settings_.app + ", " + Application() + ", kept by perch",
                        .resource_lifecycle = eb::ResourceLifecycle{
                            .service_role = GetAtt(role_, iam::Role::kArn),
                            .version_lifecycle = eb::VersionLifecycle{
                                .max_count_rule = eb::MaxCountRule{
                                    .enabled = true, .delete_source_from_s3 = true, .max_count = kMostVersions}}}});
    Export(exports::kApplication, Ref(application));
  }

  void AddRepository() {
    const auto rule = [](int priority, const Json& selection, const std::string& about) {
      return Object({{"rulePriority", priority},
                     {"description", about},
                     {"selection", selection},
                     {"action", Object({{"type", "expire"}})}});
    };
    const Json untagged = Object(
        {{"tagStatus", "untagged"}, {"countType", "sinceImagePushed"}, {"countUnit", "days"}, {"countNumber", 7}});
    const Json many = Object({{"tagStatus", "any"}, {"countType", "imageCountMoreThan"}, {"countNumber", kMostImages}});
    const Json policy =
        Object({{"rules", List({rule(1, untagged, "what lost its tag"), rule(2, many, "the oldest of too many")})}});
    const cfn::Handle<cfn::ecr::Repository> repository = document_.Add(
        "Repository",
        cfn::ecr::Repository{.image_tag_mutability = "IMMUTABLE",
                             .image_scanning = cfn::ecr::ImageScanning{.scan_on_push = true},
                             .lifecycle_policy = cfn::ecr::LifecyclePolicy{.text = CanonicalJson(policy.value())},
                             .empty_on_delete = !IsProduction()},
        KeepingReleases());
    Export(exports::kRepositoryUri, GetAtt(repository, cfn::ecr::Repository::kUri));
    Export(exports::kRepositoryArn, GetAtt(repository, cfn::ecr::Repository::kArn));
  }

  const AwsSettings& settings_;
  cfn::Template document_;
  Network network_;
  std::optional<cfn::Expression> log_bucket_;
  cfn::Handle<elbv2::LoadBalancer> balancer_;
  cfn::Handle<s3::Bucket> versions_;
  cfn::Handle<iam::Role> role_;
};

}  // namespace

cfn::Template ApplicationTemplate(const AwsSettings& settings) { return Builder(settings).Build(); }

}  // namespace perch::beanstalk
