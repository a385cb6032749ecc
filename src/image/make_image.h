#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "engine/ports.h"
#include "image/docker.h"
#include "model/settings.h"

namespace perch::image {

/// The steps of making an image, in order.
enum class ImageStage { kCheckout, kBuild, kTest, kPush };
std::string_view ImageStageName(ImageStage stage);  ///< "checkout", "build", "test", "push"

/// How a step goes: it began, it ended well, or it failed.
struct ImageProgress {
  enum class Kind { kStarted, kFinished, kFailed };
  ImageStage stage;
  Kind kind;
  std::chrono::milliseconds took{0};  ///< since it began
  std::string why;                    ///< it failed
};

struct ImageRequest {
  std::string repository;              ///< "111122223333.dkr.ecr.eu-central-1.amazonaws.com/perch/shop/staging"
  std::string commit, tree;            ///< full hashes
  const Settings* settings = nullptr;  ///< its secrets reach neither build nor test
  std::string platform;                ///< "linux/amd64"; "": the machine's own
};

/// What making an image needs from the world. Callbacks come from the calling thread, or one that it waits for.
struct ImagePorts {
  engine::BranchSource& source;
  const Docker& docker;
  /// The digest of what the repository has under that tag; nullopt when it certainly has none.
  std::function<Result<std::optional<std::string>>(const std::string& tag)> find_in_registry;
  /// Asked right before a push; nullopt: the docker program's own.
  std::function<Result<std::optional<Login>>()> login;
  std::function<void(ImageStage stage, std::string_view piece)> on_output;  ///< may be empty
  std::function<void(const ImageProgress& progress)> on_progress;           ///< may be empty
  /// Perch's own; for this only. What killed processes left in it, and in the engine, is removed.
  std::filesystem::path scratch;
};

struct MadeImage {
  std::string reference;     ///< "repository@sha256:…"
  bool built = false;        ///< false: the registry had it
  std::string architecture;  ///< docker's word, "amd64"; "" when nobody said which
};

/// The tag in the registry: another one for another tree, another way to build and test it, another platform.
std::string ImageTagOf(const ImageRequest& request);

/// The image of a commit in the registry. What is there under ImageTagOf was built and tested before and is taken as it
/// is; else the commit is checked out, built, tested in the image and pushed. Unless all of it went well nothing is
/// pushed; no container, image or file stays on this machine. kUsage: the settings name no Dockerfile, or the commit
/// has none; kFailed: build, test or push failed; kCancelled. Of several that want the same image with one `scratch`,
/// one builds and the others wait for it.
Result<MadeImage> MakeImage(const ImageRequest& request, const ImagePorts& ports, std::stop_token stop);

}  // namespace perch::image
