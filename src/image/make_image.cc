#include "image/make_image.h"

#include <array>
#include <map>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "image/reference.h"
#include "image/work_folder.h"
#include "model/resource_names.h"

namespace perch::image {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::string_view kWorkLabel = "perch.work";

/// The engine's name for an image that is being made.
std::string WorkTag(const std::string& work) { return "perch-work:" + work; }

/// "arm64" of "linux/arm64/v8".
std::string ArchitectureOf(std::string_view platform) {
  const std::size_t slash = platform.find('/');
  if (slash == platform.npos) return "";
  const std::string_view rest = platform.substr(slash + 1);
  return std::string(rest.substr(0, rest.find('/')));
}

std::string ReasonOf(const Error& error) { return error.why.empty() ? error.what : error.what + ": " + error.why; }

class Maker {
 public:
  Maker(const ImageRequest& request, const ImagePorts& ports, std::stop_token stop)
      : request_(request), settings_(*request.settings), ports_(ports), stop_(std::move(stop)) {}

  Result<MadeImage> Make() {
    if (settings_.dockerfile.empty()) {
      return Fail({.kind = ErrorKind::kUsage,
                   .what = "there is no container image to deploy",
                   .where = "perch.yaml",
                   .why = "it has no build.dockerfile",
                   .hint = "Write `build: {dockerfile: Dockerfile}`, or pass --image REPOSITORY@sha256:…"});
    }
    Result<std::optional<MadeImage>> found = Find();
    if (!found) return Fail(found.error());
    if (*found) return std::move(**found);
    const Result<UniqueFd> held = HoldName(
        ports_.scratch, request_.repository + ":" + ImageTagOf(request_),
        [&] { Say(ImageStage::kCheckout, "The same files are being built by another one; waiting for it.\n"); }, stop_);
    if (!held) return Fail(held.error());
    found = Find();
    if (!found) return Fail(found.error());
    if (*found) return std::move(**found);
    if (Status available = ports_.docker.Available(stop_); !available) return Fail(available.error());
    const auto clean_up = [&](const std::string& left) -> Status {
      if (Status removed = ports_.docker.RemoveContainers(Label(left)); !removed) return removed;
      return ports_.docker.RemoveImage(WorkTag(left));
    };
    const Result<WorkFolder> folder = WorkFolder::Make(ports_.scratch, clean_up);
    if (!folder) return Fail(folder.error());
    Result<MadeImage> made = MakeIn(*folder);
    for (const std::string& name : {WorkTag(folder->name()), request_.repository + ":" + ImageTagOf(request_)}) {
      if (const Status removed = ports_.docker.RemoveImage(name); !removed) {
        Log(LogLevel::kWarning, removed.error().Text());
      }
    }
    return made;
  }

 private:
  using Body = std::function<Status(const OnOutput& on_output)>;

  static std::string Label(const std::string& work) { return std::string(kWorkLabel) + "=" + work; }

  Result<std::optional<MadeImage>> Find() const {
    const Result<std::optional<std::string>> digest = ports_.find_in_registry(ImageTagOf(request_));
    if (!digest) return Fail(digest.error());
    if (!*digest) return std::nullopt;
    return MadeImage{.reference = request_.repository + "@" + **digest,
                     .architecture = ArchitectureOf(request_.platform)};
  }

  Result<MadeImage> MakeIn(const WorkFolder& folder) {
    const std::filesystem::path tree = folder.path() / "tree";
    Status done = Step(ImageStage::kCheckout, [&](const OnOutput&) -> Status {
      if (Status made = MakeFolders(tree, 0700); !made) return made;
      return ports_.source.CheckOut(request_.commit, tree, stop_);
    });
    std::string architecture;
    if (done) {
      done = Step(ImageStage::kBuild, [&](const OnOutput& on_output) -> Status {
        const Result<std::string> id =
            ports_.docker.Build({.folder = tree,
                                 .dockerfile = settings_.dockerfile,
                                 .platform = request_.platform,
                                 .tag = WorkTag(folder.name()),
                                 .labels = {{"org.opencontainers.image.revision", request_.commit},
                                            {"perch.app", settings_.app},
                                            {"perch.tree", request_.tree}},
                                 .scratch = folder.path(),
                                 .timeout = settings_.limits.build_timeout},
                                on_output, stop_);
        if (!id) return Fail(id.error());
        return LookAt(*id, architecture);
      });
    }
    if (done && !settings_.test.empty()) {
      done = Step(ImageStage::kTest, [&](const OnOutput& on_output) { return Test(folder, on_output); });
    }
    if (!done) return Fail(done.error());
    MadeImage made{.built = true, .architecture = architecture};
    done = Step(ImageStage::kPush, [&](const OnOutput& on_output) { return Push(folder, made, on_output); });
    if (!done) return Fail(done.error());
    return made;
  }

  Status LookAt(const std::string& id, std::string& architecture) const {
    const Result<ImageFacts> facts = ports_.docker.Inspect(id, stop_);
    if (!facts) return Fail(facts.error());
    architecture = facts->architecture;
    const std::string wanted = ArchitectureOf(request_.platform);
    if (wanted.empty() || wanted == architecture) return {};
    return Fail({.what = "the image was built for " + architecture + ", not for " + wanted,
                 .where = settings_.dockerfile,
                 .hint = "Take a base image that there is for " + wanted + ", and no --platform in its FROM."});
  }

  Status Test(const WorkFolder& folder, const OnOutput& on_output) const {
    std::map<std::string, std::string> env = settings_.env;
    env["PERCH_BRANCH"] = settings_.branch;
    env["PERCH_COMMIT"] = request_.commit;
    return ports_.docker.Run(WorkTag(folder.name()),
                             {.called = "the tests",
                              .argv = settings_.test.argv,
                              .env = std::move(env),
                              .labels = {{std::string(kWorkLabel), folder.name()}},
                              .scratch = folder.path(),
                              .memory = settings_.limits.memory,
                              .processes = settings_.limits.processes,
                              .timeout = settings_.limits.test_timeout},
                             on_output, stop_);
  }

  Status Push(const WorkFolder& folder, MadeImage& made, const OnOutput& on_output) const {
    const Result<std::optional<Login>> login = ports_.login ? ports_.login() : std::nullopt;
    if (!login) return Fail(login.error());
    const std::string tag = ImageTagOf(request_);
    const PushOptions push = {.image = WorkTag(folder.name()),
                              .repository = request_.repository,
                              .tag = tag,
                              .login = *login,
                              .scratch = folder.path()};
    Error failure;
    // Of two pushes of the same layers at once a registry may refuse one, which passes.
    for (int attempt = 0; attempt < 2; ++attempt) {
      const Result<std::string> digest = ports_.docker.Push(push, on_output, stop_);
      if (digest) {
        made.reference = request_.repository + "@" + *digest;
        return {};
      }
      failure = digest.error();
      if (failure.kind == ErrorKind::kCancelled) break;
      // Where tags can't be moved, somebody else may just have pushed the same tree.
      const Result<std::optional<MadeImage>> theirs = Find();
      if (!theirs) break;
      if (*theirs) {
        made = **theirs;
        return {};
      }
    }
    return Fail(std::move(failure));
  }

  void Say(ImageStage stage, std::string_view text) const {
    if (ports_.on_output) ports_.on_output(stage, text);
  }

  Status Step(ImageStage stage, const Body& body) const {
    if (stop_.stop_requested()) return Fail({.kind = ErrorKind::kCancelled, .what = "stopped"});
    const Steady::time_point begun = Steady::now();
    const auto tell = [&](ImageProgress::Kind kind, std::string why) {
      if (!ports_.on_progress) return;
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begun);
      ports_.on_progress({.stage = stage, .kind = kind, .took = took, .why = std::move(why)});
    };
    tell(ImageProgress::Kind::kStarted, "");
    Status done = body([&](std::string_view piece) { Say(stage, piece); });
    if (done) {
      tell(ImageProgress::Kind::kFinished, "");
    } else {
      tell(ImageProgress::Kind::kFailed, ReasonOf(done.error()));
    }
    return done;
  }

  const ImageRequest& request_;
  const Settings& settings_;
  const ImagePorts& ports_;
  const std::stop_token stop_;
};

}  // namespace

std::string_view ImageStageName(ImageStage stage) {
  static constexpr std::array<std::string_view, 4> kNames = {"checkout", "build", "test", "push"};
  return kNames[static_cast<std::size_t>(stage)];
}

std::string ImageTagOf(const ImageRequest& request) {
  return ImageTagFor(request.tree, request.settings->build_hash + "\n" + request.platform);
}

Result<MadeImage> MakeImage(const ImageRequest& request, const ImagePorts& ports, std::stop_token stop) {
  return Maker(request, ports, std::move(stop)).Make();
}

}  // namespace perch::image
