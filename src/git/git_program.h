#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"

namespace perch::git {

/// Whose configuration git reads besides the repository's own.
enum class Configuration {
  kNone,   ///< nobody's: reading objects and refs is the same on every machine
  kUsers,  ///< the user's and the system's: credentials, proxies and ssh settings live there
};

/// One run of the git program. It never asks anything, starts no pager, runs no hook and no fsmonitor.
struct GitCall {
  std::vector<std::string> args;           ///< after git's general options
  std::map<std::string, std::string> env;  ///< on top of the cleaned environment
  Configuration configuration = Configuration::kNone;
  std::filesystem::path cwd;
  std::string input;
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
  std::size_t output_limit = 256 << 20;
  std::string doing;  ///< for the error: "cannot list the branches"
  std::string where;  ///< for the error: the repository, without credentials
  std::string given;  ///< a URL that may hold credentials; it is replaced by `where` in what git says
};

struct GitOutput {
  std::string out;
  std::string err;
};

/// Runs git to its end. Anything but exit code 0 is an error: kCancelled when stopped, else kUnavailable with what git
/// said and a hint. Blocks; thread-safe.
Result<GitOutput> RunGit(const GitCall& call, std::stop_token stop = {});

/// What a person can do about a message of git's; "" when nothing is known.
std::string HintFor(const std::string& message);

}  // namespace perch::git
