#include <cstdio>
#include <memory>

#include "base/file.h"
#include "cli/aws_check.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/serve/live_project.h"
#include "cli/serve/project_settings.h"
#include "config/project.h"
#include "config/resolve.h"
#include "config/schema.h"
#include "config/show.h"
#include "git/repository.h"

namespace perch::cli {
namespace {

void Print(const std::string& text) { std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n"); }

/// A profile, or a branch with what its own file at its head says, where the repository can be read.
Result<config::View> ViewOf(const Context& context, const config::Project& project, const std::string& name) {
  if (project.FindProfile(name)) return config::ViewOf(project, name);
  const auto repository =
      git::Repository::Open({.location = project.repository, .folder = context.state_folder / "git"});
  if (!repository) return config::ViewOf(project, name);
  const Result<std::optional<Branch>> branch = (*repository)->Find(name, {});
  if (!branch || !*branch) return config::ViewOf(project, name);
  const auto redactor = std::make_shared<Redactor>();
  const auto live = LiveProject::Open(context.config_file, redactor, {.platform = context.arguments.platform});
  if (!live) return Fail(live.error());
  const Result<Settings> settings = ProjectSettings(**live, **repository).For(**branch);
  if (!settings) return Fail(settings.error());
  return config::ViewOf(project, *settings);
}

int Check(const Context& context) {
  const bool json = context.arguments.json;
  Result<config::Project> project = config::Load(context.config_file, {.platform = context.arguments.platform});
  if (project) {
    const bool aws = project->platform == "aws";
    config::Diagnostics problems(project->file, project->text);
    if (aws || project->root.Find("aws")) FindAwsProblems(*project, problems);
    if (aws && !problems.empty()) {
      if (!json) return Report(problems.ToError(), json);
      std::vector<config::Diagnostic> sorted = problems.Sorted();
      for (config::Diagnostic& problem : sorted) problem.at.file = context.config_file.filename().string();
      Print(config::ProblemsJson(sorted));
      return static_cast<int>(ExitCode::kUsage);
    }
    for (const config::Diagnostic& problem : problems.Sorted()) {
      project->warnings.push_back(problem.at.Text() + ": on AWS: " + problem.text + ". " + problem.hint);
    }
    Print(json ? config::CheckJson(*project) : config::CheckText(*project));
    return 0;
  }
  const Result<std::string> text = ReadFile(context.config_file, 1 << 20);
  if (!json || !text) return Report(project.error(), json);
  Print(config::ProblemsJson(config::Problems(*text, context.config_file.filename().string())));
  return static_cast<int>(ExitCode::kUsage);
}

}  // namespace

int RunConfig(const Context& context) {
  const Arguments& arguments = context.arguments;
  if (arguments.subcommand == "check") return Check(context);
  if (arguments.subcommand == "docs") {
    Print(std::string(config::ExampleText()));
    return 0;
  }
  const Result<config::Project> project = config::Load(context.config_file, {.platform = arguments.platform});
  if (!project) return Report(project.error(), arguments.json);
  const Result<config::View> view = ViewOf(context, *project, arguments.branch);
  if (!view) return Report(view.error(), arguments.json);
  if (arguments.subcommand == "show") {
    Print(arguments.json ? config::ShowJson(*view) : config::ShowText(*view));
  } else if (arguments.subcommand == "explain") {
    Print(arguments.json ? config::ExplainJson(*view) : config::ExplainText(*view));
  } else {
    const Result<config::View> other = ViewOf(context, *project, arguments.other);
    if (!other) return Report(other.error(), arguments.json);
    Print(arguments.json ? config::DiffJson(*view, *other) : config::DiffText(*view, *other));
  }
  return 0;
}

}  // namespace perch::cli
