#include "config/project.h"

#include <gtest/gtest.h>

namespace perch::config {
namespace {

constexpr char kHead[] = "app: shop\nrun: {command: ./serve}\n";

std::string ErrorOf(const std::string& text) {
  const Result<Project> project = Parse(text, "perch.yaml");
  EXPECT_EQ(project.has_value(), Problems(text, "perch.yaml").empty());
  if (project) return "";
  EXPECT_EQ(project.error().kind, ErrorKind::kUsage);
  return project.error().Text();
}

Project Good(const std::string& text) {
  Result<Project> project = Parse(text, "perch.yaml");
  EXPECT_TRUE(project) << project.error().Text();
  return project ? *std::move(project) : Project{};
}

TEST(Project, TwoKeysAreEnough) {
  const Project project = Good(kHead);
  EXPECT_EQ(project.app, "shop");
  EXPECT_EQ(project.domain, "localhost");
  EXPECT_EQ(project.platform, "local");
  EXPECT_EQ(project.poll, std::chrono::seconds(30));
  EXPECT_EQ(project.parallel, 2);
  EXPECT_EQ(project.skip, std::vector<std::string>{"*-no-infra"});
  EXPECT_EQ(project.protect, std::vector<std::string>());
  EXPECT_EQ(project.max_environments, 0);
  EXPECT_EQ(project.warnings, std::vector<std::string>());
  ASSERT_TRUE(project.ProfileFor("anything"));
  EXPECT_EQ(project.ProfileFor("anything")->name, "branch");
}

struct BadFile {
  const char* name;
  const char* text;
  const char* error;
};

TEST(Project, WhatIsWrongIsSaidWithPlaceAndWayOut) {
  const BadFile cases[] = {
      {"unknown key", "app: shop\nrun:\n  command: x\n  heatlh: /ok\n",
       "perch.yaml:4:3: unknown key `heatlh` in `run`\n"
       "  4 |   heatlh: /ok\n"
       "    |   ^^^^^^\n"
       "  hint: Did you mean 'health'?"},
      {"unknown key at the top", "app: shop\nbuidl: {command: x}\n",
       "perch.yaml:2:1: unknown key `buidl`\n"
       "  2 | buidl: {command: x}\n"
       "    | ^^^^^\n"
       "  hint: Did you mean 'build'?"},
      {"key in the wrong place", "app: shop\nmemory: 1G\n",
       "perch.yaml:2:1: unknown key `memory`\n"
       "  2 | memory: 1G\n"
       "    | ^^^^^^\n"
       "  hint: It belongs into `limits`."},
      {"operator's key in a profile", "app: shop\nprofiles:\n  branch:\n    domain: x.org\n",
       "perch.yaml:4:5: unknown key `domain` in `profiles.branch`\n"
       "  4 |     domain: x.org\n"
       "    |     ^^^^^^\n"
       "  hint: It belongs to the top level."},
      {"nothing near", "app: shop\ntest: {zzzzzz: x}\n",
       "perch.yaml:2:8: unknown key `zzzzzz` in `test`\n"
       "  2 | test: {zzzzzz: x}\n"
       "    |        ^^^^^^\n"
       "  hint: Here are possible: command."},
      {"text for a number", "app: shop\nparallel: two\n",
       "perch.yaml:2:11: `parallel` must be a whole number from 1 to 64, not the text \"two\"\n"
       "  2 | parallel: two\n"
       "    |           ^^^"},
      {"quoted number", "app: shop\nparallel: '2'\n",
       "perch.yaml:2:11: `parallel` must be a whole number from 1 to 64, not the text \"2\"\n"
       "  2 | parallel: '2'\n"
       "    |           ^^^\n"
       "  hint: Write it without quotes."},
      {"too many", "app: shop\nparallel: 65\n",
       "perch.yaml:2:11: `parallel` must be a whole number from 1 to 64, not 65\n"
       "  2 | parallel: 65\n"
       "    |           ^^"},
      {"octal looks are decimal", "app: shop\nparallel: 0100\n",
       "perch.yaml:2:11: `parallel` must be a whole number from 1 to 64, not 0100\n"
       "  2 | parallel: 0100\n"
       "    |           ^^^^"},
      {"yes for true", "app: shop\ndatabase: {multi_az: yes}\n",
       "perch.yaml:2:22: `database.multi_az` must be true or false, not the text \"yes\"\n"
       "  2 | database: {multi_az: yes}\n"
       "    |                      ^^^\n"
       "  hint: YAML 1.2 knows only true and false, without quotes."},
      {"number for a text", "app: 12\n",
       "perch.yaml:1:6: `app` must be a name, not 12\n"
       "  1 | app: 12\n"
       "    |      ^^\n"
       "  hint: If that is meant as text, put it in quotes: \"12\"."},
      {"text for a map", "app: shop\ntest: npm test\n",
       "perch.yaml:2:7: `test` must be a map, not the text \"npm test\"\n"
       "  2 | test: npm test\n"
       "    |       ^^^^^^^^\n"
       "  hint: Write `test: {command: npm test}`."},
      {"text for a list", "app: shop\nbranches: {skip: wip/*}\n",
       "perch.yaml:2:18: `branches.skip` must be a list of names or patterns, not the text \"wip/*\"\n"
       "  2 | branches: {skip: wip/*}\n"
       "    |                  ^^^^^\n"
       "  hint: Write `skip: [wip/*]`."},
      {"map for a text", "app: {name: shop}\n",
       "perch.yaml:1:6: `app` must be a name, not a map\n"
       "  1 | app: {name: shop}\n"
       "    |      ^"},
      {"map for a variable", "app: shop\nenv: {A: {env: B}}\n",
       "perch.yaml:2:10: `env.A` must be a text, not a map\n"
       "  2 | env: {A: {env: B}}\n"
       "    |          ^\n"
       "  hint: For secrets there is `secrets`, at the operator's."},
      {"no unit", "app: shop\npoll: 30\n",
       "perch.yaml:2:7: `poll` must be a length of time from 1s to 1d, not 30\n"
       "  2 | poll: 30\n"
       "    |       ^^\n"
       "  hint: Add the unit: 30s, 30m."},
      {"too short", "app: shop\npoll: 10ms\n",
       "perch.yaml:2:7: `poll` must be a length of time from 1s to 1d, not the text \"10ms\"\n"
       "  2 | poll: 10ms\n"
       "    |       ^^^^"},
      {"odd size", "app: shop\nlimits: {memory: 1GB}\n",
       "perch.yaml:2:18: `limits.memory` must be a size from 16M to 1024G, not the text \"1GB\"\n"
       "  2 | limits: {memory: 1GB}\n"
       "    |                  ^^^\n"
       "  hint: Write a whole number of bytes, or one with k, M or G, such as 512M."},
      {"no such choice", "app: shop\nplatform: locl\n",
       "perch.yaml:2:11: `platform` must be one of local, aws, not the text \"locl\"\n"
       "  2 | platform: locl\n"
       "    |           ^^^^\n"
       "  hint: Did you mean 'local'?"},
      {"health without slash", "app: shop\nrun: {command: x, health: healthz}\n",
       "perch.yaml:2:27: `run.health` must begin with '/'\n"
       "  2 | run: {command: x, health: healthz}\n"
       "    |                           ^^^^^^^"},
      {"writable outside", "app: shop\nrun: {command: x, writable: [tmp, ../up]}\n",
       "perch.yaml:2:35: `run.writable[2]` must stay inside the code: '..' is not allowed\n"
       "  2 | run: {command: x, writable: [tmp, ../up]}\n"
       "    |                                   ^^^^^"},
      {"absolute writable", "app: shop\nrun: {command: x, writable: [/etc]}\n",
       "perch.yaml:2:30: `run.writable[1]` must be a path inside the code, without a leading '/'\n"
       "  2 | run: {command: x, writable: [/etc]}\n"
       "    |                              ^^^^"},
      {"bad variable name", "app: shop\nenv: {1A: x}\n",
       "perch.yaml:2:7: the name `1A` in `env` must be the name of an environment variable: letters, digits and '_', "
       "no "
       "digit first\n"
       "  2 | env: {1A: x}\n"
       "    |       ^^"},
      {"perch's own variable", "app: shop\nenv: {PORT: 80, PERCH_URL: x}\nsecrets: {DATABASE_URL: {env: X}}\n",
       "perch.yaml:2:7: `env.PORT` cannot be set: perch sets PORT itself\n"
       "  2 | env: {PORT: 80, PERCH_URL: x}\n"
       "    |       ^^^^\n"
       "  hint: Use another name.\n"
       "perch.yaml:2:17: `env.PERCH_URL` cannot be set: perch sets PERCH_URL itself\n"
       "  2 | env: {PORT: 80, PERCH_URL: x}\n"
       "    |                 ^^^^^^^^^\n"
       "  hint: Use another name.\n"
       "perch.yaml:3:11: `secrets.DATABASE_URL` cannot be set: perch sets DATABASE_URL itself\n"
       "  hint: Use another name."},
      {"NUL in a variable", "app: shop\nenv: {A: \"x\\0y\"}\n",
       "perch.yaml:2:10: `env.A` must not hold a NUL character\n"
       "  2 | env: {A: \"x\\0y\"}\n"
       "    |          ^^^^^^"},
      {"domain with a port", "app: shop\ndomain: localhost:7878\n",
       "perch.yaml:2:9: `domain` must be a host name alone, without a scheme or a port\n"
       "  2 | domain: localhost:7878\n"
       "    |         ^^^^^^^^^^^^^^"},
      {"repository that looks like an option", "app: shop\nrepository: --upload-pack=evil\n",
       "perch.yaml:2:13: `repository` must not begin with '-'\n"
       "  2 | repository: --upload-pack=evil\n"
       "    |             ^^^^^^^^^^^^^^^^^^"},
      {"empty command", "app: shop\nrun: {command: []}\ntest: {command: ''}\n",
       "perch.yaml:2:16: `run.command` is an empty list\n"
       "  2 | run: {command: []}\n"
       "    |                ^\n"
       "  hint: Write the program and its arguments.\n"
       "perch.yaml:3:17: `test.command` must not be empty\n"
       "  3 | test: {command: ''}\n"
       "    |                 ^^"},
      {"nothing where something should be", "app: shop\nrun:\n  command:\n",
       "perch.yaml:3:11: `run.command` has no value\n"
       "  3 |   command:\n"
       "    |           ^\n"
       "  hint: Write one, or remove the line."},
      {"two ways to build", "app: shop\nbuild: {command: make, dockerfile: Dockerfile}\n",
       "perch.yaml:2:24: `command` and `dockerfile` exclude each other\n"
       "  2 | build: {command: make, dockerfile: Dockerfile}\n"
       "    |                        ^^^^^^^^^^\n"
       "  hint: Keep one of them."},
      {"a secret in the file is not shown", "app: shop\nsecrets: {KEY: sk_live_abc}\n",
       "perch.yaml:2:16: `secrets.KEY` must be a map, not a text\n"
       "  hint: It has the keys env, file, command."},
      {"a secret from nowhere", "app: shop\nsecrets: {KEY: {}}\n",
       "perch.yaml:2:11: the secret `KEY` does not say where its value comes from\n"
       "  2 | secrets: {KEY: {}}\n"
       "    |           ^^^\n"
       "  hint: Write one of env, file and command, such as {env: KEY}."},
      {"secret and plain at once in a profile",
       "app: shop\nsecrets: {KEY: {env: K}}\nprofiles:\n  base: {}\n  branch: {extends: base, env: {KEY: x}}\n  c: "
       "{extends: branch}\n",
       "perch.yaml:2:11: `KEY` is a secret and a plain variable at once in profile branch\n"
       "  profile branch extends base at perch.yaml:5:21\n"
       "  hint: Remove it from `env` (perch.yaml:5:38)."},
      {"secret and plain at once at the top", "app: shop\nsecrets: {KEY: {env: K}}\nenv: {KEY: x}\nprofiles: {a: {}}\n",
       "perch.yaml:2:11: `KEY` is a secret and a plain variable at once\n"
       "  hint: Remove it from `env` (perch.yaml:3:12)."},
      {"app missing", "run: {command: x}\n",
       "perch.yaml:1:1: the key `app` is missing\n"
       "  1 | run: {command: x}\n"
       "    | ^\n"
       "  hint: Add a line such as `app: shop`."},
      {"no map at all", "- app\n- shop\n",
       "perch.yaml:1:1: the file must be a map of keys, not a list\n"
       "  1 | - app\n"
       "    | ^\n"
       "  hint: Write lines such as `app: shop`."},
      {"empty", "# nothing yet\n",
       "perch.yaml: the file is empty\n"
       "  hint: Run `perch init` to write one that fits this folder."},
  };
  for (const BadFile& bad : cases) EXPECT_EQ(ErrorOf(bad.text), bad.error) << bad.name;
}

TEST(Project, AllErrorsComeAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(
      ErrorOf("profiles:\n  a: {extends: b}\n  b: {extends: a}\nenvironments: {\"*\": c}\npoll: soon\nnope: 1\n"),
      "perch.yaml:1:1: the key `app` is missing\n"
      "  1 | profiles:\n"
      "    | ^\n"
      "  hint: Add a line such as `app: shop`.\n"
      "perch.yaml:3:16: `extends` goes round in a circle: a → b → a\n"
      "  3 |   b: {extends: a}\n"
      "    |                ^\n"
      "  a extends b at perch.yaml:2:16\n"
      "  b extends a at perch.yaml:3:16\n"
      "  hint: Take one `extends` out of it.\n"
      "perch.yaml:4:21: there is no profile `c`\n"
      "  4 | environments: {\"*\": c}\n"
      "    |                     ^\n"
      "  hint: Did you mean 'a'?\n"
      "perch.yaml:5:7: `poll` must be a length of time from 1s to 1d, not the text \"soon\"\n"
      "  5 | poll: soon\n"
      "    |       ^^^^\n"
      "  hint: Write a whole number with ms, s, m, h or d, such as 90s.\n"
      "perch.yaml:6:1: unknown key `nope`\n"
      "  6 | nope: 1\n"
      "    | ^^^^\n"
      "  hint: Here are possible: app, repository, domain, poll, parallel, platform, build, test, release, seed, "
      "run, env, secrets, limits, branches, profiles, environments, sandbox, aws, host, access, instances, deploy, "
      "database, bucket, logs, resources, outputs, override, template.");
}

TEST(Project, ManyErrorsAreCut) {
  std::string text = kHead;
  for (int i = 0; i < 500; ++i) text += "bad" + std::to_string(i) + ": 1\n";
  const std::string error = ErrorOf(text);
  EXPECT_EQ(error.substr(error.rfind('\n') + 1), "perch.yaml: and 480 more");
}

TEST(Project, ACircleOfOneIsACircle) {
  EXPECT_EQ(ErrorOf(std::string(kHead) + "profiles:\n  branch: {extends: branch}\n"),
            "perch.yaml:4:21: `extends` goes round in a circle: branch → branch\n"
            "  4 |   branch: {extends: branch}\n"
            "    |                     ^^^^^^\n"
            "  branch extends branch at perch.yaml:4:21\n"
            "  hint: Take one `extends` out of it.");
}

TEST(Project, UnknownProfilesAreNamedWithTheNearest) {
  EXPECT_EQ(ErrorOf(std::string(kHead) + "profiles:\n  staging: {}\n  branch: {extends: stagign}\n"),
            "perch.yaml:5:21: there is no profile `stagign` to extend\n"
            "  5 |   branch: {extends: stagign}\n"
            "    |                     ^^^^^^^\n"
            "  hint: Did you mean 'staging'?");
  EXPECT_EQ(ErrorOf(std::string(kHead) + "profiles: {big: {}}\nenvironments: {main: shared}\n"),
            "perch.yaml:4:22: there is no profile `shared`\n"
            "  4 | environments: {main: shared}\n"
            "    |                      ^^^^^^\n"
            "  hint: There are: big, branch, production, staging.");
}

TEST(Project, APatternThatCanNeverMatchIsAnError) {
  EXPECT_EQ(ErrorOf(std::string(kHead) + "environments:\n  feature/*: branch\n  feature/cart: branch\n"),
            "perch.yaml:5:3: `feature/cart` never counts: `feature/*` above it fits the same branches\n"
            "  5 |   feature/cart: branch\n"
            "    |   ^^^^^^^^^^^^\n"
            "  hint: The first that fits wins: move this line above line 4.");
  EXPECT_EQ(ErrorOf(std::string(kHead) + "environments: {\"*\": branch, \"m*\": branch}\n"),
            "perch.yaml:3:29: `m*` never counts: `*` above it fits the same branches\n"
            "  3 | environments: {\"*\": branch, \"m*\": branch}\n"
            "    |                             ^^\n"
            "  hint: The first that fits wins: move this line above line 3.");
}

TEST(Project, TheFirstPatternThatFitsWins) {
  const Project project = Good(std::string(kHead) +
                               "profiles: {a: {}, b: {}, c: {}}\n"
                               "environments: {main: a, \"feature/*\": b, \"?x\": c, \"*\": branch}\n");
  const auto profile = [&](const char* branch) { return project.ProfileFor(branch)->name; };
  EXPECT_EQ(profile("main"), "a");
  EXPECT_EQ(profile("main2"), "branch");
  EXPECT_EQ(profile("feature/x/y"), "b");
  EXPECT_EQ(profile("xx"), "c");
  EXPECT_EQ(profile("Feature/x"), "branch");
}

TEST(Project, WithoutACatchAllSomeBranchesHaveNoProfile) {
  const Project project = Good(std::string(kHead) + "environments: {main: branch}\n");
  EXPECT_EQ(project.ProfileFor("other"), nullptr);
}

TEST(Project, WarnsOfProfilesThatNobodyGetsOrThatCannotRun) {
  const Project project =
      Good("app: shop\nprofiles: {a: {run: {command: x}}, b: {}}\nenvironments: {main: a, \"*\": branch}\n");
  EXPECT_EQ(project.warnings,
            (std::vector<std::string>{
                "perch.yaml:2:36: no branch gets the profile `b`, and none extends it.",
                "perch.yaml: profile `branch` has no `run: {command: ...}`; every branch must bring its own."}));
}

TEST(Project, TheDesignsSampleLoads) {
  const Project project = Good(R"(
app: shop
domain: preview.example.com        # https://<branch>.preview.example.com

build: {dockerfile: Dockerfile}    # or {command: npm ci && npm run build}
test:  {command: python manage.py test}
run:   {command: gunicorn shop.wsgi, port: 8000, health: /healthz}
seed:  {command: python manage.py loaddata demo}

branches:
  skip:    ["*-no-infra", "dependabot/*"]
  protect: [main, staging]

profiles:
  production: {instances: {type: t3.large, min: 2, max: 6}, deploy: rolling, database: {class: db.m6g.large, multi_az: true}}
  staging:    {extends: production, instances: {min: 1, max: 2}}
  branch:     {extends: staging, instances: {type: t3.micro, min: 1, max: 1}, deploy: all-at-once, database: {class: db.t4g.micro, multi_az: false}}

environments: {main: production, staging: staging, "*": branch}
platform: local                    # the default one; `--platform aws` overrides
aws: {region: eu-central-1, certificate: arn:…, hosted_zone: example.com}
secrets: {STRIPE_KEY: {env: STRIPE_TEST_KEY}}   # from the environment, a file or a command; per profile; masked everywhere
)");
  EXPECT_EQ(project.ProfileFor("feature/x")->chain, (std::vector<std::string>{"branch", "staging", "production"}));
}

}  // namespace
}  // namespace perch::config
