#include "beanstalk/environment_template.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "beanstalk/options.h"
#include "beanstalk/pieces.h"
#include "beanstalk/policies.h"
#include "beanstalk/stack_names.h"
#include "cfn/types/beanstalk.h"
#include "cfn/types/ec2.h"
#include "cfn/types/iam.h"
#include "cfn/types/others.h"
#include "cfn/types/rds.h"
#include "cfn/types/s3.h"
#include "model/names.h"
#include "model/resource_names.h"

namespace perch::beanstalk {
namespace {

using cfn::Json;
using cfn::List;
using cfn::Object;
namespace ec2 = cfn::ec2;
namespace eb = cfn::beanstalk;
namespace iam = cfn::iam;
namespace rds = cfn::rds;
namespace s3 = cfn::s3;

constexpr std::string_view kVariables = "aws:elasticbeanstalk:application:environment";
constexpr std::string_view kSecretVariables = "aws:elasticbeanstalk:application:environmentsecrets";
constexpr std::size_t kLongestVariable = 256;  // characters; Beanstalk developer guide, "Environment properties"
constexpr int kPasswordLength = 32;
constexpr int kPostgresPort = 5432;

/// Builds one environment's stack, piece by piece; each step may use what those before it left.
class Builder {
 public:
  Builder(const AwsSettings& settings, const Facts& facts)
      : settings_(settings),
        facts_(facts),
        host_(HostOf(settings, facts.branch)),
        // Not the branch's whole name: a description has 1,024 bytes, and a branch may have more.
        document_("perch: " + settings.app + ", environment " + SlugFor(facts.branch)) {}

  cfn::Template Build() {
    document_.SetMetadata("perch", Object({{"app", settings_.app},
                                           {"branch", facts_.branch},
                                           {"profile", settings_.profile},
                                           {"application", std::string(ApplicationName(settings_.application))}}));
    AddNetwork();
    AddBucket();
    AddDatabase();
    AddRole();
    AddEnvironment();
    AddRecord();
    AddOutputs();
    return std::move(document_);
  }

 private:
  /// The group is ours, not Beanstalk's own: were the database's group to name that one, Beanstalk could never delete
  /// it.
  void AddNetwork() {
    group_ = document_.Add(
        "AppGroup",
        ec2::SecurityGroup{.group_description = SecurityGroupDescriptionFor("Instances of " + settings_.app),
                           .vpc_id = Imported(settings_, exports::kVpc)});
    const cfn::Handle<ec2::SecurityGroupIngress> ingress = document_.Add(
        "AppIngress",
        ec2::SecurityGroupIngress{.description = "The load balancer",
                                  .group_id = GetAtt(group_, ec2::SecurityGroup::kGroupId),
                                  .ip_protocol = "tcp",
                                  .source_security_group_id = Imported(settings_, exports::kLoadBalancerGroup),
                                  .from_port = 80,
                                  .to_port = 80});
    before_environment_.push_back(ingress.id);
  }

  void AddBucket() {
    bucket_ =
        document_.Add("Bucket", PrivateBucket(settings_.bucket.old_version_days), Keeping(settings_.bucket.on_delete));
    document_.Add("BucketPolicy", s3::BucketPolicy{.bucket = Ref(bucket_), .policy_document = OnlyTls(bucket_.id)});
  }

  void AddDatabase() {
    const DatabaseSettings& database = settings_.database;
    if (database.mode == DatabaseSettings::Mode::kNone) return;
    const cfn::Handle<ec2::SecurityGroup> group = document_.Add(
        "DatabaseGroup",
        ec2::SecurityGroup{.group_description = SecurityGroupDescriptionFor("Database of " + settings_.app),
                           .vpc_id = Imported(settings_, exports::kVpc)});
    const cfn::Handle<ec2::SecurityGroupIngress> ingress = document_.Add(
        "DatabaseIngress",
        ec2::SecurityGroupIngress{.description = "The app",
                                  .group_id = GetAtt(group, ec2::SecurityGroup::kGroupId),
                                  .ip_protocol = "tcp",
                                  .source_security_group_id = GetAtt(group_, ec2::SecurityGroup::kGroupId),
                                  .from_port = kPostgresPort,
                                  .to_port = kPostgresPort});
    before_environment_.push_back(ingress.id);

    const bool managed = database.password == DatabaseSettings::Password::kManaged;
    if (!managed) AddDatabaseSecret();
    const bool restored = database.mode == DatabaseSettings::Mode::kSnapshot;
    rds::Instance instance{
        .engine = "postgres",
        .instance_class = database.instance_class,
        .storage_type = database.storage_type,
        .subnet_group = Imported(settings_, exports::kDatabaseSubnets),
        .security_groups = {GetAtt(group, ec2::SecurityGroup::kGroupId)},
        .multi_az = database.multi_az,
        .publicly_accessible = false,
        .deletion_protection = database.deletion_protection,
        .copy_tags_to_snapshot = true,
        .delete_automated_backups = database.on_delete == OnDelete::kDelete,
        .auto_minor_version_upgrade = true,
        .backup_retention_period = database.backup_days,
    };
    if (database.iops) instance.iops = *database.iops;
    if (database.throughput) instance.storage_throughput = *database.throughput;
    if (managed) {
      instance.manage_master_user_password = true;
    } else {
      instance.master_user_password = cfn::Sub(cfn::SecretReference("DatabaseSecret", "password"));
    }
    if (restored) {
      // The snapshot brings its version, size, encryption, database and owner along.
      instance.snapshot_identifier = facts_.snapshot;
    } else {
      instance.engine_version = database.version;
      instance.allocated_storage = std::to_string(database.storage);
      instance.storage_encrypted = true;
      instance.name = database.name;
      instance.master_username = database.user;
    }
    database_ = document_.Add("Database", instance, Keeping(database.on_delete));
  }

  void AddDatabaseSecret() {
    secret_ = document_.Add(
        "DatabaseSecret",
        cfn::secretsmanager::Secret{
            .description = "Password of the database of " + settings_.app,
            // Only letters and digits, so that it can stand in a URL as it is.
            .generate_secret_string =
                cfn::secretsmanager::GenerateSecretString{
                    .secret_string_template = CanonicalJson(Object({{"username", settings_.database.user}}).value()),
                    .generate_string_key = "password",
                    .password_length = kPasswordLength,
                    .exclude_punctuation = true}},
        {.deletion_policy = cfn::Keep::kDelete, .update_replace_policy = cfn::Keep::kDelete});
  }

  /// A role of the environment's own: no branch can read another one's files.
  void AddRole() {
    const Json bucket = GetAtt(bucket_, s3::Bucket::kArn);
    std::vector<Statement> statements = {
        {.actions = {"s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketLocation"}, .resources = {bucket}},
        {.actions = {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject",
                     "s3:AbortMultipartUpload"},
         .resources = {ObjectsOf(bucket_.id)}},
        {.actions = {"s3:GetObject"},
         .resources = {cfn::Join(
             "", {cfn::Sub("arn:${AWS::Partition}:s3:::"), Imported(settings_, exports::kVersionsBucket),
                  "/" + BundleFolderFor(settings_.app, facts_.branch) + "*"})}},
        {.actions = {"s3:PutObject"},
         .resources = {cfn::Sub("arn:${AWS::Partition}:s3:::elasticbeanstalk-${AWS::Region}-${AWS::AccountId}/"
                                "resources/environments/logs/*")}},
        {.actions = {"ecr:GetAuthorizationToken", "elasticbeanstalk:PutInstanceStatistics"}, .resources = {"*"}},
        {.actions = {"ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"},
         .resources = {Imported(settings_, exports::kRepositoryArn)}},
        {.actions = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams",
                     "logs:DescribeLogGroups", "logs:PutRetentionPolicy"},
         .resources = {LocalArn("logs", "log-group:/aws/elasticbeanstalk/*")}}};
    std::vector<Json> parameters = {Imported(settings_, exports::kRemoved)};
    for (const std::string& name : settings_.secrets) parameters.push_back(ParameterArn(name));
    statements.push_back({.actions = {"ssm:GetParameter", "ssm:GetParameters"}, .resources = std::move(parameters)});
    if (database_ && settings_.database.password == DatabaseSettings::Password::kManaged) {
      statements.push_back({.actions = {"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"},
                            .resources = {GetAtt(*database_, rds::Instance::kSecretArn)}});
    }
    role_ = document_.Add(
        "InstanceRole",
        iam::Role{.description = "Instances of " + settings_.app + ", " + SlugFor(facts_.branch),
                  .assume_role_policy_document = TrustService("ec2.amazonaws.com"),
                  .permissions_boundary = Imported(settings_, exports::kBoundary),
                  .policies = {{.policy_name = "Environment", .policy_document = Policy(std::move(statements))}}});
    profile_ = document_.Add("InstanceProfile", iam::InstanceProfile{.roles = {Ref(role_)}});
  }

  /// Where the deployment put a secret variable's value, encrypted; the instances fetch it.
  cfn::Expression ParameterArn(const std::string& name) const {
    return LocalArn("ssm", "parameter" + ParameterNameFor(settings_.app, settings_.profile, name));
  }

  std::map<std::string, cfn::Text> Variables() const {
    std::map<std::string, cfn::Text> variables;
    // What was once set and is not any more: empty, since CloudFormation would keep the old value.
    for (const std::string& name : facts_.ever_written) {
      const bool secret =
          std::find(settings_.secrets.begin(), settings_.secrets.end(), name) != settings_.secrets.end();
      if (!name.empty() && name != kOfficeHoursMark && !name.starts_with(kSecretMark) && !secret) variables[name] = "";
    }
    for (const auto& [name, value] : settings_.env) variables[name] = value;
    variables["PORT"] = std::to_string(settings_.port);
    variables["PERCH_COMMIT"] = facts_.commit;
    variables["PERCH_URL"] = "https://" + host_;
    if (facts_.branch.size() <= kLongestVariable) variables["PERCH_BRANCH"] = facts_.branch;
    variables["BUCKET"] = Ref(bucket_);
    variables["AWS_REGION"] = cfn::Region();
    if (!database_) return variables;
    const DatabaseSettings& database = settings_.database;
    if (secret_) {
      variables["DATABASE_URL"] =
          cfn::Sub("postgres://" + database.user + ":" + cfn::SecretReference("DatabaseSecret", "password") +
                   "@${Database.Endpoint.Address}:${Database.Endpoint.Port}/" + database.name);
    } else {
      variables["DATABASE_HOST"] = GetAtt(*database_, rds::Instance::kAddress);
      variables["DATABASE_PORT"] = GetAtt(*database_, rds::Instance::kPort);
      variables["DATABASE_NAME"] = database.name;
      variables["DATABASE_SECRET_ARN"] = GetAtt(*database_, rds::Instance::kSecretArn);
    }
    return variables;
  }

  /// The secret variables, by the ARN of what holds each.
  void SetSecrets(Options& options) {
    std::map<std::string, cfn::Text> secrets;
    for (const std::string& name : facts_.ever_written) {
      if (!name.starts_with(kSecretMark)) continue;
      const std::string variable = name.substr(kSecretMark.size());
      if (!settings_.env.contains(variable)) secrets[variable] = Imported(settings_, exports::kRemoved);
    }
    for (const std::string& name : settings_.secrets) secrets[name] = ParameterArn(name);
    for (const auto& [name, arn] : secrets) {
      options.Set(kSecretVariables, name, arn);
      ever_written_.push_back(std::string(kSecretMark) + name);
    }
  }

  void AddEnvironment() {
    const cfn::Expression application = Imported(settings_, exports::kApplication);
    version_ = document_.Add(
        "Version",
        eb::ApplicationVersion{.application_name = application,
                               .description = "commit " + facts_.commit,
                               .source_bundle = eb::SourceBundle{
                                   .bucket = Imported(settings_, exports::kVersionsBucket), .key = facts_.bundle_key}});
    Options options;
    SetOptions(options, settings_, facts_,
               {.host = host_,
                .instance_profile = Ref(profile_),
                .security_group = GetAtt(group_, ec2::SecurityGroup::kGroupId)});
    ever_written_ = facts_.ever_written;
    if (settings_.instances.office_hours) ever_written_.push_back(std::string(kOfficeHoursMark));
    for (const auto& [name, value] : Variables()) {
      options.Set(kVariables, name, value);
      ever_written_.push_back(name);
    }
    SetSecrets(options);
    environment_ = document_.Add(
        "Environment",
        eb::Environment{.application_name = application,
                        .description = settings_.app + ", " + SlugFor(facts_.branch),
                        .version_label = Ref(version_),
                        .platform_arn = facts_.platform_arn,
                        .option_settings = options.Take()},
        {.depends_on = before_environment_,
         // Without a change in some resource CloudFormation calls it no update, and the outputs stay as they were.
         .metadata = Object({{"perch", Object({{"commit", facts_.commit},
                                               {"tree", facts_.tree},
                                               {"settings_hash", facts_.settings_hash},
                                               {"generation", std::to_string(facts_.generation)}})}})});
  }

  /// Branches are reached by the application's wildcard name; what is more than a branch has a name of its own.
  void AddRecord() {
    const bool branch =
        settings_.host.empty() && settings_.application == Application::kStaging && settings_.profile != "staging";
    if (branch) return;
    document_.Add("Name", cfn::route53::RecordSet{.hosted_zone_name = settings_.place.hosted_zone + ".",
                                                  .name = host_ + ".",
                                                  .type = "A",
                                                  .alias_target = cfn::route53::AliasTarget{
                                                      .dns_name = Imported(settings_, exports::kLoadBalancerName),
                                                      .hosted_zone_id = Imported(settings_, exports::kLoadBalancerZone),
                                                      .evaluate_target_health = false}});
  }

  void Put(std::string_view name, const Json& value, const std::string& about) {
    document_.AddOutput(std::string(name), {.description = about, .value = value});
  }

  void AddOutputs() {
    Put(outputs::kUrl, "https://" + host_, "Where people open it");
    Put(outputs::kHost, host_, "Fixed once made");
    Put(outputs::kBranch, facts_.branch, "The full name, not encoded");
    Put(outputs::kEnvironment, Ref(environment_), "Beanstalk's name of the environment");
    Put(outputs::kEndpoint, GetAtt(environment_, eb::Environment::kEndpointUrl), "Of the load balancer");
    Put(outputs::kVersion, Ref(version_), "Beanstalk's label of what runs");
    Put(outputs::kImage, facts_.image, "What runs, by digest");
    Put(outputs::kPlatform, facts_.platform_arn, "Found out once, then kept");
    Put(outputs::kBucket, Ref(bucket_), "The environment's own files");
    if (database_) {
      Put(outputs::kDatabase,
          cfn::Join(":", {GetAtt(*database_, rds::Instance::kAddress), GetAtt(*database_, rds::Instance::kPort)}),
          "Reached from the app only");
      Put(outputs::kDatabaseSecret, secret_ ? Json(Ref(*secret_)) : Json(GetAtt(*database_, rds::Instance::kSecretArn)),
          "Holds its password");
      if (settings_.database.mode == DatabaseSettings::Mode::kSnapshot) {
        Put(outputs::kSnapshot, facts_.snapshot, "What the database was made from; found out once, then kept");
      }
    }
    Put(outputs::kCommit, facts_.commit, "What runs");
    Put(outputs::kTree, facts_.tree, "Of the commit");
    Put(outputs::kSettingsHash, facts_.settings_hash, "What it runs with");
    Put(outputs::kGeneration, std::to_string(facts_.generation), "Grows with each deployment; the fence");
    std::sort(ever_written_.begin(), ever_written_.end());
    ever_written_.erase(std::unique(ever_written_.begin(), ever_written_.end()), ever_written_.end());
    Put(outputs::kEverWritten, perch::Join(ever_written_, ","), "What must be written on, or would be kept");
  }

  const AwsSettings& settings_;
  const Facts& facts_;
  std::string host_;
  cfn::Template document_;
  std::vector<std::string> before_environment_, ever_written_;
  cfn::Handle<ec2::SecurityGroup> group_;
  cfn::Handle<s3::Bucket> bucket_;
  std::optional<cfn::Handle<rds::Instance>> database_;
  std::optional<cfn::Handle<cfn::secretsmanager::Secret>> secret_;
  cfn::Handle<iam::Role> role_;
  cfn::Handle<iam::InstanceProfile> profile_;
  cfn::Handle<eb::ApplicationVersion> version_;
  cfn::Handle<eb::Environment> environment_;
};

}  // namespace

std::string HostOf(const AwsSettings& settings, const std::string& branch) {
  return settings.host.empty() ? SlugFor(branch) + "." + settings.domain : settings.host;
}

Result<cfn::Template> EnvironmentTemplate(const AwsSettings& settings, const Facts& facts) {
  const Architecture wanted = settings.instances.architecture;
  if (facts.image_architecture && *facts.image_architecture != wanted) {
    return Fail(
        {.kind = ErrorKind::kUsage,
         .what = "the image is for another processor than the instances",
         .where = facts.image,
         .why = "it is built for " + std::string(ArchitectureName(*facts.image_architecture)) + ", and " +
                settings.instances.type + " has " + std::string(ArchitectureName(wanted)),
         .hint = "Build it with `--platform linux/" + std::string(wanted == Architecture::kArm64 ? "arm64" : "amd64") +
                 "`, or set `instances: {architecture: " + std::string(ArchitectureName(*facts.image_architecture)) +
                 "}`."});
  }
  return Builder(settings, facts).Build();
}

}  // namespace perch::beanstalk
