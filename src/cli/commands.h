#pragma once

#include "cli/context.h"

/// One function for each command, each in a file of its own. They print, and give the exit code.
namespace perch::cli {

int RunInit(const Context& context);
int RunDemo(const Context& context);
int RunServe(const Context& context);
int RunPlan(const Context& context);
int RunLs(const Context& context);
int RunStatus(const Context& context);
int RunLogs(const Context& context);
int RunOpen(const Context& context);
int RunUp(const Context& context);
int RunDown(const Context& context);
int RunReset(const Context& context);
int RunExec(const Context& context);
int RunSweep(const Context& context);
int RunUpOnAws(const Context& context);  ///< these are what the commands are when they are about AWS
int RunDownOnAws(const Context& context);
int RunResetOnAws(const Context& context);
int RunLsOnAws(const Context& context);
int RunStatusOnAws(const Context& context);
int RunLogsOnAws(const Context& context);
int RunOpenOnAws(const Context& context);
int RunSweepOnAws(const Context& context);  ///< what `sweep` is when it is about AWS
int RunHook(const Context& context);
int RunConfig(const Context& context);
int RunTemplate(const Context& context);
int RunCi(const Context& context);
int RunBootstrap(const Context& context);
int RunDoctor(const Context& context);
int RunCompletion(const Context& context);

}  // namespace perch::cli
