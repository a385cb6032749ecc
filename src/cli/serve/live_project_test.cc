#include "cli/serve/live_project.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"

namespace perch::cli {
namespace {

class LiveProjectTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "perch-project-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    Write("app: shop\nrun: {command: a}\nsecrets: {KEY: {file: key}}\n");
    ASSERT_TRUE(WriteFileAtomically(folder_ / "key", "hush-hush\n").has_value());
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(folder_).has_value()); }
  void Write(const std::string& text) { ASSERT_TRUE(WriteFileAtomically(folder_ / "perch.yaml", text).has_value()); }
  std::filesystem::path folder_;
  std::shared_ptr<Redactor> redactor_ = std::make_shared<Redactor>();
};

TEST_F(LiveProjectTest, ReadsSecretsAndMasksThem) {
  const auto live = LiveProject::Open(folder_ / "perch.yaml", redactor_);
  ASSERT_TRUE(live.has_value()) << live.error().Text();
  EXPECT_EQ((*live)->Current()->secrets.at("branch").at("KEY").Reveal(), "hush-hush");
  EXPECT_EQ(redactor_->Mask("say hush-hush"), "say ***");
}

TEST_F(LiveProjectTest, AMissingSecretIsAnErrorAtTheStart) {
  ASSERT_TRUE(RemoveTree(folder_ / "key").has_value());
  EXPECT_FALSE(LiveProject::Open(folder_ / "perch.yaml", redactor_).has_value());
}

TEST_F(LiveProjectTest, AChangedFileCountsAndAWrongOneDoesNot) {
  const auto live = LiveProject::Open(folder_ / "perch.yaml", redactor_);
  ASSERT_TRUE(live.has_value());
  EXPECT_FALSE((*live)->ReloadIfChanged().value());
  Write("app: shop\nrun: {command: b}\nbranches: {limit: 3}\n");
  EXPECT_TRUE((*live)->ReloadIfChanged().value());
  EXPECT_EQ((*live)->Policy().max_environments, 3);
  Write("app: shop\nrnu: 1\n");
  EXPECT_FALSE((*live)->ReloadIfChanged().has_value());
  EXPECT_EQ((*live)->Policy().max_environments, 3);
  EXPECT_FALSE((*live)->ReloadIfChanged().value()) << "told once";
}

TEST_F(LiveProjectTest, AnotherAppUnderRunningEnvironmentsIsRefused) {
  const auto live = LiveProject::Open(folder_ / "perch.yaml", redactor_);
  ASSERT_TRUE(live.has_value());
  Write("app: other\nrun: {command: a}\n");
  EXPECT_FALSE((*live)->ReloadIfChanged().has_value());
  EXPECT_EQ((*live)->Policy().app, "shop");
}

}  // namespace
}  // namespace perch::cli
