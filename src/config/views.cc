#include "base/suggest.h"
#include "base/text.h"
#include "config/profiles.h"
#include "config/show.h"
#include "config/table.h"

namespace perch::config {
namespace {

std::string Chain(const Profile& profile) {
  std::string text = "profile " + profile.name;
  for (std::size_t i = 1; i < profile.chain.size(); ++i) {
    text += ", which extends " + profile.chain[i];
  }
  return text;
}

std::string BranchTitle(const Project& project, const std::string& branch, const Profile& profile) {
  std::string title = "branch " + Printable(branch) + ": " + Chain(profile);
  for (const Rule& rule : project.environments) {
    if (rule.profile != profile.name || project.ProfileFor(branch) != &profile) continue;
    title += " (" + (rule.at.line ? rule.at.file.str() + ":" + std::to_string(rule.at.line) + ", " : "") +
             (rule.pattern == "*" ? "as for every other branch" : "pattern " + rule.pattern) + ")";
    break;
  }
  return title;
}

std::string List(const std::vector<std::string>& texts, const std::string& none) {
  if (texts.empty()) return none;
  std::vector<std::string> shown;
  for (const std::string& text : texts) shown.push_back(Printable(text));
  return Join(shown, ", ");
}

}  // namespace

Result<View> ViewOf(const Project& project, const std::string& branch_or_profile) {
  if (const Profile* profile = project.FindProfile(branch_or_profile)) {
    return View{.name = profile->name, .title = Chain(*profile), .values = Complete(profile->values, profile->perchs)};
  }
  const Profile* profile = project.ProfileFor(branch_or_profile);
  if (!profile) {
    std::vector<std::string> names;
    for (const auto& [name, known] : project.profiles) names.push_back(name);
    const std::string nearest = DidYouMean(branch_or_profile, names);
    return Fail({.kind = ErrorKind::kNotFound,
                 .what = "there is no profile `" + Printable(branch_or_profile) +
                         "`, and no pattern of `environments` fits a branch of that name",
                 .where = project.file,
                 .hint = nearest.empty() ? "The profiles are: " + Join(names, ", ") + "." : "D" + nearest.substr(1)});
  }
  return View{.name = branch_or_profile,
              .title = BranchTitle(project, branch_or_profile, *profile),
              .values = Complete(profile->values, profile->perchs)};
}

View ViewOf(const Project& project, const Settings& settings) {
  const Profile* profile = project.FindProfile(settings.profile);
  return {.name = settings.branch,
          .title = profile ? BranchTitle(project, settings.branch, *profile) : "branch " + Printable(settings.branch),
          .values = settings.values};
}

std::string CheckText(const Project& project) {
  std::vector<std::string> names, rules;
  for (const auto& [name, profile] : project.profiles) names.push_back(name);
  for (const Rule& rule : project.environments) {
    rules.push_back((rule.pattern == "*" ? (rules.empty() ? "all" : "all others") : rule.pattern) + " → " +
                    rule.profile);
  }
  std::string text = Printable(project.file) + " is right.\n";
  text +=
      Table({{"app", Printable(project.app)},
             {"repository", project.repository.empty() ? "this folder" : Printable(project.repository)},
             {"links", (project.platform == "aws" ? "https" : "http") + std::string("://<branch>.") + project.domain},
             {"profiles", List(names, "none")},
             {"branches", List(rules, "none")},
             {"skipped", List(project.skip, "none")},
             {"protected", List(project.protect, "none")}},
            "  ");
  for (const std::string& warning : project.warnings) text += "warning: " + Printable(warning) + "\n";
  return text;
}

std::string CheckJson(const Project& project) {
  std::string warnings;
  for (const std::string& warning : project.warnings) warnings += (warnings.empty() ? "" : ",") + JsonString(warning);
  return "{\"ok\":true,\"file\":" + JsonString(project.file) + ",\"app\":" + JsonString(project.app) +
         ",\"warnings\":[" + warnings + "]}";
}

std::string ProblemsJson(const std::vector<Diagnostic>& problems) {
  std::string json;
  for (const Diagnostic& problem : problems) {
    json += (json.empty() ? "" : ",") + std::string("{\"file\":") + JsonString(problem.at.file.str()) +
            ",\"line\":" + std::to_string(problem.at.line) + ",\"column\":" + std::to_string(problem.at.column) +
            ",\"text\":" + JsonString(problem.text) + ",\"hint\":" + JsonString(problem.hint) + "}";
  }
  return "[" + json + "]";
}

}  // namespace perch::config
