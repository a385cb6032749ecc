#include "cli/aws_check.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "beanstalk/generate.h"
#include "beanstalk/settings.h"
#include "cli/template_input.h"
#include "config/profiles.h"

namespace perch::cli {
namespace {

/// How many bytes of its line the value at a place takes: a quoted text, or up to a comma, bracket, comment or line
/// end.
std::size_t WidthAt(std::string_view text, const Source& at) {
  std::string_view rest = config::LineOf(text, at.line);
  if (at.line == 0 || at.column < 1 || std::size_t(at.column) > rest.size()) return 1;
  rest.remove_prefix(std::size_t(at.column - 1));
  if (rest[0] == '"' || rest[0] == '\'') {
    const std::size_t end = rest.find(rest[0], 1);
    return end == rest.npos ? rest.size() : end + 1;
  }
  if (rest[0] == '[' || rest[0] == '{') return 1;
  std::size_t end = 0;
  while (end < rest.size() && std::string_view(",]}").find(rest[end]) == std::string_view::npos) {
    const std::string_view next = rest.substr(end, 2);
    if (next == ": " || next == ":" || next == " #") break;
    ++end;
  }
  return std::max<std::size_t>(1, Trim(rest.substr(0, end)).size());
}

/// A profile to look at.
struct InUse {
  Value values;
  beanstalk::Scope scope = beanstalk::Scope::kAll;
};

std::string ApplicationOf(const std::string& name, const Value& values) {
  std::vector<beanstalk::Problem> ignored;
  return std::string(beanstalk::ApplicationName(beanstalk::ReadAwsSettings(values, name, ignored).application));
}

/// What branches get, and what their applications are made from.
std::map<std::string, InUse> ProfilesInUse(const config::Project& project) {
  std::map<std::string, InUse> profiles;
  const auto add = [&](const std::string& name, beanstalk::Scope scope) {
    const config::Profile* profile = project.FindProfile(name);
    if (profile) profiles.try_emplace(name, config::CompleteForAws(*profile), scope);
  };
  for (const config::Rule& rule : project.environments) add(rule.profile, beanstalk::Scope::kAll);
  for (const auto& [name, in_use] : std::map(profiles)) {
    add(ApplicationOf(name, in_use.values), beanstalk::Scope::kShared);
  }
  return profiles;
}

/// What is wrong with the template that a profile gives: with what the file adds to it, or with the team's own.
void FindTemplateProblems(const config::Project& project, const beanstalk::AwsSettings& settings,
                          std::vector<beanstalk::Problem>& problems) {
  const Source at = settings.own_template ? settings.own_template->at : Source{};
  const auto add = [&](const Error& error) {
    // What is wrong inside of another file has lines of its own; `perch template` shows them all.
    const std::vector<std::string> lines = Lines(error.Text());
    const bool short_one = lines.size() <= 2 && !error.hint.empty();
    const std::string hint =
        short_one ? error.hint : "Run `perch template env --profile " + settings.profile + "` for all of it.";
    problems.push_back({at, lines[0], hint});
  };
  const Result<cfn::Schemas> schemas = FindSchemas(settings.place.region);
  if (!schemas) return add(schemas.error());
  const Result<std::optional<Value>> own = ReadOwnTemplate(project, settings);
  if (!own) return add(own.error());
  beanstalk::Facts facts{.branch = SampleBranch(project, settings.profile)};
  FillWithSamples(settings, facts);
  const Result<beanstalk::Generated> generated = beanstalk::GenerateEnvironment(settings, facts, *own, *schemas);
  if (!generated) return add(generated.error());
  problems.insert(problems.end(), generated->problems.begin(), generated->problems.end());
  for (const cfn::Finding& finding : generated->findings) {
    if (finding.severity != cfn::Finding::Severity::kError) continue;
    problems.push_back(
        {finding.at.file == project.file ? finding.at : at, finding.path + ": " + finding.text, finding.hint});
  }
}

}  // namespace

void FindAwsProblems(const config::Project& project, config::Diagnostics& diagnostics) {
  const std::map<std::string, InUse> profiles = ProfilesInUse(project);
  using Key = std::tuple<int, int, std::string>;
  std::map<Key, std::pair<beanstalk::Problem, std::vector<std::string>>>
      found;  // one problem of several profiles is one
  for (const auto& [name, in_use] : profiles) {
    std::vector<beanstalk::Problem> problems;
    const beanstalk::AwsSettings settings = beanstalk::ReadAwsSettings(in_use.values, name, problems, in_use.scope);
    if (problems.empty() && in_use.scope == beanstalk::Scope::kAll) FindTemplateProblems(project, settings, problems);
    const std::string application = ApplicationOf(name, in_use.values);
    if (application != name && in_use.scope == beanstalk::Scope::kAll) {
      for (beanstalk::Problem& problem :
           beanstalk::SharedDifferences(in_use.values, profiles.at(application).values, application)) {
        problems.push_back(std::move(problem));
      }
    }
    for (beanstalk::Problem& problem : problems) {
      const Key key(problem.at.line, problem.at.column, problem.text);
      found.try_emplace(key, std::move(problem), std::vector<std::string>()).first->second.second.push_back(name);
    }
  }
  for (auto& [key, entry] : found) {
    auto& [problem, names] = entry;
    std::vector<std::string> trail;
    const bool everywhere = std::all_of(profiles.begin(), profiles.end(), [&](const auto& profile) {
      return profile.second.scope == beanstalk::Scope::kShared || std::count(names.begin(), names.end(), profile.first);
    });
    if (!everywhere) {
      trail.push_back((names.size() == 1 ? "in profile " : "in the profiles ") + Join(names, ", "));
    }
    config::Diagnostic diagnostic = DiagnosticOf(project, problem);
    diagnostic.trail = std::move(trail);
    diagnostics.Add(std::move(diagnostic));
  }
}

config::Diagnostic DiagnosticOf(const config::Project& project, const beanstalk::Problem& problem) {
  return {.at = problem.at, .width = WidthAt(project.text, problem.at), .text = problem.text, .hint = problem.hint};
}

}  // namespace perch::cli
