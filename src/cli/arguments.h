#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace perch::cli {

/// What a person asked for, as plain values. Only arguments.cc knows the library that reads it.
struct Arguments {
  std::string command;     ///< "serve", "config"; "" when only help or the version was wanted
  std::string subcommand;  ///< of `config`: "check", "show", ...; of `template`: "app", "env"; of `ci`: "github", ...

  // Global.
  std::filesystem::path folder = ".";
  std::string config = "perch.yaml";
  std::string platform;
  bool json = false;
  bool verbose = false;

  // Shared by several commands.
  std::string branch;
  bool yes = false;
  bool follow = false;

  // serve and demo.
  std::string listen = "127.0.0.1:7878";
  std::string domain;
  std::string dashboard;
  std::string tls;
  std::filesystem::path password_file;
  bool trust_branches = false;
  bool once = false;
  std::filesystem::path demo_folder;

  // config diff, init, exec, logs, sweep, hook, doctor.
  std::string other;
  std::string run_command;
  bool force = false;
  std::vector<std::string> words;
  std::string stage;
  std::optional<int> max_deletes;
  bool no_wait = false;

  // sweep on AWS.
  std::string github;      ///< "OWNER/REPO"
  std::string repository;  ///< a path or URL of git's
  std::string region;
  std::string app;
  bool adopt = false;
  std::string tag = "branch";
  std::vector<std::string> protect_stacks, protect_branches;
  std::string grace;  ///< "1h"; "" for the default
  std::string marks;  ///< "s3://BUCKET/KEY"

  // template.
  std::string profile;
  std::string format = "yaml";  ///< or "json"
  std::string image;
  std::string platform_arn;
  std::string snapshot;

  // doctor; `sweep` and `ci` are whose rights.
  std::string policy;
  bool leaks = false;

  // ci; also takes `image` and `force`.
  bool write = false;
};

/// The outcome of reading the command line: arguments, or a text to print and an exit code.
struct Parsed {
  std::optional<Arguments> arguments;
  std::string text;  ///< help, version or the error
  int exit_code = 0;
};
Parsed ParseArguments(int argc, const char* const* argv);

/// Every command's name with one line about it, in the order of the help.
struct CommandInfo {
  std::string name;
  std::string about;
};
const std::vector<CommandInfo>& Commands();

}  // namespace perch::cli
