#include "git/git_program.h"

#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/process.h"
#include "base/text.h"

namespace perch::git {
namespace {

/// Variables that say how git reaches a host. All other GIT_ variables are dropped: perch may have been started by a
/// hook, whose GIT_DIR or GIT_QUARANTINE_PATH would point git elsewhere.
bool MayKeep(std::string_view name) {
  constexpr std::array kNames = {"GIT_SSH",           "GIT_SSH_COMMAND",      "GIT_SSH_VARIANT",
                                 "GIT_ASKPASS",       "GIT_PROXY_COMMAND",    "GIT_PROXY_SSL_CERT",
                                 "GIT_PROXY_SSL_KEY", "GIT_PROXY_SSL_CAINFO", "GIT_CONFIG_GLOBAL",
                                 "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",  "GIT_EXEC_PATH"};
  for (const std::string_view kept : kNames) {
    if (name == kept) return true;
  }
  return name.starts_with("GIT_SSL_") || name.starts_with("GIT_HTTP_") || name.starts_with("GIT_CONFIG_KEY_") ||
         name.starts_with("GIT_CONFIG_VALUE_") || name == "GIT_CONFIG_COUNT" || !name.starts_with("GIT_");
}

std::map<std::string, std::string> Environment(const GitCall& call) {
  std::map<std::string, std::string> env;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !MayKeep(text.substr(0, equals))) continue;
    env.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  env["LC_ALL"] = "C";
  env["GIT_TERMINAL_PROMPT"] = "0";
  env["GIT_OPTIONAL_LOCKS"] = "0";
  env["GIT_NO_REPLACE_OBJECTS"] = "1";
  env["GIT_ALLOW_PROTOCOL"] = "file:git:http:https:ssh";
  // A program that answers nothing: ssh would otherwise open the terminal by itself.
  env.emplace("GIT_ASKPASS", "/bin/false");
  env["SSH_ASKPASS"] = "/bin/false";
  env["SSH_ASKPASS_REQUIRE"] = "force";
  if (call.configuration == Configuration::kNone) {
    env["GIT_CONFIG_NOSYSTEM"] = "1";
    env["GIT_CONFIG_GLOBAL"] = "/dev/null";
    env["GIT_ATTR_NOSYSTEM"] = "1";
    env.erase("GIT_CONFIG_COUNT");
  }
  for (const auto& [name, value] : call.env) env[name] = value;
  return env;
}

std::string ReplaceAll(std::string text, const std::string& from, const std::string& to) {
  if (from.empty() || from == to) return text;
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// The lines of git's complaint that tell something, as one line, without their "fatal: ".
std::string Complaint(const GitCall& call, const std::string& err) {
  std::vector<std::string> kept;
  for (const std::string& line : Lines(ReplaceAll(err, call.given, call.where))) {
    std::string_view text = Trim(line);
    for (const std::string_view prefix : {"fatal: ", "error: ", "warning: "}) {
      if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
    }
    if (!text.empty() && !text.starts_with("hint:")) kept.push_back(Printable(text));
  }
  if (kept.size() > 4) kept.erase(kept.begin(), kept.end() - 4);
  return Join(kept, "; ");
}

}  // namespace

std::string HintFor(const std::string& message) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kHints = {{
      {"Could not resolve host", "Check the host's name and this machine's network."},
      {"Connection refused", "Check that the git server is running and that its port is right."},
      {"terminal prompts disabled",
       "Give git the credentials: a credential helper (git help credentials), or an ssh URL."},
      {"Authentication failed", "Check the credentials: try `git ls-remote` with the same URL."},
      {"Permission denied (publickey", "Give ssh a key that the server knows: try `git ls-remote` with the same URL."},
      {"Host key verification failed", "Connect once with ssh by hand, so that the host's key becomes known."},
      {"epository not found", "Check the URL, and that this account may read the repository."},
      {"does not appear to be a git repository", "Check the path or URL."},
      {"not a git repository", "Check the path or URL."},
      {"No space left on device", "Make room on the disk."},
      {"missing object", "Run `git fsck` in the repository: an object that a branch needs is not there."},
  }};
  for (const auto& [part, hint] : kHints) {
    if (message.find(part) != std::string::npos) return std::string(hint);
  }
  return "";
}

Result<GitOutput> RunGit(const GitCall& call, std::stop_token stop) {
  if (stop.stop_requested()) {
    return Fail({.kind = ErrorKind::kCancelled, .what = call.doing, .where = call.where, .why = "it was stopped"});
  }
  ProcessOptions options;
  options.argv = {"git", "--no-pager",
                  "-c",  "core.hooksPath=/dev/null",
                  "-c",  "core.fsmonitor=false",
                  "-c",  "protocol.ext.allow=never",
                  "-c",  "gc.auto=0",
                  "-c",  "maintenance.auto=false"};
  options.argv.insert(options.argv.end(), call.args.begin(), call.args.end());
  options.env = Environment(call);
  options.cwd = call.cwd.string();
  options.input = call.input;
  options.timeout = call.timeout;
  options.output_limit = call.output_limit;
  Result<ProcessResult> result = RunProcess(options, stop);
  if (!result) {
    Error error = result.error();
    error.kind = ErrorKind::kUnavailable;
    return Fail(error, call.doing);
  }
  if (result->Succeeded()) return GitOutput{std::move(result->out), std::move(result->err)};
  Error error{.kind = ErrorKind::kUnavailable, .what = call.doing, .where = call.where};
  if (result->cancelled) {
    error.kind = ErrorKind::kCancelled;
    error.why = "it was stopped";
  } else if (result->timed_out) {
    error.why = "git did not finish within " + FormatDuration(call.timeout);
    error.hint = "Check that the repository can be reached: try `git ls-remote` by hand.";
  } else if (result->output_cut) {
    error.why = "git's answer is longer than " + FormatBytes(std::int64_t(call.output_limit));
  } else {
    error.why = Complaint(call, result->err);
    if (error.why.empty()) error.why = "git ended with " + DescribeExit(result->exit_code);
    error.hint = HintFor(error.why);
  }
  return Fail(std::move(error));
}

}  // namespace perch::git
