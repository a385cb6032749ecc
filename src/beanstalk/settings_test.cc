#include "beanstalk/settings.h"

#include <gtest/gtest.h>

#include "beanstalk/settings_testing.h"

namespace perch::beanstalk {
namespace {

using testing::Good;
using testing::Told;
using testing::Written;

AwsSettings Read(const Written& written) {
  std::vector<Problem> problems;
  AwsSettings settings = ReadAwsSettings(written.values(), "branch", problems);
  EXPECT_EQ(Told(problems), "");
  return settings;
}

TEST(AwsSettings, HoldEveryValueTyped) {
  const AwsSettings settings = Read(Good()
                                        .Set("run.health", "/up")
                                        .Set("run.health_status", 204)
                                        .Set("run.port", 9000)
                                        .Set("env.COLOR", "red")
                                        .Set("secrets.KEY.env", "K")
                                        .Set("instances.office_hours.start", "07:05")
                                        .Set("instances.office_hours.stop", "18:00")
                                        .Set("database.storage", 400)
                                        .Set("database.iops", 12000)
                                        .Set("database.throughput", 500));
  EXPECT_EQ(settings.app, "shop");
  EXPECT_EQ(settings.profile, "branch");
  EXPECT_EQ(settings.domain, "preview.example.com");
  EXPECT_EQ(settings.host, "");
  EXPECT_EQ(settings.application, Application::kStaging);
  EXPECT_EQ(settings.place.account, "111122223333");
  EXPECT_EQ(settings.place.region, "eu-central-1");
  EXPECT_EQ(settings.place.certificate_names, std::vector<std::string>{"*.preview.example.com"});
  EXPECT_EQ(settings.place.hosted_zone, "example.com");
  EXPECT_EQ(settings.place.vpc_cidr, "10.70.0.0/16");
  EXPECT_EQ(settings.place.vpc_id, "");
  EXPECT_EQ(settings.cidrs, (std::vector<std::string>{"0.0.0.0/0", "::/0"}));
  EXPECT_EQ(settings.instances.type, "t3.micro");
  EXPECT_EQ(settings.instances.max, 2);
  EXPECT_TRUE(settings.instances.spot);
  EXPECT_EQ(settings.instances.disk, 30);
  EXPECT_EQ(settings.instances.office_hours->start_minute, 425);
  EXPECT_EQ(settings.instances.office_hours->stop_minute, 1080);
  EXPECT_EQ(settings.instances.office_hours->days, "1-5");
  EXPECT_EQ(settings.deploy, Deployment::kRolling);
  EXPECT_EQ(settings.database.mode, DatabaseSettings::Mode::kDedicated);
  EXPECT_EQ(settings.database.iops, 12000);
  EXPECT_EQ(settings.database.throughput, 500);
  EXPECT_TRUE(settings.database.multi_az);
  EXPECT_EQ(settings.database.backup_days, 0);
  EXPECT_EQ(settings.database.on_delete, OnDelete::kSnapshot);
  EXPECT_EQ(settings.database.password, DatabaseSettings::Password::kManaged);
  EXPECT_EQ(settings.bucket.on_delete, OnDelete::kRetain);
  EXPECT_EQ(settings.bucket.old_version_days, 90);
  EXPECT_EQ(settings.logs.keep_days, 14);
  EXPECT_EQ(settings.logs.request_days, 30);
  EXPECT_EQ(settings.health_path, "/up");
  EXPECT_EQ(settings.health_status, 204);
  EXPECT_EQ(settings.port, 9000);
  EXPECT_EQ(settings.env, (std::map<std::string, std::string>{{"COLOR", "red"}}));
  EXPECT_EQ(settings.secrets, std::vector<std::string>{"KEY"});
  EXPECT_FALSE(settings.own_template);
}

TEST(AwsSettings, AnExistingNetworkReplacesTheOneOfPerch) {
  const std::vector<std::string> two = {"subnet-0a1b2c3d", "subnet-0a1b2c3d4e5f60718"};
  const AwsSettings settings = Read(Good()
                                        .Erase("aws", "vpc")
                                        .Set("aws.vpc.id", "vpc-0a1b2c3d4e5f60718")
                                        .Set("aws.vpc.public_subnets", two)
                                        .Set("aws.vpc.private_subnets", two));
  EXPECT_EQ(settings.place.vpc_cidr, "");
  EXPECT_EQ(settings.place.vpc_id, "vpc-0a1b2c3d4e5f60718");
  EXPECT_EQ(settings.place.public_subnets, two);
}

TEST(AwsSettings, ATypeOfPerchsChoiceFollowsTheArchitecture) {
  Written written = Good();
  written.Set("instances.architecture", "arm64");
  written.Default("instances.type", {.data = std::string("t3.medium")}, "perch's production");
  EXPECT_EQ(Read(written).instances.type, "t4g.medium");
}

TEST(AwsSettings, AnOwnTemplateIsRemembered) {
  const AwsSettings settings = Read(Good().Set("template.file", "own.yaml"));
  EXPECT_EQ(settings.own_template->path, "own.yaml");
  EXPECT_GT(settings.own_template->at.line, 0);
}

TEST(SharedDifferences, TellWhatOneApplicationCannotHaveTwice) {
  const Written staging = Good();
  EXPECT_EQ(Told(SharedDifferences(Good().values(), staging.values(), "staging")), "");
  EXPECT_EQ(Told(SharedDifferences(Good().Set("instances.type", "m5.large").values(), staging.values(), "staging")),
            "");
  EXPECT_EQ(
      Told(SharedDifferences(Good()
                                 .Set("aws.region", "us-east-1")
                                 .Set("access.cidrs", std::vector<std::string>{"10.0.0.0/8"})
                                 .Erase("aws", "account")
                                 .values(),
                             staging.values(), "staging")),
      "`aws.account` is not set here, but 111122223333 in profile staging, and both share one load balancer and "
      "network\n"
      "Write it once, at the top level, or give the profile another `aws.application`.\n"
      "`aws.region` is us-east-1 here, but eu-central-1 in profile staging, and both share one load balancer and "
      "network\n"
      "Write it once, at the top level, or give the profile another `aws.application`.\n"
      "`access.cidrs` is 10.0.0.0/8 here, but 0.0.0.0/0, ::/0 in profile staging, and both share one load balancer "
      "and network\n"
      "Write it once, at the top level, or give the profile another `aws.application`.\n");
}

}  // namespace
}  // namespace perch::beanstalk
