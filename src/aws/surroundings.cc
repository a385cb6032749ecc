#include "aws/surroundings.h"

#include <unistd.h>

#include <utility>

#include "base/file.h"

namespace perch::aws {

std::optional<std::string> Surroundings::Variable(const std::string& name) const {
  const auto at = environment.find(name);
  if (at == environment.end() || at->second.empty()) return std::nullopt;
  return at->second;
}

std::string Surroundings::Expand(const std::string& path) const {
  if (path != "~" && !path.starts_with("~/")) return path;
  return Variable("HOME").value_or("") + path.substr(1);
}

std::string Surroundings::ProfileName() const {
  if (!profile.empty()) return profile;
  for (const char* name : {"AWS_DEFAULT_PROFILE", "AWS_PROFILE"}) {
    if (std::optional<std::string> value = Variable(name)) return *value;
  }
  return "default";
}

bool Surroundings::ProfileIsNamed() const {
  return !profile.empty() || Variable("AWS_PROFILE") || Variable("AWS_DEFAULT_PROFILE");
}

Surroundings RealSurroundings(net::Transport& transport, Clock clock, std::string profile) {
  Surroundings real;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view line(*entry);
    const std::size_t equals = line.find('=');
    if (equals != line.npos) real.environment.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  real.read_file = [](const std::string& path) { return ReadFile(path, 1 << 20); };
  real.run = [](const ProcessOptions& options, std::stop_token stop) { return RunProcess(options, std::move(stop)); };
  real.clock = std::move(clock);
  real.transport = &transport;
  real.profile = std::move(profile);
  return real;
}

}  // namespace perch::aws
