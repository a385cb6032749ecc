#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/process.h"
#include "net/remote.h"

namespace perch::aws {

/// What credentials and regions are found with. Everything is given, so that tests need no globals.
struct Surroundings {
  std::map<std::string, std::string> environment;
  std::function<Result<std::string>(const std::string& path)> read_file;  ///< kNotFound for an absent file
  std::function<Result<ProcessResult>(const ProcessOptions&, std::stop_token)> run;
  Clock clock;
  net::Transport* transport = nullptr;                                    ///< outlives all that is made from this
  std::function<bool(std::chrono::milliseconds, std::stop_token)> sleep;  ///< between retries; empty: really sleeps
  std::string profile;  ///< named on the command line or in perch.yaml; "" : AWS_PROFILE or "default"

  /// A variable of the environment; nullopt if it is unset or empty.
  std::optional<std::string> Variable(const std::string& name) const;
  /// `path` with a leading "~/" replaced by HOME.
  std::string Expand(const std::string& path) const;
  /// The profile in use: `profile`, AWS_DEFAULT_PROFILE, AWS_PROFILE, "default" (botocore's order).
  std::string ProfileName() const;
  /// Whether somebody asked for ProfileName(), so that it has to exist.
  bool ProfileIsNamed() const;
};

/// The environment, files and programs of this process. `transport` outlives the result.
Surroundings RealSurroundings(net::Transport& transport, Clock clock, std::string profile = "");

}  // namespace perch::aws
