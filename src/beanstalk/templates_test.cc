#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "beanstalk/application_template.h"
#include "beanstalk/environment_template.h"
#include "beanstalk/generate.h"
#include "beanstalk/network.h"
#include "beanstalk/options.h"
#include "beanstalk/stack_names.h"
#include "cfn/print.h"

namespace perch::beanstalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

AwsSettings BranchSettings() {
  AwsSettings settings{.app = "shop",
                       .profile = "branch",
                       .domain = "preview.example.com",
                       .place = {.region = "eu-central-1",
                                 .certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/x",
                                 .hosted_zone = "example.com",
                                 .vpc_cidr = "10.70.0.0/16"},
                       .cidrs = {"0.0.0.0/0", "::/0"},
                       .health_path = "/",
                       .port = 8000};
  settings.instances.type = "t3.micro";
  settings.database = {
      .version = "16", .instance_class = "db.t4g.micro", .storage_type = "gp3", .name = "app", .user = "app"};
  return settings;
}

Facts SomeFacts() {
  return {.branch = "feature/cart",
          .image = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:" + std::string(64, 'a'),
          .bundle_key = "bundles/shop/x.zip",
          .platform_arn =
              "arn:aws:elasticbeanstalk:eu-central-1::platform/Docker running on 64bit Amazon Linux "
              "2023/4.6.0",
          .commit = std::string(40, 'b'),
          .tree = std::string(40, 'c'),
          .settings_hash = std::string(64, 'd'),
          .generation = 7};
}

Value Environment(const AwsSettings& settings, const Facts& facts) {
  const Result<cfn::Template> document = EnvironmentTemplate(settings, facts);
  if (!document) ADD_FAILURE() << document.error().Text();
  return document ? document->Document() : Value{};
}

std::string Print(const Value* value) { return value ? cfn::PrintCompactJson(*value) : "nothing"; }

const Value* Properties(const Value& document, const char* resource) {
  const Value* resources = document.Find("Resources");
  const Value* found = resources ? resources->Find(resource) : nullptr;
  return found ? found->Find("Properties") : nullptr;
}

/// The value of an option as JSON; "nothing" without it. `resource` is that of a scheduled action.
std::string Option(const Value& document, const std::string& space, const std::string& name,
                   const std::string& resource = "") {
  const Value* settings = Properties(document, "Environment")->Find("OptionSettings");
  for (const Value& setting : *settings->AsList()) {
    const Value* of = setting.Find("ResourceName");
    if (*setting.Find("Namespace")->AsString() == space && *setting.Find("OptionName")->AsString() == name &&
        (of ? *of->AsString() : "") == resource) {
      return Print(setting.Find("Value"));
    }
  }
  return "nothing";
}

std::string Variable(const Value& document, const std::string& name) {
  return Option(document, "aws:elasticbeanstalk:application:environment", name);
}

std::string OutputOf(const Value& document, std::string_view name) {
  const Value* output = document.Find("Outputs")->Find(name);
  return output ? Print(output->Find("Value")) : "nothing";
}

TEST(EnvironmentTemplate, HasNoFindings) {
  const cfn::Schemas schemas;
  for (const auto mode :
       {DatabaseSettings::Mode::kNone, DatabaseSettings::Mode::kDedicated, DatabaseSettings::Mode::kSnapshot}) {
    AwsSettings settings = BranchSettings();
    settings.database.mode = mode;
    Facts facts = SomeFacts();
    facts.snapshot = "nightly";
    const Result<Generated> generated = GenerateEnvironment(settings, facts, std::nullopt, schemas);
    ASSERT_TRUE(generated);
    EXPECT_THAT(generated->findings, IsEmpty());
    EXPECT_TRUE(generated->Fits());
  }
}

TEST(EnvironmentTemplate, IsTheSameBytesForTheSameInput) {
  EXPECT_EQ(cfn::PrintYaml(Environment(BranchSettings(), SomeFacts())),
            cfn::PrintYaml(Environment(BranchSettings(), SomeFacts())));
}

TEST(EnvironmentTemplate, ADatabaseUrlHoldsNoPassword) {
  const Value document = Environment(BranchSettings(), SomeFacts());
  EXPECT_EQ(Variable(document, "DATABASE_URL"),
            R"({"Fn::Sub":"postgres://app:{{resolve:secretsmanager:${DatabaseSecret}:SecretString:password}}@)"
            R"(${Database.Endpoint.Address}:${Database.Endpoint.Port}/app"})");
  EXPECT_EQ(Print(Properties(document, "Database")->Find("MasterUserPassword")),
            R"({"Fn::Sub":"{{resolve:secretsmanager:${DatabaseSecret}:SecretString:password}}"})");
}

TEST(EnvironmentTemplate, AManagedPasswordIsReadByTheApp) {
  AwsSettings settings = BranchSettings();
  settings.database.password = DatabaseSettings::Password::kManaged;
  const Value document = Environment(settings, SomeFacts());
  EXPECT_EQ(Variable(document, "DATABASE_URL"), "nothing");
  EXPECT_EQ(Variable(document, "DATABASE_SECRET_ARN"), R"({"Fn::GetAtt":["Database","MasterUserSecret.SecretArn"]})");
  EXPECT_EQ(Print(Properties(document, "Database")->Find("ManageMasterUserPassword")), "true");
  EXPECT_EQ(Print(Properties(document, "Database")->Find("MasterUserPassword")), "nothing");
}

TEST(EnvironmentTemplate, ARestoredDatabaseTakesItsFactsFromTheSnapshot) {
  AwsSettings settings = BranchSettings();
  settings.database.mode = DatabaseSettings::Mode::kSnapshot;
  Facts facts = SomeFacts();
  facts.snapshot = "rds:shop-2026-11-20";
  const Value document = Environment(settings, facts);
  const Value* database = Properties(document, "Database");
  EXPECT_EQ(Print(database->Find("DBSnapshotIdentifier")), "\"rds:shop-2026-11-20\"");
  for (const char* fixed : {"DBName", "MasterUsername", "EngineVersion", "AllocatedStorage", "StorageEncrypted"}) {
    EXPECT_EQ(Print(database->Find(fixed)), "nothing") << fixed;
  }
  EXPECT_EQ(OutputOf(document, outputs::kSnapshot), "\"rds:shop-2026-11-20\"");
}

TEST(EnvironmentTemplate, PoliciesAreDeleteForABranchAndFollowTheSettings) {
  AwsSettings settings = BranchSettings();
  Value document = Environment(settings, SomeFacts());
  const Value* resources = document.Find("Resources");
  for (const char* resource : {"Database", "Bucket", "DatabaseSecret"}) {
    EXPECT_EQ(Print(resources->Find(resource)->Find("DeletionPolicy")), "\"Delete\"") << resource;
    EXPECT_EQ(Print(resources->Find(resource)->Find("UpdateReplacePolicy")), "\"Delete\"") << resource;
  }
  settings.database.on_delete = OnDelete::kSnapshot;
  settings.bucket.on_delete = OnDelete::kRetain;
  document = Environment(settings, SomeFacts());
  resources = document.Find("Resources");
  EXPECT_EQ(Print(resources->Find("Database")->Find("UpdateReplacePolicy")), "\"Snapshot\"");
  EXPECT_EQ(Print(resources->Find("Bucket")->Find("DeletionPolicy")), "\"Retain\"");
}

TEST(EnvironmentTemplate, WhatWasOnceWrittenIsWrittenOn) {
  Facts facts = SomeFacts();
  facts.ever_written = {"DEBUG", "OLD", std::string(kOfficeHoursMark), std::string(kSecretMark) + "GONE"};
  AwsSettings settings = BranchSettings();
  settings.env = {{"DEBUG", "1"}};
  settings.secrets = {"STRIPE_KEY"};
  const Value document = Environment(settings, facts);
  EXPECT_EQ(Variable(document, "OLD"), "\"\"");
  EXPECT_EQ(Variable(document, "DEBUG"), "\"1\"");
  EXPECT_EQ(Option(document, "aws:autoscaling:scheduledaction", "Suspend", "OfficeHoursEnd"), "\"true\"");
  EXPECT_EQ(Option(document, "aws:elasticbeanstalk:application:environmentsecrets", "GONE"),
            R"({"Fn::ImportValue":"perch:shop:staging:Removed"})");
  EXPECT_EQ(OutputOf(document, outputs::kEverWritten),
            "\"AWS_REGION,BUCKET,DATABASE_URL,DEBUG,OLD,PERCH_BRANCH,PERCH_COMMIT,PERCH_URL,PORT,office-hours,"
            "secret:GONE,secret:STRIPE_KEY\"");
}

TEST(EnvironmentTemplate, OfficeHoursAreTwoScheduledActions) {
  AwsSettings settings = BranchSettings();
  settings.instances.office_hours = OfficeHours{.start_minute = 7 * 60 + 30, .stop_minute = 19 * 60, .days = "1-5"};
  const Value document = Environment(settings, SomeFacts());
  constexpr const char* kScheduled = "aws:autoscaling:scheduledaction";
  EXPECT_EQ(Option(document, kScheduled, "Recurrence", "OfficeHoursBegin"), "\"30 7 * * 1-5\"");
  EXPECT_EQ(Option(document, kScheduled, "MinSize", "OfficeHoursBegin"), "\"1\"");
  EXPECT_EQ(Option(document, kScheduled, "Recurrence", "OfficeHoursEnd"), "\"0 19 * * 1-5\"");
  EXPECT_EQ(Option(document, kScheduled, "MaxSize", "OfficeHoursEnd"), "\"0\"");
  EXPECT_EQ(Option(document, kScheduled, "Suspend", "OfficeHoursEnd"), "\"false\"");
  EXPECT_EQ(Option(Environment(BranchSettings(), SomeFacts()), kScheduled, "Suspend", "OfficeHoursEnd"), "nothing");
}

TEST(EnvironmentTemplate, EachWayToDeploySetsBothPolicies) {
  struct Case {
    Deployment deploy;
    std::string policy, rolling, type;
  };
  for (const Case& expected : {Case{Deployment::kAllAtOnce, "AllAtOnce", "false", "Health"},
                               Case{Deployment::kRolling, "Rolling", "true", "Health"},
                               Case{Deployment::kAdditionalBatch, "RollingWithAdditionalBatch", "true", "Health"},
                               Case{Deployment::kImmutable, "Immutable", "true", "Immutable"}}) {
    AwsSettings settings = BranchSettings();
    settings.deploy = expected.deploy;
    const Value document = Environment(settings, SomeFacts());
    constexpr const char* kRolling = "aws:autoscaling:updatepolicy:rollingupdate";
    EXPECT_EQ(Option(document, "aws:elasticbeanstalk:command", "DeploymentPolicy"), "\"" + expected.policy + "\"");
    EXPECT_EQ(Option(document, kRolling, "RollingUpdateEnabled"), "\"" + expected.rolling + "\"");
    EXPECT_EQ(Option(document, kRolling, "RollingUpdateType"), "\"" + expected.type + "\"");
    EXPECT_EQ(Option(document, kRolling, "MinInstancesInService"), "\"0\"");
  }
}

TEST(EnvironmentTemplate, ABranchHasNoRecordAndAStageHasOne) {
  EXPECT_EQ(Print(Properties(Environment(BranchSettings(), SomeFacts()), "Name")), "nothing");
  AwsSettings settings = BranchSettings();
  settings.profile = "staging";
  EXPECT_THAT(Print(Properties(Environment(settings, SomeFacts()), "Name")), HasSubstr("feature-cart.preview"));
  settings.profile = "production";
  settings.application = Application::kProduction;
  settings.host = "shop.example.com";
  const Value document = Environment(settings, SomeFacts());
  EXPECT_THAT(Print(Properties(document, "Name")), HasSubstr("\"Name\":\"shop.example.com.\""));
  EXPECT_EQ(OutputOf(document, outputs::kUrl), "\"https://shop.example.com\"");
}

TEST(EnvironmentTemplate, AnImageForAnotherProcessorIsRefused) {
  Facts facts = SomeFacts();
  facts.image_architecture = Architecture::kArm64;
  const Result<cfn::Template> document = EnvironmentTemplate(BranchSettings(), facts);
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(document.error().Text(),
            "the image is for another processor than the instances: "
            "111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:" +
                std::string(64, 'a') +
                ": it is built for arm64, and t3.micro has x86_64\n"
                "  Build it with `--platform linux/amd64`, or set `instances: {architecture: arm64}`.");
  facts.image_architecture = Architecture::kX86_64;
  EXPECT_TRUE(EnvironmentTemplate(BranchSettings(), facts));
}

TEST(EnvironmentTemplate, ABranchCannotMakeCloudFormationReadASecret) {
  const cfn::Schemas schemas;
  AwsSettings settings = BranchSettings();
  settings.env = {{"LEAK", "x{{resolve:secretsmanager:prod:SecretString}}"}};
  const Result<Generated> generated = GenerateEnvironment(settings, SomeFacts(), std::nullopt, schemas);
  ASSERT_FALSE(generated);
  EXPECT_EQ(generated.error().kind, ErrorKind::kRefused);
  settings = BranchSettings();
  settings.health_path = "/{{resolve:ssm:x}}";
  EXPECT_FALSE(GenerateEnvironment(settings, SomeFacts(), std::nullopt, schemas));
}

TEST(EnvironmentTemplate, TheInstancesReachOnlyTheirOwnThings) {
  const std::string role = Print(Properties(Environment(BranchSettings(), SomeFacts()), "InstanceRole"));
  EXPECT_THAT(role, HasSubstr(R"("PermissionsBoundary":{"Fn::ImportValue":"perch:shop:staging:Boundary"})"));
  EXPECT_THAT(role, HasSubstr("/bundles/shop/feature-cart-"));
  EXPECT_THAT(role, Not(HasSubstr("s3:*")));
  EXPECT_THAT(role, Not(HasSubstr("iam:")));
}

TEST(ApplicationTemplate, HasNoFindings) {
  const cfn::Schemas schemas;
  AwsSettings settings = BranchSettings();
  settings.logs.request_days = 30;
  EXPECT_THAT(GenerateApplication(settings, schemas).findings, IsEmpty());
  settings.application = Application::kProduction;
  settings.place.vpc_id = "vpc-1234567890abcdef0";
  settings.place.public_subnets = {"subnet-1234567890abcdef0", "subnet-1234567890abcdef1"};
  settings.place.private_subnets = {"subnet-1234567890abcdef2", "subnet-1234567890abcdef3"};
  const Generated generated = GenerateApplication(settings, schemas);
  EXPECT_THAT(generated.findings, IsEmpty());
  EXPECT_EQ(Print(Properties(generated.document, "Vpc")), "nothing");
}

TEST(ApplicationTemplate, StagingAnswersForAllNamesAndProductionDoesNot) {
  AwsSettings settings = BranchSettings();
  EXPECT_THAT(Print(Properties(ApplicationTemplate(settings).Document(), "BranchNames")),
              HasSubstr(R"("Name":"*.preview.example.com.")"));
  settings.application = Application::kProduction;
  EXPECT_EQ(Print(Properties(ApplicationTemplate(settings).Document(), "BranchNames")), "nothing");
}

TEST(ApplicationTemplate, OnlyTheGivenNetworksGetIn) {
  AwsSettings settings = BranchSettings();
  settings.cidrs = {"192.0.2.0/24", "2001:db8::/32"};
  const std::string group = Print(Properties(ApplicationTemplate(settings).Document(), "LoadBalancerGroup"));
  EXPECT_THAT(group, HasSubstr(R"("ToPort":443,"CidrIp":"192.0.2.0/24")"));
  EXPECT_THAT(group, HasSubstr(R"("ToPort":443,"CidrIpv6":"2001:db8::/32")"));
  EXPECT_THAT(group, Not(HasSubstr("0.0.0.0/0")));
}

TEST(ApplicationTemplate, TheHonestPageFitsAFixedResponse) {
  const Value document = ApplicationTemplate(BranchSettings()).Document();
  const Value& action = Properties(document, "HttpsListener")->Find("DefaultActions")->AsList()->at(0);
  const Value* page = action.Find("FixedResponseConfig");
  EXPECT_EQ(*page->Find("StatusCode")->AsString(), "503");
  EXPECT_LE(page->Find("MessageBody")->AsString()->size(), 1024u);
  EXPECT_THAT(*page->Find("MessageBody")->AsString(), HasSubstr("Nothing is running here"));
}

TEST(Network, QuartersOfANetwork) {
  EXPECT_THAT(Quarters("10.70.0.0/16"),
              ElementsAre("10.70.0.0/18", "10.70.64.0/18", "10.70.128.0/18", "10.70.192.0/18"));
  EXPECT_THAT(Quarters("192.168.5.0/24"),
              ElementsAre("192.168.5.0/26", "192.168.5.64/26", "192.168.5.128/26", "192.168.5.192/26"));
  for (const char* wrong : {"", "10.70.0.0", "10.70.0/16", "10.70.0.256/16", "10.0.0.0/29", "a/b"}) {
    EXPECT_THAT(Quarters(wrong), IsEmpty()) << wrong;
  }
}

TEST(FixedOf, NamesWhatCannotChangeInPlace) {
  EXPECT_THAT(FixedOf(BranchSettings(), "feature/cart"),
              ElementsAre(std::pair("application", "staging"), std::pair("host", "feature-cart.preview.example.com"),
                          std::pair("network", "perch's own"), std::pair("region", "eu-central-1")));
}

}  // namespace
}  // namespace perch::beanstalk
