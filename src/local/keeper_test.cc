#include "local/keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/text.h"
#include "local/health.h"
#include "local/testing/world.h"

/// Apps that behave badly, under the platform.
namespace perch::local {
namespace {

using testing::App;
using ::testing::HasSubstr;
using testing::World;

std::string TextOf(const Status& status) { return status ? "done" : status.error().Text(); }

/// The processes of this machine whose command line holds `word`.
std::vector<pid_t> ProcessesWith(const std::string& word) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto pid = ParseNumber(entry.path().filename().string());
    if (!pid || pid_t(*pid) == getpid()) continue;
    std::ifstream file(entry.path() / "cmdline");
    const std::string line((std::istreambuf_iterator<char>(file)), {});
    if (line.find(word) != std::string::npos && Identify(pid_t(*pid))) found.push_back(pid_t(*pid));
  }
  return found;
}

TEST(Keeper, EndsAnAppThatIgnoresTermAndAllItForkedAway) {
  for (const bool trusted : {false, true}) {
    World world;
    world.options.trust_branches = trusted;
    const std::string marker = world.folder.filename();
    Settings settings = world.Defaults();
    settings.stop_timeout = std::chrono::milliseconds(300);
    const std::string before =
        "import signal, subprocess\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "for i in range(3): subprocess.Popen(['/bin/sh', '-c', 'trap \"\" TERM; while :; do sleep 1; done', '" +
        marker +
        "'], start_new_session=True)\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0: os.execv('/bin/sh', ['sh', '-c', 'trap \"\" TERM; while :; do sleep 1; done', '" +
        marker +
        "'])\n"
        "    os._exit(0)\n";
    ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("x", before)}}, settings)), "done");
    EXPECT_GE(ProcessesWith(marker).size(), 5u);  // the keeper's command line has it too
    ASSERT_EQ(TextOf(world.Stop("cart")), "done");
    EXPECT_THAT(ProcessesWith(marker), ::testing::IsEmpty());
    EXPECT_THAT(world.Log("cart", Stage::kStart, 1), HasSubstr("perch: the app did not end in time and was killed\n"));
  }
}

TEST(Keeper, LetsAnAppEndInItsOwnTime) {
  World world;
  const std::string before =
      "import signal\n"
      "def end(*_):\n  print('bye', flush=True)\n  os._exit(0)\n"
      "signal.signal(signal.SIGTERM, end)\n";
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("x", before)}}, world.Defaults())), "done");
  ASSERT_EQ(TextOf(world.Stop("cart")), "done");
  EXPECT_EQ(world.Log("cart", Stage::kStart, 1), "listening\nbye\n");
}

TEST(Keeper, StartsADeadAppAgainAndGivesUpInTheEnd) {
  World world;
  world.options.restart_delay = std::chrono::milliseconds(300);  // long enough for the wait to be seen
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("x")}}, world.Defaults())), "done");
  world.Do("cart", "os._exit(3)");
  ASSERT_TRUE(world.WaitForChanges(2));  // ended, and runs again
  EXPECT_EQ(world.Get("cart"), "x");
  EXPECT_EQ(world.Find("cart").state, State::kReady);
  EXPECT_THAT(world.Log("cart", Stage::kStart),
              HasSubstr("perch: the app ended (exit code 3); it starts again in 300 ms\n"));
  world.Do("cart", "os._exit(3)");
  ASSERT_TRUE(world.WaitForChanges(4));
  world.Do("cart", "os.kill(os.getpid(), 9)");
  while (world.Find("cart").state != State::kFailed) std::this_thread::yield();
  EXPECT_EQ(world.Find("cart").reason,
            "the app died again and again, last with killed by signal 9 (Killed): listening");
  EXPECT_EQ(world.Find("cart").serving_commit, "");
  EXPECT_EQ(world.traffic.PortOf("cart"), 0);
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("y")}}, world.Defaults())), "done");
  EXPECT_EQ(world.Get("cart"), "y");
}

TEST(Keeper, KeepsTheEndOfAnEndlessLogAndLittleMemory) {
  World world;
  Settings settings = world.Defaults();
  settings.limits.log = 1 << 20;
  const std::string before =
      "for i in range(400):\n  sys.stdout.write(('%d ' % i) * 20000 + '\\n')\nprint('the end', flush=True)\n";
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("x", before)}}, settings)), "done");
  const auto piece = world.platform->ReadLog("cart", 0, Stage::kStart, 0, 16 << 20);
  ASSERT_TRUE(piece);
  EXPECT_GT(piece->first, 20u << 20);
  EXPECT_EQ(piece->next, piece->first + piece->text.size());
  EXPECT_LE(piece->text.size(), 1u << 20);
  EXPECT_TRUE(piece->text.ends_with("399 \nthe end\nlistening\n"));
  EXPECT_FALSE(piece->ended);
  const auto rest = world.platform->ReadLog("cart", 0, Stage::kStart, piece->next - 10, 100);
  EXPECT_EQ(rest->text, "listening\n");
}

TEST(Keeper, DoesNothingUntilToldAndEndsWithPerch) {
  World world;
  KeeperTask task{
      .guest = {.sandboxed = false, .argv = {"/usr/bin/touch", (world.folder / "started").string()}, .cwd = "/"},
      .log_folder = world.folder,
      .log_name = "start",
      .status_path = world.folder / "status"};
  ProcessId id;
  {
    auto keeper = Keeper::Spawn("/proc/self/exe", task);
    ASSERT_TRUE(keeper);
    id = keeper->id();
    EXPECT_TRUE(Alive(id));
  }
  const UniqueFd process = OpenProcess(id);
  if (process) EXPECT_TRUE(WaitReadable(process.get(), std::chrono::seconds(60)));
  EXPECT_FALSE(std::filesystem::exists(world.folder / "started"));
}

TEST(Keeper, SurvivesPerchOnlyAfterItWasReleased) {
  World world;
  const std::string marker = world.folder.filename();
  KeeperTask task{
      .guest = {.sandboxed = false, .argv = {"/bin/sh", "-c", "while :; do sleep 1; done", marker}, .cwd = "/"},
      .log_folder = world.folder,
      .log_name = "start",
      .status_path = world.folder / "status",
      .stop_timeout = std::chrono::milliseconds(100)};
  ProcessId kept;
  for (const bool release : {true, false}) {
    ProcessId id;
    {
      auto keeper = Keeper::Spawn("/proc/self/exe", task);
      ASSERT_TRUE(keeper);
      id = keeper->id();
      ASSERT_TRUE(keeper->Go());
      if (release) ASSERT_TRUE(keeper->Release());
    }
    if (release) kept = id;
    const UniqueFd process = OpenProcess(id);
    if (!release && process) EXPECT_TRUE(WaitReadable(process.get(), std::chrono::seconds(60)));
  }
  EXPECT_TRUE(Alive(kept));
  EXPECT_TRUE(EndKeeper(kept, std::chrono::milliseconds(100)));
  EXPECT_THAT(ProcessesWith(marker), ::testing::IsEmpty());
}

TEST(Keeper, TakesAnotherPortWhenAStrangerSitsOnIt) {
  // A stranger between the choice of the port and the app's bind cannot be timed; that it is seen as one can.
  EXPECT_EQ(Listener(1, {}), std::nullopt);
  World world;
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("x")}}, world.Defaults())), "done");
  const std::uint16_t port = world.traffic.PortOf("cart");
  EXPECT_EQ(Listener(port, {getpid()}), 0);
  EXPECT_FALSE(IsFree(port));
}

}  // namespace
}  // namespace perch::local
