#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

/// Container images: built, tested and pushed by the docker program.
namespace perch::image {

/// Takes output as it comes; any thread.
using OnOutput = std::function<void(std::string_view piece)>;

struct BuildOptions {
  std::filesystem::path folder;               ///< the build context: a branch's code, and so a guest's
  std::string dockerfile = "Dockerfile";      ///< relative to it; must not lead out of it
  std::string platform;                       ///< "linux/arm64"; "": the machine's own
  std::string tag;                            ///< its name in the engine; "": none
  std::map<std::string, std::string> labels;  ///< for finding it again
  std::filesystem::path scratch;              ///< for a private folder; "": the system's place for temporary files
  std::chrono::milliseconds timeout = std::chrono::minutes(15);
};

struct RunOptions {
  std::string called = "it";               ///< in errors: "the tests"
  std::vector<std::string> argv;           ///< takes the place of the image's entry point and command
  std::map<std::string, std::string> env;  ///< plain values; none of perch's own environment gets in
  std::map<std::string, std::string> labels;
  std::filesystem::path scratch;    ///< for a private folder that holds `env` meanwhile; "": as above
  std::int64_t memory = 1LL << 30;  ///< bytes
  int processes = 256;
  std::chrono::milliseconds timeout = std::chrono::minutes(15);
};

/// The variables that the docker program needs to find its engine; nothing else of perch's environment.
std::map<std::string, std::string> DockerEnvironment();

/// For one registry; never stored.
struct Login {
  std::string registry;  ///< "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
  std::string user;
  Secret password;
};

struct PushOptions {
  std::string image;              ///< an id or a name of the engine's
  std::string repository, tag;    ///< what it is called there
  std::optional<Login> login;     ///< nullopt: the docker program's own
  std::filesystem::path scratch;  ///< for a private folder that holds the login meanwhile; "": as above
};

struct ImageFacts {
  std::string id;            ///< "sha256:…"
  std::string architecture;  ///< docker's word: "amd64", "arm64"
};

/// The docker program, found in PATH; it honours DOCKER_HOST. Thread-safe; every call blocks.
class Docker {
 public:
  explicit Docker(std::string program = "docker") : program_(std::move(program)) {}

  /// Whether an engine answers; kUnavailable says what is missing and what to do.
  Status Available(std::stop_token stop = {}) const;

  /// The image's id. Uses BuildKit where docker has it. kFailed: the build failed (its log went to `on_output`);
  /// kUsage: the Dockerfile is not there, or leads out of the folder; kCancelled.
  Result<std::string> Build(const BuildOptions& options, const OnOutput& on_output, std::stop_token stop = {}) const;

  /// Runs a command in a new container of the image and waits for it; the container is gone afterwards, also when it is
  /// stopped. kFailed says how it ended: "the tests failed: exit code 1".
  Status Run(const std::string& image, const RunOptions& options, const OnOutput& on_output,
             std::stop_token stop = {}) const;

  /// Pushes an image; its digest in the registry, "sha256:…". kFailed: the login or the push failed.
  Result<std::string> Push(const PushOptions& options, const OnOutput& on_output, std::stop_token stop = {}) const;

  /// Takes a name from the engine, and the image with its last one; no error if there is none of that name.
  Status RemoveImage(const std::string& name, std::stop_token stop = {}) const;

  /// Ends and removes the containers with that label, "name=value"; no error if there are none.
  Status RemoveContainers(const std::string& label, std::stop_token stop = {}) const;

  /// kNotFound: the engine has no such image.
  Result<ImageFacts> Inspect(const std::string& image, std::stop_token stop = {}) const;

 private:
  std::string program_;
};

/// The digest that docker tells at the end of a push, for `repository`; "" if there is none.
std::string DigestIn(std::string_view repo_digests_json, std::string_view repository);

}  // namespace perch::image
