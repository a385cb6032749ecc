#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "base/log.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/hidden.h"
#include "cli/output.h"

namespace perch::cli {
namespace {

int Run(const Arguments& arguments) {
  static const std::map<std::string, int (*)(const Context&)> functions = {
      {"init", RunInit},   {"demo", RunDemo},           {"serve", RunServe},   {"plan", RunPlan},
      {"ls", RunLs},       {"status", RunStatus},       {"logs", RunLogs},     {"open", RunOpen},
      {"up", RunUp},       {"down", RunDown},           {"reset", RunReset},   {"exec", RunExec},
      {"sweep", RunSweep}, {"hook", RunHook},           {"config", RunConfig}, {"template", RunTemplate},
      {"ci", RunCi},       {"bootstrap", RunBootstrap}, {"doctor", RunDoctor}, {"completion", RunCompletion}};
  SetLogLevel(arguments.verbose ? LogLevel::kDebug : LogLevel::kInfo);
  const Result<Context> context = Locate(arguments);
  if (!context) return Report(context.error(), arguments.json);
  return functions.at(arguments.command)(*context);
}

}  // namespace
}  // namespace perch::cli

int main(int argc, char** argv) {
  using namespace perch::cli;
  // perch calls itself for the small programs that guests need; those must start fast and load nothing.
  if (const std::optional<int> code = RunHidden(argc, argv)) return *code;
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    std::puts("perch " PERCH_VERSION);
    return 0;
  }
  const Parsed parsed = ParseArguments(argc, argv);
  if (!parsed.arguments) {
    std::fputs(parsed.text.c_str(), parsed.exit_code == 0 ? stdout : stderr);
    return parsed.exit_code;
  }
  return Run(*parsed.arguments);
}
