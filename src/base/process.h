#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace perch {

/// A program to run to its end. Nothing here passes through a shell.
struct ProcessOptions {
  std::vector<std::string> argv;                          ///< argv[0] is looked up in perch's PATH if it has no '/'
  std::optional<std::map<std::string, std::string>> env;  ///< the whole environment; nullopt: perch's own
  std::string cwd;                                        ///< "" : perch's own
  std::string input;                                      ///< what the program reads from standard input
  std::chrono::milliseconds timeout = std::chrono::minutes(1);  ///< after it: TERM, a second, KILL to its process group
  std::size_t output_limit = 64 << 20;              ///< bytes kept of each stream; a program that writes more is ended
  std::function<void(std::string_view)> on_output;  ///< if set, gets both streams as they come; then nothing is kept
  std::function<void()> in_child;  ///< runs in the child between fork and exec; async-signal-safe calls only
};

struct ProcessResult {
  int exit_code = -1;  ///< 128 + signal for a killed program, as shells say it
  bool timed_out = false;
  bool cancelled = false;
  bool output_cut = false;
  std::string out;
  std::string err;
  bool Succeeded() const { return exit_code == 0 && !timed_out && !cancelled && !output_cut; }
};

/// Runs a program and waits. The error is only for what kept it from starting; look at the result for how it ended.
/// The program gets its own process group, default signal handling and only descriptors 0, 1 and 2; it is killed if the
/// calling thread dies. `stop` ends it early. Blocks the calling thread; thread-safe.
Result<ProcessResult> RunProcess(const ProcessOptions& options, std::stop_token stop = {});

/// For exit codes in messages: "exit code 3", "killed by signal 9 (Killed)".
std::string DescribeExit(int exit_code);

}  // namespace perch
