#include <algorithm>
#include <cstdio>
#include <string>

#include "base/text.h"
#include "beanstalk/generate.h"
#include "cfn/print.h"
#include "cli/aws_check.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/template_input.h"
#include "config/profiles.h"
#include "config/resolve.h"
#include "git/repository.h"

namespace perch::cli {
namespace {

/// What the template is of.
struct Subject {
  Value values;  ///< a profile's, complete
  std::string profile;
  beanstalk::Facts facts;
};

std::unexpected<Error> NoSuchProfile(const config::Project& project, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [known, profile] : project.profiles) names.push_back(known);
  return Fail({.kind = ErrorKind::kUsage,
               .what = "there is no profile `" + Printable(name) + "`",
               .where = project.file,
               .hint = "The profiles are: " + Join(names, ", ") + "."});
}

Result<Subject> SubjectOfProfile(const config::Project& project, const std::string& name) {
  const config::Profile* profile = project.FindProfile(name);
  if (!profile) return NoSuchProfile(project, name);
  return Subject{
      .values = config::CompleteForAws(*profile), .profile = name, .facts = {.branch = SampleBranch(project, name)}};
}

/// With the branch's head and what its own perch.yaml says, where the repository can be read.
Result<Subject> SubjectOfBranch(const Context& context, const config::Project& project, const std::string& name) {
  Subject subject{.facts = {.branch = name}};
  std::optional<std::string> file;
  const auto repository =
      git::Repository::Open({.location = project.repository, .folder = context.state_folder / "git"});
  if (repository) {
    const Result<std::optional<Branch>> branch = (*repository)->Find(name, {});
    if (branch && *branch) {
      subject.facts.commit = (*branch)->commit;
      subject.facts.tree = (*branch)->tree;
      Result<std::optional<std::string>> own = (*repository)->ReadFile((*branch)->commit, "perch.yaml");
      if (own) file = *std::move(own);
    }
  }
  const Result<Settings> settings = config::Resolve(project, name, file, {});
  if (!settings) return Fail(settings.error());
  for (const std::string& notice : settings->notices) std::fprintf(stderr, "perch: %s\n", Printable(notice).c_str());
  subject.values = settings->values;
  subject.profile = settings->profile;
  subject.facts.settings_hash = settings->hash;
  return subject;
}

Result<Subject> Choose(const Context& context, const config::Project& project) {
  const Arguments& arguments = context.arguments;
  if (!arguments.branch.empty()) return SubjectOfBranch(context, project, arguments.branch);
  if (!arguments.profile.empty()) return SubjectOfProfile(project, arguments.profile);
  return SubjectOfProfile(project, arguments.subcommand == "app" ? "staging" : "branch");
}

std::string_view SeverityName(cfn::Finding::Severity severity) {
  switch (severity) {
    case cfn::Finding::Severity::kError:
      return "error";
    case cfn::Finding::Severity::kWarning:
      return "warning";
    case cfn::Finding::Severity::kNotice:
      return "notice";
  }
  return "";
}

void Print(const cfn::Finding& finding) {
  const std::string place = finding.at.line > 0 ? finding.at.Text() + ": " : "";
  std::fprintf(stderr, "perch: %s: %s%s: %s\n", std::string(SeverityName(finding.severity)).c_str(),
               Printable(place).c_str(), Printable(finding.path).c_str(), Printable(finding.text).c_str());
  if (!finding.hint.empty()) std::fprintf(stderr, "  %s\n", Printable(finding.hint).c_str());
}

std::unexpected<Error> Wrong(const config::Project& project, const std::vector<beanstalk::Problem>& problems) {
  config::Diagnostics diagnostics(project.file, project.text);
  for (const beanstalk::Problem& problem : problems) {
    diagnostics.Add(DiagnosticOf(project, problem));
  }
  return Fail(diagnostics.ToError());
}

Result<beanstalk::Generated> Generate(const Context& context, const config::Project& project) {
  Result<Subject> subject = Choose(context, project);
  if (!subject) return Fail(subject.error());
  const Arguments& arguments = context.arguments;
  std::vector<beanstalk::Problem> problems;
  const beanstalk::AwsSettings settings = beanstalk::ReadAwsSettings(subject->values, subject->profile, problems);
  if (!problems.empty()) return Wrong(project, problems);
  const Result<cfn::Schemas> schemas = FindSchemas(settings.place.region);
  if (!schemas) return Fail(schemas.error());
  if (arguments.subcommand == "app") {
    const std::string name(beanstalk::ApplicationName(settings.application));
    if (name == subject->profile) return beanstalk::GenerateApplication(settings, *schemas);
    // A branch's application is made from the profile that it is named after.
    const Result<Subject> owner = SubjectOfProfile(project, name);
    if (!owner) return Fail(owner.error());
    const beanstalk::AwsSettings shared = beanstalk::ReadAwsSettings(owner->values, name, problems);
    if (!problems.empty()) return Wrong(project, problems);
    return beanstalk::GenerateApplication(shared, *schemas);
  }
  beanstalk::Facts& facts = subject->facts;
  facts.image = arguments.image;
  facts.platform_arn = arguments.platform_arn;
  facts.snapshot = arguments.snapshot;
  const std::vector<std::string> samples = FillWithSamples(settings, facts);
  if (!samples.empty()) {
    std::fprintf(stderr, "perch: samples stand for what only a deployment knows: %s. See `perch template --help`.\n",
                 Join(samples, ", ").c_str());
  }
  const Result<std::optional<Value>> own = ReadOwnTemplate(project, settings);
  if (!own) return Fail(own.error());
  return beanstalk::GenerateEnvironment(settings, facts, *own, *schemas);
}

}  // namespace

int RunTemplate(const Context& context) {
  const Arguments& arguments = context.arguments;
  const Result<config::Project> project = config::Load(context.config_file, {.platform = "aws"});
  if (!project) return Report(project.error(), arguments.json);
  const Result<beanstalk::Generated> generated = Generate(context, *project);
  if (!generated) return Report(generated.error(), arguments.json);
  std::vector<beanstalk::Problem> problems = generated->problems;
  for (const cfn::Finding& finding : generated->findings) {
    if (finding.severity == cfn::Finding::Severity::kError && finding.at.file == project->file) {
      problems.push_back({finding.at, finding.path + ": " + finding.text, finding.hint});
    } else {
      Print(finding);
    }
  }
  if (!problems.empty()) return Report(Wrong(*project, problems).error(), arguments.json);
  if (!generated->Fits()) return static_cast<int>(ExitCode::kUsage);
  const bool json = arguments.json || arguments.format == "json";
  const std::string text = json ? cfn::PrintJson(generated->document) : cfn::PrintYaml(generated->document);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace perch::cli
