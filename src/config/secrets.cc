#include "config/secrets.h"

#include <cstdlib>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "config/settings_reader.h"

namespace perch::config {
namespace {

constexpr std::size_t kLongestValue = 64 << 10;  // Linux: one variable may have at most 128 KiB (MAX_ARG_STRLEN)
constexpr std::chrono::seconds kCommandTimeout(10);

constexpr std::size_t kShortestValue = 4;  // Redactor masks nothing shorter

/// Why a secret has no value, and what to do.
struct Missing {
  std::string why, hint;
  bool may_pass = false;
};

/// A value, or why there is none.
struct Found {
  std::string value;
  std::optional<Missing> missing;
};

Found FromVariable(const std::string& variable, const FindVariable& find_variable) {
  const std::optional<std::string> value = find_variable(variable);
  if (value && !value->empty()) return {.value = *value};
  return {.missing = Missing{"the environment variable " + variable + (value ? " is empty" : " is not set"),
                             "Set it before perch starts: export " + variable + "=…"}};
}

void DropLineEnd(std::string& value) {
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
}

Found FromFile(const std::filesystem::path& path) {
  Result<std::string> value = ReadFile(path, kLongestValue);
  if (!value) {
    return {.missing = Missing{"the file " + path.string() + " cannot be read: " + value.error().why,
                               "Write the value into that file, readable by the user that runs perch."}};
  }
  DropLineEnd(*value);
  if (value->empty())
    return {.missing = Missing{"the file " + path.string() + " is empty", "Write the value into it."}};
  return {.value = *std::move(value)};
}

Found FromCommand(const Value& command, const std::filesystem::path& folder, std::stop_token stop) {
  ProcessOptions options{.cwd = folder.string(), .timeout = kCommandTimeout, .output_limit = kLongestValue};
  if (command.AsString()) {
    options.argv = {"/bin/sh", "-c", *command.AsString()};
  } else {
    for (const Value& word : *command.AsList()) options.argv.push_back(*word.AsString());
  }
  const std::string hint = "Try the command by hand, as the user that runs perch, in " +
                           (folder.empty() ? "this folder" : folder.string()) + ".";
  Result<ProcessResult> result = RunProcess(options, stop);
  if (!result) return {.missing = Missing{"its command cannot be run: " + result.error().why, hint, true}};
  std::string how;
  if (result->timed_out) {
    how = "its command took longer than 10 seconds";
  } else if (result->output_cut) {
    how = "its command printed more than " + FormatBytes(kLongestValue);
  } else if (!result->Succeeded()) {
    // Only the error stream: what the command meant as the value must not get into a message.
    const std::vector<std::string> lines = Lines(result->err.substr(0, 200));
    how = "its command failed with " + DescribeExit(result->exit_code) + (lines.empty() ? "" : ": " + lines[0]);
  }
  if (!how.empty()) return {.missing = Missing{how, hint, true}};
  std::string value(Trim(result->out));
  if (value.empty()) return {.missing = Missing{"its command printed nothing", hint, true}};
  return {.value = std::move(value)};
}

Found Resolve(const Value& source, const std::filesystem::path& folder, const FindVariable& find_variable,
              std::stop_token stop) {
  Found found;
  if (const Value* variable = source.Find("env")) {
    found = FromVariable(*variable->AsString(), find_variable);
  } else if (const Value* file = source.Find("file")) {
    found = FromFile(folder / *file->AsString());
  } else if (const Value* command = source.Find("command")) {
    found = FromCommand(*command, folder, stop);
  } else {
    found.missing = Missing{"it does not say where its value comes from", "Write env, file or command."};
  }
  if (!found.missing && found.value.find('\0') != std::string::npos) {
    found.missing = Missing{"its value holds a NUL character, which no environment variable can",
                            "Encode the value, for example with base64."};
  }
  if (!found.missing && found.value.size() < kShortestValue) {
    found.missing = Missing{
        "its value is shorter than " + std::to_string(kShortestValue) + " bytes, too short to be masked in logs",
        "Use a longer one, or write it under `env` if it is no secret."};
  }
  return found;
}

}  // namespace

std::optional<std::string> FindProcessVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

Result<std::map<std::string, Secret>> ResolveSecrets(const Project& project, const Profile& profile,
                                                     const FindVariable& find_variable, Redactor* redactor,
                                                     std::stop_token stop, MissingSecrets missing) {
  std::map<std::string, Secret> secrets;
  const Value* sources = profile.values.Find("secrets");
  if (!sources || !sources->AsMap()) return secrets;
  Diagnostics diagnostics(project.file, project.text);
  bool all_may_pass = true;
  for (const Value::Entry& entry : *sources->AsMap()) {
    Found found = Resolve(entry.value, project.folder, find_variable, stop);
    if (found.missing) {
      all_may_pass = all_may_pass && found.missing->may_pass;
      diagnostics.Add({.at = entry.key_at,
                       .width = entry.key.size(),
                       .text = "the secret `" + entry.key + "` has no value: " + found.missing->why,
                       .hint = found.missing->hint});
      continue;
    }
    Secret secret(std::move(found.value));
    if (redactor) redactor->Add(secret);
    secrets.emplace(entry.key, std::move(secret));
  }
  if (stop.stop_requested()) return Fail({.kind = ErrorKind::kCancelled, .what = "stopped while reading the secrets"});
  if (diagnostics.empty() || missing == MissingSecrets::kAreLeftOut) return secrets;
  Error error = diagnostics.ToError();
  if (all_may_pass) error.kind = ErrorKind::kUnavailable;
  return Fail(std::move(error));
}

std::string DescribeSecret(const Value& source) {
  if (const Value* variable = source.Find("env"))
    return "(secret from environment variable " + *variable->AsString() + ")";
  if (const Value* file = source.Find("file")) return "(secret from file " + *file->AsString() + ")";
  if (const Value* command = source.Find("command")) {
    std::vector<std::string> words;
    if (command->AsList()) {
      for (const Value& word : *command->AsList()) words.push_back(*word.AsString());
    }
    return "(secret from command " + (command->AsString() ? *command->AsString() : ShellText(words)) + ")";
  }
  return "(secret)";
}

}  // namespace perch::config
