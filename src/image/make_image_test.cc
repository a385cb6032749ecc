#include "image/make_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "base/text.h"
#include "engine/testing/fake_branch_source.h"
#include "image/work_folder.h"

namespace perch::image {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kRepository = "reg.example.com/shop";
const std::string kDigest = "sha256:" + std::string(64, 'd');

/// A git host whose commits hold a Dockerfile.
class Source : public engine::testing::FakeBranchSource {
 public:
  Status CheckOut(const std::string& commit, const fs::path& folder, std::stop_token) override {
    if (!error.empty()) return Fail({.kind = ErrorKind::kUnavailable, .what = error});
    return WriteFileAtomically(folder / "Dockerfile", "FROM scratch\n# " + commit);
  }
  std::string error;
};

/// MakeImage with a program in docker's place: it writes down how it was called, fails at what HERE/fail names (once:
/// HERE/fail-once), and never ends what HERE/hang names. The real one is tried in tests/image.
class MakeImageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/perch-image-XXXXXX";
    folder_ = mkdtemp(name);
    std::string script = R"sh(#!/bin/sh
what=$1; [ "$1" != image ] || what="$1-$2"; [ "$1" != version ] || [ "$3" != "{{.Server.Version}}" ] || what=engine
echo "$what $*" >> HERE/log
if [ "$(cat HERE/hang 2>/dev/null)" = "$what" ]; then echo hanging; exec sleep 600; fi
if [ "$(cat HERE/fail-once 2>/dev/null)" = "$what" ]; then rm HERE/fail-once; echo "not yet"; exit 7; fi
if [ "$(cat HERE/fail 2>/dev/null)" = "$what" ]; then echo "no $what today"; echo "no $what" >&2; exit 7; fi
case $what in
  buildx) exit 1 ;;
  build) while [ $# -gt 0 ]; do [ "$1" != --iidfile ] || echo sha256:abc > "$2"; shift; done ;;
  run) while [ $# -gt 0 ]; do [ "$1" != --env-file ] || cat "$2"; shift; done ;;
  image-inspect) case "$*" in
      *RepoDigests*) echo '["reg.example.com/shop@DIGEST"]' ;;
      *) echo "sha256:abc amd64" ;; esac ;;
  image-rm) echo "No such image: x" >&2; exit 1 ;;
  ps) case "$*" in *image-0123456789abcdef*) echo c1; echo c2 ;; esac ;;
esac
)sh";
    for (std::size_t at = 0; (at = script.find("HERE", at)) != script.npos;) script.replace(at, 4, folder_.string());
    script.replace(script.find("DIGEST"), 6, kDigest);
    ASSERT_TRUE(WriteFileAtomically(folder_ / "docker", script, 0755));
    settings_.app = "shop";
    settings_.branch = "feature/cart";
    settings_.dockerfile = "Dockerfile";
    settings_.build_hash = "h";
    settings_.test = {.argv = {"pytest", "-x"}, .text = "pytest -x"};
    settings_.env = {{"PAGE_SIZE", "5"}};
    settings_.secrets.emplace("TOKEN", Secret("s3cret"));
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<MadeImage> Make(std::stop_token stop = {}) {
    const Docker docker((folder_ / "docker").string());
    const ImageRequest request{.repository = kRepository,
                               .commit = std::string(40, 'c'),
                               .tree = std::string(40, 'b'),
                               .settings = &settings_,
                               .platform = platform_};
    return MakeImage(request,
                     {.source = source_,
                      .docker = docker,
                      .find_in_registry =
                          [this](const std::string& tag) {
                            looked_up_.push_back(tag);
                            return registry_;
                          },
                      .login = [this]() -> Result<std::optional<Login>> {
                        ++logins_;
                        return Login{.registry = "reg.example.com", .user = "me", .password = Secret("pw")};
                      },
                      .on_output =
                          [this](ImageStage stage, std::string_view piece) {
                            output_ += std::string(ImageStageName(stage)) + "> " + std::string(piece);
                            if (on_output_) on_output_();
                          },
                      .on_progress =
                          [this](const ImageProgress& progress) {
                            static constexpr const char* kKinds[] = {"begins", "done", "failed"};
                            std::string line =
                                std::string(ImageStageName(progress.stage)) + " " + kKinds[int(progress.kind)];
                            if (!progress.why.empty()) line += ": " + progress.why;
                            progress_.push_back(line);
                          },
                      .scratch = folder_ / "scratch"},
                     stop);
  }
  void Set(const char* file, const std::string& what) { ASSERT_TRUE(WriteFileAtomically(folder_ / file, what)); }
  std::string Log() const { return ReadFile(folder_ / "log").value_or(""); }
  std::vector<std::string> Left() const {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_ / "scratch", ignored)) {
      if (entry.path().filename() != "lock") names.push_back(entry.path().filename().string());
    }
    return names;
  }
  /// What it was called for: "build", "run", "push".
  std::vector<std::string> Calls() const {
    std::vector<std::string> calls;
    for (const std::string& line : Lines(Log())) {
      const std::string word = Split(line, ' ')[0];
      if (word == "build" || word == "run" || word == "push") calls.push_back(word);
    }
    return calls;
  }

  fs::path folder_;
  Settings settings_;
  Source source_;
  std::string platform_ = "linux/amd64";
  Result<std::optional<std::string>> registry_ = std::optional<std::string>();
  std::vector<std::string> looked_up_;
  int logins_ = 0;
  std::string output_;
  std::vector<std::string> progress_;
  std::function<void()> on_output_;
};

TEST_F(MakeImageTest, BuildsTestsAndPushes) {
  const Result<MadeImage> made = Make();
  ASSERT_TRUE(made) << made.error().Text();
  EXPECT_EQ(made->reference, kRepository + "@" + kDigest);
  EXPECT_TRUE(made->built);
  EXPECT_EQ(made->architecture, "amd64");
  EXPECT_THAT(progress_, ElementsAre("checkout begins", "checkout done", "build begins", "build done", "test begins",
                                     "test done", "push begins", "push done"));
  EXPECT_THAT(Calls(), ElementsAre("build", "run", "push"));
  EXPECT_THAT(Log(), HasSubstr("--label org.opencontainers.image.revision=" + std::string(40, 'c') +
                               " --label perch.app=shop --label perch.tree=" + std::string(40, 'b')));
  EXPECT_THAT(Left(), IsEmpty());
  EXPECT_THAT(Log(), HasSubstr("image-rm image rm --force " + kRepository + ":" + looked_up_.at(0)));
}

TEST_F(MakeImageTest, TestsSeePlainVariablesAndNoSecret) {
  ASSERT_TRUE(Make());
  EXPECT_EQ(output_, "test> PAGE_SIZE=5\nPERCH_BRANCH=feature/cart\nPERCH_COMMIT=" + std::string(40, 'c') + "\n");
  EXPECT_THAT(Log(), Not(HasSubstr("s3cret")));
}

TEST_F(MakeImageTest, WhatTheRegistryHasIsNotBuiltAgain) {
  registry_ = std::optional(kDigest);
  source_.error = "nobody may check this out";
  const Result<MadeImage> made = Make();
  ASSERT_TRUE(made) << made.error().Text();
  EXPECT_EQ(made->reference, kRepository + "@" + kDigest);
  EXPECT_FALSE(made->built);
  EXPECT_EQ(made->architecture, "amd64");
  EXPECT_EQ(Log(), "") << "docker is not needed for it";
  EXPECT_EQ(logins_, 0);
}

TEST_F(MakeImageTest, AnotherPlatformOrWayToBuildIsAnotherTag) {
  registry_ = std::optional(kDigest);
  ASSERT_TRUE(Make());
  platform_ = "linux/arm64";
  ASSERT_TRUE(Make());
  settings_.build_hash = "h2";
  ASSERT_TRUE(Make());
  EXPECT_NE(looked_up_.at(0), looked_up_.at(1));
  EXPECT_NE(looked_up_.at(1), looked_up_.at(2));
}

TEST_F(MakeImageTest, ARegistryThatDoesNotAnswerIsNoReasonToBuild) {
  registry_ = std::unexpected(Error{.kind = ErrorKind::kUnavailable, .what = "cannot ask the registry"});
  const Result<MadeImage> made = Make();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(Log(), "");
}

TEST_F(MakeImageTest, WithoutADockerfileItSaysWhatToWrite) {
  settings_.dockerfile.clear();
  const Result<MadeImage> made = Make();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(made.error().Text(),
            "there is no container image to deploy: perch.yaml: it has no build.dockerfile\n"
            "  Write `build: {dockerfile: Dockerfile}`, or pass --image REPOSITORY@sha256:…");
  settings_.dockerfile = "docker/Dockerfile";
  const Result<MadeImage> other = Make();
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().Text(),
            "there is no docker/Dockerfile in this commit: No such file or directory\n"
            "  Write one, or correct `build: {dockerfile: …}`.");
}

TEST_F(MakeImageTest, NothingIsPushedUnlessAllWentWell) {
  struct Case {
    const char* fail;
    const char* text;
    std::vector<std::string> calls;
  };
  for (const Case& c : std::vector<Case>{
           {"engine",
            "no Docker engine answers: no engine\n  Start it (`systemctl start docker`), or let DOCKER_HOST name one.",
            {}},
           {"build", "the image's build failed: exit code 7", {"build"}},
           {"run", "the tests failed: exit code 7", {"build", "run"}},
           {"login", "the registry refused the login: reg.example.com: no login", {"build", "run"}}}) {
    Set("log", "");
    Set("fail", c.fail);
    const Result<MadeImage> made = Make();
    ASSERT_FALSE(made) << c.fail;
    EXPECT_EQ(made.error().Text(), c.text);
    // Without an engine it is nobody's fault, and tried again.
    const bool passing = std::string_view(c.fail) == "engine";
    EXPECT_EQ(made.error().kind, passing ? ErrorKind::kUnavailable : ErrorKind::kFailed) << c.fail;
    EXPECT_EQ(Calls(), c.calls) << c.fail;
    EXPECT_THAT(Left(), IsEmpty()) << c.fail;
  }
  EXPECT_EQ(progress_.back(), "push failed: the registry refused the login: no login");
}

TEST_F(MakeImageTest, AFailedCheckoutBuildsNothing) {
  source_.error = "cannot read the repository";
  const Result<MadeImage> made = Make();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().Text(), "cannot read the repository");
  EXPECT_THAT(Calls(), IsEmpty());
  EXPECT_THAT(Left(), IsEmpty());
}

TEST_F(MakeImageTest, AFailedPushNamesTheTag) {
  Set("fail", "push");
  const Result<MadeImage> made = Make();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().Text(), "the push failed: " + kRepository + ":" + looked_up_.at(0) + ": exit code 7");
  EXPECT_THAT(Log(), HasSubstr("image-rm image rm --force " + kRepository + ":")) << "its name does not stay";
  EXPECT_THAT(Left(), IsEmpty());
}

TEST_F(MakeImageTest, APushIsTriedTwice) {
  Set("fail-once", "push");
  const Result<MadeImage> made = Make();
  ASSERT_TRUE(made) << made.error().Text();
  EXPECT_EQ(made->reference, kRepository + "@" + kDigest);
  EXPECT_TRUE(made->built);
  EXPECT_THAT(Calls(), ElementsAre("build", "run", "push", "push"));
}

TEST_F(MakeImageTest, AfterAFailedPushWhatSomebodyElseJustPushedCounts) {
  Set("fail", "push");
  on_output_ = [this] { registry_ = std::optional(kDigest); };
  const Result<MadeImage> made = Make();
  ASSERT_TRUE(made) << made.error().Text();
  EXPECT_EQ(made->reference, kRepository + "@" + kDigest);
  EXPECT_FALSE(made->built);
}

TEST_F(MakeImageTest, AnImageForAnotherProcessorIsNotPushed) {
  platform_ = "linux/arm64/v8";
  const Result<MadeImage> made = Make();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().Text(),
            "the image was built for amd64, not for arm64: Dockerfile\n"
            "  Take a base image that there is for arm64, and no --platform in its FROM.");
  EXPECT_THAT(Calls(), ElementsAre("build"));
}

TEST_F(MakeImageTest, ATimeOutEndsTheBuildAndTheTests) {
  settings_.limits.build_timeout = std::chrono::milliseconds(200);
  settings_.limits.test_timeout = std::chrono::milliseconds(200);
  Set("hang", "build");
  Result<MadeImage> made = Make();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().Text(), "the image's build failed: it took longer than 200 ms");
  settings_.limits.build_timeout = std::chrono::minutes(1);
  Set("hang", "run");
  made = Make();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().Text(), "the tests did not end: it took longer than 200 ms");
  EXPECT_THAT(Log(), HasSubstr("\nrm rm --force perch-")) << "the container goes too";
  EXPECT_THAT(Left(), IsEmpty());
}

TEST_F(MakeImageTest, AStopEndsWhateverIsGoingOn) {
  for (const char* hang : {"build", "run", "push"}) {
    Set("log", "");
    Set("hang", hang);
    std::stop_source stop;
    on_output_ = [&] {
      if (output_.ends_with("hanging\n")) stop.request_stop();
    };
    const Result<MadeImage> made = Make(stop.get_token());
    ASSERT_FALSE(made) << hang;
    EXPECT_EQ(made.error().kind, ErrorKind::kCancelled) << hang << ": " << made.error().Text();
    EXPECT_EQ(Calls().back(), hang);
    EXPECT_THAT(Left(), IsEmpty()) << hang;
    EXPECT_THAT(Log(), HasSubstr("image-rm image rm --force perch-work:image-")) << hang;
  }
}

TEST_F(MakeImageTest, WhatAKilledProcessLeftIsRemovedFirst) {
  fs::create_directories(folder_ / "scratch/image-0123456789abcdef/tree");
  fs::create_directories(folder_ / "scratch/something-else");
  Set("fail", "ps");
  ASSERT_TRUE(Make()) << "this build does not depend on it";
  EXPECT_THAT(Left(), testing::UnorderedElementsAre("image-0123456789abcdef", "something-else"))
      << "it stays until what belongs to it is gone";
  Set("fail", "");
  ASSERT_TRUE(Make());
  EXPECT_THAT(Left(), ElementsAre("something-else"));
  EXPECT_THAT(Log(), HasSubstr("ps ps --all --quiet --filter label=perch.work=image-0123456789abcdef\n"));
  EXPECT_THAT(Log(), HasSubstr("rm rm --force c1 c2\n"));
  EXPECT_THAT(Log(), HasSubstr("image-rm image rm --force perch-work:image-0123456789abcdef\n"));
}

TEST_F(MakeImageTest, TheSameTreeIsBuiltByOneAtATime) {
  Result<UniqueFd> other = HoldName(folder_ / "scratch", "another", {}, {});
  ASSERT_TRUE(other);
  ASSERT_TRUE(Make()) << "another tree does not hold it up";
  Set("log", "");
  other = HoldName(folder_ / "scratch", kRepository + ":" + looked_up_.at(0), {}, {});
  ASSERT_TRUE(other);
  on_output_ = [&] {  // while it waits, the other one pushes
    registry_ = std::optional(kDigest);
    other->Close();
  };
  output_.clear();
  const Result<MadeImage> made = Make();
  ASSERT_TRUE(made) << made.error().Text();
  EXPECT_FALSE(made->built);
  EXPECT_EQ(output_, "checkout> The same files are being built by another one; waiting for it.\n");
  EXPECT_EQ(Log(), "");
}

TEST_F(MakeImageTest, AStopEndsTheWait) {
  ASSERT_TRUE(Make());
  const Result<UniqueFd> other = HoldName(folder_ / "scratch", kRepository + ":" + looked_up_.at(0), {}, {});
  ASSERT_TRUE(other);
  std::stop_source stop;
  on_output_ = [&] { stop.request_stop(); };
  const Result<MadeImage> made = Make(stop.get_token());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::kCancelled);
}

TEST(WorkFolder, OneThatIsUsedIsLeftAlone) {
  char name[] = "/tmp/perch-image-XXXXXX";
  const fs::path place = mkdtemp(name);
  std::vector<std::string> cleaned;
  const auto clean_up = [&](const std::string& left) -> Status {
    cleaned.push_back(left);
    return {};
  };
  {
    const Result<WorkFolder> first = WorkFolder::Make(place, clean_up);
    ASSERT_TRUE(first);
    const Result<WorkFolder> second = WorkFolder::Make(place, clean_up);
    ASSERT_TRUE(second);
    EXPECT_TRUE(fs::exists(first->path()));
    EXPECT_NE(first->path(), second->path());
  }
  EXPECT_THAT(cleaned, IsEmpty());
  fs::create_symlink("/etc", place / "image-link");
  ASSERT_TRUE(WorkFolder::Make(place, clean_up));
  EXPECT_THAT(cleaned, IsEmpty()) << "a link is not followed";
  fs::remove_all(place);
}

}  // namespace
}  // namespace perch::image
