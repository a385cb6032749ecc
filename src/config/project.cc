#include "config/project.h"

#include <algorithm>
#include <system_error>

#include "base/file.h"
#include "base/glob.h"
#include "base/text.h"
#include "config/check.h"
#include "config/merge.h"
#include "config/profiles.h"
#include "config/schema.h"
#include "config/yaml.h"

namespace perch::config {
namespace {

std::vector<std::string> Texts(const Value* list) {
  std::vector<std::string> texts;
  if (!list || !std::get_if<Value::List>(&list->data)) return texts;
  for (const Value& item : *list->AsList()) texts.push_back(*item.AsString());
  return texts;
}

std::string TextOf(const Value& map, std::string_view key) {
  const Value* value = map.Find(key);
  return value && value->AsString() ? *value->AsString() : "";
}

int NumberOf(const Value* value) {
  const auto* number = value ? std::get_if<std::int64_t>(&value->data) : nullptr;
  return number ? int(*number) : 0;
}

void ReadGlobals(Project& project) {
  const Value all = WithDefaults(project.root, Schema());
  project.app = TextOf(all, "app");
  project.repository = TextOf(all, "repository");
  project.domain = ToLower(TextOf(all, "domain"));
  project.platform = TextOf(all, "platform");
  project.poll = std::chrono::milliseconds(ParseDuration(TextOf(all, "poll")).value_or(0));
  project.parallel = NumberOf(all.Find("parallel"));
  if (const Value* branches = all.Find("branches")) {
    project.skip = Texts(branches->Find("skip"));
    project.protect = Texts(branches->Find("protect"));
    project.max_environments = NumberOf(branches->Find("limit"));
  }
}

bool IsUsed(const Project& project, const std::string& name) {
  const auto chosen = [&](const Rule& rule) { return rule.profile == name; };
  if (std::any_of(project.environments.begin(), project.environments.end(), chosen)) return true;
  for (const auto& [other, profile] : project.profiles) {
    if (other != name && std::find(profile.chain.begin(), profile.chain.end(), name) != profile.chain.end())
      return true;
  }
  return false;
}

void FindWarnings(Project& project) {
  for (const auto& [name, profile] : project.profiles) {
    if (profile.at.line > 0 && !IsUsed(project, name)) {
      project.warnings.push_back(profile.at.Text() + ": no branch gets the profile `" + name +
                                 "`, and none extends it.");
    }
    const bool chosen = std::any_of(project.environments.begin(), project.environments.end(),
                                    [&](const Rule& rule) { return rule.profile == name; });
    const Value* run = profile.values.Find("run");
    const Value* build = profile.values.Find("build");
    if (chosen && !(run && run->Find("command")) && !(build && build->Find("dockerfile"))) {
      project.warnings.push_back(project.file + ": profile `" + name +
                                 "` has no `run: {command: ...}`; every branch must bring its own.");
    }
  }
}

/// What the command line says counts instead of what the file says.
void SetPlatform(Value& root, const std::string& platform) {
  Value::Map* map = root.AsMap();
  if (!map) return;
  std::erase_if(*map, [](const Value::Entry& entry) { return entry.key == "platform"; });
  map->push_back({"platform", {.data = platform, .from = std::string(kFromCommandLine)}, {}});
}

/// The checked file, and its problems in `diagnostics`.
std::optional<Project> Read(std::string_view text, const LoadOptions& options, Diagnostics& diagnostics) {
  Project project{.file = diagnostics.file(), .text = std::string(text)};
  const std::optional<Node> node = ParseYaml(text, diagnostics);
  if (!node) return std::nullopt;
  if (node->kind == Node::Kind::kScalar && node->plain && node->text.empty()) {
    diagnostics.Add({.text = "the file is empty", .hint = "Run `perch init` to write one that fits this folder."});
    return std::nullopt;
  }
  project.root = Check(*node, Schema(), {}, diagnostics);
  for (const Field& field : Schema().fields) {
    if (!field.required || node->Find(field.key) || node->kind != Node::Kind::kMap) continue;
    diagnostics.Add({.at = {.line = 1, .column = 1},
                     .text = "the key `" + field.key + "` is missing",
                     .hint = "Add a line such as `" + field.key + ": shop`."});
  }
  if (!options.platform.empty()) SetPlatform(project.root, options.platform);
  project.profiles = ResolveProfiles(project.root, diagnostics);
  project.environments = ReadRules(project.root, project.profiles, diagnostics);
  CheckHosts(project.environments, project.profiles, diagnostics);
  if (!diagnostics.empty()) return std::nullopt;
  ReadGlobals(project);
  FindWarnings(project);
  return project;
}

bool IsUrl(std::string_view repository) {
  if (repository.find("://") != repository.npos) return true;
  const std::size_t colon = repository.find(':');  // git's scp-like form, host:path
  return colon != repository.npos && repository.substr(0, colon).find('/') == repository.npos;
}

}  // namespace

const Profile* Project::ProfileFor(std::string_view branch) const {
  for (const Rule& rule : environments) {
    if (GlobMatches(rule.pattern, branch)) return FindProfile(rule.profile);
  }
  return nullptr;
}

const Profile* Project::FindProfile(const std::string& name) const {
  const auto at = profiles.find(name);
  return at == profiles.end() ? nullptr : &at->second;
}

bool Project::IsForGood(const std::string& name) const {
  const auto kept = [](const std::string& text) { return text == "production" || text == "staging"; };
  const Profile* profile = FindProfile(name);
  return kept(name) || (profile && kept(profile->perchs));
}

std::vector<std::string> Project::BranchesForGood() const {
  std::vector<std::string> branches;
  for (const Rule& rule : environments) {
    const bool one_branch = rule.pattern.find_first_of("*?") == rule.pattern.npos;
    if (one_branch && IsForGood(rule.profile)) branches.push_back(rule.pattern);
  }
  return branches;
}

Result<Project> Parse(std::string_view text, const std::string& file_name, const LoadOptions& options) {
  Diagnostics diagnostics(file_name, text);
  std::optional<Project> project = Read(text, options, diagnostics);
  if (!project) return Fail(diagnostics.ToError());
  return *std::move(project);
}

std::vector<Diagnostic> Problems(std::string_view text, const std::string& file_name) {
  Diagnostics diagnostics(file_name, text);
  Read(text, {}, diagnostics);
  return diagnostics.Sorted();
}

Result<Project> Load(const std::filesystem::path& path, const LoadOptions& options) {
  Result<std::string> text = options.text ? Result<std::string>(*options.text) : ReadFile(path, kMostYamlBytes);
  if (!text) {
    Error error = text.error();
    const bool missing = error.kind == ErrorKind::kNotFound;
    error.kind = ErrorKind::kUsage;
    if (missing) {
      error.what = "there is no configuration";
      error.why = "the file does not exist";
      error.hint = "Run `perch init` to write one, or name another with --config.";
    } else {
      error.what = "cannot read the configuration";
      error.hint = error.why.starts_with("it is") ? "Is this really a perch.yaml? Name another file with --config."
                                                  : "Check its permissions, or name another file with --config.";
    }
    return Fail(std::move(error));
  }
  Result<Project> project = Parse(*text, path.string(), options);
  if (!project) return project;
  std::error_code ignored;
  project->folder = std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored).parent_path();
  if (project->repository.empty()) {
    project->repository = project->folder.string();
  } else if (!IsUrl(project->repository) && !project->repository.starts_with('/')) {
    project->repository = (project->folder / project->repository).lexically_normal().string();
  }
  return project;
}

}  // namespace perch::config
