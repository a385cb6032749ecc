#include "config/resolve.h"

#include <gtest/gtest.h>

#include "config/schema.h"

namespace perch::config {
namespace {

constexpr char kOperator[] = R"(app: shop
run: {command: [./serve, --fast], health: /up}
build: {command: make}
seed: {command: ./seed}
env: {MODE: plain, COLOR: red}
secrets: {KEY: {env: K}}
profiles:
  production: {env: {MODE: live}, limits: {memory: 2G}}
  branch: {extends: production, env: {MODE: test}, seed: null}
environments: {main: production, "*": branch}
)";

Project TheProject(const std::string& text = kOperator) {
  Result<Project> project = Parse(text, "perch.yaml");
  EXPECT_TRUE(project) << project.error().Text();
  return project ? *std::move(project) : Project{};
}

Settings Good(const Project& project, const std::string& branch, std::optional<std::string_view> file = std::nullopt,
              const std::map<std::string, Secret>& secrets = {}) {
  Result<Settings> settings = Resolve(project, branch, file, secrets);
  EXPECT_TRUE(settings) << settings.error().Text();
  return settings ? *std::move(settings) : Settings{};
}

std::string HashOf(const std::string& text) { return Good(TheProject(text), "x").hash; }
std::string BuildHashOf(const std::string& text) { return Good(TheProject(text), "x").build_hash; }

std::string With(const std::string& from, const std::string& to, std::string text = kOperator) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Resolve, GivesEveryValueTyped) {
  const Settings settings = Good(TheProject(), "main");
  EXPECT_EQ(settings.app, "shop");
  EXPECT_EQ(settings.branch, "main");
  EXPECT_EQ(settings.profile, "production");
  EXPECT_EQ(settings.run.argv, (std::vector<std::string>{"./serve", "--fast"}));
  EXPECT_EQ(settings.run.text, "./serve --fast");
  EXPECT_EQ(settings.run.at.Text(), "perch.yaml:2:16");
  EXPECT_EQ(settings.build.argv, (std::vector<std::string>{"/bin/sh", "-c", "make"}));
  EXPECT_EQ(settings.build.text, "make");
  EXPECT_TRUE(settings.test.empty());
  EXPECT_EQ(settings.seed.text, "./seed");
  EXPECT_EQ(settings.health_path, "/up");
  EXPECT_EQ(settings.health_status, std::nullopt);
  EXPECT_EQ(settings.health_timeout, std::chrono::seconds(60));
  EXPECT_EQ(settings.env, (std::map<std::string, std::string>{{"COLOR", "red"}, {"MODE", "live"}}));
  EXPECT_EQ(settings.limits.memory, 2LL << 30);
  EXPECT_EQ(settings.limits.processes, 256);
  EXPECT_EQ(settings.notices, std::vector<std::string>());
}

TEST(Resolve, TheExampleSetsEveryMember) {
  const Settings settings = Good(TheProject(std::string(ExampleText())), "feature/x");
  EXPECT_EQ(settings.release.text, "python3 manage.py migrate");
  EXPECT_EQ(settings.seed_files, (std::vector<std::string>{"*/fixtures/*", "*/migrations/*"}));
  EXPECT_EQ(settings.health_status, 200);
  EXPECT_EQ(settings.stop_timeout, std::chrono::seconds(60));
  EXPECT_EQ(settings.writable, (std::vector<std::string>{"tmp", "var/cache"}));
  EXPECT_EQ(settings.readable, (std::vector<std::string>{"/opt/toolchain", "/srv/datasets"}));
  EXPECT_EQ(settings.env, (std::map<std::string, std::string>{{"DEBUG", "1"}, {"PAGE_SIZE", "5"}}));
  EXPECT_EQ(settings.limits.memory, 512LL << 20);
  EXPECT_EQ(settings.limits.open_files, 4096);
  EXPECT_EQ(settings.limits.log, 16LL << 20);
  EXPECT_EQ(settings.limits.disk, 4LL << 30);
  EXPECT_EQ(settings.limits.build_timeout, std::chrono::minutes(15));
  EXPECT_EQ(settings.limits.test_timeout, std::chrono::minutes(15));
  EXPECT_EQ(settings.limits.seed_timeout, std::chrono::minutes(10));
}

TEST(Resolve, ADefaultIsTheSameInTheExampleAndInTheCode) {
  const Settings settings = Good(TheProject("app: a\nrun: {command: x}\n"), "x");
  const Settings fresh;
  EXPECT_EQ(settings.health_path, fresh.health_path);
  EXPECT_EQ(settings.health_timeout, fresh.health_timeout);
  EXPECT_EQ(settings.stop_timeout, fresh.stop_timeout);
  EXPECT_EQ(settings.limits.memory, fresh.limits.memory);
  EXPECT_EQ(settings.limits.processes, fresh.limits.processes);
  EXPECT_EQ(settings.limits.open_files, fresh.limits.open_files);
  EXPECT_EQ(settings.limits.log, fresh.limits.log);
  EXPECT_EQ(settings.limits.disk, fresh.limits.disk);
  EXPECT_EQ(settings.limits.build_timeout, fresh.limits.build_timeout);
  EXPECT_EQ(settings.limits.test_timeout, fresh.limits.test_timeout);
  EXPECT_EQ(settings.limits.seed_timeout, fresh.limits.seed_timeout);
}

TEST(Resolve, ProfilesOverrideKeyByKeyAndNullTakesAway) {
  const Settings settings = Good(TheProject(), "feature/cart");
  EXPECT_EQ(settings.profile, "branch");
  EXPECT_EQ(settings.env, (std::map<std::string, std::string>{{"COLOR", "red"}, {"MODE", "test"}}));
  EXPECT_EQ(settings.limits.memory, 2LL << 30) << "from production, which branch extends";
  EXPECT_TRUE(settings.seed.empty());
  EXPECT_EQ(settings.values.Find("env")->Find("MODE")->from, "branch");
  EXPECT_EQ(settings.values.Find("limits")->Find("memory")->from, "production");
  EXPECT_EQ(settings.values.Find("limits")->Find("log")->from, "default");
  EXPECT_EQ(settings.values.Find("app")->from, "");
}

TEST(Resolve, AProfilesDockerfileReplacesTheInheritedCommand) {
  const Project project = TheProject(
      "app: a\nbuild: {command: make}\nprofiles: {a: {build: {dockerfile: Dockerfile}}, branch: {extends: a, build: "
      "{command: make all}}}\nenvironments: {main: a, \"*\": branch}\nrun: {command: x}\n");
  EXPECT_EQ(Good(project, "main").dockerfile, "Dockerfile");
  EXPECT_TRUE(Good(project, "main").build.empty());
  EXPECT_EQ(Good(project, "x").dockerfile, "");
  EXPECT_EQ(Good(project, "x").build.text, "make all");
}

TEST(Resolve, ASecretsSourceCanBeReplacedPerProfile) {
  const Project project =
      TheProject("app: a\nrun: {command: x}\nsecrets: {K: {env: A}}\nprofiles: {branch: {secrets: {K: {file: f}}}}\n");
  EXPECT_EQ(CanonicalJson(*Good(project, "x").values.Find("secrets")), "{\"K\":{\"file\":\"f\"}}");
}

TEST(Resolve, VariablesKeepTheirSpelling) {
  const Settings settings = Good(
      TheProject("app: a\nrun: {command: x}\nenv: {A: 1.10, B: 012, C: yes, D: true, E: '', F: 1e3, G: \"x\\ny\"}\n"),
      "x");
  EXPECT_EQ(settings.env,
            (std::map<std::string, std::string>{
                {"A", "1.10"}, {"B", "012"}, {"C", "yes"}, {"D", "true"}, {"E", ""}, {"F", "1e3"}, {"G", "x\ny"}}));
}

TEST(Resolve, WordsOfACommandKeepTheirSpelling) {
  const Settings settings = Good(TheProject("app: a\nrun: {command: [serve, --port, 8000, it's, '', true]}\n"), "x");
  EXPECT_EQ(settings.run.argv, (std::vector<std::string>{"serve", "--port", "8000", "it's", "", "true"}));
  EXPECT_EQ(settings.run.text, "serve --port 8000 'it'\\''s' '' true");
}

TEST(Resolve, NobodyKnowsHowToRunIt) {
  const Result<Settings> settings = Resolve(TheProject("app: a\n"), "x", std::nullopt, {});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().Text(),
            "nothing says how to run the branch x: perch.yaml: profile `branch` has no `run: {command: ...}`\n"
            "  Add it to the operator's perch.yaml or to the branch's own.");
  EXPECT_EQ(Good(TheProject("app: a\n"), "x", "run: {command: mine}\n").run.text, "mine");
}

TEST(Resolve, NoPatternFits) {
  const Project project = TheProject("app: a\nrun: {command: x}\nenvironments: {main: branch}\n");
  const Result<Settings> settings = Resolve(project, "we\nird", std::nullopt, {});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().Text(),
            "no pattern of `environments` fits the branch we\\x0aird: perch.yaml:3:15\n"
            "  Add a last line `\"*\": branch` to it, or skip the branch with `branches: {skip: [...]}`.");
}

TEST(BranchFile, TheSameFileChangesNothing) {
  const Project project = TheProject();
  EXPECT_EQ(Good(project, "x", kOperator).hash, Good(project, "x").hash);
  EXPECT_EQ(Good(project, "x", kOperator).notices, std::vector<std::string>());
  EXPECT_EQ(Good(project, "x", "").hash, Good(project, "x").hash);
  EXPECT_EQ(Good(project, "x", "# nothing\n").hash, Good(project, "x").hash);
}

TEST(BranchFile, MayChangeHowItIsBuiltAndRun) {
  const Settings settings =
      Good(TheProject(), "x",
           "build: {command: make new}\ntest: {command: make test}\nrun: {health: /new}\n"
           "seed: {command: ./new-seed}\nrelease: {command: ./migrate}\nenv: {COLOR: null, NEW: 1}\n");
  EXPECT_EQ(settings.build.text, "make new");
  EXPECT_EQ(settings.test.text, "make test");
  EXPECT_EQ(settings.run.text, "./serve --fast") << "what it does not set stays the operator's";
  EXPECT_EQ(settings.health_path, "/new");
  EXPECT_EQ(settings.seed.text, "./new-seed");
  EXPECT_EQ(settings.release.text, "./migrate");
  EXPECT_EQ(settings.env, (std::map<std::string, std::string>{{"MODE", "test"}, {"NEW", "1"}}));
  EXPECT_EQ(settings.values.Find("run")->Find("health")->from, kFromBranch);
  EXPECT_EQ(settings.notices, std::vector<std::string>());
}

TEST(BranchFile, CanTakeTheOperatorsBuildAway) {
  EXPECT_TRUE(Good(TheProject(), "x", "build: null\n").build.empty());
  EXPECT_TRUE(Good(TheProject(), "x", "build:\n").build.empty());
}

TEST(BranchFile, WhatOnlyTheOperatorDecidesIsNoticedAndIgnored) {
  const Settings settings = Good(TheProject(), "x",
                                 "app: evil\nsecrets: {KEY: {env: AWS_SECRET_ACCESS_KEY}}\nlimits: {memory: 64G}\n"
                                 "sandbox: {readable: [/root]}\nprofiles: {branch: {env: {MODE: mine}}}\n"
                                 "environments: {x: production}\ndomain: localhost\nparallel: 2\n");
  EXPECT_EQ(
      settings.notices,
      (std::vector<std::string>{
          "perch.yaml:1:6 on this branch sets `app`; only the operator's file decides that, so it is ignored.",
          "perch.yaml:2:17 on this branch sets `secrets.KEY.env`; only the operator's file decides that, so it is "
          "ignored.",
          "perch.yaml:3:10 on this branch sets `limits.memory`; only the operator's file decides that, so it is "
          "ignored.",
          "perch.yaml:4:10 on this branch sets `sandbox`; only the operator's file decides that, so it is "
          "ignored.",
          "perch.yaml:5:27 on this branch sets `profiles.branch.env.MODE`; only the operator's file decides that, "
          "so it is ignored. A branch may set `env` at the top level.",
          "perch.yaml:6:16 on this branch sets `environments.x`; only the operator's file decides that, so it is "
          "ignored."}));
  const Settings without = Good(TheProject(), "x");
  EXPECT_EQ(settings.hash, without.hash);
  EXPECT_EQ(settings.readable, std::vector<std::string>());
  EXPECT_EQ(settings.app, "shop");
}

TEST(BranchFile, CannotTakePerchsOrASecretsName) {
  const Result<Settings> settings = Resolve(TheProject(), "x", "env: {KEY: mine, DATABASE_URL: mine}\n", {});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(settings.error().Text(),
            "perch.yaml:1:7: a branch cannot set `KEY`: the operator's perch.yaml has a secret of that name\n"
            "  1 | env: {KEY: mine, DATABASE_URL: mine}\n"
            "    |       ^^^\n"
            "  hint: Use another name.\n"
            "perch.yaml:1:18: `env.DATABASE_URL` cannot be set: perch sets DATABASE_URL itself\n"
            "  1 | env: {KEY: mine, DATABASE_URL: mine}\n"
            "    |                  ^^^^^^^^^^^^\n"
            "  hint: Use another name.");
}

TEST(BranchFile, CannotReferToSecrets) {
  const Result<Settings> settings = Resolve(TheProject(), "x", "env: {MINE: {env: AWS_SECRET_ACCESS_KEY}}\n", {});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().Text(),
            "perch.yaml:1:13: `env.MINE` must be a text, not a map\n"
            "  1 | env: {MINE: {env: AWS_SECRET_ACCESS_KEY}}\n"
            "    |             ^\n"
            "  hint: For secrets there is `secrets`, at the operator's.");
}

TEST(BranchFile, ItsMistakesAreItsAuthors) {
  const Result<Settings> settings = Resolve(TheProject(), "x", "run: {comand: y}\n", {});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().Text(),
            "perch.yaml:1:7: unknown key `comand` in `run`\n"
            "  1 | run: {comand: y}\n"
            "    |       ^^^^^^\n"
            "  hint: Did you mean 'command'?");
}

TEST(BranchFile, ManyNoticesAreCut) {
  std::string text = "environments:\n";
  for (int i = 0; i < 900; ++i) text += "  b" + std::to_string(i) + ": production\n";
  const std::vector<std::string> notices = Good(TheProject(), "x", text).notices;
  ASSERT_EQ(notices.size(), 11u);
  EXPECT_EQ(notices[10], "perch.yaml on this branch sets 890 more that only the operator's file decides.");
}

TEST(Hash, DoesNotDependOnOrderPlaceOrSpelling) {
  const std::string hash = HashOf("app: a\nrun: {command: x, health_timeout: 60s}\nenv: {A: 1, B: 2}\n");
  EXPECT_EQ(hash.size(), 64u);
  EXPECT_EQ(HashOf("# c\nenv:\n  B: '2'\n  A: \"1\"\nrun:\n  health_timeout: 1m\n  command: \"x\"\napp: a\n"), hash);
  EXPECT_EQ(HashOf("app: a\nrun: {command: x}\nenv: {A: 1, B: 2}\nlimits: {memory: 1024M}\n"), hash) << "defaults";
  EXPECT_EQ(HashOf("app: a\nrun: {command: x}\nenv: {A: 1, B: 2}\nparallel: 5\nbranches: {skip: [y]}\n"), hash);
}

TEST(Hash, ChangesWithAllThatChangesWhatRuns) {
  const std::string base = "app: a\nrun: {command: x}\n";
  const std::string hash = HashOf(base);
  for (const char* more :
       {"build: {command: y}\n", "build: {dockerfile: D}\n", "test: {command: y}\n", "release: {command: y}\n",
        "seed: {command: y}\n", "seed: {files: [y]}\n", "env: {A: y}\n", "limits: {memory: 2G}\n",
        "limits: {processes: 9}\n", "limits: {open_files: 99}\n", "limits: {log: 1M}\n", "limits: {file_size: 1M}\n",
        "limits: {build_timeout: 1m}\n", "limits: {test_timeout: 1m}\n", "limits: {seed_timeout: 1m}\n",
        "sandbox: {readable: [/opt]}\n", "domain: x.org\n"}) {
    EXPECT_NE(HashOf(base + more), hash) << more;
  }
  for (const char* run : {"{command: y}", "{command: [x]}", "{command: x, health: /y}",
                          "{command: x, health_status: 200}", "{command: x, health_timeout: 1s}",
                          "{command: x, stop_timeout: 1s}", "{command: x, writable: [y]}", "{command: x, port: 80}"}) {
    EXPECT_NE(HashOf(std::string("app: a\nrun: ") + run + "\n"), hash) << run;
  }
}

TEST(Hash, ChangesWithASecretsValueAndNeverHoldsIt) {
  const Project project = TheProject();
  const auto with = [&](const char* value) { return Good(project, "x", std::nullopt, {{"KEY", Secret(value)}}); };
  EXPECT_EQ(with("one").hash, with("one").hash);
  EXPECT_NE(with("one").hash, with("two").hash);
  EXPECT_EQ(with("one").build_hash, with("two").build_hash) << "builds get no secrets";
  EXPECT_EQ(CanonicalJson(with("geheimnis").values).find("geheimnis"), std::string::npos);
}

TEST(Hash, TheBuildsHashIsOnlyAboutBuildsAndTests) {
  const std::string hash = BuildHashOf(kOperator);
  EXPECT_NE(BuildHashOf(With("{command: make}", "{command: make all}")), hash);
  EXPECT_NE(BuildHashOf(std::string(kOperator) + "test: {command: y}\n"), hash);
  EXPECT_NE(BuildHashOf(With("COLOR: red", "COLOR: blue")), hash);
  EXPECT_EQ(BuildHashOf(With("/up", "/down")), hash);
  EXPECT_EQ(BuildHashOf(With("memory: 2G", "memory: 3G")), hash);
  EXPECT_EQ(BuildHashOf(With("[./serve, --fast]", "./serve")), hash);
}

}  // namespace
}  // namespace perch::config
