#include <gtest/gtest.h>

#include "beanstalk/settings.h"
#include "beanstalk/settings_testing.h"

namespace perch::beanstalk {
namespace {

using testing::Good;
using testing::Told;
using testing::Written;

std::string ProblemsOf(const Written& written) {
  std::vector<Problem> problems;
  ReadAwsSettings(written.values(), "branch", problems);
  return Told(problems);
}

struct Case {
  const char* name;
  Written written;
  std::string problems;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& one : cases) EXPECT_EQ(ProblemsOf(one.written), one.problems) << one.name;
}

TEST(AwsProblems, Place) {
  const auto set = [](const char* path, const char* text) { return Good().Set(path, text); };
  const std::string arn = "arn:aws:acm:";
  Check({
      {"nothing at all", Good().Erase("aws", "region").Erase("aws", "certificate").Erase("aws", "hosted_zone"),
       "`aws.region` is missing\nWrite below `aws` where the environments are to live, such as `region: "
       "eu-central-1`.\n"
       "`aws.certificate` is missing\n"
       "Request a certificate for *.<domain> in AWS Certificate Manager, and write its ARN below `aws`.\n"
       "`aws.hosted_zone` is missing\nWrite below `aws` which Route 53 zone the domain is in.\n"},
      {"account", set("aws.account", "1234"),
       "`aws.account` is no account number: `1234`\nIt has 12 digits; `aws sts get-caller-identity` prints it.\n"},
      {"region", set("aws.region", "frankfurt"),
       "`aws.region` is no region of AWS: `frankfurt`\nA region looks like eu-central-1.\n"},
      {"region with a zone", set("aws.region", "eu-central-1a"),
       "`aws.region` is no region of AWS: `eu-central-1a`\nA region looks like eu-central-1.\n"},
      {"certificate", set("aws.certificate", "arn:…"),
       "`aws.certificate` is no ARN of a certificate: `arn:…`\n"
       "It looks like arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-….\n"},
      {"another service", set("aws.certificate", "arn:aws:iam:eu-central-1:111122223333:certificate/x"),
       "`aws.certificate` is no ARN of a certificate: `arn:aws:iam:eu-central-1:111122223333:certificate/x`\n"
       "It looks like arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-….\n"},
      {"certificate elsewhere", set("aws.certificate", (arn + "us-east-1:999999999999:certificate/x").c_str()),
       "`aws.certificate` lies in us-east-1, but `aws.region` is eu-central-1\n"
       "A load balancer takes only certificates of its own region: request one there.\n"
       "`aws.certificate` belongs to account 999999999999, but `aws.account` is 111122223333\n"
       "Take one of that account, or correct the account.\n"},
      {"platform", set("aws.platform_arn", "64bit Amazon Linux"),
       "`aws.platform_arn` is no ARN of a Beanstalk platform: `64bit Amazon Linux`\n"
       "It looks like arn:aws:elasticbeanstalk:eu-central-1::platform/Docker running on 64bit Amazon Linux "
       "2023/4.6.0.\n"},
      {"platform elsewhere", set("aws.platform_arn", "arn:aws:elasticbeanstalk:us-east-1::platform/Docker/4.6.0"),
       "`aws.platform_arn` lies in us-east-1, but `aws.region` is eu-central-1\nTake the platform of that region.\n"},
      {"platform of AWS", set("aws.platform_arn", "arn:aws:elasticbeanstalk:eu-central-1::platform/Docker/4.6.0"), ""},
  });
}

TEST(AwsProblems, Names) {
  const std::vector<std::string> shop = {"shop.example.com"};
  Check({
      {"localhost", Good().Set("domain", "localhost"),
       "`domain` is localhost, which leads nowhere on AWS\n"
       "Write one that is yours, such as `domain: preview.example.com`.\n"},
      {"long", Good().Set("domain", (std::string(178, 'x') + ".example.com").c_str()),
       "`domain` has 190 characters; with a branch before it, a name would be longer than 253\n"
       "Take one of at most 189.\n"},
      {"a wildcard two levels up", Good().Set("aws.certificate_names", std::vector<std::string>{"*.example.com"}),
       "the certificate does not cover <branch>.preview.example.com: it is for *.example.com, and a `*` stands for one "
       "label only\n"
       "Take a certificate for *.preview.example.com, and name it here.\n"},
      {"host", Good().Set("host", "shop.example.com"),
       "the certificate does not cover shop.example.com: it is for *.preview.example.com\n"
       "Take a certificate that does, and list all its names in `aws.certificate_names`.\n"},
      {"host by name", Good().Set("host", "shop.example.com").Set("aws.certificate_names", shop), ""},
      {"zone", Good().Set("aws.hosted_zone", "ample.com"),
       "preview.example.com, the domain, is not in the hosted zone ample.com\n"
       "Name the Route 53 zone that it is in: the name itself, or what follows one of its dots.\n"},
      {"zone of the host",
       Good().Set("host", "shop.org").Set("aws.certificate_names", std::vector<std::string>{"shop.org"}),
       "shop.org, the host, is not in the hosted zone example.com\n"
       "Name the Route 53 zone that it is in: the name itself, or what follows one of its dots.\n"},
  });
}

TEST(AwsProblems, Network) {
  using Texts = std::vector<std::string>;
  const auto cidr = [](const char* text) { return Good().Set("aws.vpc.cidr", text); };
  const auto access = [](const char* text) { return Good().Set("access.cidrs", Texts{text}); };
  const auto vpc = [] { return Good().Erase("aws", "vpc"); };
  const Texts two = {"subnet-0a1b2c3d", "subnet-0a1b2c3e"};
  Check({
      {"no range", cidr("10.70.0.0"),
       "`aws.vpc.cidr` is no range of addresses: `10.70.0.0`\nWrite 10.70.0.0/32 for this one address.\n"},
      {"public", cidr("8.8.0.0/16"),
       "`aws.vpc.cidr` is `8.8.0.0/16`, which cannot be a network of perch's\n"
       "Take a private range, /16 to /24, such as 10.70.0.0/16.\n"},
      {"too large", cidr("10.0.0.0/8"),
       "`aws.vpc.cidr` is `10.0.0.0/8`, which cannot be a network of perch's\n"
       "Take a private range, /16 to /24, such as 10.70.0.0/16.\n"},
      {"bits", cidr("10.70.3.0/16"),
       "`aws.vpc.cidr` is `10.70.3.0/16`, whose address has bits behind its prefix\nWrite 10.70.0.0/16.\n"},
      {"bits behind IPv6", access("2001:db8::1/32"),
       "`access.cidrs[1]` is `2001:db8::1/32`, whose address has bits behind its prefix\nWrite 2001:db8::/32.\n"},
      {"one address", access("2001:db8::1"),
       "`access.cidrs[1]` is no range of addresses: `2001:db8::1`\nWrite 2001:db8::1/128 for this one address.\n"},
      {"nonsense", access("office/33"),
       "`access.cidrs[1]` is no range of addresses: `office/33`\n"
       "A range looks like 203.0.113.0/24 or 2001:db8::/32.\n"},
      {"prefix", access("1.2.3.4/33"),
       "`access.cidrs[1]` is no range of addresses: `1.2.3.4/33`\n"
       "A range looks like 203.0.113.0/24 or 2001:db8::/32.\n"},
      {"nobody", Good().Set("access.cidrs", Texts{}),
       "`access.cidrs` is empty, so nobody could reach any link\n"
       "Name at least one range; [\"0.0.0.0/0\", \"::/0\"] is everybody.\n"},
      {"subnets of nothing", vpc().Set("aws.vpc.public_subnets", two),
       "`aws.vpc.public_subnets` needs `aws.vpc.id`\nWrite the id of the network beside it.\n"},
      {"no subnets", vpc().Set("aws.vpc.id", "vpc-12"),
       "`aws.vpc.id` is no id of a network: `vpc-12`\nAn id looks like vpc-0a1b2c3d4e5f60718.\n"
       "`aws.vpc.public_subnets` is missing\n"
       "Name subnets of that network in two availability zones: a load balancer needs them.\n"
       "`aws.vpc.private_subnets` is missing\n"
       "Name subnets of that network in two availability zones: a database needs them.\n"},
      {"wrong subnets",
       vpc()
           .Set("aws.vpc.id", "vpc-0a1b2c3d")
           .Set("aws.vpc.public_subnets", Texts{"subnet-0a1b2c3d", "subnet-0a1b2c3d"})
           .Set("aws.vpc.private_subnets", Texts{"sn-1"}),
       "`aws.vpc.public_subnets` holds `subnet-0a1b2c3d` twice\nRemove one of them.\n"
       "`aws.vpc.private_subnets` holds `sn-1`, which is no id of a subnet\n"
       "An id looks like subnet-0a1b2c3d4e5f60718.\n"
       "`aws.vpc.private_subnets` needs at least two subnets, not 1\n"
       "Name subnets of that network in two availability zones: a database needs them.\n"},
  });
}

TEST(AwsProblems, Instances) {
  const auto type = [](const char* text) { return Good().Set("instances.type", text); };
  const auto hours = [](const char* start, const char* stop) {
    return Good().Set("instances.office_hours.start", start).Set("instances.office_hours.stop", stop);
  };
  Check({
      {"no type", type("micro"),
       "`instances.type`: `micro` is no instance type\nOne is written family.size, such as t3.micro.\n"},
      {"no size", type("t3.mirco"),
       "`instances.type`: `t3.mirco` is no instance type\nOne is written family.size, such as t3.micro.\n"},
      {"no family", type("c7i-felx.large"),
       "`instances.type`: there is no family `c7i-felx` of instance types\nDid you mean 'c7i-flex'?\n"},
      {"arm", type("m6g.large"),
       "`instances.type` m6g.large is arm64, but `instances.architecture` is x86_64\n"
       "Write `architecture: arm64` if the container image is built for it, or take an instance type of x86_64.\n"},
      {"not arm", type("g4dn.xlarge").Set("instances.architecture", "arm64"),
       "`instances.type` g4dn.xlarge is x86_64, but `instances.architecture` is arm64\n"
       "Write `architecture: x86_64` if the container image is built for it, or take an instance type of arm64.\n"},
      {"min above max", Good().Set("instances.min", 3),
       "`instances.min` is 3, more than `instances.max`, 2\nWrite both, the smaller one as `min`.\n"},
      {"perch's min above max",
       Good().Set("instances.max", 1).Default("instances.min", {.data = std::int64_t(2)}, "perch's production"),
       "`instances.min` is 2 (perch's production), more than `instances.max`, 1\n"
       "Write both, the smaller one as `min`.\n"},
      {"half of the hours", Good().Set("instances.office_hours.start", "07:00"),
       "`instances.office_hours.stop` is missing\nOffice hours have a start and a stop, in UTC.\n"},
      {"no hours", hours("7:00", "24:00"),
       "`instances.office_hours.start` is no time of day: `7:00`\nWrite it as in \"07:30\", UTC.\n"
       "`instances.office_hours.stop` is no time of day: `24:00`\nWrite it as in \"07:30\", UTC.\n"},
      {"no time between", hours("08:00", "08:00"),
       "`instances.office_hours` begin and end at the same time\n"
       "Write another time, or leave `office_hours` out when instances are to run all day.\n"},
      {"over midnight", hours("22:00", "06:00"), ""},
  });
  for (const char* good : {"t3.nano", "m7i-flex.2xlarge", "c5.metal", "m7i.metal-24xl", "u.large"}) {
    EXPECT_EQ(ProblemsOf(type(good)) == "", std::string(good) != "u.large") << good;
  }
  for (const char* arm : {"t4g.micro", "a1.large", "c7gn.xlarge", "im4gn.large", "x2gd.medium", "g5g.xlarge"}) {
    EXPECT_EQ(ProblemsOf(type(arm).Set("instances.architecture", "arm64")), "") << arm;
  }
}

TEST(AwsProblems, Database) {
  const auto set = [](const char* path, const char* text) { return Good().Set(path, text); };
  const std::string taken = " cannot be `";
  Check({
      {"no database, no problem", set("database.mode", "none").Set("database.class", "nonsense"), ""},
      {"version", set("database.version", "16.x"),
       "`database.version` is no version of PostgreSQL: `16.x`\nWrite the major one, such as 16; RDS chooses the "
       "newest of it.\n"},
      {"class", set("database.class", "t4g.micro"),
       "`database.class`: `t4g.micro` is no database class\nWrite db.t4g.micro.\n"},
      {"class without size", set("database.class", "db.t4g"),
       "`database.class`: `db.t4g` is no database class\nOne is written family.size, such as db.t4g.micro.\n"},
      {"class of another engine", set("database.class", "db.z1d.large"),
       "`database.class`: there is no family `z1d` of database classes for PostgreSQL\nTake one such as "
       "db.t4g.micro.\n"},
      {"iops of gp2", set("database.storage_type", "gp2").Set("database.iops", 12000),
       "`database.iops` needs gp3, but `database.storage_type` is gp2\nRemove it, or write `storage_type: gp3`.\n"},
      {"throughput below the size", Good().Set("database.throughput", 500).Set("database.storage", 399),
       "`database.throughput` needs at least 400 GiB of gp3, but `database.storage` is 399\n"
       "Remove it: a smaller gp3 always has 3,000 operations and 125 MiB per second. Or write `storage: 400`.\n"},
      {"throughput above the operations", Good().Set("database.throughput", 4000).Set("database.storage", 400),
       "`database.throughput` is 4000, more than a quarter of the 12000 operations per second\n"
       "Write `iops: 16000` or more.\n"},
      {"snapshot", set("database.mode", "snapshot").Set("database.snapshot", "-x"),
       "`database.snapshot` is no name and no ARN of a snapshot: `-x`\n"
       "Write `newest`, or what `aws rds describe-db-snapshots` lists.\n"},
      {"snapshot elsewhere",
       set("database.mode", "snapshot")
           .Set("database.snapshot", "arn:aws:rds:us-east-1:111122223333:snapshot:rds:shop-2026"),
       "`database.snapshot` lies in us-east-1, but `aws.region` is eu-central-1\n"
       "Copy the snapshot into that region first.\n"},
      {"automatic snapshot", set("database.mode", "snapshot").Set("database.snapshot", "rds:shop-2026-11-22"), ""},
      {"name", set("database.name", "my-shop"),
       "`database.name` is no name for a database: `my-shop`\nTake at most 63 letters, digits and `_`, a letter "
       "first.\n"},
      {"name of perch's", set("database.name", "postgres"),
       "`database.name`" + taken +
           "postgres`: PostgreSQL or RDS has its own use for it\n"
           "Take another name, such as `app`.\n"},
      {"key word", set("database.name", "Order"),
       "`database.name`" + taken +
           "Order`: PostgreSQL or RDS has its own use for it\n"
           "Take another name, such as `app`.\n"},
      {"user", set("database.user", "1a"),
       "`database.user` is no name for a user: `1a`\nTake at most 63 letters, digits and `_`, a letter first.\n"},
      {"taken user", set("database.user", "rdsadmin"),
       "`database.user`" + taken +
           "rdsadmin`: PostgreSQL or RDS has its own use for it\n"
           "Take another name, such as `app`.\n"},
  });
}

TEST(AwsProblems, Variables) {
  Written many = Good();
  for (int i = 10; i < 22; ++i) many.Set("env.V" + std::to_string(i), std::string(253, 'x').c_str());
  const auto long_name = "env.N" + std::string(128, 'X');
  Check({
      {"more than all", many,
       "the variables of `env` take 3084 bytes together\n"
       "Beanstalk takes 4096 for all, of which perch needs 1024 for its own: keep settings in "
       "a file of the app.\n"},
      {"300 characters", Good().Set("env.LONG", std::string(300, 'x').c_str()),
       "`env.LONG` has 300 characters\n"
       "Beanstalk takes values of at most 256: keep longer ones in a file of the app, or in a secret.\n"},
      {"256 characters of two bytes",
       Good().Set("env.LONG",
                  [] {
                    std::string text;
                    for (int i = 0; i < 256; ++i) text += "ä";
                    return Value{.data = text};
                  }()),
       ""},
      {"control", Good().Set("env.C", "a\x1b[2J"),
       "`env.C` holds a control character\nBeanstalk takes none but tabs and line ends.\n"},
      {"perch's names", Good().Set("env.BUCKET", "x").Set("secrets.DATABASE_HOST.env", "X"),
       "`env.BUCKET` cannot be set: on AWS perch sets BUCKET itself\nUse another name.\n"
       "`secrets.DATABASE_HOST` cannot be set: on AWS perch sets DATABASE_HOST itself\nUse another name.\n"},
      {"a database of one's own", Good().Set("database.mode", "none").Set("env.DATABASE_HOST", "x"), ""},
      {"lines and tabs", Good().Set("env.C", "a\n\tb"), ""},
      {"name", Good().Set(long_name, "x"),
       "the name of `env.N" + std::string(59, 'X') + "` has 129 characters\nBeanstalk takes names of at most 128.\n"},
      {"health status", Good().Set("run.health_status", 500),
       "`run.health_status` is 500, which no load balancer of AWS takes for healthy\nTake one from 200 to 499.\n"},
  });
}

TEST(AwsProblems, Templates) {
  Check({
      {"no map", Good().Set("resources.Jobs", "AWS::SQS::Queue"),
       "`resources.Jobs` must be a map, not a string\nA resource has a `Type`, such as AWS::SQS::Queue.\n"},
      {"no type", Good().Set("resources.Jobs.Properties.DelaySeconds", 5),
       "`resources.Jobs` has no `Type`\nA resource has a `Type`, such as AWS::SQS::Queue.\n"},
      {"odd type", Good().Set("resources.Jobs.Type", "Queue"),
       "`resources.Jobs.Type` is no type of a resource: `Queue`\nA type looks like AWS::SQS::Queue.\n"},
      {"no output", Good().Set("outputs.Url", "x"),
       "`outputs.Url` must be a map, not a string\nAn output has a `Value`, such as !Ref Jobs.\n"},
      {"no value", Good().Set("outputs.Url.Description", "x"),
       "`outputs.Url` has no `Value`\nAn output has a `Value`, such as !Ref Jobs.\n"},
      {"odd override", Good().Set("override.Database", 5),
       "`override.Database` must be a map, not a number\n"
       "Write the name of a resource, and below it what changes, such as Properties.\n"},
      {"own and more", Good().Set("template.file", "x").Set("override.A.B", "c"),
       "`override` and `template` exclude each other\nWrite it into your own template, or leave `template` out.\n"},
      {"own without file", Good().Set("template", Value{.data = Value::Map{}}),
       "`template` does not say which file\nWrite `template: {file: environment.yaml}`.\n"},
  });
}

TEST(AwsProblems, AnyValueAnywhereIsAnswered) {
  const Value hostile[] = {{},
                           {.data = true},
                           {.data = std::int64_t(-1)},
                           {.data = 1.5},
                           {.data = std::string()},
                           {.data = std::string(100'000, ':')},
                           {.data = std::string("\xff\x1b")},
                           {.data = Value::List{}},
                           {.data = Value::List{{.data = Value::Map{}}, {.data = std::int64_t(1)}}},
                           {.data = Value::Map{}}};
  for (const char* path : {"app",
                           "domain",
                           "host",
                           "aws",
                           "aws.account",
                           "aws.region",
                           "aws.certificate",
                           "aws.certificate_names",
                           "aws.hosted_zone",
                           "aws.platform_arn",
                           "aws.vpc",
                           "aws.vpc.id",
                           "aws.vpc.cidr",
                           "aws.vpc.public_subnets",
                           "access",
                           "access.cidrs",
                           "instances",
                           "instances.type",
                           "instances.min",
                           "instances.office_hours",
                           "instances.office_hours.start",
                           "database",
                           "database.class",
                           "database.version",
                           "database.storage",
                           "database.snapshot",
                           "database.name",
                           "env",
                           "env.A",
                           "secrets",
                           "resources",
                           "resources.A",
                           "outputs.A",
                           "override.A",
                           "template",
                           "template.file",
                           "run",
                           "run.port",
                           "logs",
                           "bucket"}) {
    for (const Value& value : hostile) ProblemsOf(Good().Set("database.mode", "snapshot").Set(path, value));
  }
}

}  // namespace
}  // namespace perch::beanstalk
