#pragma once

#include <map>
#include <string>

#include "cli/ci/pipeline.h"

/// What the steps of all pipelines do, as texts for `bash -eo pipefail`. They take everything that others can choose
/// (the branch's name above all) from variables, and never as part of the text.
namespace perch::cli::ci {

/// The variables in which a CI service tells what it builds; each with its '$'.
struct Names {
  std::string branch;
  std::string commit;
  std::string run;   ///< another one for each run: image tags cannot be used twice
  std::string role;  ///< the commands that write the token for AWS_ROLE_ARN into $AWS_WEB_IDENTITY_TOKEN_FILE
};

using Blocks = std::map<std::string, std::string, std::less<>>;

/// @BUILD@, @TEST@, @PUSH@, @COPY@ (from staging), @UP@, and @ROLE@ of `names`. A step that may run long after the one
/// before it gets a new token, since those live for minutes.
Blocks ShellBlocks(const Pipeline& pipeline, const Names& names);

}  // namespace perch::cli::ci
