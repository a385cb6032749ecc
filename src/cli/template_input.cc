#include "cli/template_input.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "beanstalk/generate.h"
#include "config/template.h"
#include "model/names.h"
#include "model/resource_names.h"

namespace perch::cli {
namespace {

constexpr std::size_t kMostTemplateBytes = 1 << 20;
constexpr std::string_view kSampleAccount = "111122223333";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

Result<cfn::Schemas> FindSchemas(const std::string& region) {
  const std::string named = Environment("PERCH_CFN_SCHEMAS");
  if (!named.empty()) return cfn::Schemas::WithFolder(named, region);
  const std::string data = Environment("XDG_DATA_HOME"), home = Environment("HOME");
  const std::filesystem::path places[] = {
      std::filesystem::path(data.empty() ? home + "/.local/share" : data) / "perch/cfn-schemas",
      "/usr/local/share/perch/cfn-schemas", "/usr/share/perch/cfn-schemas"};
  for (const std::filesystem::path& place : places) {
    std::error_code ignored;
    if (std::filesystem::is_directory(place, ignored)) return cfn::Schemas::WithFolder(place, region);
  }
  return cfn::Schemas();
}

std::vector<std::string> FillWithSamples(const beanstalk::AwsSettings& settings, beanstalk::Facts& facts) {
  std::vector<std::string> samples;
  const auto fill = [&](std::string& fact, const std::string& sample, const char* name) {
    if (!fact.empty()) return;
    fact = sample;
    samples.emplace_back(name);
  };
  const std::string& region = settings.place.region;
  const std::string account = settings.place.account.empty() ? std::string(kSampleAccount) : settings.place.account;
  const std::string application(beanstalk::ApplicationName(settings.application));
  fill(facts.image,
       account + ".dkr.ecr." + region + ".amazonaws.com/" + RepositoryNameFor(settings.app, application) +
           "@sha256:" + std::string(64, '0'),
       "image");
  if (facts.platform_arn.empty()) facts.platform_arn = settings.place.platform_arn;
  fill(facts.platform_arn,
       "arn:aws:elasticbeanstalk:" + region + "::platform/Docker running on 64bit Amazon Linux 2023/0.0.0",
       "platform version");
  fill(facts.commit, std::string(40, '0'), "commit");
  if (facts.tree.empty()) facts.tree = std::string(40, '0');
  if (facts.settings_hash.empty()) facts.settings_hash = std::string(64, '0');
  const bool restored = settings.database.mode == beanstalk::DatabaseSettings::Mode::kSnapshot;
  if (restored && facts.snapshot.empty() && settings.database.snapshot != "newest") {
    facts.snapshot = settings.database.snapshot;
  }
  if (restored) fill(facts.snapshot, "newest-snapshot-of-staging", "snapshot");
  if (facts.bundle_key.empty()) {
    facts.bundle_key = BundleKeyFor(settings.app, facts.branch, facts.image, facts.settings_hash) + ".zip";
  }
  return samples;
}

std::string SampleBranch(const config::Project& project, const std::string& profile) {
  for (const config::Rule& rule : project.environments) {
    if (rule.profile == profile && rule.pattern.find_first_of("*?") == std::string::npos) return rule.pattern;
  }
  return "example";
}

Result<std::optional<Value>> ReadOwnTemplate(const config::Project& project, const beanstalk::AwsSettings& settings) {
  if (!settings.own_template) return std::nullopt;
  const std::filesystem::path path = project.folder / settings.own_template->path;
  const Result<std::string> text = perch::ReadFile(path, kMostTemplateBytes);
  if (!text) {
    Error error = text.error();
    error.kind = ErrorKind::kUsage;
    error.what = "cannot read the template that " + settings.own_template->at.Text() + " names";
    error.hint = "Write the file, or correct `template: {file: …}`.";
    return Fail(std::move(error));
  }
  const Result<Value> value = config::ReadTemplate(*text, settings.own_template->path);
  if (!value) return Fail(value.error());
  return *value;
}

}  // namespace perch::cli
