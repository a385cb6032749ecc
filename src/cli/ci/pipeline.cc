#include "cli/ci/pipeline.h"

#include <algorithm>

#include "base/glob.h"
#include "base/text.h"
#include "cli/ci/text.h"
#include "config/profiles.h"

namespace perch::cli::ci {
namespace {

using config::Profile;
using config::Project;

bool IsPattern(std::string_view text) { return text.find_first_of("*?") != text.npos; }

/// "aws.region" of a resolved profile; nullptr when nobody said it.
const Value* At(const Value& values, std::string_view path) {
  const Value* value = &values;
  for (const std::string& key : Split(path, '.')) {
    value = value->Find(key);
    if (!value) return nullptr;
  }
  return value->IsNull() ? nullptr : value;
}

std::string TextAt(const Value& values, std::string_view path) {
  const Value* value = At(values, path);
  const std::string* text = value ? value->AsString() : nullptr;
  return text ? *text : "";
}

/// The command of the tests as what ends `docker run`: "--entrypoint X "$image" Y Z"; "" when there is none.
std::string CommandOf(const Value& values) {
  const Value* command = At(values, "test.command");
  if (!command) return "";
  std::vector<std::string> words = {"/bin/sh", "-c"};
  if (const std::string* text = command->AsString()) {
    words.push_back(*text);
  } else if (const Value::List* list = command->AsList()) {
    words.clear();
    for (const Value& word : *list) words.push_back(word.AsString() ? *word.AsString() : CanonicalJson(word));
  }
  std::string line = "--entrypoint " + ShellWord(words.front()) + " \"$image\"";
  for (std::size_t i = 1; i < words.size(); ++i) line += " " + ShellWord(words[i]);
  return line;
}

std::vector<std::string> Variables(const Value& values) {
  std::vector<std::string> all;
  const Value* env = At(values, "env");
  if (!env || !env->AsMap()) return all;
  for (const auto& [name, value, at] : *env->AsMap()) {
    if (!value.IsNull()) all.push_back(name + "=" + (value.AsString() ? *value.AsString() : CanonicalJson(value)));
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// A YAML block and a shell script can hold any printable UTF-8 and line ends.
bool Holds(std::string_view text) {
  return IsUtf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return (c >= 0 && c < ' ' && c != '\n' && c != '\t') || c == 0x7f;
         });
}

std::unexpected<Error> Wrong(const Project& project, const Source& at, std::string what, std::string hint) {
  return Fail({.kind = ErrorKind::kUsage,
               .what = std::move(what),
               .where = at.line > 0 ? at.Text() : project.file,
               .hint = std::move(hint)});
}

/// The profile of all branches that have none of their own.
const Profile& BranchProfile(const Project& project) {
  for (const config::Rule& rule : project.environments) {
    if (IsPattern(rule.pattern)) return *project.FindProfile(rule.profile);
  }
  return *project.FindProfile("branch");
}

/// Fills in which branches are production and which one is staging.
Status FindStages(const Project& project, Pipeline& pipeline) {
  Source production_at;
  for (const config::Rule& rule : project.environments) {
    const Profile& profile = *project.FindProfile(rule.profile);
    const Value values = config::CompleteForAws(profile);
    const bool skipped = std::any_of(project.skip.begin(), project.skip.end(),
                                     [&](const std::string& glob) { return GlobMatches(glob, rule.pattern); });
    if (TextAt(values, "aws.application") == "production") {
      if (IsPattern(rule.pattern)) {
        return Wrong(project, rule.at, "`" + Printable(rule.pattern) + "` is production, but it is a pattern",
                     "Name each production branch: a pipeline must not decide by a pattern what is production.");
      }
      if (skipped) continue;
      const std::string region = TextAt(values, "aws.region");
      if (!pipeline.production.empty() && region != pipeline.production_region) {
        return Wrong(project, rule.at, "production is in two regions, " + pipeline.production_region + " and " + region,
                     "A pipeline has one production; write the other one's by hand, from what `perch ci` prints.");
      }
      pipeline.production.push_back(rule.pattern);
      pipeline.production_region = region;
      production_at = rule.at;
    } else if (pipeline.staging.empty() && profile.perchs == "staging" && !IsPattern(rule.pattern) && !skipped) {
      pipeline.staging = rule.pattern;
    }
  }
  if (!pipeline.production.empty() && pipeline.staging.empty()) {
    return Wrong(
        project, production_at, "production has no staging branch to get its image from",
        "Give one branch the profile `staging` under `environments`: production runs what staging has run, and "
        "is never built.");
  }
  return {};
}

void Replace(std::string& text, std::string_view what, std::string_view instead) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += instead.size())
    text.replace(at, what.size(), instead);
}

}  // namespace

Pipeline Escaped(Pipeline pipeline, std::string_view what, std::string_view instead) {
  for (std::string* text : {&pipeline.dockerfile, &pipeline.test, &pipeline.staging}) Replace(*text, what, instead);
  for (std::string& variable : pipeline.test_env) Replace(variable, what, instead);
  return pipeline;
}

Result<Pipeline> PipelineOf(const Project& project, const std::string& image) {
  const Value values = config::CompleteForAws(BranchProfile(project));
  Pipeline pipeline{.app = project.app,
                    .image = image,
                    .dockerfile = TextAt(values, "build.dockerfile"),
                    .test = CommandOf(values),
                    .test_env = Variables(values),
                    .skip = project.skip,
                    .region = TextAt(values, "aws.region")};
  if (pipeline.dockerfile.empty()) pipeline.dockerfile = "Dockerfile";
  if (Status found = FindStages(project, pipeline); !found) return Fail(found.error());

  std::vector<std::string> texts = {image, pipeline.dockerfile, pipeline.test, pipeline.region, pipeline.staging};
  for (const std::vector<std::string>& more : {pipeline.test_env, pipeline.skip, pipeline.production})
    texts.insert(texts.end(), more.begin(), more.end());
  for (const std::string& text : texts) {
    if (!Holds(text)) {
      return Fail({.kind = ErrorKind::kUsage,
                   .what = "a pipeline cannot hold the value `" + Printable(text) + "`",
                   .where = project.file,
                   .hint = "Leave control characters out of `build`, `test`, `env`, `branches` and `environments`."});
    }
  }
  // A CI job's folder is a clone of one branch: nobody could tell from it which branches are gone.
  if (project.repository.starts_with('/') || project.repository.starts_with("file:")) {
    pipeline.notices.push_back(
        "`repository` is a folder. In a CI job that is a clone of one branch, so perch would refuse "
        "to work there: write the repository's URL into perch.yaml.");
  }
  if (!pipeline.staging.empty()) {
    const Value staging = config::CompleteForAws(*project.ProfileFor(pipeline.staging));
    const std::string dockerfile = TextAt(staging, "build.dockerfile");
    if ((dockerfile.empty() ? "Dockerfile" : dockerfile) != pipeline.dockerfile ||
        CommandOf(staging) != pipeline.test) {
      pipeline.notices.push_back(
          "the profile of staging builds or tests differently; the pipeline does it for staging as for any branch.");
    }
  }
  return pipeline;
}

}  // namespace perch::cli::ci
