#include "beanstalk/settings.h"

#include "base/text.h"
#include "beanstalk/settings_parts.h"

namespace perch::beanstalk {
namespace {

OnDelete ReadOnDelete(const std::string& word) {
  if (word == "snapshot") return OnDelete::kSnapshot;
  return word == "retain" ? OnDelete::kRetain : OnDelete::kDelete;
}

Deployment ReadDeployment(const std::string& word) {
  if (word == "rolling") return Deployment::kRolling;
  if (word == "additional-batch") return Deployment::kAdditionalBatch;
  return word == "immutable" ? Deployment::kImmutable : Deployment::kAllAtOnce;
}

/// A value for people: texts as they are, lists with commas.
std::string Shown(const Value* value) {
  if (!value) return "not set";
  if (value->AsString()) return *value->AsString();
  if (!value->AsList()) return CanonicalJson(*value);
  std::vector<std::string> items;
  for (const Value& item : *value->AsList()) items.push_back(Shown(&item));
  return Join(items, ", ");
}

}  // namespace

std::string_view ArchitectureName(Architecture architecture) {
  return architecture == Architecture::kArm64 ? "arm64" : "x86_64";
}

std::string_view ApplicationName(Application application) {
  return application == Application::kProduction ? "production" : "staging";
}

AwsSettings ReadAwsSettings(const Value& values, const std::string& profile, std::vector<Problem>& problems,
                            Scope scope) {
  std::vector<Problem> ignored;
  Tree shared(values, problems);
  Tree tree(values, scope == Scope::kAll ? problems : ignored);
  AwsSettings settings;
  settings.app = tree.Text("app");
  settings.profile = profile;
  settings.domain = ToLower(tree.Text("domain"));
  settings.host = ToLower(tree.Text("host"));
  settings.application =
      tree.Text("aws.application") == "production" ? Application::kProduction : Application::kStaging;
  ReadPlace(shared, settings);
  ReadNetwork(shared, settings);
  ReadTemplates(tree, settings);
  ReadInstances(tree, settings);
  settings.deploy = ReadDeployment(tree.Text("deploy"));
  settings.database.on_delete = ReadOnDelete(tree.Text("database.on_delete"));
  ReadDatabase(tree, settings);
  settings.bucket.on_delete = ReadOnDelete(tree.Text("bucket.on_delete"));
  settings.bucket.old_version_days = tree.Number("bucket.old_versions", settings.bucket.old_version_days);
  settings.logs.keep_days = tree.Number("logs.keep", settings.logs.keep_days);
  settings.logs.request_days = tree.Number("logs.requests", settings.logs.request_days);
  ReadApp(tree, settings);
  return settings;
}

std::vector<Problem> SharedDifferences(const Value& values, const Value& application_values,
                                       const std::string& application_profile) {
  std::vector<Problem> problems;
  Tree tree(values, problems);
  std::vector<Problem> none;
  const Tree application(application_values, none);
  for (const char* path : {"domain", "aws.account", "aws.region", "aws.certificate", "aws.certificate_names",
                           "aws.hosted_zone", "aws.vpc.cidr", "aws.vpc.id", "aws.vpc.public_subnets",
                           "aws.vpc.private_subnets", "access.cidrs", "logs.requests"}) {
    const Value* own = tree.At(path);
    const Value* its = application.At(path);
    if (CanonicalJson(own ? *own : Value{}) == CanonicalJson(its ? *its : Value{})) continue;
    const bool written = tree.IsWritten(path) || !application.IsWritten(path);
    tree.Add(written ? tree.Place(path) : application.Place(path),
             "`" + std::string(path) + "` is " + Shown(own) + " here, but " + Shown(its) + " in profile " +
                 application_profile + ", and both share one load balancer and network",
             "Write it once, at the top level, or give the profile another `aws.application`.");
  }
  return problems;
}

}  // namespace perch::beanstalk
