#include <gtest/gtest.h>

#include "config/profiles.h"
#include "config/resolve.h"
#include "config/schema.h"
#include "config/show.h"

namespace perch::config {
namespace {

constexpr char kHead[] = "app: shop\nrun: {command: ./serve}\nplatform: aws\n";

Project TheProject(const std::string& text, const LoadOptions& options = {}) {
  Result<Project> project = Parse(text, "perch.yaml", options);
  EXPECT_TRUE(project) << project.error().Text();
  return project ? *std::move(project) : Project{};
}

View TheView(const Project& project, const std::string& name) {
  Result<View> view = ViewOf(project, name);
  EXPECT_TRUE(view) << view.error().Text();
  return view ? *std::move(view) : View{};
}

std::string ErrorOf(const std::string& text) {
  const Result<Project> project = Parse(text, "perch.yaml");
  return project ? "" : project.error().Text();
}

/// The line of `explain` about one key, its columns each after one space.
std::string Explained(const Project& project, const std::string& name, const std::string& key) {
  const std::string text = ExplainText(TheView(project, name));
  const std::size_t at = text.find("\n" + key + " ");
  if (at == std::string::npos) return "";
  std::string line;
  for (const char c : text.substr(at + 1, text.find('\n', at + 1) - at - 1)) {
    if (c != ' ' || !line.ends_with(' ')) line += c;
  }
  return line;
}

std::string HashOf(const std::string& text, const std::string& branch = "x") {
  const Result<Settings> settings = Resolve(TheProject(text), branch, std::nullopt, {});
  EXPECT_TRUE(settings) << settings.error().Text();
  return settings ? settings->hash : "";
}

TEST(BuiltInProfiles, AreThereWithoutBeingWritten) {
  const Project project =
      TheProject(std::string(kHead) + "environments: {main: production, s: staging, \"*\": branch}\n");
  EXPECT_EQ(project.ProfileFor("main")->name, "production");
  EXPECT_EQ(project.ProfileFor("s")->name, "staging");
  EXPECT_EQ(project.ProfileFor("x")->name, "branch");
  EXPECT_EQ(project.warnings, std::vector<std::string>());
}

TEST(BuiltInProfiles, TheFirstOfTheChainBringsItsDefaults) {
  const Project project =
      TheProject(std::string(kHead) +
                 "profiles: {big: {extends: production}, branch: {extends: staging}, own: {}, deep: "
                 "{extends: big}}\n");
  const auto perchs = [&](const char* name) { return project.FindProfile(name)->perchs; };
  EXPECT_EQ(perchs("production"), "production");
  EXPECT_EQ(perchs("big"), "production");
  EXPECT_EQ(perchs("deep"), "production");
  EXPECT_EQ(perchs("branch"), "branch");
  EXPECT_EQ(perchs("own"), "branch");
}

TEST(BuiltInProfiles, WhatAPersonWroteAlwaysWins) {
  const Project project = TheProject(std::string(kHead) +
                                     "instances: {max: 9}\n"
                                     "profiles:\n"
                                     "  production: {database: {backups: 30}}\n"
                                     "  branch: {extends: production, deploy: rolling}\n"
                                     "  back: {extends: branch, deploy: null}\n");
  EXPECT_EQ(Explained(project, "branch", "instances.max"), "instances.max 9 perch.yaml:4");
  EXPECT_EQ(Explained(project, "branch", "database.backups"), "database.backups 30 perch.yaml:6 profile production");
  EXPECT_EQ(Explained(project, "branch", "deploy"), "deploy rolling perch.yaml:7 profile branch");
  EXPECT_EQ(Explained(project, "branch", "instances.min"),
            "instances.min 1 perch's branch, because with two, one may fail and the app goes on");
  EXPECT_EQ(Explained(project, "production", "instances.min"),
            "instances.min 2 perch's production, because with two, one may fail and the app goes on");
  EXPECT_EQ(Explained(project, "back", "deploy"),
            "deploy all-at-once perch's branch, because visitors of production and staging must not notice a new "
            "version, and a branch may be away for a minute");
  EXPECT_EQ(Explained(project, "branch", "instances.disk"), "instances.disk 16 default");
}

TEST(BuiltInProfiles, DifferByPurposeAndSayWhy) {
  const Project project = TheProject(kHead);
  EXPECT_EQ(
      DiffText(TheView(project, "production"), TheView(project, "branch")),
      "aws.application\n"
      "  production  production        perch's production\n"
      "  branch      staging           perch's branch\n"
      "  because what happens to a branch must not reach production\n"
      "instances.type\n"
      "  production  t3.medium         perch's production\n"
      "  branch      t3.micro          perch's branch\n"
      "  because a branch serves a few people, production all\n"
      "instances.min\n"
      "  production  2                 perch's production\n"
      "  branch      1                 perch's branch\n"
      "  because with two, one may fail and the app goes on\n"
      "instances.max\n"
      "  production  4                 perch's production\n"
      "  branch      1                 perch's branch\n"
      "  because production grows with its visitors\n"
      "deploy\n"
      "  production  additional-batch  perch's production\n"
      "  branch      all-at-once       perch's branch\n"
      "  because visitors of production and staging must not notice a new version, and a branch may be away for a "
      "minute\n"
      "database.class\n"
      "  production  db.t4g.medium     perch's production\n"
      "  branch      db.t4g.micro      perch's branch\n"
      "  because a branch holds little data and answers few people\n"
      "database.multi_az\n"
      "  production  true              perch's production\n"
      "  branch      false             perch's branch\n"
      "  because it costs twice as much, which is worth it only where visitors would notice\n"
      "database.backups\n"
      "  production  14                perch's production\n"
      "  branch      0                 perch's branch\n"
      "  because the data of a branch can be made again\n"
      "database.deletion_protection\n"
      "  production  true              perch's production\n"
      "  branch      false             perch's branch\n"
      "  because nobody deletes production by mistake, and a branch must go without a hand\n"
      "database.on_delete\n"
      "  production  snapshot          perch's production\n"
      "  branch      delete            perch's branch\n"
      "  because a snapshot of each branch that is gone would cost money for ever\n"
      "database.password\n"
      "  production  managed           perch's production\n"
      "  branch      secret            perch's branch\n"
      "  because a managed password changes while the app runs, so it needs an app that looks it up\n"
      "bucket.on_delete\n"
      "  production  retain            perch's production\n"
      "  branch      delete            perch's branch\n"
      "  because the files of production are nowhere else\n"
      "bucket.old_versions\n"
      "  production  90                perch's production\n"
      "  branch      1                 perch's branch\n"
      "  because in production a mistake may be noticed late\n"
      "logs.keep\n"
      "  production  90                perch's production\n"
      "  branch      3                 perch's branch\n"
      "  because a branch is looked into while people work on it\n");
}

TEST(BuiltInProfiles, StagingHasTheShapeOfProductionInSmall) {
  const Project project = TheProject(kHead);
  const Value values = TheView(project, "staging").values;
  EXPECT_EQ(CanonicalJson(*values.Find("instances")),
            R"({"architecture":"x86_64","disk":16,"max":2,"min":1,"spot":false,"type":"t3.small"})");
  EXPECT_EQ(CanonicalJson(*values.Find("deploy")), R"("additional-batch")");
  EXPECT_EQ(CanonicalJson(*values.Find("database")),
            R"({"backups":3,"class":"db.t4g.small","deletion_protection":false,"mode":"dedicated","multi_az":false,)"
            R"("name":"app","on_delete":"snapshot","password":"secret","snapshot":"newest","storage":20,)"
            R"("storage_type":"gp3","user":"app","version":"16"})");
  EXPECT_EQ(CanonicalJson(*values.Find("bucket")), R"({"old_versions":30,"on_delete":"delete"})");
  EXPECT_EQ(CanonicalJson(*values.Find("logs")), R"({"keep":30,"requests":0})");
}

TEST(BuiltInProfiles, AReasonIsShownOnlyWherePerchChose) {
  const Project project =
      TheProject(std::string(kHead) + "profiles: {production: {deploy: rolling}, branch: {deploy: immutable}}\n");
  const std::string text = DiffText(TheView(project, "production"), TheView(project, "branch"));
  EXPECT_NE(text.find("deploy\n"
                      "  production  rolling        perch.yaml:4  profile production\n"
                      "  branch      immutable      perch.yaml:4  profile branch\n"
                      "database.class\n"),
            std::string::npos)
      << text;
  const std::string json = DiffJson(TheView(project, "production"), TheView(project, "branch"));
  EXPECT_NE(json.find(R"({"key":"instances.max","a":{"value":4,"from":"perch's production"},"b":{"value":1,"from":)"
                      R"("perch's branch"},"because":"production grows with its visitors"})"),
            std::string::npos)
      << json;
  EXPECT_NE(
      json.find(R"({"key":"deploy","a":{"value":"rolling","from":"production","file":"perch.yaml","line":4,)"
                R"("column":33},"b":{"value":"immutable","from":"branch","file":"perch.yaml","line":4,"column":60}})"),
      std::string::npos)
      << "what people wrote has no reason: " << json;
}

TEST(AwsKeys, AreShownOnlyOnAws) {
  const std::string text =
      "app: shop\nrun: {command: x}\ninstances: {type: m5.large}\nhost: a.example.com\n"
      "environments: {main: branch}\n";
  EXPECT_EQ(Explained(TheProject(text), "branch", "instances.type"), "");
  EXPECT_EQ(Explained(TheProject(text, {.platform = "aws"}), "branch", "instances.type"),
            "instances.type m5.large perch.yaml:3");
  EXPECT_EQ(Explained(TheProject(text, {.platform = "aws"}), "branch", "platform"), "platform aws --platform");
  EXPECT_EQ(Explained(TheProject(text + "platform: aws\n", {.platform = "local"}), "branch", "deploy"), "");
}

TEST(AwsKeys, CountInTheHashOnlyOnAws) {
  const std::string local = "app: a\nrun: {command: x}\nenvironments: {x: branch, main: production}\n";
  const std::string aws = local + "platform: aws\n";
  EXPECT_NE(HashOf(local), HashOf(aws));
  for (const char* more : {"host: a.org\n", "aws: {region: eu-central-1}\n", "access: {cidrs: [\"10.0.0.0/8\"]}\n",
                           "instances: {disk: 17}\n", "deploy: rolling\n", "database: {name: b}\n",
                           "bucket: {old_versions: 9}\n", "logs: {keep: 5}\n", "resources: {A: {Type: B}}\n",
                           "outputs: {A: {Value: B}}\n", "override: {A: {B: c}}\n", "template: {file: x}\n"}) {
    const std::string only_x = std::string(more).starts_with("host") ? "profiles: {branch: {host: a.org}}\n" : more;
    EXPECT_EQ(HashOf(local + only_x), HashOf(local)) << more;
    EXPECT_NE(HashOf(aws + only_x), HashOf(aws)) << more;
  }
  EXPECT_NE(HashOf(aws, "main"), HashOf(aws, "x")) << "perch's own defaults count, too";
  EXPECT_EQ(HashOf(local, "main"), HashOf(local, "x"));
}

TEST(AwsKeys, ABranchOfTheSameFileIsNotAnAttemptToChangeThePlatform) {
  const std::string text = "app: shop\nrun: {command: x}\nplatform: local\n";
  const Result<Settings> settings = Resolve(TheProject(text, {.platform = "aws"}), "x", text, {});
  ASSERT_TRUE(settings) << settings.error().Text();
  EXPECT_EQ(settings->notices, std::vector<std::string>());
}

TEST(AwsKeys, AnExistingNetworkExcludesTheDefaultOne) {
  const Project project = TheProject(std::string(kHead) + "aws: {vpc: {id: vpc-1}}\n");
  EXPECT_EQ(CanonicalJson(*TheView(project, "branch").values.Find("aws")->Find("vpc")), R"({"id":"vpc-1"})");
}

TEST(AwsKeys, AnOwnTemplateInAProfileReplacesInheritedResources) {
  const Project project = TheProject(std::string(kHead) +
                                     "resources: {A: {Type: B::C::D}}\n"
                                     "profiles: {branch: {template: {file: own.yaml}}}\n");
  const Value values = TheView(project, "branch").values;
  EXPECT_EQ(values.Find("resources"), nullptr);
  EXPECT_EQ(CanonicalJson(*values.Find("template")), R"({"file":"own.yaml"})");
  EXPECT_NE(TheView(project, "staging").values.Find("resources"), nullptr);
}

TEST(Templates, MergeByKeyButCallsAsAWhole) {
  const Project project =
      TheProject(std::string(kHead) +
                 "resources: {Q: {Type: A::B::C, Properties: {X: !Ref Y, Z: 1, L: [1, 2]}}}\n"
                 "profiles: {branch: {resources: {Q: {Properties: {X: !Sub s, Z: null, L: [3]}}}}}\n");
  EXPECT_EQ(CanonicalJson(*TheView(project, "branch").values.Find("resources")),
            R"({"Q":{"Properties":{"L":[3],"X":{"Fn::Sub":"s"}},"Type":"A::B::C"}})");
  EXPECT_EQ(Explained(project, "branch", "resources.Q.Properties.X.Fn::Sub"),
            "resources.Q.Properties.X.Fn::Sub s perch.yaml:5 profile branch");
}

TEST(Hosts, BelongToOneBranchOnly) {
  EXPECT_EQ(ErrorOf("app: a\nprofiles:\n  production: {host: shop.example.com}\n  branch: {extends: production}\n"
                    "environments: {main: production, \"*\": branch}\n"),
            "perch.yaml:3:22: `host` is one name, but many branches would get it\n"
            "  3 |   production: {host: shop.example.com}\n"
            "    |                      ^^^^^^^^^^^^^^^^\n"
            "  `*` gets the profile branch at perch.yaml:5:34\n"
            "  hint: Write `host: null` in profile branch, and `host` only where one branch is.");
  EXPECT_EQ(ErrorOf("app: a\nhost: x.org\n"),
            "perch.yaml:2:7: `host` is one name, but many branches would get it\n"
            "  2 | host: x.org\n"
            "    |       ^^^^^\n"
            "  `*` gets the profile branch, as every branch does without `environments`\n"
            "  hint: Write `host: null` in profile branch, and `host` only where one branch is.");
  EXPECT_EQ(ErrorOf("app: a\nhost: x.org\nenvironments: {a: branch, b: staging}\n"),
            "perch.yaml:2:7: `host` is one name, but the branches `a` and `b` would both get it\n"
            "  2 | host: x.org\n"
            "    |       ^^^^^\n"
            "  `b` gets the profile staging at perch.yaml:3:27\n"
            "  hint: Write another `host`, or `host: null`, in profile staging.");
  EXPECT_EQ(ErrorOf("app: a\nprofiles: {production: {host: x.org}, branch: {extends: production, host: null}}\n"
                    "environments: {main: production, \"*\": branch}\n"),
            "");
}

struct Wrong {
  const char* line;
  const char* error;
};

TEST(AwsKeys, RangesAndChoicesAreChecked) {
  const Wrong cases[] = {
      {"instances: {min: 0}\n", "`instances.min` must be a whole number from 1 to 100, not 0"},
      {"instances: {disk: 7}\n", "`instances.disk` must be a whole number from 8 to 16384, not 7"},
      {"instances: {architecture: arm}\n",
       "`instances.architecture` must be one of x86_64, arm64, not the text \"arm\""},
      {"instances: {office_hours: {days: monday}}\n",
       "`instances.office_hours.days` must be one of weekdays, every-day, not the text \"monday\""},
      {"deploy: blue-green\n",
       "`deploy` must be one of all-at-once, rolling, additional-batch, immutable, not the text \"blue-green\""},
      {"database: {storage: 19}\n", "`database.storage` must be a whole number from 20 to 65536, not 19"},
      {"database: {iops: 11999}\n", "`database.iops` must be a whole number from 12000 to 64000, not 11999"},
      {"database: {throughput: 4001}\n", "`database.throughput` must be a whole number from 500 to 4000, not 4001"},
      {"database: {backups: 36}\n", "`database.backups` must be a whole number from 0 to 35, not 36"},
      {"database: {storage_type: io1}\n", "`database.storage_type` must be one of gp2, gp3, not the text \"io1\""},
      {"bucket: {old_versions: 0}\n", "`bucket.old_versions` must be a whole number from 1 to 3650, not 0"},
      {"bucket: {on_delete: snapshot}\n",
       "`bucket.on_delete` must be one of delete, retain, not the text \"snapshot\""},
      {"logs: {requests: 3651}\n", "`logs.requests` must be a whole number from 0 to 3650, not 3651"},
      {"logs: {keep: 4}\n",
       "`logs.keep` must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653, not 4"},
      {"logs: {keep: \"7\"}\n",
       "`logs.keep` must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653, not the "
       "text \"7\""},
      {"resources: [a]\n", "`resources` must be a map, not a list"},
      {"template: {file: a}\nresources: {A: {Type: b}}\n", "`resources` and `template` exclude each other"},
      {"aws: {vpc: {cidr: 10.0.0.0/16, id: vpc-1}}\n", "`cidr` and `id` exclude each other"},
  };
  for (const Wrong& wrong : cases) {
    const std::vector<Diagnostic> problems = Problems(std::string(kHead) + wrong.line, "perch.yaml");
    ASSERT_EQ(problems.size(), 1u) << wrong.line;
    EXPECT_EQ(problems[0].text, wrong.error) << wrong.line;
  }
  EXPECT_EQ(ErrorOf(std::string(kHead) + "aws: {account: 011122223333}\ndatabase: {version: 16.4}\nlogs: {keep: 7}\n"),
            "");
}

}  // namespace
}  // namespace perch::config
