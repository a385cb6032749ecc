#include "config/schema.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "config/project.h"

namespace perch::config {
namespace {

/// Every key of the schema as a path; the entries of maps with free names as "*".
void Paths(const Field& field, const std::string& path, std::set<std::string>& paths) {
  if (!path.empty()) paths.insert(path);
  for (const Field& inner : field.fields) Paths(inner, path.empty() ? inner.key : path + "." + inner.key, paths);
  if (field.type == Field::Type::kNamed) Paths(field.element[0], path + ".*", paths);
}

TEST(Schema, IsWhatTheExampleSays) {
  std::set<std::string> paths;
  Paths(Schema(), "", paths);
  std::set<std::string> top;
  for (const std::string& path : paths) {
    if (!path.starts_with("profiles.*.")) top.insert(path);
  }
  const std::set<std::string> expected = {
      "access",
      "access.cidrs",
      "app",
      "aws",
      "aws.account",
      "aws.application",
      "aws.certificate",
      "aws.certificate_names",
      "aws.hosted_zone",
      "aws.platform_arn",
      "aws.region",
      "aws.vpc",
      "aws.vpc.cidr",
      "aws.vpc.id",
      "aws.vpc.private_subnets",
      "aws.vpc.public_subnets",
      "branches",
      "branches.limit",
      "branches.protect",
      "branches.skip",
      "bucket",
      "bucket.old_versions",
      "bucket.on_delete",
      "build",
      "build.command",
      "build.dockerfile",
      "database",
      "database.backups",
      "database.class",
      "database.deletion_protection",
      "database.iops",
      "database.mode",
      "database.multi_az",
      "database.name",
      "database.on_delete",
      "database.password",
      "database.snapshot",
      "database.storage",
      "database.storage_type",
      "database.throughput",
      "database.user",
      "database.version",
      "deploy",
      "domain",
      "env",
      "env.*",
      "environments",
      "environments.*",
      "host",
      "instances",
      "instances.architecture",
      "instances.disk",
      "instances.max",
      "instances.min",
      "instances.office_hours",
      "instances.office_hours.days",
      "instances.office_hours.start",
      "instances.office_hours.stop",
      "instances.spot",
      "instances.type",
      "limits",
      "limits.build_timeout",
      "limits.file_size",
      "limits.log",
      "limits.memory",
      "limits.open_files",
      "limits.processes",
      "limits.seed_timeout",
      "limits.test_timeout",
      "logs",
      "logs.keep",
      "logs.requests",
      "outputs",
      "override",
      "parallel",
      "platform",
      "poll",
      "profiles",
      "profiles.*",
      "release",
      "release.command",
      "repository",
      "resources",
      "run",
      "run.command",
      "run.health",
      "run.health_status",
      "run.health_timeout",
      "run.port",
      "run.stop_timeout",
      "run.writable",
      "sandbox",
      "sandbox.readable",
      "secrets",
      "secrets.*",
      "secrets.*.command",
      "secrets.*.env",
      "secrets.*.file",
      "seed",
      "seed.command",
      "seed.files",
      "template",
      "template.file",
      "test",
      "test.command",
  };
  EXPECT_EQ(top, expected);
}

TEST(Schema, AProfileMaySetWhatTheTopLevelMarksSo) {
  EXPECT_EQ(Schema().Find("profiles")->element[0].Keys(),
            (std::vector<std::string>{"extends",  "build",  "test", "release",   "seed",    "run",       "env",
                                      "secrets",  "limits", "aws",  "host",      "access",  "instances", "deploy",
                                      "database", "bucket", "logs", "resources", "outputs", "override",  "template"}));
}

TEST(Schema, ABranchMaySetOnlyHowItIsBuiltAndRun) {
  std::vector<std::string> keys;
  for (const Field& field : Schema().fields) {
    if (field.from_branch) keys.push_back(field.key);
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"build", "test", "release", "seed", "run", "env"}));
}

TEST(Schema, TheExampleLoadsClean) {
  const Result<Project> project = Parse(ExampleText(), "docs/perch.example.yaml");
  ASSERT_TRUE(project) << project.error().Text();
  EXPECT_EQ(project->warnings, std::vector<std::string>());
}

/// Replaces a line by another, or takes it away.
std::string WithLine(std::string text, const std::string& line, const std::string& by) {
  const std::size_t at = text.find("\n" + line + "\n");
  EXPECT_NE(at, std::string::npos) << line;
  return text.replace(at + 1, line.size(), by);
}

TEST(Schema, WhatTheExampleSwitchesOffLoadsTooWhenItIsSwitchedOn) {
  std::string text(ExampleText());
  text = WithLine(text, "  #dockerfile: Dockerfile", "  dockerfile: Dockerfile");
  text = WithLine(text, "  command: npm ci && npm run build", "  #command: npm ci && npm run build");
  const Result<Project> project = Parse(text, "docs/perch.example.yaml");
  ASSERT_TRUE(project) << project.error().Text();
}

TEST(Schema, TheOtherHalfOfTheAwsPartLoadsToo) {
  std::string text(ExampleText());
  text = WithLine(text, "    cidr: 10.70.0.0/16", "    #cidr: 10.70.0.0/16");
  text = WithLine(text, "    #id: vpc-0a1b2c3d4e5f60718", "    id: vpc-0a1b2c3d4e5f60718");
  text = WithLine(text, "#template:", "template:");
  text = WithLine(text, "  #file: infrastructure/environment.yaml", "  file: infrastructure/environment.yaml");
  for (const char* key : {"resources:", "override:"}) {
    const std::size_t at = text.find(std::string("\n") + key + "\n");
    const std::size_t end = text.find("\n\n", at + 1);
    text.erase(at, (end == text.npos ? text.size() : end) - at);
  }
  const Result<Project> project = Parse(text, "docs/perch.example.yaml", {.platform = "aws"});
  ASSERT_TRUE(project) << project.error().Text();
}

TEST(Schema, TheExampleShowsEveryDefaultThatHasAPlaceForIt) {
  // Where the example's own value is not the default, the "#:" line tells it; where it is, both agree.
  const auto default_of = [](const char* map, const char* key) { return Schema().Find(map)->Find(key)->default_text; };
  EXPECT_EQ(default_of("run", "health"), "/");
  EXPECT_EQ(default_of("run", "health_timeout"), "60s");
  EXPECT_EQ(default_of("limits", "memory"), "1G");
  EXPECT_EQ(default_of("branches", "skip"), "[\"*-no-infra\"]");
  EXPECT_EQ(Schema().Find("domain")->default_text, "localhost");
}

TEST(Schema, ClausesMayTakeSeveralLines) {
  const Result<Field> schema = ReadSchema(
      "# About it.\n#: one of a, b; per profile; on aws\n#: production: a; staging: a; branch: b\n"
      "# More about it.\n#: because: it is so, and so\nkey: a\n#: text; default: \"x\"\nother: y\n",
      "example");
  ASSERT_TRUE(schema) << schema.error().Text();
  const Field* field = schema->Find("key");
  EXPECT_TRUE(field->per_profile && field->on_aws);
  EXPECT_EQ(*field->perchs.at("branch").AsString(), "b");
  EXPECT_EQ(field->perchs.at("branch").from, "perch's branch");
  EXPECT_EQ(field->because, "it is so, and so");
  EXPECT_EQ(*schema->Find("other")->default_value.AsString(), "x");
}

TEST(Schema, FieldsAreFoundByPath) {
  EXPECT_EQ(FieldAt("database.multi_az")->because,
            "it costs twice as much, which is worth it only where visitors would notice");
  EXPECT_EQ(FieldAt("env.A")->type, Field::Type::kValue);
  EXPECT_EQ(FieldAt("resources.A.B"), nullptr);
  EXPECT_EQ(FieldAt("nothing.at.all"), nullptr);
}

struct BadExample {
  const char* name;
  const char* text;
  const char* error;
};

TEST(Schema, AWrongExampleNamesItsLine) {
  const BadExample cases[] = {
      {"no type", "#: text\na: b\nc: d\n", "example:3:1: `c` has no line with its type above it"},
      {"unknown type", "#: txet\na: b\n", "example:2:1: `txet` is no known type"},
      {"unknown clause", "#: text; requierd\na: b\n", "example:2:1: `requierd` is no known clause"},
      {"bad range", "#: whole number from 5 to 1\na: 2\n", "example:2:1: `from 5 to 1` is no range"},
      {"no range", "#: duration 5\na: 2\n", "example:2:1: a range is written `from A to B`"},
      {"bad default", "#: duration from 1s to 1m; default: 2m\na: 5s\n", "example:2:1: `2m` is no default for it"},
      {"a profile without a default", "#: text; production: x; staging: y; because: z\na: b\n",
       "example:2:1: `a` needs a default for each of perch's profiles, and a `because`"},
      {"no reason", "#: text; production: x\n#: staging: y; branch: z\na: b\n",
       "example:3:1: `a` needs a default for each of perch's profiles, and a `because`"},
      {"a profile's bad default", "#: true or false; production: 1; staging: true; branch: true; because: z\na: true\n",
       "example:2:1: `1` is no default for it"},
      {"half a map", "#: map from name\na: {}\n", "example:2:1: `map from` needs a ` to `"},
  };
  for (const BadExample& bad : cases) {
    const Result<Field> schema = ReadSchema(bad.text, "example");
    ASSERT_FALSE(schema) << bad.name;
    EXPECT_EQ(schema.error().Text(), bad.error) << bad.name;
  }
}

TEST(Schema, TheExampleIsReadableOnATerminal) {
  int number = 0;
  for (const std::string& line : Lines(ExampleText())) {
    ++number;
    EXPECT_LE(line.size(), 124u) << "line " << number;
    EXPECT_EQ(line.find('\t'), std::string::npos) << "line " << number;
  }
}

}  // namespace
}  // namespace perch::config
