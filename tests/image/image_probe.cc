// Speaks to src/image for engine.py: `image_probe make|architecture key=value…` makes an image of a commit, or tells
// which processor one in a registry is for.
#include <iostream>
#include <map>

#include "base/text.h"
#include "git/repository.h"
#include "image/make_image.h"
#include "image/reference.h"
#include "image/registry.h"
#include "net/remote.h"

namespace perch::image {
namespace {

using Words = std::map<std::string, std::string>;

int Complain(const Error& error) {
  std::cout << "refused: " << error.Text() << std::endl;
  return int(ExitCodeFor(error.kind));
}

std::optional<Login> LoginIn(const Words& words, const std::string& repository) {
  if (!words.contains("user")) return std::nullopt;
  return Login{.registry = ImageReference{.repository = repository}.Registry(),
               .user = words.at("user"),
               .password = Secret(words.at("password"))};
}

int Make(const Words& words, net::Transport& transport) {
  Result<std::unique_ptr<git::Repository>> source =
      git::Repository::Open({.location = words.at("git"), .folder = words.at("scratch") + "-git"});
  if (!source) return Complain(source.error());
  Settings settings;
  settings.app = "shop";
  settings.branch = "main";
  settings.dockerfile = words.at("dockerfile");
  settings.build_hash = words.at("build_hash");
  settings.env = {{"PAGE_SIZE", "5"}, {"POEM", "two\nlines"}, {"DOCKER_HOST", "tcp://127.0.0.1:1"}};
  settings.secrets.emplace("TOKEN", Secret("s3cret"));
  if (words.contains("test")) settings.test = {.argv = {"/bin/sh", "-c", words.at("test")}};
  if (words.contains("test_timeout")) {
    settings.limits.test_timeout = std::chrono::milliseconds(*ParseDuration(words.at("test_timeout")));
  }
  const std::string& repository = words.at("repository");
  const auto login = [&]() -> Result<std::optional<Login>> { return LoginIn(words, repository); };
  const Registry registry(transport, repository, login);
  const Docker docker;
  const Result<MadeImage> made =
      MakeImage({.repository = repository,
                 .commit = words.at("commit"),
                 .tree = words.at("tree"),
                 .settings = &settings,
                 .platform = words.at("platform")},
                {.source = **source,
                 .docker = docker,
                 .find_in_registry = [&](const std::string& tag) { return registry.Find(tag); },
                 .login = login,
                 .on_output = [](ImageStage, std::string_view piece) { std::cout << piece << std::flush; },
                 .on_progress =
                     [](const ImageProgress& progress) {
                       static constexpr const char* kKinds[] = {"begins", "done", "failed"};
                       std::cout << "\n[" << ImageStageName(progress.stage) << " " << kKinds[int(progress.kind)] << "]"
                                 << std::endl;
                     },
                 .scratch = words.at("scratch")},
                {});
  if (!made) return Complain(made.error());
  std::cout << (made->built ? "built " : "found ") << made->reference << " " << made->architecture << std::endl;
  return 0;
}

int ShowArchitecture(const Words& words, net::Transport& transport) {
  const Result<ImageReference> image = ParseImageReference(words.at("image"));
  if (!image) return Complain(image.error());
  const Registry registry(transport, image->repository, [&] { return LoginIn(words, image->repository); });
  const Result<std::string> architecture = registry.Architecture(image->digest);
  if (!architecture) return Complain(architecture.error());
  std::cout << *architecture << std::endl;
  return 0;
}

}  // namespace
}  // namespace perch::image

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  perch::image::Words words = {{"dockerfile", "Dockerfile"}, {"build_hash", "h"}, {"platform", ""}};
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t equals = word.find('=');
    words[word.substr(0, equals)] = word.substr(equals + 1);
  }
  const std::unique_ptr<perch::net::Transport> transport = perch::net::MakeTransport();
  if (mode == "make") return perch::image::Make(words, *transport);
  if (mode == "architecture") return perch::image::ShowArchitecture(words, *transport);
  std::cerr << "usage: image_probe make|architecture key=value...\n";
  return 2;
}
