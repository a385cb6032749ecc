#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "image/docker.h"
#include "local/sandbox.h"

namespace perch::local {

/// One container to run.
struct ContainerRun {
  std::string name;
  std::string release;            ///< key; its image is run
  std::string branch;             ///< for a label
  std::uint16_t port = 0;         ///< of 127.0.0.1, where it is published; 0: nowhere
  std::uint16_t inside_port = 0;  ///< what it listens on
};

/// What one state folder has in this machine's Docker engine: images called "perch-<state>:<release>", containers by
/// label. Thread-safe; every call blocks. An engine that does not answer is kUnavailable.
class Containers {
 public:
  /// `program`: docker, as in image::Docker.
  Containers(std::string program, const std::filesystem::path& state_folder, std::string app);

  const image::Docker& docker() const { return docker_; }
  /// Whether this state folder ever had anything in an engine: until then docker is not even asked.
  bool Used() const;

  std::string ImageOf(const std::string& release) const;
  Result<bool> HasImage(const std::string& release, std::stop_token stop) const;
  /// Builds the image of a release from a checked out tree.
  Status BuildImage(const std::string& release, const std::string& tree, image::BuildOptions options,
                    const image::OnOutput& on_output, std::stop_token stop) const;
  Status RemoveImage(const std::string& release) const;
  /// The releases that have an image.
  Result<std::vector<std::string>> Images() const;

  /// `inner` as a program of this machine: docker, in the foreground, with the inner guest in a container. It sees
  /// `binds`, has the variables and nothing of the rest of this machine. Variables reach docker through a descriptor:
  /// they are neither on the disk nor in the list of processes. kUsage: a variable cannot be passed so.
  Result<Guest> Wrap(const Guest& inner, const ContainerRun& run) const;
  /// `argv` in a running container, at a person's terminal.
  Guest Exec(const std::string& name, const std::vector<std::string>& argv) const;

  /// False also when nobody knows.
  bool Runs(const std::string& name) const;
  /// Ends and removes a container; afterwards it is certainly not there.
  Status Remove(const std::string& name) const;
  /// All containers of this state folder.
  Result<std::vector<std::string>> Names() const;

 private:
  Result<std::string> Ask(std::vector<std::string> words) const;
  /// The user in the container that owns the environment's data.
  std::string UserFor(uid_t uid) const;

  const std::string program_;
  const std::filesystem::path state_folder_;
  const std::string app_;
  const std::string repository_;
  const image::Docker docker_;
};

}  // namespace perch::local
