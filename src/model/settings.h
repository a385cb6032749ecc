#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/value.h"

namespace perch {

/// A command of perch.yaml, ready to be executed: a list of words as written, or {"/bin/sh", "-c", text}.
struct Command {
  std::vector<std::string> argv;
  std::string text;  ///< as the person wrote it, for showing
  Source at;

  bool empty() const { return argv.empty(); }
};

/// What one environment's sandbox may use.
struct Limits {
  std::int64_t memory = 1LL << 30;  ///< bytes
  int processes = 256;              ///< processes and threads
  int open_files = 4096;            ///< per process
  std::int64_t log = 16LL << 20;    ///< bytes kept of a log; older lines go first
  std::int64_t disk = 4LL << 30;    ///< bytes of one file (RLIMIT_FSIZE)
  std::chrono::milliseconds build_timeout = std::chrono::minutes(15);
  std::chrono::milliseconds test_timeout = std::chrono::minutes(15);
  std::chrono::milliseconds seed_timeout = std::chrono::minutes(10);  ///< release step and seed each
};

/// A profile resolved for one branch at one commit: every value, typed. `values` holds the same as a tree, with the
/// place of each.
struct Settings {
  std::string app;
  std::string branch;
  std::string profile;

  Command build;                        ///< empty: nothing to build
  Command test;                         ///< empty: no tests
  Command release;                      ///< run before each new release starts (migrations); empty: none
  Command seed;                         ///< run once for a new database; empty: none
  std::vector<std::string> seed_files;  ///< globs of the files that the seeded data depend on; empty: the whole tree
  Command run;                          ///< never empty in valid settings, unless `dockerfile` is set
  std::string dockerfile;               ///< build.dockerfile; "" : build with processes

  std::string health_path =
      "/";  ///< starts with '/'; a status below 500 is healthy, or exactly `health_status` if that is set
  std::optional<int> health_status;
  std::chrono::milliseconds health_timeout = std::chrono::seconds(60);
  std::chrono::milliseconds stop_timeout = std::chrono::seconds(10);  ///< between TERM and KILL
  std::vector<std::string> writable;  ///< folders of the release, relative, that the app may write to
  std::vector<std::string> readable;  ///< operator only: further absolute host paths that a sandbox may read

  std::map<std::string, std::string> env;  ///< plain values
  std::map<std::string, Secret> secrets;   ///< already resolved; never part of a hash in clear
  Limits limits;

  /// What of the environment can only be changed by deleting and making it again: label ("host") to value. Filled by
  /// the platform; empty on the local one.
  std::map<std::string, std::string> fixed;

  /// What the branch's own perch.yaml tried to set and may not, as sentences for its log.
  std::vector<std::string> notices;

  Value values;            ///< the resolved tree, with places; secrets appear as their references, never as values
  std::string hash;        ///< of all that changes what runs; a change means "rebuild". 64 hexadecimal digits
  std::string build_hash;  ///< of what goes into a build besides the tree: build and test commands, dockerfile, env
};

}  // namespace perch
