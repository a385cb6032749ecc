#include "config/show.h"

#include <gtest/gtest.h>

#include "config/resolve.h"
#include "config/yaml.h"
#include "config/yaml_print.h"

namespace perch::config {
namespace {

constexpr char kFile[] = R"(app: shop
run: {command: [./serve, "a b"]}
env: {COLOR: red}
secrets: {KEY: {env: K}}
profiles:
  production: {env: {MODE: live}, limits: {memory: 2G}}
  branch: {extends: production, env: {MODE: test}, secrets: {KEY: null, OTHER: {file: f}}}
environments: {main: production, "*": branch}
)";

Project TheProject(const std::string& text = kFile) {
  Result<Project> project = Parse(text, "perch.yaml");
  EXPECT_TRUE(project) << project.error().Text();
  return project ? *std::move(project) : Project{};
}

View TheView(const std::string& name) {
  Result<View> view = ViewOf(TheProject(), name);
  EXPECT_TRUE(view) << view.error().Text();
  return view ? *std::move(view) : View{};
}

TEST(Check, SaysInAFewLinesWhatTheFileSays) {
  EXPECT_EQ(CheckText(TheProject()),
            "perch.yaml is right.\n"
            "  app         shop\n"
            "  repository  this folder\n"
            "  links       http://<branch>.localhost\n"
            "  profiles    branch, production, staging\n"
            "  branches    main → production, all others → branch\n"
            "  skipped     *-no-infra\n"
            "  protected   none\n");
  EXPECT_EQ(CheckJson(TheProject()), R"({"ok":true,"file":"perch.yaml","app":"shop","warnings":[]})");
}

TEST(Check, EndsWithItsWarnings) {
  const std::string text = CheckText(TheProject("app: a\n"));
  EXPECT_EQ(text.substr(text.find("warning")),
            "warning: perch.yaml: profile `branch` has no `run: {command: ...}`; every branch must bring its own.\n");
}

TEST(Check, ProblemsAreDataToo) {
  EXPECT_EQ(ProblemsJson(Problems("ap: x\n", "perch.yaml")),
            R"([{"file":"perch.yaml","line":1,"column":1,"text":"the key `app` is missing","hint":"Add a line such as )"
            R"(`app: shop`."},{"file":"perch.yaml","line":1,"column":1,"text":"unknown key `ap`","hint":"Did you mean )"
            R"('app'?"}])");
  EXPECT_EQ(ProblemsJson({}), "[]");
}

TEST(Show, PrintsTheResolvedSettingsAsYaml) {
  EXPECT_EQ(ShowText(TheView("feature/x")),
            "# branch feature/x: profile branch, which extends production (perch.yaml:8, as for every other branch)\n"
            "app: shop\n"
            "domain: localhost\n"
            "poll: 30s\n"
            "parallel: 2\n"
            "platform: local\n"
            "run:\n"
            "  command: [./serve, a b]\n"
            "  health: /\n"
            "  health_timeout: 60s\n"
            "  stop_timeout: 10s\n"
            "env:\n"
            "  COLOR: red\n"
            "  MODE: test\n"
            "secrets:\n"
            "  OTHER: (secret from file f)\n"
            "limits:\n"
            "  memory: 2G\n"
            "  processes: 256\n"
            "  open_files: 4096\n"
            "  log: 16M\n"
            "  file_size: 4G\n"
            "  build_timeout: 15m\n"
            "  test_timeout: 15m\n"
            "  seed_timeout: 10m\n"
            "branches:\n"
            "  skip: [\"*-no-infra\"]\n"
            "  limit: 0\n");
}

TEST(Show, JsonHoldsTheSame) {
  const std::string json = ShowJson(TheView("main"));
  EXPECT_NE(json.find(R"x("env":{"COLOR":"red","MODE":"live"})x"), std::string::npos) << json;
  EXPECT_NE(json.find(R"x("secrets":{"KEY":"(secret from environment variable K)"})x"), std::string::npos) << json;
}

TEST(Show, WhatItPrintsReadsBackTheSame) {
  const char* texts[] = {"",     "x",  "a b",  "yes", "true", "12",  "0x1", "1e3", "-",  "- x",   "a: b", "a #b",
                         "#x",   "*x", "null", "~",   "[x]",  "a,b", "'q'", "\"",  "x:", "\ttab", " sp ", "ü",
                         "a\nb", "%x", "@x",   "`x",  "!x",   "&x",  "|",   ">",   "?",  "{}",    "\\"};
  for (const char* text : texts) {
    const std::string yaml =
        PrintYaml({.data = Value::Map{{"k", {.data = Value::List{{.data = text}}}, {}}, {"t", {.data = text}, {}}}});
    Diagnostics diagnostics("x", yaml);
    const std::optional<Node> node = ParseYaml(yaml, diagnostics);
    ASSERT_TRUE(node && diagnostics.empty()) << yaml;
    EXPECT_EQ(CanonicalJson(CoreValue(*node)), "{\"k\":[" + JsonString(text) + "],\"t\":" + JsonString(text) + "}")
        << yaml;
  }
}

TEST(Explain, NamesThePlaceAndTheProfileOfEveryValue) {
  EXPECT_EQ(ExplainText(TheView("feature/x")),
            "branch feature/x: profile branch, which extends production (perch.yaml:8, as for every other branch)\n"
            "\n"
            "app                   shop                  perch.yaml:1\n"
            "domain                localhost             default\n"
            "poll                  30s                   default\n"
            "parallel              2                     default\n"
            "platform              local                 default\n"
            "run.command           [./serve, a b]        perch.yaml:2\n"
            "run.health            /                     default\n"
            "run.health_timeout    60s                   default\n"
            "run.stop_timeout      10s                   default\n"
            "env.COLOR             red                   perch.yaml:3\n"
            "env.MODE              test                  perch.yaml:7  profile branch\n"
            "secrets.OTHER         (secret from file f)  perch.yaml:7  profile branch\n"
            "limits.memory         2G                    perch.yaml:6  profile production\n"
            "limits.processes      256                   default\n"
            "limits.open_files     4096                  default\n"
            "limits.log            16M                   default\n"
            "limits.file_size      4G                    default\n"
            "limits.build_timeout  15m                   default\n"
            "limits.test_timeout   15m                   default\n"
            "limits.seed_timeout   10m                   default\n"
            "branches.skip         [\"*-no-infra\"]        default\n"
            "branches.limit        0                     default\n");
}

TEST(Explain, TellsWhatTheBranchItselfSet) {
  const Project project = TheProject();
  const Result<Settings> settings = Resolve(project, "main", "env: {COLOR: blue}\n", {});
  ASSERT_TRUE(settings) << settings.error().Text();
  const std::string text = ExplainText(ViewOf(project, *settings));
  EXPECT_EQ(text.substr(0, text.find('\n')), "branch main: profile production (perch.yaml:8, pattern main)");
  EXPECT_NE(
      text.find("env.COLOR             blue                                  perch.yaml:1  the branch's perch.yaml\n"),
      std::string::npos)
      << text;
}

TEST(Explain, JsonHasOneEntryForEachValue) {
  const std::string json = ExplainJson(TheView("production"));
  EXPECT_EQ(json.substr(0, 81), R"([{"key":"app","value":"shop","from":"top level","file":"perch.yaml","line":1,"col)");
  EXPECT_NE(json.find(R"({"key":"poll","value":"30s","from":"default"})"), std::string::npos);
  EXPECT_NE(
      json.find(R"({"key":"env.MODE","value":"live","from":"production","file":"perch.yaml","line":6,"column":28})"),
      std::string::npos);
}

TEST(Diff, ShowsOnlyWhatDiffersWithBothPlaces) {
  EXPECT_EQ(DiffText(TheView("main"), TheView("branch")),
            "env.MODE\n"
            "  main    live                                  perch.yaml:6  profile production\n"
            "  branch  test                                  perch.yaml:7  profile branch\n"
            "secrets.KEY\n"
            "  main    (secret from environment variable K)  perch.yaml:4\n"
            "  branch  -\n"
            "secrets.OTHER\n"
            "  main    -\n"
            "  branch  (secret from file f)                  perch.yaml:7  profile branch\n");
  EXPECT_EQ(DiffText(TheView("main"), TheView("production")), "main and production have the same settings.\n");
}

TEST(Diff, JsonHoldsBothSides) {
  EXPECT_EQ(DiffJson(TheView("main"), TheView("main")), R"({"a":"main","b":"main","differences":[]})");
  EXPECT_NE(
      DiffJson(TheView("main"), TheView("branch")).find(R"({"key":"secrets.OTHER","a":null,"b":{"value":"(secret )"),
      std::string::npos);
}

TEST(View, AnUnknownNameIsSaidWithTheNearest) {
  const Project project =
      TheProject("app: a\nrun: {command: x}\nprofiles: {production: {}}\nenvironments: {main: production}\n");
  const Result<View> view = ViewOf(project, "prodution");
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().Text(),
            "there is no profile `prodution`, and no pattern of `environments` fits a branch of that name: perch.yaml\n"
            "  Did you mean 'production'?");
}

TEST(View, HostileBranchNamesAreMadeSafe) {
  EXPECT_EQ(ExplainText(TheView("a\x1b[2J\nb")).substr(0, 23), "branch a\\x1b[2J\\x0ab: p");
}

}  // namespace
}  // namespace perch::config
