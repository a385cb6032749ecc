#include "cli/context.h"

#include <cstdlib>

namespace perch::cli {

namespace fs = std::filesystem;

Result<Context> Locate(const Arguments& arguments) {
  std::error_code error;
  const fs::path folder = fs::canonical(arguments.folder, error);
  if (error || !fs::is_directory(folder, error)) {
    return Fail({.kind = ErrorKind::kUsage,
                 .what = "cannot work in the folder of -C",
                 .where = arguments.folder.string(),
                 .why = error ? error.message() : "it is not a folder"});
  }
  Context context{
      .arguments = arguments, .config_file = (folder / arguments.config).lexically_normal(), .state_folder = {}};
  const char* state = std::getenv("PERCH_STATE");
  context.state_folder =
      state && *state ? (folder / state).lexically_normal() : context.config_file.parent_path() / ".perch";
  return context;
}

}  // namespace perch::cli
