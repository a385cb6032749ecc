#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/source.h"
#include "base/value.h"

/// The platform on AWS: Elastic Beanstalk environments made by CloudFormation.
namespace perch::beanstalk {

enum class Architecture { kX86_64, kArm64 };
std::string_view ArchitectureName(Architecture architecture);  ///< "x86_64", "arm64", as Beanstalk spells them

/// The part of an app that environments share; each is one CloudFormation stack and one Beanstalk application.
enum class Application { kProduction, kStaging };
std::string_view ApplicationName(Application application);  ///< "production", "staging"

enum class Deployment { kAllAtOnce, kRolling, kAdditionalBatch, kImmutable };

enum class OnDelete { kDelete, kSnapshot, kRetain };

/// When the instances of an environment run; outside of it there are none. Times are UTC: Auto Scaling knows no other.
struct OfficeHours {
  int start_minute = 0;  ///< of the day, 0 to 1439
  int stop_minute = 0;
  std::string days;  ///< cron's day-of-week field: "1-5", "*"
};

struct InstanceSettings {
  std::string type;  ///< "t3.micro"
  int min = 1;
  int max = 1;
  Architecture architecture = Architecture::kX86_64;
  bool spot = false;
  int disk = 16;  ///< GiB of the root volume
  std::optional<OfficeHours> office_hours;
};

struct DatabaseSettings {
  enum class Mode { kNone, kDedicated, kSnapshot };
  enum class Password {
    kSecret,   ///< made once with the stack; DATABASE_URL holds it
    kManaged,  ///< RDS keeps and rotates it; the app reads the secret at DATABASE_SECRET_ARN
  };
  Mode mode = Mode::kDedicated;
  std::string version;  ///< of PostgreSQL: "16", "16.4"
  std::string instance_class;
  int storage = 20;               ///< GiB
  std::string storage_type;       ///< "gp2", "gp3"
  std::optional<int> iops;        ///< only gp3 from 400 GiB
  std::optional<int> throughput;  ///< MiB/s; only gp3 from 400 GiB
  bool multi_az = false;
  int backup_days = 0;  ///< 0 to 35; 0: no automated backups
  bool deletion_protection = false;
  OnDelete on_delete = OnDelete::kDelete;
  Password password = Password::kSecret;
  std::string snapshot;  ///< kSnapshot: an identifier or ARN, or "newest" of staging
  std::string name;      ///< of the database: "app"
  std::string user;      ///< its owner: "app"
};

struct BucketSettings {
  OnDelete on_delete = OnDelete::kDelete;  ///< never kSnapshot
  int old_version_days = 7;                ///< how long replaced and deleted objects are kept
};

struct LogSettings {
  int keep_days = 7;     ///< one of CloudWatch's retention periods
  int request_days = 0;  ///< access logs of the load balancer; 0: none
};

/// Where in AWS. Either a network of perch's own (`vpc_cidr`), or an existing one (`vpc_id` with subnets).
struct PlaceSettings {
  std::string account;  ///< 12 digits; "" when not guarded
  std::string region;   ///< "eu-central-1"
  std::string certificate;
  std::vector<std::string> certificate_names;  ///< what it covers: "*.preview.example.com"
  std::string hosted_zone;                     ///< "example.com", without a final dot
  std::string platform_arn;  ///< a pinned platform version; "": the newest when the environment is made
  std::string vpc_cidr;
  std::string vpc_id;
  std::vector<std::string> public_subnets;
  std::vector<std::string> private_subnets;
};

/// An own template instead of perch's.
struct TemplateFile {
  std::string path;  ///< relative to perch.yaml, or absolute
  Source at;
};

/// A profile's settings for AWS, every value typed and checked.
struct AwsSettings {
  std::string app;
  std::string profile;
  std::string domain;  ///< branches are at <slug>.<domain>
  std::string host;    ///< of this environment alone: "shop.example.com"; "": <slug>.<domain>
  Application application = Application::kStaging;
  PlaceSettings place;
  std::vector<std::string> cidrs;  ///< who may reach the load balancer
  InstanceSettings instances;
  Deployment deploy = Deployment::kAllAtOnce;
  DatabaseSettings database;
  BucketSettings bucket;
  LogSettings logs;
  std::string health_path;
  std::optional<int> health_status;
  int port = 8000;                           ///< where the container listens
  std::map<std::string, std::string> env;    ///< plain variables
  std::vector<std::string> secrets;          ///< names of secret variables
  Value resources, outputs, overrides;       ///< as written, a map or null
  std::optional<TemplateFile> own_template;  ///< then nothing above but place and tags counts
};

/// One thing in perch.yaml that AWS would refuse, or that contradicts something else.
struct Problem {
  Source at;  ///< line 0: nobody wrote it
  std::string text;
  std::string hint;
};

/// Of the 4,096 bytes that Beanstalk takes for all variables as NAME=VALUE, so many are perch's: PORT, PERCH_BRANCH (a
/// branch of 250 bytes), PERCH_COMMIT, PERCH_URL (a host of 253), DATABASE_URL (two references to a secret's ARN, host,
/// name) and BUCKET take about 900.
inline constexpr std::size_t kReservedVariableBytes = 1024;

/// What of a profile must be right: all of it, or only what an application takes from it when no branch has it.
enum class Scope { kAll, kShared };

/// Reads a resolved profile (config's `Complete` tree, as in Settings::values). What is wrong is in `problems`, and
/// then the result is only good for finding more of it. Pure.
AwsSettings ReadAwsSettings(const Value& values, const std::string& profile, std::vector<Problem>& problems,
                            Scope scope = Scope::kAll);

/// What differs between a profile and the one that its application is made from (`production` or `staging`) although
/// they share it: domain, account, region, network, certificate, zone, access, the load balancer's log.
std::vector<Problem> SharedDifferences(const Value& values, const Value& application_values,
                                       const std::string& application_profile);

}  // namespace perch::beanstalk
