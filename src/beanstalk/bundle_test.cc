#include "beanstalk/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/process.h"

namespace perch::beanstalk {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Settings WithSteps() {
  Settings settings;
  settings.release = {.argv = {"python3", "manage.py", "migrate"}};
  settings.seed = {.argv = {"/bin/sh", "-c", "echo \"$HOME\" 'x'"}};
  return settings;
}

const std::string kImage = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:abc";

TEST(Bundle, NamesTheImageByItsDigestAndTheStepsAsWords) {
  const Bundle bundle = MakeBundle({.port = 8000}, WithSteps(), kImage);
  EXPECT_EQ(bundle.files.at("Dockerrun.aws.json"), "{\"AWSEBDockerrunVersion\":\"1\",\"Image\":{\"Name\":\"" + kImage +
                                                       "\",\"Update\":\"true\"},\"Ports\":[{\"ContainerPort\":8000}]}");
  EXPECT_EQ(bundle.files.at("perch/steps.json"),
            "{\"image\":\"" + kImage +
                "\",\"marker\":\".perch/seeded\",\"release\":[\"python3\",\"manage.py\",\"migrate\"],"
                "\"seed\":[\"/bin/sh\",\"-c\",\"echo \\\"$HOME\\\" 'x'\"]}");
}

TEST(Bundle, TheHookIsPythonAndHoldsNothingOfTheSettings) {
  const Bundle bundle = MakeBundle({.port = 8000}, WithSteps(), kImage);
  const std::string& hook = bundle.files.at(".platform/hooks/predeploy/10-perch.py");
  EXPECT_THAT(hook, Not(HasSubstr("manage.py")));
  const Result<ProcessResult> compiled =
      RunProcess({.argv = {"python3", "-c", "import ast,sys; ast.parse(sys.stdin.read())"}, .input = hook});
  ASSERT_TRUE(compiled);
  EXPECT_TRUE(compiled->Succeeded()) << compiled->err;
}

/// A bundle unpacked as on an instance, with programs in place of docker, aws and get-config that write down how they
/// were called.
class Hook : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/perch-hook-XXXXXX";
    folder_ = mkdtemp(name);
    for (auto& [path, text] : MakeBundle({.port = 8000}, WithSteps(), kImage).files) {
      std::string content = text;
      Replace(content, "/var/run/perch/leader", (folder_ / "leader").string());
      Replace(content, "/opt/elasticbeanstalk/bin/get-config", (folder_ / "bin/get-config").string());
      Write("app/" + path, content);
    }
    Write("bin/get-config", R"(echo '{"AWS_REGION": "eu-central-1", "BUCKET": "files", "DATABASE_URL": "a b"}')");
    Write(
        "bin/docker",
        "echo \"docker $*\" >> $LOG; echo \"url $DATABASE_URL\" >> $LOG; [ \"$1\" != run ] || exit ${DOCKER_EXIT:-0}");
    Write("bin/aws",
          "echo \"aws $*\" >> $LOG; case \"$*\" in *list-objects*) [ ! -e $LOG.seeded ] || "
          "echo '{\"Contents\": [{\"Key\": \".perch/seeded\"}]}' ;; *put-object*) touch $LOG.seeded ;; esac");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static void Replace(std::string& text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
      text.replace(at, from.size(), to);
  }
  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((folder_ / path).parent_path());
    const bool script = path.starts_with("bin/");
    ASSERT_TRUE(WriteFileAtomically(folder_ / path, (script ? "#!/bin/sh\n" : "") + text, 0755));
  }
  /// Its exit code; what was called is in `log_`.
  int Run(bool leads, const std::string& docker_exit = "0") {
    if (leads) Write("leader", "");
    std::filesystem::remove(folder_ / "log");
    const Result<ProcessResult> result =
        RunProcess({.argv = {"/usr/bin/python3", (folder_ / "app/.platform/hooks/predeploy/10-perch.py").string()},
                    .env = std::map<std::string, std::string>{{"PATH", (folder_ / "bin").string() + ":/usr/bin:/bin"},
                                                              {"LOG", (folder_ / "log").string()},
                                                              {"DOCKER_EXIT", docker_exit}}});
    log_ = ReadFile(folder_ / "log").value_or("");
    said_ = result->out + result->err;
    return result->exit_code;
  }

  std::filesystem::path folder_;
  std::string log_, said_;
};

TEST_F(Hook, RunsTheReleaseStepEachTimeAndTheSeedOnce) {
  EXPECT_EQ(Run(true), 0) << said_;
  const std::string release = "docker run --rm -e AWS_REGION -e BUCKET -e DATABASE_URL --entrypoint python3 " + kImage +
                              " manage.py migrate\nurl a b\n";
  const std::string seed = "docker run --rm -e AWS_REGION -e BUCKET -e DATABASE_URL --entrypoint /bin/sh " + kImage +
                           " -c echo \"$HOME\" 'x'\nurl a b\n";
  EXPECT_THAT(log_, HasSubstr("docker pull --quiet " + kImage));
  EXPECT_LT(log_.find(release), log_.find(seed)) << log_;
  EXPECT_THAT(log_, HasSubstr(seed));
  EXPECT_THAT(log_, HasSubstr("aws s3api --region eu-central-1 put-object --bucket files --key .perch/seeded"));
  EXPECT_EQ(Run(true), 0);
  EXPECT_THAT(log_, HasSubstr(release));
  EXPECT_THAT(log_, Not(HasSubstr(seed)));
  EXPECT_THAT(said_, HasSubstr("seed: this environment has its data already"));
}

TEST_F(Hook, OnlyTheLeaderActs) {
  EXPECT_EQ(Run(false), 0);
  EXPECT_EQ(log_, "");
}

TEST_F(Hook, AFailingStepFailsTheDeploymentAndLeavesNoMarker) {
  EXPECT_EQ(Run(true, "3"), 1);
  EXPECT_THAT(said_, HasSubstr("perch: release failed: exit code 3"));
  EXPECT_THAT(log_, Not(HasSubstr("put-object")));
}

TEST(Bundle, SeveralAreMadeAtOnce) {
  const Bundle bundle = MakeBundle({.port = 8000}, WithSteps(), kImage);
  const std::string wanted = ZipOf(bundle).value();
  std::vector<std::jthread> makers;
  for (int i = 0; i < 4; ++i) {
    makers.emplace_back([&] {
      for (int turn = 0; turn < 50; ++turn) EXPECT_TRUE(ZipOf(bundle).value() == wanted);
    });
  }
}

TEST(Bundle, IsAZipThatOthersRead) {
  const Bundle bundle = MakeBundle({.port = 8000}, WithSteps(), kImage);
  const Result<std::string> zip = ZipOf(bundle);
  ASSERT_TRUE(zip);
  EXPECT_EQ(*zip, *ZipOf(bundle)) << "the same bytes each time";
  const Result<ProcessResult> listed =
      RunProcess({.argv = {"python3", "-c",
                           "import sys,io,zipfile\n"
                           "z=zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))\n"
                           "assert z.testzip() is None\n"
                           "for i in z.infolist(): print(i.filename, oct(i.external_attr>>16&0o777))\n"},
                  .input = *zip});
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->out + listed->err,
            ".ebextensions/01-perch.config 0o644\n"
            ".platform/hooks/predeploy/10-perch.py 0o755\n"
            "Dockerrun.aws.json 0o644\n"
            "perch/steps.json 0o644\n");
}

}  // namespace
}  // namespace perch::beanstalk
