#include "cli/application_input.h"

#include "base/text.h"
#include "beanstalk/generate.h"
#include "cli/aws_check.h"
#include "cli/template_input.h"
#include "config/profiles.h"

namespace perch::cli {
namespace {

Error Wrong(const config::Project& project, const std::vector<beanstalk::Problem>& problems) {
  config::Diagnostics diagnostics(project.file, project.text);
  for (const beanstalk::Problem& problem : problems) diagnostics.Add(DiagnosticOf(project, problem));
  return diagnostics.ToError();
}

}  // namespace

Result<ApplicationInput> ReadApplication(const std::filesystem::path& config_file, const std::string& application) {
  Result<config::Project> project = config::Load(config_file, {.platform = "aws"});
  if (!project) return Fail(project.error());
  const config::Profile* profile = project->FindProfile(application);
  if (!profile) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "there is no profile `" + Printable(application) + "`",
                 .where = project->file});
  }
  std::vector<beanstalk::Problem> problems;
  beanstalk::AwsSettings settings =
      beanstalk::ReadAwsSettings(config::CompleteForAws(*profile), application, problems, beanstalk::Scope::kShared);
  if (!problems.empty()) return Fail(Wrong(*project, problems));
  return ApplicationInput{.project = *std::move(project), .settings = std::move(settings)};
}

Result<Value> ApplicationDocument(const ApplicationInput& input) {
  const Result<cfn::Schemas> schemas = FindSchemas(input.settings.place.region);
  if (!schemas) return Fail(schemas.error());
  beanstalk::Generated generated = beanstalk::GenerateApplication(input.settings, *schemas);
  if (generated.Fits()) return std::move(generated.document);
  std::vector<beanstalk::Problem> problems = generated.problems;
  for (const cfn::Finding& finding : generated.findings) {
    if (finding.severity != cfn::Finding::Severity::kError) continue;
    problems.push_back({finding.at, finding.path + ": " + finding.text, finding.hint});
  }
  return Fail(Wrong(input.project, problems));
}

}  // namespace perch::cli
