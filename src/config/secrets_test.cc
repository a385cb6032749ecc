#include "config/secrets.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"

namespace perch::config {
namespace {

class SecretsTest : public testing::Test {
 protected:
  SecretsTest() {
    char name[] = "/tmp/perch-secrets-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~SecretsTest() override { EXPECT_TRUE(RemoveTree(folder_)); }

  Result<std::map<std::string, Secret>> Read(const std::string& secrets) {
    EXPECT_TRUE(WriteFileAtomically(folder_ / "perch.yaml", "app: a\nrun: {command: x}\nsecrets:\n" + secrets));
    Result<Project> project = Load(folder_ / "perch.yaml");
    EXPECT_TRUE(project) << project.error().Text();
    if (!project) return Fail(project.error());
    project->file = "perch.yaml";
    for (Value::Entry& entry : *project->profiles.at("branch").values.Find("secrets")->AsMap()) {
      entry.key_at.file = "perch.yaml";
    }
    const auto find = [](const std::string& name) -> std::optional<std::string> {
      if (name == "SET") return "from-variable";
      if (name == "EMPTY") return "";
      return std::nullopt;
    };
    return ResolveSecrets(*project, *project->ProfileFor("x"), find, &redactor_);
  }
  std::string ErrorOf(const std::string& secrets) {
    const auto values = Read(secrets);
    return values ? "" : values.error().Text();
  }

  std::filesystem::path folder_;
  Redactor redactor_;
};

TEST_F(SecretsTest, ComeFromVariablesFilesAndCommands) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "key", "from-file\n"));
  const auto values = Read(
      "  A: {env: SET}\n"
      "  B: {file: key}\n"
      "  C: {command: [printf, 'from-%s\\n', words]}\n"
      "  D: {command: 'echo from-shell; pwd >&2'}\n");
  ASSERT_TRUE(values) << values.error().Text();
  EXPECT_EQ(values->at("A").Reveal(), "from-variable");
  EXPECT_EQ(values->at("B").Reveal(), "from-file");
  EXPECT_EQ(values->at("C").Reveal(), "from-words");
  EXPECT_EQ(values->at("D").Reveal(), "from-shell");
  EXPECT_EQ(redactor_.Mask("a from-variable b from-file c from-words d from-shell"), "a *** b *** c *** d ***");
}

TEST_F(SecretsTest, OnlyOneLineEndOfAFileIsDropped) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "key", " two\nlines\n\n"));
  const auto values = Read("  A: {file: key}\n");
  ASSERT_TRUE(values);
  EXPECT_EQ(values->at("A").Reveal(), " two\nlines\n");
}

TEST_F(SecretsTest, AllThatAreMissingAreNamedWithLineAndWayOut) {
  EXPECT_EQ(ErrorOf("  A: {env: UNSET}\n  B: {env: EMPTY}\n  C: {file: nowhere}\n  D: {env: SET}\n"),
            "perch.yaml:4:3: the secret `A` has no value: the environment variable UNSET is not set\n"
            "  4 |   A: {env: UNSET}\n"
            "    |   ^\n"
            "  hint: Set it before perch starts: export UNSET=…\n"
            "perch.yaml:5:3: the secret `B` has no value: the environment variable EMPTY is empty\n"
            "  5 |   B: {env: EMPTY}\n"
            "    |   ^\n"
            "  hint: Set it before perch starts: export EMPTY=…\n"
            "perch.yaml:6:3: the secret `C` has no value: the file " +
                (folder_ / "nowhere").string() +
                " cannot be read: No such file or directory\n"
                "  6 |   C: {file: nowhere}\n"
                "    |   ^\n"
                "  hint: Write the value into that file, readable by the user that runs perch.");
}

TEST_F(SecretsTest, ACommandThatFailsMayWorkLater) {
  const auto values = Read("  A: {command: 'echo leak; echo locked >&2; exit 3'}\n");
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(values.error().Text(),
            "perch.yaml:4:3: the secret `A` has no value: its command failed with exit code 3: locked\n"
            "  4 |   A: {command: 'echo leak; echo locked >&2; exit 3'}\n"
            "    |   ^\n"
            "  hint: Try the command by hand, as the user that runs perch, in " +
                folder_.string() + ".");
}

TEST_F(SecretsTest, OddValuesAreRefused) {
  EXPECT_NE(ErrorOf("  A: {command: 'true'}\n").find("its command printed nothing"), std::string::npos);
  EXPECT_NE(ErrorOf("  A: {command: [printf, 'a\\0b']}\n").find("its value holds a NUL character"), std::string::npos);
  EXPECT_NE(ErrorOf("  A: {command: [no-such-program-of-perch]}\n")
                .find("its command cannot be run: there is no such program"),
            std::string::npos);
  EXPECT_NE(ErrorOf("  A: {command: 'head -c 100000 /dev/zero | tr \"\\0\" x'}\n").find("printed more than 64 KiB"),
            std::string::npos);
  EXPECT_NE(ErrorOf("  A: {command: 'echo abc'}\n").find("shorter than 4 bytes, too short to be masked"),
            std::string::npos);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "large", std::string(70000, 'x')));
  EXPECT_NE(ErrorOf("  A: {file: large}\n").find("it is larger than the limit of 65536 bytes"), std::string::npos);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "empty", "\n"));
  EXPECT_NE(ErrorOf("  A: {file: empty}\n").find("is empty"), std::string::npos);
}

TEST_F(SecretsTest, AreDescribedNeverShown) {
  const auto describe = [](const char* key, Value value) {
    return DescribeSecret({.data = Value::Map{{key, std::move(value), {}}}});
  };
  EXPECT_EQ(describe("env", {.data = "X"}), "(secret from environment variable X)");
  EXPECT_EQ(describe("file", {.data = "/f"}), "(secret from file /f)");
  EXPECT_EQ(describe("command", {.data = "pass show x"}), "(secret from command pass show x)");
  EXPECT_EQ(describe("command", {.data = Value::List{{.data = "pass"}, {.data = "a b"}}}),
            "(secret from command pass 'a b')");
}

}  // namespace
}  // namespace perch::config
