#include "local/containers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "local/testing/world.h"

namespace perch::local {
namespace {

using ::testing::HasSubstr;
using testing::World;

namespace fs = std::filesystem;

std::string TextOf(const Status& status) { return status ? "done" : status.error().Text(); }

Guest InnerGuest() {
  Guest guest{.uid = 1900000007, .argv = {"serve", "all"}, .env = {{"HOST", "0.0.0.0"}, {"KEY", "s3cret"}}};
  guest.binds = {{"/state/a,b", "/data", true}, {"/srv/fonts", "/srv/fonts", false}};
  return guest;
}

TEST(Containers, AGuestBecomesAContainerWithoutPrivileges) {
  const Containers containers("docker", "/state", "shop");
  const Result<Guest> guest = containers.Wrap(
      InnerGuest(), {.name = "perch-cart-3-ab", .release = "r1", .branch = "cart", .port = 20001, .inside_port = 8000});
  ASSERT_TRUE(guest);
  EXPECT_FALSE(guest->sandboxed) << "docker itself is perch's";
  EXPECT_EQ(guest->uid, 0u);
  EXPECT_EQ(guest->env_file, "HOST=0.0.0.0\nKEY=s3cret\n") << "secrets are not in the list of processes";
  const std::vector<std::string> words(guest->argv.begin() + 3, guest->argv.end());
  EXPECT_EQ(Join(words, " "),
            "perch docker perch-cart-3-ab --rm --init --pull never --log-driver none --cap-drop ALL --security-opt "
            "no-new-privileges --user 1900000007:1900000007 --memory 1073741824 --pids-limit 256 --ulimit nofile=4096 "
            "--tmpfs /tmp:exec,mode=1777 --label perch.state=/state --label perch.app=shop --label perch.branch=cart "
            "--mount type=bind,\"source=/state/a,b\",target=/data "
            "--mount type=bind,source=/srv/fonts,target=/srv/fonts,readonly --publish 127.0.0.1:20001:8000 "
            "--env-file /dev/fd/9 --entrypoint serve " +
                containers.ImageOf("r1") + " all");
}

TEST(Containers, VariablesThatAFileCannotHoldGoThroughDockersOwnEnvironment) {
  const Containers containers("docker", "/state", "shop");
  Guest inner = InnerGuest();
  inner.env = {{"PEM", "two\nlines"}};
  const Result<Guest> guest = containers.Wrap(inner, {.name = "n", .release = "r1", .branch = "cart"});
  ASSERT_TRUE(guest);
  EXPECT_EQ(guest->env.at("PEM"), "two\nlines");
  EXPECT_THAT(Join(guest->argv, " "), HasSubstr(" --env PEM "));
  for (const char* name : {"LD_PRELOAD", "DOCKER_HOST", "PATH", "https_proxy"}) {
    inner.env = {{name, "/tmp/evil\n"}};
    const Result<Guest> refused = containers.Wrap(inner, {.name = "n", .release = "r1", .branch = "cart"});
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().Text(), std::string("the variable ") + name +
                                          " cannot be given to a container: its value has a line break, is long or is "
                                          "no UTF-8, and docker would read it as its own\n  Give it another name.");
  }
}

TEST(Containers, TwoStateFoldersHaveImagesOfTheirOwn) {
  EXPECT_NE(Containers("docker", "/a", "shop").ImageOf("r"), Containers("docker", "/b", "shop").ImageOf("r"));
}

/// A docker program that writes down what it is asked, and answers what `answers`, a shell script, says.
class FakeDocker : public ::testing::Test {
 protected:
  FakeDocker() : folder_(fs::temp_directory_path() / ("perch-docker-" + RandomHex(6))) {
    fs::create_directories(folder_);
  }
  ~FakeDocker() override { fs::remove_all(folder_); }

  std::string Program(const std::string& answers) {
    const fs::path program = folder_ / "docker";
    std::ofstream(program) << "#!/bin/sh\necho \"$*\" >> " << (folder_ / "log").string() << "\n" << answers;
    fs::permissions(program, fs::perms::owner_all);
    return program;
  }
  std::string Log() const { return ReadFile(folder_ / "log", 1 << 20).value_or(""); }

  const fs::path folder_;
};

TEST_F(FakeDocker, ARemovedContainerIsProvenGone) {
  const Containers containers(Program("case $1 in container) echo 'Error: No such container: x' >&2; exit 1;; esac\n"),
                              folder_, "shop");
  EXPECT_EQ(TextOf(containers.Remove("x")), "done");
  EXPECT_EQ(Log(), "rm --force --volumes x\ncontainer inspect --format {{.Id}} x\n");
}

TEST_F(FakeDocker, AnEngineThatDoesNotAnswerProvesNothing) {
  const Containers containers(Program("echo 'Cannot connect to the Docker daemon.' >&2; exit 1\n"), folder_, "shop");
  EXPECT_EQ(TextOf(containers.Remove("x")),
            "the container x is not gone: Cannot connect to the Docker daemon.\n"
            "  Look at it: docker container inspect x");
  EXPECT_EQ(containers.Remove("x").error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(containers.HasImage("r", {}).error().kind, ErrorKind::kFailed);
  EXPECT_FALSE(containers.Runs("x"));
}

TEST_F(FakeDocker, WithoutAnEngineTheDeploymentSaysWhatToDo) {
  World world;
  world.options.docker = Program("echo 'Cannot connect to the Docker daemon.' >&2; exit 1\n");
  Settings settings = world.Defaults();
  settings.dockerfile = "Dockerfile";
  settings.run = {};
  const Status status = world.Deploy("cart", {{"Dockerfile", "FROM scratch\n"}}, settings);
  EXPECT_EQ(TextOf(status),
            "no Docker engine answers: cart: Cannot connect to the Docker daemon.\n"
            "  Start it (`systemctl start docker`), or let DOCKER_HOST name one.");
  EXPECT_EQ(status.error().kind, ErrorKind::kUnavailable) << "it is tried again";
  EXPECT_EQ(world.Find("cart").reason, "no Docker engine answers: Cannot connect to the Docker daemon.");
  EXPECT_EQ(TextOf(world.Delete("cart")), "done") << "nothing of it was in an engine";
}

TEST_F(FakeDocker, ProcessesNeedNone) {
  World world;
  world.options.docker = Program("exit 1\n");
  EXPECT_EQ(TextOf(world.Deploy("cart", {{"app.py", testing::App("hello")}}, world.Defaults())), "done");
  EXPECT_EQ(TextOf(world.Delete("cart")), "done");
  EXPECT_EQ(Log(), "");
}

}  // namespace
}  // namespace perch::local
