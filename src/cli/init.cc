#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

#include "base/file.h"
#include "base/text.h"
#include "base/value.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "config/detect.h"

namespace perch::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> AskForCommand(bool json) {
  if (json || !isatty(STDIN_FILENO)) {
    return Fail({.kind = ErrorKind::kRefused,
                 .what = "cannot tell how this app is run",
                 .why = "there is no Dockerfile, manage.py, package.json or Procfile, and no terminal to ask",
                 .hint = "Say it: perch init --run 'COMMAND'. The command must listen on $HOST:$PORT."});
  }
  std::printf("What starts your app? It must listen on $HOST:$PORT, for example: python3 app.py --port $PORT\n> ");
  std::fflush(stdout);
  std::string command;
  std::getline(std::cin, command);
  command = Trim(command);
  if (command.empty())
    return Fail({.kind = ErrorKind::kUsage, .what = "nothing was written", .why = "no command was given"});
  return command;
}

/// Keeps perch's state out of the repository, where there is one.
void IgnoreState(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder / ".git", error)) return;
  const fs::path file = folder / ".gitignore";
  const std::string text = ReadFile(file, 1 << 20).value_or("");
  for (const std::string& line : Lines(text)) {
    if (Trim(line) == ".perch/" || Trim(line) == "/.perch/" || Trim(line) == ".perch") return;
  }
  const Status written =
      WriteFileAtomically(file, text + (text.empty() || text.ends_with('\n') ? "" : "\n") + ".perch/\n");
  if (written) std::printf("Added .perch/ to .gitignore.\n");
}

}  // namespace

int RunInit(const Context& context) {
  const Arguments& arguments = context.arguments;
  const fs::path folder = context.config_file.parent_path();
  std::error_code error;
  if (fs::exists(context.config_file, error) && !arguments.force) {
    return Report({.kind = ErrorKind::kRefused,
                   .what = "there is a configuration already",
                   .where = context.config_file.string(),
                   .hint = "Edit it, or say --force to replace it."},
                  arguments.json);
  }
  std::string found = "The run command is yours.", yaml;
  const std::optional<config::Detected> detected =
      arguments.run_command.empty() ? config::Detect(folder) : std::nullopt;
  if (detected) {
    found = detected->found;
    yaml = detected->yaml;
  } else {
    Result<std::string> command = arguments.run_command;
    if (arguments.run_command.empty()) command = AskForCommand(arguments.json);
    if (!command) return Report(command.error(), arguments.json);
    yaml = config::ConfigFor(folder, *command);
  }
  if (Status written = WriteFileAtomically(context.config_file, yaml); !written)
    return Report(written.error(), arguments.json);
  if (arguments.json) {
    std::printf("{\"file\":%s,\"found\":%s}\n", JsonString(context.config_file.string()).c_str(),
                JsonString(found).c_str());
    return 0;
  }
  std::printf("%s\nWrote %s. Look it over, then run `perch serve`.\n", Printable(found).c_str(),
              context.config_file.c_str());
  IgnoreState(folder);
  return 0;
}

}  // namespace perch::cli
