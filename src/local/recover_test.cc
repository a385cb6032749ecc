#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "base/digest.h"
#include "base/text.h"
#include "local/proc.h"
#include "local/record.h"
#include "local/testing/world.h"
#include "model/names.h"

namespace perch::local {
namespace {

using testing::App;
using testing::World;

std::string TextOf(const Status& status) { return status ? "done" : status.error().Text(); }
Command Shell(const std::string& text) { return {.argv = {"/bin/sh", "-c", text}, .text = text}; }

std::vector<std::string> CommandLinesWith(const std::string& word) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto pid = ParseNumber(entry.path().filename().string());
    if (!pid || pid_t(*pid) == getpid()) continue;
    std::ifstream file(entry.path() / "cmdline");
    std::ostringstream text;  // a process that ends meanwhile is an error of the stream, no exception
    text << file.rdbuf();
    std::string line = text.str();
    std::replace(line.begin(), line.end(), '\0', ' ');
    if (line.find(word) != std::string::npos && Identify(pid_t(*pid))) found.push_back(line);
  }
  return found;
}

TEST(Recover, AdoptsAnAppThatOutlivedPerch) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("x")}}, world.Defaults())), "done");
  const std::string pid = world.Do("cart", "id(server)");
  world.traffic.Unroute("cart");
  ASSERT_EQ(TextOf(world.Reopen()), "done");
  EXPECT_EQ(world.Do("cart", "id(server)"), pid);
  EXPECT_EQ(world.Find("cart").state, State::kReady);
  world.Do("cart", "os._exit(1)");
  EXPECT_TRUE(world.WaitForChanges(1));  // an adopted app is watched like any other
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("y")}}, world.Defaults())), "done");
  EXPECT_EQ(world.Get("cart"), "y");
}

TEST(Recover, StartsWhatServedAgainAfterAnOrdinaryStop) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("x")}}, world.Defaults())), "done");
  ASSERT_EQ(TextOf(world.Deploy("stopped", {{"app.py", App("s")}}, world.Defaults())), "done");
  ASSERT_EQ(TextOf(world.Stop("stopped")), "done");
  world.Do("cart", "open('/data/app.db', 'w').write('kept')");
  const std::uint64_t generation = world.Find("cart").generation;
  world.platform->ShutdownAll();
  EXPECT_EQ(world.Get("cart"), "");
  ASSERT_EQ(TextOf(world.Reopen()), "done");
  EXPECT_EQ(world.Get("cart"), "x");
  EXPECT_EQ(world.Do("cart", "open('/data/app.db').read()"), "kept");
  EXPECT_EQ(world.Find("cart").generation, generation);
  EXPECT_EQ(world.Get("stopped"), "");
  EXPECT_EQ(world.Find("stopped").state, State::kStopped);
}

TEST(Recover, MarksAnAttemptForAnotherTryWhenItsAppCannotBeStartedAgain) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("x")}}, world.Defaults())), "done");
  world.platform->ShutdownAll();
  world.settings["cart"].run.argv = {"/bin/false"};
  ASSERT_EQ(TextOf(world.Reopen()), "done");
  EXPECT_EQ(world.Find("cart").state, State::kQueued);
  EXPECT_EQ(world.Find("cart").last_attempt->result, Attempt::Result::kInterrupted);
  EXPECT_EQ(world.Find("cart").last_attempt->reason,
            "the app did not start: it ended at once with exit code 1: listening");
}

TEST(Recover, LeavesADamagedRecordAndItsFolderAlone) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("x")}}, world.Defaults())), "done");
  ASSERT_EQ(TextOf(world.Stop("cart")), "done");
  std::ofstream(world.EnvironmentFolder("cart") / "environment.json") << "{";
  ASSERT_EQ(TextOf(world.Reopen()), "done");
  EXPECT_TRUE(world.platform->List()->empty());
  EXPECT_TRUE(std::filesystem::exists(world.EnvironmentFolder("cart") / "data"));
}

TEST(Recover, BuildsAgainWhatAPowerCutMayHaveTorn) {
  World world;
  const Branch head = world.source.Push("cart", {{"app.py", App("x")}});
  ASSERT_EQ(TextOf(world.Deploy(head, world.Defaults())), "done");
  for (const auto& release : std::filesystem::directory_iterator(world.options.state_folder / "releases")) {
    EXPECT_TRUE(std::filesystem::remove(release.path() / "durable"));
    std::ofstream(release.path() / "sealed") << "another boot\n";
  }
  world.platform->ShutdownAll();
  ASSERT_EQ(TextOf(world.Reopen()), "done");
  EXPECT_EQ(world.Find("cart").last_attempt->result, Attempt::Result::kInterrupted);
  ASSERT_EQ(TextOf(world.Deploy(head, world.Defaults())), "done");
  EXPECT_EQ(world.source.checkouts(), 2);
}

/// In a process of its own, which alone sees the small disk.
int DeployOnAFullDisk(const std::filesystem::path& folder) {
  if (unshare(CLONE_NEWNS) != 0 || mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("small", folder.c_str(), "tmpfs", 0, "size=512k") != 0) {
    return 10;
  }
  World world(folder);
  if (!world.Deploy("cart", {{"app.py", App("good")}}, world.Defaults())) return 11;
  std::ofstream filler(folder / "filler");
  while (filler << std::string(4096, 'x') << std::flush) {
  }
  const Status full = world.Deploy("cart", {{"app.py", App("bad")}}, world.Defaults());
  if (full || full.error().hint != "Free some disk space, then try again.") return 12;
  if (world.Get("cart") != "good") return 13;
  filler.close();
  std::filesystem::remove(folder / "filler");
  if (!world.Reopen() || world.Get("cart") != "good") return 14;
  if (!world.Deploy("cart", {{"app.py", App("better")}}, world.Defaults())) return 15;
  return world.Get("cart") == "better" ? 0 : 16;
}

TEST(Recover, SurvivesAFullDiskWithTheLastGoodReleaseServing) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to mount a small disk";
  World world;
  const pid_t child = fork();
  if (child == 0) _exit(DeployOnAFullDisk(world.folder));
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Record, IsTheSameAfterWritingAndReading) {
  Record record;
  record.environment = {.app = "shop",
                        .branch = "f\xff/\n",
                        .slug = "f-x",
                        .owner_mark = "perch",
                        .generation = ~0ull,
                        .state = State::kReady,
                        .reason = "q\"",
                        .last_attempt = Attempt{.generation = 4, .stage = Stage::kTest, .reason = "r"},
                        .deleting = true};
  record.serving =
      RunningApp{.keeper = {.pid = 7, .start_time = ~0ull, .boot = "b"}, .port = 65535, .release = "k", .data = 3};
  const auto read = ParseRecord(ToJson(record));
  ASSERT_TRUE(read);
  EXPECT_EQ(ToJson(*read), ToJson(record));
  EXPECT_EQ(read->environment.branch, "f\xff/\n");
  EXPECT_EQ(read->serving->keeper, record.serving->keeper);
  for (const std::string bad : {"", "[]", "{}", "{\"branch_hex\":\"zz\",\"slug\":\"x\"}", "{\"slug\":5}"})
    EXPECT_FALSE(ParseRecord(bad)) << bad;
}

/// Pushes and deletes for ever; the test kills it.
void DeployForEver(World& world, std::mt19937& random, const std::vector<std::vector<Branch>>& heads) {
  if (!world.Open()) _exit(1);
  std::vector<std::jthread> workers;
  for (const std::vector<Branch>& branch : heads) {
    workers.emplace_back([&world, &branch, seed = random()] {
      std::mt19937 own(static_cast<std::mt19937::result_type>(seed));
      for (std::size_t i = 0;; ++i) {
        [[maybe_unused]] const Status done =
            own() % 4 == 0 ? world.Delete(branch[0].name)
                           : world.Deploy(branch[i % branch.size()], world.settings.at(branch[0].name));
      }
    });
  }
}

/// The command lines with `marker`, as soon as there are `count` of them, and after ten seconds whatever there is.
std::vector<std::string> LinesOnceThereAre(std::size_t count, const std::string& marker) {
  std::vector<std::string> lines = CommandLinesWith(marker);
  for (int i = 0; i < 200 && lines.size() != count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    lines = CommandLinesWith(marker);
  }
  return lines;
}

TEST(Recover, FindsTheTruthAfterKillAtAnyMoment) {
  const int rounds = getenv("PERCH_SOAK") ? std::atoi(getenv("PERCH_SOAK")) : 6;
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("perch-local-" + RandomHex(6));
  const std::string marker = folder.filename();
  std::mt19937 random(20261122);
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    World world(folder);
    std::vector<std::vector<Branch>> heads(3);
    Settings settings = world.Defaults();
    settings.run.argv.push_back(marker);
    settings.build = Shell("true " + marker + "; sleep 0.02");
    settings.release = Shell("true");
    settings.seed = Shell("echo x > /data/app.db");
    for (int b = 0; b < 3; ++b) {
      const std::string name = "branch" + std::to_string(b);
      world.settings[name] = settings;
      for (int i = 0; i < 4; ++i)
        heads[b].push_back(world.source.Push(name, {{"app.py", App(name + " " + std::to_string(i))}}));
    }
    const pid_t child = fork();
    if (child == 0) {
      DeployForEver(world, random, heads);
      _exit(0);
    }
    random();
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 4000));  // the random moment
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);

    ASSERT_EQ(TextOf(world.Open()), "done");
    std::size_t serving = 0;
    for (const Environment& e : *world.platform->List()) {
      EXPECT_FALSE(e.last_attempt && e.last_attempt->result == Attempt::Result::kRunning);
      if (e.serving_commit.empty() || e.deleting) continue;
      ++serving;
      for (int i = 0; i < 4; ++i) {
        const std::vector<Branch>& branch = heads[std::size_t(e.branch.back() - '0')];
        if (branch[i].commit == e.serving_commit) EXPECT_EQ(world.Get(e.branch), e.branch + " " + std::to_string(i));
      }
    }
    // A deletion that was cut short is finished by whoever looks next; until then its app may live.
    for (std::size_t b = 0; b < 3; ++b) {
      if (world.Find(heads[b][0].name).deleting) EXPECT_EQ(TextOf(world.Delete(heads[b][0].name)), "done");
    }
    // Builds end with the perch that was killed, but each in its own time.
    const std::vector<std::string> left = LinesOnceThereAre(4 * serving, marker);
    std::size_t keepers = 0;
    for (const std::string& line : left) keepers += line.find("__keeper") != std::string::npos;
    EXPECT_EQ(keepers, serving);
    // Each app is bubblewrap twice, and Python.
    EXPECT_EQ(left.size(), 4 * serving) << ::testing::PrintToString(left);
    for (std::size_t b = 0; b < 3; ++b) {
      EXPECT_EQ(TextOf(world.Deploy(heads[b][0], settings)), "done");
      EXPECT_EQ(world.Get(heads[b][0].name), heads[b][0].name + " 0");
    }
    for (std::size_t b = 0; b < 3; ++b) {
      if (round % 2 == 0) EXPECT_EQ(TextOf(world.Delete(heads[b][0].name)), "done");
    }
    if (round % 2 == 0) {
      EXPECT_THAT(CommandLinesWith(marker), ::testing::IsEmpty());
      EXPECT_TRUE(std::filesystem::is_empty(folder / "state" / "environments"));
      EXPECT_TRUE(std::filesystem::is_empty(folder / "state" / "releases"));
    }
  }
  EXPECT_TRUE(RemoveTree(folder));
  EXPECT_THAT(CommandLinesWith(marker), ::testing::IsEmpty());
}

}  // namespace
}  // namespace perch::local
