#include "image/docker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"

namespace perch::image {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

/// A program in docker's place that writes down how it was called and does as $FAKE says. The real one is tried in
/// tests/image.
class DockerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv("DOCKER_HOST");
    char name[] = "/tmp/perch-image-XXXXXX";
    folder_ = mkdtemp(name);
    fs::create_directory(folder_ / "code");
    ASSERT_TRUE(WriteFileAtomically(folder_ / "code/Dockerfile", "FROM scratch\n"));
    std::string script = R"sh(#!/bin/sh
echo "$*" >> HERE/log
case $1 in
  buildx) exit "$(cat HERE/buildx 2>/dev/null || echo 1)" ;;
  version) cat HERE/version 2>/dev/null ;;
  ps) cat HERE/containers 2>/dev/null || true ;;
  rm) exit "$(cat HERE/exit 2>/dev/null || echo 0)" ;;
  build)
    echo "step 1 buildkit=$DOCKER_BUILDKIT"
    while [ $# -gt 0 ]; do [ "$1" != --iidfile ] || echo sha256:abc > "$2"; shift; done ;;
  run)
    while [ $# -gt 0 ]; do [ "$1" != --env-file ] || cat "$2"; shift; done
    echo "own: $TOKEN$LD_PRELOAD$DOCKER_CONTEXT"; exit "$(cat HERE/exit 2>/dev/null || echo 0)" ;;
  context) echo unix:///mine.sock ;;
  login) echo "engine $DOCKER_HOST" >> HERE/log; echo "config $DOCKER_CONFIG password $(cat)" >> HERE/log ;;
  image)
    case "$*" in
      *RepoDigests*) echo '["other/shop@sha256:1","reg.example.com/shop@sha256:2"]' ;;
      *missing*) echo "Error: No such image: missing" >&2; exit 1 ;;
      *) echo "sha256:abc arm64" ;;
    esac ;;
esac
)sh";
    for (std::size_t at = 0; (at = script.find("HERE", at)) != script.npos;) script.replace(at, 4, folder_.string());
    ASSERT_TRUE(WriteFileAtomically(folder_ / "docker", script, 0755));
  }
  void TearDown() override { fs::remove_all(folder_); }

  Docker docker() const { return Docker((folder_ / "docker").string()); }
  std::string Log() const { return ReadFile(folder_ / "log").value_or(""); }
  OnOutput Into(std::string& text) const {
    return [&text](std::string_view piece) { text += piece; };
  }

  fs::path folder_;
};

TEST_F(DockerTest, BuildGivesTheImagesId) {
  std::string output;
  const Result<std::string> id =
      docker().Build({.folder = folder_ / "code", .labels = {{"perch.tree", "t1"}}}, Into(output));
  ASSERT_TRUE(id) << id.error().Text();
  EXPECT_EQ(*id, "sha256:abc");
  EXPECT_EQ(output, "step 1 buildkit=0\n");
  EXPECT_THAT(Log(), HasSubstr("--label perch.tree=t1 " + (folder_ / "code").string() + "\n"));
}

TEST_F(DockerTest, ADockerfileThatLeadsOutOfTheCodeIsNotRead) {
  fs::remove(folder_ / "code/Dockerfile");
  fs::create_symlink("/etc/passwd", folder_ / "code/Dockerfile");
  std::string output;
  Result<std::string> id = docker().Build({.folder = folder_ / "code"}, Into(output));
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().Text(), "Dockerfile leads out of the code\n  It must be a file of the repository.");
  for (const char* name : {"../log", "/etc/passwd"}) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / "log", ""));
    id = docker().Build({.folder = folder_ / "code", .dockerfile = name}, Into(output));
    ASSERT_FALSE(id) << name;
    EXPECT_EQ(id.error().kind, ErrorKind::kUsage);
    EXPECT_EQ(Log(), "") << "docker was not called";
  }
  ASSERT_TRUE(WriteFileAtomically(folder_ / "code/Real", "FROM scratch\n"));
  for (const char* name : {".dockerignore", "Real.dockerignore"}) {
    fs::create_symlink("/etc/passwd", folder_ / "code" / name);
    id = docker().Build({.folder = folder_ / "code", .dockerfile = "Real"}, Into(output));
    ASSERT_FALSE(id) << name;
    EXPECT_EQ(id.error().what, std::string(name) + " leads out of the code");
    fs::remove(folder_ / "code" / name);
  }
  id = docker().Build({.folder = folder_ / "code", .dockerfile = "Nothing"}, Into(output));
  EXPECT_EQ(id.error().what, "there is no Nothing in this commit");
}

TEST_F(DockerTest, BuildKitIsTakenWhereItIs) {
  for (const auto& [plugin, version, kit] :
       {std::tuple("0", "28.2.2", true), std::tuple("1", "28.2.2", false), std::tuple("1", "23.0.0", false),
        std::tuple("1", "20.10.24+dfsg1", true), std::tuple("1", "18.06.1-ce", false), std::tuple("1", "", false)}) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / "buildx", plugin));
    ASSERT_TRUE(WriteFileAtomically(folder_ / "version", version));
    ASSERT_TRUE(WriteFileAtomically(folder_ / "log", ""));
    std::string output;
    ASSERT_TRUE(docker().Build({.folder = folder_ / "code", .platform = "linux/arm64", .tag = "a:b"}, Into(output)));
    EXPECT_EQ(output, kit ? "step 1 buildkit=1\n" : "step 1 buildkit=0\n") << plugin << " " << version;
    EXPECT_THAT(Log(), HasSubstr(std::string(kit ? "" : " --force-rm") + " --tag a:b --platform linux/arm64 "));
  }
}

TEST_F(DockerTest, ContainersGoByTheirLabel) {
  ASSERT_TRUE(docker().RemoveContainers("perch.work=x"));
  EXPECT_EQ(Log(), "ps --all --quiet --filter label=perch.work=x\n") << "there are none";
  ASSERT_TRUE(WriteFileAtomically(folder_ / "containers", "c1\nc2\n"));
  ASSERT_TRUE(docker().RemoveContainers("perch.work=x"));
  EXPECT_THAT(Log(), HasSubstr("\nrm --force c1 c2\n"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "exit", "1"));
  const Status removed = docker().RemoveContainers("perch.work=x");
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().Text(), "cannot remove containers: perch.work=x: exit code 1");
}

TEST_F(DockerTest, VariablesReachAContainerAndNotTheDockerProgram) {
  std::string output;
  ASSERT_TRUE(docker().Run(
      "sha256:abc",
      {.argv = {"pytest", "-x"},
       .env = {{"TOKEN", "s3cret"}, {"LD_PRELOAD", "./evil.so"}, {"DOCKER_CONTEXT", " evil"}, {"LINES", "a\nb=c"}},
       .scratch = folder_ / "code"},
      Into(output)));
  EXPECT_EQ(output, "DOCKER_CONTEXT= evil\nLD_PRELOAD=./evil.so\nTOKEN=s3cret\nown: \n");
  EXPECT_THAT(Log(), HasSubstr(" --env LINES=a\nb=c --entrypoint pytest sha256:abc -x\n"));
  EXPECT_THAT(Log(), Not(HasSubstr("s3cret")));
}

TEST_F(DockerTest, AFailingCommandSaysHowItEnded) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "exit", "3"));
  std::string output;
  const Status done = docker().Run("sha256:abc", {.argv = {"false"}}, Into(output));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().Text(), "it failed: exit code 3");
}

TEST_F(DockerTest, PushLogsInApartFromTheUsersOwnConfiguration) {
  std::string output;
  const Result<std::string> digest =
      docker().Push({.image = "sha256:abc",
                     .repository = "reg.example.com/shop",
                     .tag = "t1",
                     .login = Login{.registry = "reg.example.com", .user = "AWS", .password = Secret("pass")},
                     .scratch = folder_ / "code"},
                    Into(output));
  ASSERT_TRUE(digest) << digest.error().Text();
  EXPECT_EQ(*digest, "sha256:2");
  const std::string log = Log();
  EXPECT_THAT(log, HasSubstr("login --username AWS --password-stdin reg.example.com\n"));
  EXPECT_THAT(log, HasSubstr(" password pass\n"));
  const std::size_t at = log.find("config ") + 7;
  const fs::path config = log.substr(at, log.find(' ', at) - at);
  EXPECT_EQ(config.parent_path(), folder_ / "code");
  EXPECT_FALSE(fs::exists(config)) << "the login is gone";
  EXPECT_THAT(log, HasSubstr("engine unix:///mine.sock\n")) << "of the user's configuration";
  EXPECT_THAT(log, HasSubstr("tag sha256:abc reg.example.com/shop:t1\npush reg.example.com/shop:t1\n"));
}

TEST_F(DockerTest, InspectTellsTheProcessor) {
  EXPECT_EQ(docker().Inspect("sha256:abc")->architecture, "arm64");
  EXPECT_EQ(docker().Inspect("missing").error().kind, ErrorKind::kNotFound);
}

TEST(Docker, AMissingProgramIsSaid) {
  const Status there = Docker("/nowhere/docker").Available();
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().kind, ErrorKind::kUnavailable) << "nobody's fault: it is tried again";
  EXPECT_EQ(there.error().what, "cannot run docker");
  EXPECT_EQ(there.error().hint, "Install it (Debian: docker.io), or name its folder in PATH.");
}

TEST(DigestIn, TakesThatOfTheRepositoryOnly) {
  EXPECT_EQ(DigestIn(R"(["a/b@sha256:1","a@sha256:2"])", "a"), "sha256:2");
  EXPECT_EQ(DigestIn("[]", "a"), "");
  EXPECT_EQ(DigestIn("null", "a"), "");
  EXPECT_EQ(DigestIn("{", "a"), "");
}

}  // namespace
}  // namespace perch::image
