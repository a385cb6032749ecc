#include <cstdio>

#include "cli/commands.h"
#include "cli/control.h"
#include "cli/output.h"

namespace perch::cli {

int RunHook(const Context& context) {
  const Result<std::string> asked = Control(context.ControlSocket()).Post("/api/look");
  if (!asked) return Report(asked.error(), context.arguments.json);
  if (context.arguments.json) {
    std::printf("%s\n", asked->c_str());
  } else {
    std::printf("perch is looking at the branches.\n");
  }
  return 0;
}

}  // namespace perch::cli
