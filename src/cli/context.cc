#include "cli/context.h"

#include <algorithm>
#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "config/project.h"

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

bool IsAboutAws(const Context& context) {
  if (!context.arguments.platform.empty()) return context.arguments.platform == "aws";
  const Result<config::Project> project = config::Load(context.config_file);
  if (project) return project->platform == "aws";
  // What is wrong with the file is told by whoever reads it next, not that no perch runs here.
  const Result<std::string> text = ReadFile(context.config_file, 1 << 20);
  if (!text) return false;
  const std::vector<std::string> lines = Lines(*text);
  return std::find(lines.begin(), lines.end(), "platform: aws") != lines.end();
}

}  // namespace perch::cli
