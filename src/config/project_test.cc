#include "config/project.h"

#include <gtest/gtest.h>

#include "config/schema.h"

namespace perch::config {
namespace {

TEST(Project, TheExampleLoads) {
  const Result<Project> project = Parse(ExampleText(), "docs/perch.example.yaml");
  ASSERT_TRUE(project) << project.error().Text();
}

}  // namespace
}  // namespace perch::config
