#include "local/platform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/text.h"
#include "local/proc.h"
#include "local/testing/world.h"

namespace perch::local {
namespace {

using testing::App;
using ::testing::ElementsAre;
using testing::Files;
using ::testing::HasSubstr;
using testing::World;

Command Shell(const std::string& text) { return {.argv = {"/bin/sh", "-c", text}, .text = text}; }

std::string TextOf(const Status& status) { return status ? "done" : status.error().Text(); }

TEST(Platform, BringsABranchUp) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("hello")}}, world.Defaults())), "done");
  EXPECT_EQ(world.Get("cart"), "hello");
  EXPECT_THAT(world.Events(),
              ElementsAre("checkout started", "checkout finished", "start started", "start finished", "health started",
                          "health finished", "switch started", "switch finished", "switched"));
  EXPECT_EQ(world.Find("cart").state, State::kReady);
  EXPECT_EQ(world.Log("cart", Stage::kStart), "listening\n");
}

TEST(Platform, RunsEveryStageInOrder) {
  World world;
  Settings settings = world.Defaults();
  settings.build = Shell("echo built > built.txt; echo building");
  settings.test = Shell("grep -q built built.txt && echo tested");
  settings.release = Shell("echo migrated >> $BUCKET_DIR/steps");
  settings.seed = Shell("echo seeded >> $BUCKET_DIR/steps");
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("hello")}}, settings)), "done");
  EXPECT_THAT(world.Events(),
              ElementsAre("checkout started", "checkout finished", "build started", "build finished", "test started",
                          "test finished", "release started", "release finished", "seed started", "seed finished",
                          "start started", "start finished", "health started", "health finished", "switch started",
                          "switch finished", "switched"));
  EXPECT_EQ(world.Log("cart", Stage::kBuild), "building\n");
  EXPECT_EQ(world.Log("cart", Stage::kTest), "tested\n");
  EXPECT_EQ(world.Do("cart", "open('/data/bucket/steps').read()"), "migrated\nseeded\n");
  EXPECT_EQ(world.Do("cart", "open('built.txt').read()"), "built\n");
}

TEST(Platform, ReplacesAReleaseAndEndsTheOldOne) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("one")}}, world.Defaults())), "done");
  const std::uint16_t first = world.traffic.PortOf("cart");
  world.ClearEvents();
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("two")}}, world.Defaults())), "done");
  EXPECT_EQ(world.Get("cart"), "two");
  EXPECT_NE(world.traffic.PortOf("cart"), first);
  EXPECT_EQ(Listener(first, {}), std::nullopt);
  EXPECT_THAT(world.Events(), ElementsAre("checkout started", "checkout finished", "start started", "start finished",
                                          "health started", "health finished", "switch started", "switch finished",
                                          "switched", "retire started", "retire finished"));
}

struct Failure {
  std::string name;
  std::function<void(Settings&, Files&)> spoil;
  std::string reason;
  Stage stage;
};

class FailingStage : public ::testing::TestWithParam<Failure> {};

TEST_P(FailingStage, LeavesTheLastGoodReleaseServing) {
  World world;
  Settings settings = world.Defaults();
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("good")}}, settings)), "done");
  const std::string good = world.Find("cart").serving_commit;
  Files files = {{"app.py", App("bad")}};
  settings.health_timeout = std::chrono::milliseconds(700);
  GetParam().spoil(settings, files);
  EXPECT_NE(TextOf(world.Deploy("cart", files, settings)), "done");
  const Environment after = world.Find("cart");
  EXPECT_EQ(world.Get("cart"), "good");
  EXPECT_EQ(after.serving_commit, good);
  EXPECT_EQ(after.state, State::kFailed);
  EXPECT_EQ(after.last_attempt->result, Attempt::Result::kFailed);
  EXPECT_EQ(after.last_attempt->stage, GetParam().stage);
  EXPECT_THAT(after.last_attempt->reason, ::testing::MatchesRegex(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Each, FailingStage,
    ::testing::Values(
        Failure{"Build",
                [](Settings& s, Files&) {
                  s.build = Shell("exit 3");
                  s.build_hash = "x";
                },
                "the build failed: exit code 3", Stage::kBuild},
        Failure{"Test",
                [](Settings& s, Files&) {
                  s.test = Shell("exit 1");
                  s.build_hash = "y";
                },
                "the tests failed: exit code 1", Stage::kTest},
        Failure{"BuildTakesTooLong",
                [](Settings& s, Files&) {
                  s.build = Shell("sleep 60");
                  s.limits.build_timeout = std::chrono::milliseconds(300);
                },
                "the build failed: it took longer than 300 ms", Stage::kBuild},
        Failure{"ReleaseStep", [](Settings& s, Files&) { s.release = Shell("exit 2"); },
                "the release step failed: exit code 2", Stage::kRelease},
        Failure{"ExitsAtOnce",
                [](Settings&, Files& f) { f["app.py"] = "import sys; print('no database'); sys.exit(4)"; },
                "the app did not start: it ended at once with exit code 4: no database", Stage::kStart},
        Failure{"WantsTooMuchMemory",
                [](Settings& s, Files& f) {
                  s.limits.memory = 96 << 20;
                  f["app.py"] = "import os\nos.abort()";
                },
                "the app did not start: it was killed by signal 6 .Aborted.; limits.memory is 96 MiB", Stage::kStart},
        Failure{"NoSuchProgram", [](Settings& s, Files&) { s.run.argv = {"no-such-program"}; },
                "the app did not start: it ended at once with exit code [0-9]+: .*no-such-program: No such file "
                "or directory",
                Stage::kStart},
        Failure{"NeverListens", [](Settings&, Files& f) { f["app.py"] = "import time; time.sleep(100)"; },
                "the app did not start: it did not listen on .PORT .[0-9]+. of 127.0.0.1 within 700 ms", Stage::kStart},
        Failure{"ListensElsewhere",
                [](Settings&, Files& f) {
                  f["app.py"] = "import os\nos.environ['PORT'] = str(int(os.environ['PORT']) + 11000)\n" + App("bad");
                },
                "the app did not start: it listens on port [0-9]+ instead of .PORT .[0-9]+.", Stage::kStart},
        Failure{"Unhealthy", [](Settings& s, Files&) { s.health_status = 204; },
                "the app did not start: GET / answers 200, not 204", Stage::kHealth}),
    [](const auto& info) { return info.param.name; });

TEST(Platform, SaysWhenAnAppListensOnEveryAddress) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("main", {{"app.py", App("here")}}, world.Defaults())), "done");
  EXPECT_EQ(Join(world.Events(), "\n").find("every address"), std::string::npos);
  std::string everywhere = "import os\nos.environ['HOST'] = '0.0.0.0'\n" + App("everywhere");
  ASSERT_EQ(TextOf(world.Deploy("main", {{"app.py", everywhere}}, world.Defaults())), "done");
  EXPECT_NE(Join(world.Events(), "\n").find("listens on every address of this machine instead of $HOST"),
            std::string::npos)
      << Join(world.Events(), "\n");
}

TEST(Platform, BuildsTheSameTreeOnce) {
  World world;
  Settings settings = world.Defaults();
  settings.build = Shell("date +%N > built.txt");
  const Files files = {{"app.py", App("same")}};
  ASSERT_EQ(TextOf(world.Deploy("one", files, settings)), "done");
  world.ClearEvents();
  ASSERT_EQ(TextOf(world.Deploy("two", files, settings)), "done");
  EXPECT_EQ(world.source.checkouts(), 1);
  EXPECT_EQ(world.Do("one", "open('built.txt').read()"), world.Do("two", "open('built.txt').read()"));
  EXPECT_EQ(world.Events().front(), "build finished: the same files were built and tested before");
}

TEST(Platform, BuildsTheSameTreeOnceEvenAtTheSameTime) {
  World world;
  ASSERT_EQ(TextOf(world.Open()), "done");
  Settings settings = world.Defaults();
  settings.build = Shell("date +%N > built.txt");
  const Files files = {{"app.py", App("same")}};
  {
    std::vector<std::jthread> workers;
    for (const std::string name : {"one", "two", "three"}) {
      const Branch head = world.source.Push(name, files);
      world.settings[name] = settings;
      workers.emplace_back([&world, &settings, head] { EXPECT_EQ(TextOf(world.Deploy(head, settings)), "done"); });
    }
  }
  EXPECT_EQ(world.source.checkouts(), 1);
  EXPECT_EQ(world.Get("three"), "same");
}

TEST(Platform, SeedsOnceAndCopiesTheSeededDatabase) {
  World world;
  Settings settings = world.Defaults();
  settings.seed = Shell(
      "python3 -c \"import sqlite3, random; c = sqlite3.connect('/data/app.db'); "
      "c.execute('create table t(x)'); c.execute('insert into t values(random())'); c.commit()\"; echo x > "
      "$BUCKET_DIR/file");
  settings.seed_files = {"seed/*"};
  ASSERT_EQ(TextOf(world.Deploy("one", {{"app.py", App("1")}, {"seed/a", "a"}}, settings)), "done");
  ASSERT_EQ(TextOf(world.Deploy("two", {{"app.py", App("2")}, {"seed/a", "a"}}, settings)), "done");
  ASSERT_EQ(TextOf(world.Deploy("three", {{"app.py", App("3")}, {"seed/a", "b"}}, settings)), "done");
  const std::string read = "__import__('sqlite3').connect('/data/app.db').execute('select x from t').fetchall()";
  const std::string one = world.Do("one", read);
  EXPECT_THAT(one, HasSubstr("[("));
  EXPECT_EQ(world.Do("two", read), one);
  EXPECT_NE(world.Do("three", read), one);
  EXPECT_EQ(world.Do("two", "open('/data/bucket/file').read()"), "x\n");
  // A copy is a branch's own: what one writes, no other sees.
  world.Do("two",
           "(lambda c: (c.execute('delete from t'), c.commit()))(__import__('sqlite3').connect('/data/app.db'))");
  EXPECT_EQ(world.Do("two", read), "[]");
  EXPECT_EQ(world.Do("one", read), one);
}

TEST(Platform, MigratesACopyWhileTheOldReleaseHoldsTheDatabaseOpen) {
  World world;
  Settings settings = world.Defaults();
  const std::string sql =
      "python3 -c \"import sqlite3; c = sqlite3.connect('/data/app.db'); c.execute('%s'); c.commit()\"";
  const auto step = [&](const std::string& statement) {
    std::string text = sql;
    return Shell(text.replace(text.find("%s"), 2, statement));
  };
  settings.release = step("create table if not exists t(x)");
  const std::string open_db =
      "import sqlite3\ndb = sqlite3.connect('/data/app.db')\ndb.execute('pragma journal_mode=wal')\n"
      "db.execute('insert into t values(7)')\ndb.commit()\n";
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("one", open_db)}}, settings)), "done");
  settings.release = step("insert into missing values(1)");
  EXPECT_NE(TextOf(world.Deploy("cart", {{"app.py", App("two")}}, settings)), "done");
  EXPECT_THAT(world.Log("cart", Stage::kRelease), HasSubstr("no such table: missing"));
  const std::string read = "sqlite3.connect('/data/app.db').execute('select * from t').fetchall()";
  EXPECT_EQ(world.Do("cart", read), "[(7,)]");
  settings.release = step("alter table t add y default 8");
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("three", "import sqlite3")}}, settings)), "done")
      << world.Log("cart", Stage::kRelease);
  EXPECT_EQ(world.Do("cart", read), "[(7, 8)]");
}

TEST(Platform, KeepsDataAndBucketFromReleaseToRelease) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("one")}}, world.Defaults())), "done");
  EXPECT_EQ(world.Do("cart", "open('/data/app.db', 'w').write('12345')"), "5");
  EXPECT_EQ(world.Do("cart", "open('/data/bucket/f', 'w').write('123')"), "3");
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("two")}}, world.Defaults())), "done");
  EXPECT_EQ(world.Do("cart", "open('/data/app.db').read() + open('/data/bucket/f').read()"), "12345123");
}

TEST(Platform, ReplacesNothing) {
  World world;
  const Branch head = world.source.Push("cart", {{"app.py", App("one")}});
  ASSERT_EQ(TextOf(world.Deploy(head, world.Defaults())), "done");
  Step step = world.StepFor(head, world.Defaults());
  step.action = Action::kReplace;
  const engine::DeployRequest request{.step = step, .branch = head, .settings = world.Defaults(), .still_wanted = {}};
  EXPECT_EQ(TextOf(world.platform->Deploy(request, {}, {})),
            "the environment is not replaced: cart: on this machine everything can change in place");
  EXPECT_EQ(world.Find("cart").generation, step.generation);
  EXPECT_TRUE(world.platform->Fixed(world.Defaults()).empty());
}

TEST(Platform, RefusesAStaleGeneration) {
  World world;
  const Branch head = world.source.Push("cart", {{"app.py", App("one")}});
  ASSERT_EQ(TextOf(world.Deploy(head, world.Defaults())), "done");
  Step stale = world.StepFor(head, world.Defaults());
  stale.generation = 0;
  const engine::DeployRequest request{.step = stale, .branch = head, .settings = world.Defaults(), .still_wanted = {}};
  EXPECT_EQ(world.platform->Deploy(request, {}, {}).error().kind, ErrorKind::kSuperseded);
  EXPECT_EQ(world.platform->Delete(stale, {}).error().kind, ErrorKind::kSuperseded);
  EXPECT_EQ(world.platform->Stop(stale, {}).error().kind, ErrorKind::kSuperseded);
}

TEST(Platform, DoesNotSwitchToACommitThatIsNoLongerWanted) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("one")}}, world.Defaults())), "done");
  const Branch head = world.source.Push("cart", {{"app.py", App("two")}});
  const engine::DeployRequest request{.step = world.StepFor(head, world.Defaults()),
                                      .branch = head,
                                      .settings = world.Defaults(),
                                      .still_wanted = []() -> Status {
                                        return Fail({.kind = ErrorKind::kSuperseded, .what = "a newer push took over"});
                                      }};
  EXPECT_EQ(world.platform->Deploy(request, {}, {}).error().kind, ErrorKind::kSuperseded);
  EXPECT_EQ(world.Get("cart"), "one");
  EXPECT_EQ(world.Find("cart").state, State::kReady);
  EXPECT_EQ(world.Find("cart").last_attempt->result, Attempt::Result::kInterrupted);
}

TEST(Platform, GivesUpWhenToldTo) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("one")}}, world.Defaults())), "done");
  std::stop_source stop;
  Settings settings = world.Defaults();
  settings.build = Shell("sleep 100");
  settings.build_hash = "slow";
  const Branch head = world.source.Push("cart", {{"app.py", App("two")}});
  std::jthread canceller([&] {
    while (world.Find("cart").last_attempt->stage != Stage::kBuild) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_EQ(world.Deploy(head, settings, stop.get_token()).error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(world.Get("cart"), "one");
}

TEST(Platform, DeletesAnEnvironmentAndAllItCaused) {
  World world;
  Settings settings = world.Defaults();
  settings.build = Shell("mkdir -p locked/deep; chmod 0 locked; true");
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("one")}}, settings)), "done");
  const std::uint16_t port = world.traffic.PortOf("cart");
  world.Do("cart", "os.makedirs('/data/bucket/a/b') or os.chmod('/data/bucket/a', 0)");
  ASSERT_EQ(TextOf(world.Delete("cart")), "done");
  EXPECT_FALSE(std::filesystem::exists(world.EnvironmentFolder("cart")));
  EXPECT_TRUE(std::filesystem::is_empty(world.options.state_folder / "releases"));
  EXPECT_EQ(Listener(port, {}), std::nullopt);
  EXPECT_EQ(world.traffic.PortOf("cart"), 0);
  EXPECT_EQ(world.platform->List()->size(), 0u);
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("again")}}, world.Defaults())), "done");
}

TEST(Platform, StopsAndStartsAgainWithTheSameData) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("one")}}, world.Defaults())), "done");
  world.Do("cart", "open('/data/app.db', 'w').write('kept')");
  ASSERT_EQ(TextOf(world.Stop("cart")), "done");
  EXPECT_EQ(world.Get("cart"), "");
  EXPECT_EQ(world.Find("cart").state, State::kStopped);
  EXPECT_TRUE(world.Find("cart").stopped);
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("one")}}, world.Defaults())), "done");
  EXPECT_EQ(world.Do("cart", "open('/data/app.db').read()"), "kept");
}

TEST(Platform, RecordsAFailureThatHappenedBefore) {
  World world;
  ASSERT_EQ(TextOf(world.Open()), "done");
  const Branch head = world.source.Push("cart", {});
  ASSERT_EQ(TextOf(world.platform->RecordFailure(world.StepFor(head, world.Defaults()), "perch.yaml:1:1: unknown key")),
            "done");
  EXPECT_EQ(world.Find("cart").state, State::kFailed);
  EXPECT_EQ(world.Find("cart").last_attempt->reason, "perch.yaml:1:1: unknown key");
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("one")}}, world.Defaults())), "done");
}

TEST(Platform, WritableFoldersOfAContainerAreTheDockerfilesMatter) {
  World world;
  ASSERT_EQ(TextOf(world.Open()), "done");
  Settings settings = world.Defaults();
  settings.dockerfile = "Dockerfile";
  settings.run = {};
  EXPECT_EQ(TextOf(world.platform->Validate(settings)), "done");
  settings.writable = {"tmp"};
  settings.values.data = Value::Map{
      {"run", {.data = Value::Map{{"writable", {.data = Value::List{}, .at = {"perch.yaml", 3, 21}}, {}}}}, {}}};
  EXPECT_EQ(TextOf(world.platform->Validate(settings)),
            "run.writable cannot be used here: perch.yaml:3:21: the code is in a container image, and has its "
            "permissions from there\n"
            "  Make the folders writable for everybody in the Dockerfile.");
}

TEST(Platform, RefusesAStateFolderThatAnotherPerchUses) {
  World world;
  ASSERT_EQ(TextOf(world.Open()), "done");
  const auto second = LocalPlatform::Open(world.options, world.source, world.traffic);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(second.error().what, "another perch uses this state folder");
}

}  // namespace
}  // namespace perch::local
