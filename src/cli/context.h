#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "cli/arguments.h"

namespace perch::cli {

/// Where a command works: the configuration file and the state folder.
struct Context {
  Arguments arguments;
  std::filesystem::path config_file;   ///< absolute; need not exist
  std::filesystem::path state_folder;  ///< absolute; $PERCH_STATE, or .perch beside the configuration file

  std::filesystem::path ControlSocket() const { return state_folder / "control.sock"; }
  std::filesystem::path TokenFile() const { return state_folder / "token"; }
};

/// kUsage when the folder of -C is not there.
Result<Context> Locate(const Arguments& arguments);

/// Whether a command is about environments on AWS: --platform, else what perch.yaml says. One that is wrong is told by
/// whoever reads it next.
bool IsAboutAws(const Context& context);

}  // namespace perch::cli
