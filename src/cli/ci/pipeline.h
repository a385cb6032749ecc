#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/project.h"

/// `perch ci`: the pipeline of a CI service, written from perch.yaml.
namespace perch::cli::ci {

/// What a pipeline must know; nothing in it is secret.
struct Pipeline {
  std::string app;
  std::string image;  ///< of perch; "": the one of a variable, where the service can take it from there
  std::string dockerfile;
  std::string test;                     ///< what ends `docker run`, from the entry point on; "": no tests
  std::vector<std::string> test_env;    ///< NAME=VALUE
  std::vector<std::string> skip;        ///< patterns of perch.yaml
  std::vector<std::string> production;  ///< names of branches, none of them skipped
  std::string staging;                  ///< the branch whose image production gets; "" only when `production` is empty
  std::string region;                   ///< of staging and of all branches
  std::string production_region;

  std::vector<std::string> notices;  ///< sentences for the person who runs the command
};

/// A file of a pipeline, by its path from the repository's top.
struct File {
  std::string path;
  std::string text;
};

/// The same with `what` replaced in all that gets from perch.yaml into a script: for services that look for
/// expressions of their own there.
Pipeline Escaped(Pipeline pipeline, std::string_view what, std::string_view instead);

/// Reads what is needed from perch.yaml. kUsage: a pattern (not a name) is production; production has no staging to get
/// its image from; a value that no pipeline can hold. Pure.
Result<Pipeline> PipelineOf(const config::Project& project, const std::string& image);

Result<std::vector<File>> CircleCi(const Pipeline& pipeline);
/// kUsage: `branches.skip` has a '?', which GitHub's filters cannot say.
Result<std::vector<File>> GitHub(const Pipeline& pipeline);
Result<std::vector<File>> GitLab(const Pipeline& pipeline);

}  // namespace perch::cli::ci
