#include "cli/aws_check.h"

#include <map>
#include <tuple>

#include "base/text.h"
#include "beanstalk/settings.h"
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

/// The profiles to look at: what branches get, and what their applications are made from.
std::map<std::string, Value> ProfilesInUse(const config::Project& project) {
  std::map<std::string, Value> profiles;
  const auto add = [&](const std::string& name) {
    const config::Profile* profile = project.FindProfile(name);
    if (profile) profiles.try_emplace(name, config::CompleteForAws(*profile));
  };
  for (const config::Rule& rule : project.environments) add(rule.profile);
  for (const auto& [name, values] : std::map(profiles)) {
    std::vector<beanstalk::Problem> ignored;
    add(std::string(beanstalk::ApplicationName(beanstalk::ReadAwsSettings(values, name, ignored).application)));
  }
  return profiles;
}

}  // namespace

void FindAwsProblems(const config::Project& project, config::Diagnostics& diagnostics) {
  const std::map<std::string, Value> profiles = ProfilesInUse(project);
  using Key = std::tuple<int, int, std::string>;
  std::map<Key, std::pair<beanstalk::Problem, std::vector<std::string>>>
      found;  // one problem of several profiles is one
  for (const auto& [name, values] : profiles) {
    std::vector<beanstalk::Problem> problems;
    const beanstalk::AwsSettings settings = beanstalk::ReadAwsSettings(values, name, problems);
    const std::string application(beanstalk::ApplicationName(settings.application));
    if (application != name) {
      for (beanstalk::Problem& problem : beanstalk::SharedDifferences(values, profiles.at(application), application)) {
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
    if (names.size() < profiles.size()) {
      trail.push_back((names.size() == 1 ? "in profile " : "in the profiles ") + Join(names, ", "));
    }
    diagnostics.Add({.at = problem.at,
                     .width = WidthAt(project.text, problem.at),
                     .text = std::move(problem.text),
                     .hint = std::move(problem.hint),
                     .trail = std::move(trail)});
  }
}

}  // namespace perch::cli
