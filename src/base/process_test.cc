#include "base/process.h"

#include <gtest/gtest.h>

#include <thread>

namespace perch {
namespace {

using std::chrono::milliseconds;

ProcessResult Shell(std::string text, ProcessOptions options = {}) {
  options.argv = {"sh", "-c", std::move(text)};
  Result<ProcessResult> result = RunProcess(options);
  EXPECT_TRUE(result.has_value());
  return result ? *result : ProcessResult{};
}

TEST(Process, GathersOutputAndExitCode) {
  const ProcessResult result = Shell("echo out; echo err >&2; exit 3");
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_EQ(result.exit_code, 3);
}

TEST(Process, PassesArgumentsUntouched) {
  const auto result = RunProcess({.argv = {"printf", "%s|", "$(id)", "a b", "-x", ""}});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->out, "$(id)|a b|-x||");
}

TEST(Process, FeedsInput) {
  const std::string big(1 << 20, 'x');
  EXPECT_EQ(Shell("cat", {.input = big}).out, big);
}

TEST(Process, GivesOnlyTheEnvironmentAskedFor) {
  EXPECT_EQ(Shell("/usr/bin/env | grep -v -e ^PWD= -e ^_= -e ^SHLVL=", {.env = {{{"A", "1"}}}}).out, "A=1\n");
}

TEST(Process, EndsWhatTakesTooLongEvenIfItIgnoresTerm) {
  const ProcessResult result = Shell("trap '' TERM; sleep 60", {.timeout = milliseconds(50)});
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(DescribeExit(result.exit_code), "killed by signal 9 (Killed)");
}

TEST(Process, EndsWhatIsCancelled) {
  std::stop_source source;
  std::jthread canceller([&] {
    std::this_thread::sleep_for(milliseconds(50));
    source.request_stop();
  });
  const auto result = RunProcess({.argv = {"sleep", "60"}}, source.get_token());
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->cancelled);
}

TEST(Process, CutsAnEndlessOutput) {
  const ProcessResult result = Shell("yes", {.output_limit = 1000});
  EXPECT_TRUE(result.output_cut);
  EXPECT_EQ(result.out.size(), 1000u);
}

TEST(Process, StreamsOutputAsItComes) {
  std::string seen;
  Shell("echo a; echo b >&2", {.on_output = [&](std::string_view piece) { seen += piece; }});
  EXPECT_EQ(seen.size(), 4u);
}

TEST(Process, DoesNotWaitForWhatTheProgramLeftBehind) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Shell("sleep 30 & echo done").out, "done\n");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(Process, SaysWhatCannotRun) {
  EXPECT_EQ(RunProcess({.argv = {"no-such-program-here"}}).error().why, "there is no such program in PATH");
  EXPECT_EQ(RunProcess({.argv = {"true"}, .cwd = "/nowhere"}).error().why, "No such file or directory");
}

TEST(Process, InheritsNoDescriptors) { EXPECT_EQ(Shell("ls /proc/self/fd | wc -l").out, "4\n"); }

}  // namespace
}  // namespace perch
