#include "cli/doctor_aws.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/cloudformation.h"
#include "aws/ecr.h"
#include "aws/elasticbeanstalk.h"
#include "aws/rds.h"
#include "aws/route53.h"
#include "aws/s3.h"
#include "aws/service_quotas.h"
#include "aws/tagging.h"
#include "base/text.h"
#include "beanstalk/settings.h"
#include "beanstalk/stack_names.h"
#include "beanstalk/stack_status.h"
#include "cli/application_input.h"
#include "cli/aws_session.h"
#include "cli/finding.h"
#include "config/profiles.h"
#include "model/resource_names.h"

namespace perch::cli {
namespace {

using beanstalk::AwsSettings;

constexpr std::chrono::hours kCertificateEndsSoon(24 * 30);
constexpr double kNearlyFull = 0.9;
// A rule of Beanstalk's own name for it, and one of the branch's.
constexpr int kRulesPerEnvironment = 2;
constexpr char kAskForMore[] = "Ask AWS for more under Service Quotas, or take down what nobody needs.";

std::string Count(std::uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// By its size: EC2's general sizes up to large have 2, xlarge 4, Nxlarge N times 4.
int VirtualProcessors(const std::string& type) {
  const std::string size = type.substr(type.find('.') + 1);
  if (!size.ends_with("xlarge")) return 2;
  const std::optional<std::uint64_t> times = ParseNumber(size.substr(0, size.size() - 6));
  return 4 * static_cast<int>(times.value_or(1));
}

/// A wildcard stands for exactly one label (RFC 6125, 6.4.3).
bool Covers(const std::string& name, const std::string& host) {
  if (!name.starts_with("*.")) return name == host;
  return host.find('.') != host.npos && host.substr(host.find('.')) == name.substr(1);
}

/// Looks at one thing after the other and keeps what it found.
class Doctor {
 public:
  Doctor(const config::Project& project, AwsSession& session) : project_(project), session_(session) {}

  /// false: nothing else can be told.
  bool LookAtIdentity() {
    const Result<aws::CallerIdentity> who = session_.Identity();
    if (!who) {
      Add(Bad("account", who.error()));
      return false;
    }
    const std::string guard = session_.account().empty() ? "; `aws.account` in perch.yaml would guard it" : "";
    Add(Good("account", who->account + ", as " + who->arn + guard));
    Add(Good("region", session_.region()));
    return true;
  }

  void LookAtApplication(const AwsSettings& settings) {
    const std::string name(beanstalk::ApplicationName(settings.application));
    const aws::Answer<aws::Stack> stack =
        aws::CloudFormation(session_.client()).DescribeStack(ApplicationStackNameFor(settings.app, name));
    const std::string what = "application " + name;
    const std::string make = "Run `perch bootstrap " + name + "`.";
    if (!stack && stack.error().outcome == aws::Outcome::kNotFound) {
      return Add(Bad(what, "there is no stack " + ApplicationStackNameFor(settings.app, name), make));
    }
    if (!stack) return Add(Bad(what, stack.error()));
    const beanstalk::Remedy remedy = beanstalk::RemedyFor(stack->status);
    const std::string text = stack->name + " is " + stack->status;
    if (remedy == beanstalk::Remedy::kWait) return Add(Note(what, text, "Something is under way: look again later."));
    if (remedy != beanstalk::Remedy::kNone) return Add(Bad(what, text, make));
    namespace exports = beanstalk::exports;
    std::vector<std::string> missing;
    for (const std::string_view output :
         {exports::kApplication, exports::kVersionsBucket, exports::kRepositoryUri, exports::kLoadBalancer,
          exports::kServiceRole, exports::kBoundary, exports::kCloudFormationRole}) {
      if (!stack->outputs.contains(std::string(output))) missing.emplace_back(output);
    }
    if (!missing.empty()) return Add(Bad(what, text + " but lacks the outputs " + Join(missing, ", "), make));
    Add(Good(what, text));
    LookAtBucket(name, stack->outputs.at(std::string(exports::kVersionsBucket)), make);
    LookAtRepository(name, stack->outputs.at(std::string(exports::kRepositoryUri)), make);
  }

  void LookAtCertificate(const AwsSettings& settings, const std::vector<std::string>& hosts) {
    const std::string& arn = settings.place.certificate;
    const std::string what = "certificate";
    const aws::Answer<aws::Certificate> certificate = aws::Acm(session_.client()).DescribeCertificate(arn);
    const std::string take = "Take one of this region for *." + settings.domain + ", and name it as `aws.certificate`.";
    if (!certificate && certificate.error().outcome == aws::Outcome::kNotFound) {
      return Add(Bad(what, "there is none such: " + arn, take));
    }
    if (!certificate) return Add(Bad(what, certificate.error()));
    std::vector<std::string> names = certificate->names;
    if (std::find(names.begin(), names.end(), certificate->domain) == names.end()) names.push_back(certificate->domain);
    if (certificate->status != "ISSUED") {
      return Add(Bad(what, "it is " + certificate->status + ", of " + Join(names, ", "),
                     "Finish its validation in the ACM console."));
    }
    for (const std::string& host : hosts) {
      if (std::none_of(names.begin(), names.end(), [&](const std::string& name) { return Covers(name, host); })) {
        return Add(Bad(what, "it covers " + Join(names, ", ") + " but not " + host, take));
      }
    }
    std::string text = "covers " + Join(hosts, ", ");
    if (certificate->not_after) text += ", until " + FormatTime(*certificate->not_after).substr(0, 10);
    if (certificate->not_after && *certificate->not_after < session_.client().Now() + kCertificateEndsSoon) {
      return Add(Note(what, text, "It ends soon: see why ACM has not renewed it."));
    }
    Add(Good(what, text));
  }

  void LookAtZone(const AwsSettings& settings) {
    const std::string& name = settings.place.hosted_zone;
    const aws::Answer<std::vector<aws::HostedZone>> zones = aws::Route53(session_.client()).FindHostedZones(name);
    if (!zones) return Add(Bad("hosted zone", zones.error()));
    std::vector<std::string> found;
    for (const aws::HostedZone& zone : *zones) {
      if (!zone.is_private) found.push_back(zone.id);
    }
    if (found.empty()) {
      const std::string text = zones->empty() ? "Route 53 has no " + name : name + " is only a private zone";
      return Add(Bad("hosted zone", text, "Make a public one, or correct `aws.hosted_zone`."));
    }
    if (found.size() > 1) {
      return Add(Bad("hosted zone", "there are several of " + name + ": " + Join(found, ", "),
                     "CloudFormation cannot choose by name: leave one."));
    }
    Add(Good("hosted zone", name + " is " + found[0]));
  }

  void LookAtQuotas(const std::vector<AwsSettings>& profiles) {
    const aws::ElasticBeanstalk beanstalk(session_.client());
    const aws::Answer<aws::BeanstalkQuotas> most = beanstalk.DescribeAccountAttributes();
    const auto environments = beanstalk.DescribeEnvironments("").All();
    const auto versions = beanstalk.DescribeApplicationVersions("").All();
    if (!most) {
      Add(Bad("quotas of Beanstalk", most.error()));
    } else {
      AddUse("environments", environments, most->environments);
      AddUse("application versions", versions, most->versions);
    }
    const bool databases = std::any_of(profiles.begin(), profiles.end(), [](const AwsSettings& settings) {
      return settings.database.mode != beanstalk::DatabaseSettings::Mode::kNone;
    });
    if (databases)
      AddUse("databases", aws::Rds(session_.client()).DescribeDBInstances().All(), Quota("rds", "L-7B6409FD"));
    AddRoom("rules of a load balancer", Quota("elasticloadbalancing", "L-0EE0D5D5"), kRulesPerEnvironment,
            "environment");
    AddRoom("target groups", Quota("elasticloadbalancing", "L-B22855CB"), 1, "environment");
    AddProcessors(profiles);
  }

  const std::vector<Finding>& findings() const { return findings_; }

 private:
  void Add(Finding finding) { findings_.push_back(std::move(finding)); }

  void LookAtBucket(const std::string& application, const std::string& bucket, const std::string& make) {
    const aws::Answer<void> there = aws::S3(session_.client()).HeadBucket(bucket);
    const std::string what = "versions bucket of " + application;
    if (there) return Add(Good(what, bucket));
    if (there.error().outcome != aws::Outcome::kNotFound) return Add(Bad(what, there.error()));
    Add(Bad(what, bucket + " is gone, though the stack lists it",
            "Make a bucket of that name by hand (or delete the stack), then: " + make));
  }

  void LookAtRepository(const std::string& application, const std::string& uri, const std::string& make) {
    const std::string name = uri.substr(uri.find('/') + 1);
    const std::string what = "repository of " + application;
    const aws::Answer<void> there =
        aws::Ecr(session_.client()).DescribeImages(name).ForEach([](aws::RepositoryImage&) { return false; });
    if (there) return Add(Good(what, uri));
    if (there.error().outcome != aws::Outcome::kNotFound) return Add(Bad(what, there.error()));
    Add(Bad(what, name + " is gone, though the stack lists it",
            "Make a repository of that name by hand (or delete the stack), then: " + make));
  }

  /// nullopt, and a line that says so, where AWS does not tell.
  std::optional<std::uint64_t> Quota(const std::string& service, const std::string& code) {
    const aws::Answer<double> quota = aws::ServiceQuotas(session_.client()).GetServiceQuota(service, code);
    if (quota) return static_cast<std::uint64_t>(std::llround(*quota));
    untold_ = Error(quota.error());
    return std::nullopt;
  }

  void AddUntold(const std::string& what) {
    Add(Note("quota of " + what, "could not be told: " + untold_.why, "Look under Service Quotas in the console."));
  }

  template <typename T>
  void AddUse(const std::string& what, const aws::Answer<std::vector<T>>& used, std::optional<std::uint64_t> most) {
    if (!used) return Add(Bad("quota of " + what, used.error()));
    if (!most || *most == 0) return AddUntold(what);
    const std::string text = std::to_string(used->size()) + " of " + std::to_string(*most) + " in use";
    if (used->size() >= *most) return Add(Bad("quota of " + what, text, kAskForMore));
    const int wanted = project_.max_environments;
    if (double(used->size()) >= kNearlyFull * double(*most) || (wanted > 0 && std::uint64_t(wanted) > *most)) {
      const std::string more = std::uint64_t(std::max(0, wanted)) > *most
                                   ? "; `branches.limit` allows " + std::to_string(wanted)
                                   : std::string();
      return Add(Note("quota of " + what, text + more, kAskForMore));
    }
    Add(Good("quota of " + what, text));
  }

  void AddRoom(const std::string& what, std::optional<std::uint64_t> most, std::uint64_t each,
               const std::string& noun) {
    if (!most) return AddUntold(what);
    const std::uint64_t room = *most / std::max<std::uint64_t>(1, each);
    const std::string text = std::to_string(*most) + ", enough for " + Count(room, noun);
    const int wanted = project_.max_environments;
    if (room == 0) return Add(Bad("quota of " + what, text, kAskForMore));
    if (wanted > 0 && std::uint64_t(wanted) > room) {
      return Add(Note("quota of " + what, text + "; `branches.limit` allows " + std::to_string(wanted), kAskForMore));
    }
    Add(Good("quota of " + what, text));
  }

  /// What all profiles want at their largest, against the quota of the usual families.
  void AddProcessors(const std::vector<AwsSettings>& profiles) {
    const std::string what = "virtual processors";
    const std::optional<std::uint64_t> most = Quota("ec2", "L-1216C47A");
    if (!most) return AddUntold(what);
    for (const AwsSettings& settings : profiles) {
      const beanstalk::InstanceSettings& instances = settings.instances;
      if (std::string_view("acdhimrtz").find(instances.type[0]) == std::string_view::npos) {
        Add(Note("quota of " + what, "could not be told for " + instances.type + ": its family has one of its own",
                 "Look under Service Quotas in the console."));
        continue;
      }
      const int each = VirtualProcessors(instances.type) * std::max(1, instances.max);
      AddRoom(what + " (" + settings.profile + ")", most, std::uint64_t(each), "environment");
    }
  }

  const config::Project& project_;
  AwsSession& session_;
  std::vector<Finding> findings_;
  Error untold_;
};

/// What branches get, each with its profile; and the hosts that they are at.
struct InUse {
  std::vector<AwsSettings> profiles;
  std::map<std::string, AwsSettings> applications;
  std::vector<std::string> hosts;
};

Result<InUse> ReadInUse(const Context& context, const config::Project& project) {
  InUse in_use;
  for (const config::Rule& rule : project.environments) {
    const config::Profile* profile = project.FindProfile(rule.profile);
    if (!profile) continue;
    std::vector<beanstalk::Problem> problems;
    AwsSettings settings = beanstalk::ReadAwsSettings(config::CompleteForAws(*profile), rule.profile, problems);
    if (!problems.empty()) {
      return Fail({.kind = ErrorKind::kUsage,
                   .what = "perch.yaml is not right",
                   .where = problems[0].at.Text(),
                   .why = problems[0].text,
                   .hint = "`perch config check` tells all that is wrong."});
    }
    const std::string host = settings.host.empty() ? "*." + settings.domain : settings.host;
    if (std::find(in_use.hosts.begin(), in_use.hosts.end(), host) == in_use.hosts.end()) in_use.hosts.push_back(host);
    const std::string application(beanstalk::ApplicationName(settings.application));
    if (!in_use.applications.contains(application)) {
      Result<ApplicationInput> input = ReadApplication(context.config_file, application);
      if (!input) return Fail(input.error());
      in_use.applications.emplace(application, std::move(input->settings));
    }
    const bool known = std::any_of(in_use.profiles.begin(), in_use.profiles.end(),
                                   [&](const AwsSettings& other) { return other.profile == settings.profile; });
    if (!known) in_use.profiles.push_back(std::move(settings));
  }
  return in_use;
}

}  // namespace

int RunDoctorOnAws(const Context& context) {
  const bool json = context.arguments.json;
  const Result<config::Project> project = config::Load(context.config_file, {.platform = "aws"});
  if (!project) return ReportFindings({Bad("configuration", project.error())}, json);
  const Result<InUse> in_use = ReadInUse(context, *project);
  if (!in_use) return ReportFindings({Bad("configuration", in_use.error())}, json);
  if (in_use->applications.empty()) {
    return ReportFindings({Bad("configuration", "no branch gets an environment", "Add a line to `environments`.")},
                          json);
  }
  const AwsSettings& first = in_use->applications.begin()->second;
  const auto session =
      AwsSession::Open({.region = first.place.region, .account = first.place.account, .file = project->file},
                       "nothing else was looked at");
  if (!session) return ReportFindings({Bad("account", session.error())}, json);
  Doctor doctor(*project, **session);
  if (doctor.LookAtIdentity()) {
    for (const auto& [name, settings] : in_use->applications) doctor.LookAtApplication(settings);
    doctor.LookAtCertificate(first, in_use->hosts);
    doctor.LookAtZone(first);
    doctor.LookAtQuotas(in_use->profiles);
  }
  return ReportFindings(doctor.findings(), json);
}

}  // namespace perch::cli
