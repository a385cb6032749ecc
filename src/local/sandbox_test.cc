#include "local/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "local/testing/world.h"

namespace perch::local {
namespace {

using testing::App;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::World;

Command Shell(const std::string& text) { return {.argv = {"/bin/sh", "-c", text}, .text = text}; }
std::string TextOf(const Status& status) { return status ? "done" : status.error().Text(); }

TEST(Sandbox, WorksHere) { EXPECT_EQ(TextOf(SandboxWorks(geteuid() == 0 ? FirstGuestUid("/tmp/x") : 0)), "done"); }

TEST(Sandbox, GuestUidsOfAStateFolderAreItsOwnAndOutOfTheWay) {
  const uid_t first = FirstGuestUid("/srv/perch");
  EXPECT_EQ(first, FirstGuestUid("/srv/perch"));
  EXPECT_NE(first, FirstGuestUid("/srv/other"));
  EXPECT_GE(first, 1'879'048'192u);
  EXPECT_LE(first + 1000, 2'147'352'575u);
}

TEST(Sandbox, ShowsAnAppNothingButItsOwn) {
  World world;
  ASSERT_EQ(TextOf(world.Deploy("other", {{"app.py", App("other")}}, world.Defaults())), "done");
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("cart")}}, world.Defaults())), "done");
  EXPECT_EQ(world.Do("cart", "sorted(n for n in os.listdir('/') if not n.startswith('lib'))"),
            "['app', 'bin', 'data', 'dev', 'etc', 'home', 'proc', 'run', 'sbin', 'tmp', 'usr', 'var']");
  EXPECT_EQ(world.Do("cart", "os.listdir('" + world.folder.string() + "')"), "FileNotFoundError");
  EXPECT_EQ(world.Do("cart", "os.listdir('/home')"), "['guest']");
  EXPECT_EQ(world.Do("cart", "os.listdir('/root')"), "FileNotFoundError");
  EXPECT_EQ(world.Do("cart", "open('/etc/shadow')"), "FileNotFoundError");
  EXPECT_EQ(world.Do("cart", "open('/etc/passwd').read().split(':')[0]"), "guest");
  EXPECT_EQ(world.Do("cart", "sorted(os.listdir('/data'))"), "['bucket']");
  EXPECT_EQ(world.Do("cart", "open('/app/new', 'w')"), "OSError");  // read-only
  EXPECT_EQ(world.Do("cart", "open('/new', 'w')"), "OSError");
  EXPECT_EQ(world.Do("cart", "[p for p in os.listdir('/proc') if p.isdigit() and int(p) > 50]"), "[]");
  EXPECT_EQ(
      world.Do("cart", "[l for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapPrm', 'NoNewPrivs'))]"),
      R"(['CapPrm:\t0000000000000000\n', 'CapEff:\t0000000000000000\n', 'NoNewPrivs:\t1\n'])");
  EXPECT_EQ(world.Do("cart", "[int(f) for f in os.listdir('/proc/self/fd') if int(f) > 5]"), "[]");
}

TEST(Sandbox, GivesEachEnvironmentAUserOfItsOwnWhenPerchIsRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  World world;
  ASSERT_EQ(TextOf(world.Deploy("one", {{"app.py", App("1")}}, world.Defaults())), "done");
  ASSERT_EQ(TextOf(world.Deploy("two", {{"app.py", App("2")}}, world.Defaults())), "done");
  const std::string one = world.Do("one", "os.getuid()"), two = world.Do("two", "os.getuid()");
  EXPECT_NE(one, two);
  EXPECT_GE(std::stoul(one), 1'900'000'000u);
  EXPECT_EQ(world.Do("one", "os.getgroups()"), "[]");
}

TEST(Sandbox, GivesExactlyTheEnvironmentThatIsPromised) {
  setenv("PERCH_TEST_PRIVATE", "operator's", 1);
  World world;
  Settings settings = world.Defaults();
  settings.env = {{"DEBUG", "1"}};
  settings.secrets.emplace("STRIPE_KEY", Secret("sk_test_12345"));
  settings.build = Shell("env | grep -c STRIPE_KEY; env | cut -d= -f1 | sort | tr '\\n' ' '");
  const Branch head = world.source.Push("feature/cart", {{"app.py", App("cart")}});
  EXPECT_EQ(TextOf(world.Deploy(head, settings)), "done");
  unsetenv("PERCH_TEST_PRIVATE");
  EXPECT_EQ(world.Do("feature/cart", "sorted(os.environ)"),
            "['BUCKET_DIR', 'DATABASE_URL', 'DEBUG', 'HOME', 'HOST', 'LANG', 'PATH', 'PERCH_BRANCH', 'PERCH_COMMIT', "
            "'PERCH_URL', 'PORT', 'PWD', 'STRIPE_KEY', 'TMPDIR']");  // PWD is set by bubblewrap
  EXPECT_EQ(world.Get("feature/cart", "/env/DATABASE_URL"), "sqlite:////data/app.db");
  EXPECT_EQ(world.Get("feature/cart", "/env/BUCKET_DIR"), "/data/bucket");
  EXPECT_EQ(world.Get("feature/cart", "/env/PERCH_BRANCH"), "feature/cart");
  EXPECT_EQ(world.Get("feature/cart", "/env/PERCH_COMMIT"), head.commit);
  EXPECT_EQ(world.Get("feature/cart", "/env/PERCH_URL"), "http://feature-cart.localhost:7878/");
  EXPECT_EQ(world.Get("feature/cart", "/env/PATH"), "/usr/local/bin:/usr/bin:/bin");
  EXPECT_EQ(world.Get("feature/cart", "/env/STRIPE_KEY"), "sk_test_12345");
  EXPECT_THAT(world.Log("feature/cart", Stage::kBuild), ::testing::StartsWith("0\nBUCKET_DIR DATABASE_URL DEBUG HOME"));
}

TEST(Sandbox, MasksSecretsInLogsEvenWhenTheyArriveInPieces) {
  World world;
  Settings settings = world.Defaults();
  settings.secrets.emplace("KEY", Secret("sk_test_12345"));
  settings.release = Shell("printf 'release %s\\n' $KEY");
  const std::string print =
      "key = os.environ['KEY']\nprint('whole', key, flush=True)\n"
      "sys.stdout.write('cut ' + key[:5]); sys.stdout.flush(); sys.stdout.write(key[5:] + '\\n'); sys.stdout.flush()\n";
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("x", print)}}, settings)), "done");
  EXPECT_EQ(world.Log("cart", Stage::kStart), "whole ***\ncut ***\nlistening\n");
  EXPECT_EQ(world.Log("cart", Stage::kRelease), "release ***\n");
}

TEST(Sandbox, DoesNotFollowLinksOutOfTheCheckout) {
  World world;
  std::ofstream(world.folder / "private") << "operator's";
  const std::string target = (world.folder / "private").string();
  Settings settings = world.Defaults();
  settings.build = Shell("cat link; ln -s " + target + " made; echo x >> link; echo x > ../../../../../../tmp/x; true");
  ASSERT_EQ(TextOf(world.Deploy("cart", {{"app.py", App("x")}, {"link", "-> " + target}, {"up", "-> ../../../.."}},
                                settings)),
            "done");
  EXPECT_THAT(world.Log("cart", Stage::kBuild), HasSubstr("link: No such file or directory"));
  EXPECT_EQ(world.Do("cart", "open('/app/link').read()"), "FileNotFoundError");
  EXPECT_EQ(world.Do("cart", "sorted(os.listdir('/app/up'))[:2]"), "['app', 'bin']");
  std::string content;
  std::ifstream(world.folder / "private") >> content;
  EXPECT_EQ(content, "operator's");
  struct stat info{};
  stat(target.c_str(), &info);
  EXPECT_EQ(info.st_uid, geteuid());
}

TEST(Sandbox, DoesNotFollowLinksThatAnAppPutsIntoItsData) {
  World world;
  Settings settings = world.Defaults();
  std::ofstream(world.folder / "private") << "operator's";
  settings.seed = Shell("ln -s " + (world.folder / "private").string() +
                        " /data/app.db; mkfifo /data/pipe; ln -s / /data/bucket/root");
  ASSERT_EQ(TextOf(world.Deploy("one", {{"app.py", App("1")}}, settings)), "done");
  ASSERT_EQ(TextOf(world.Deploy("two", {{"app.py", App("1")}}, settings)), "done");
  EXPECT_EQ(world.Do("two", "open('/data/app.db').read()"), "FileNotFoundError");
  settings.release = Shell("true");
  ASSERT_EQ(TextOf(world.Deploy("two", {{"app.py", App("2")}}, settings)), "done") << world.Log("two", Stage::kRelease);
  EXPECT_EQ(world.Do("two", "open('/data/app.db').read()"), "FileNotFoundError");
  ASSERT_EQ(TextOf(world.Delete("two")), "done");
  EXPECT_TRUE(std::filesystem::exists(world.folder / "private"));
}

TEST(Sandbox, LetsAnAppWriteOnlyWhereItsSettingsSay) {
  World world;
  Settings settings = world.Defaults();
  settings.writable = {"media/up", "cache"};
  const testing::Files files = {{"app.py", App("x")}, {"media/up/first", "1"}};
  ASSERT_EQ(TextOf(world.Deploy("one", files, settings)), "done");
  ASSERT_EQ(TextOf(world.Deploy("two", files, settings)), "done");
  EXPECT_EQ(world.Do("one", "open('/app/media/up/second', 'w').write('2')"), "1");
  EXPECT_EQ(world.Do("one", "sorted(os.listdir('/app/media/up'))"), "['first', 'second']");
  EXPECT_EQ(world.Do("two", "sorted(os.listdir('/app/media/up'))"), "['first']");
  EXPECT_EQ(world.Do("one", "open('/app/media/x', 'w')"), "OSError");
  settings.writable = {"link/x"};
  EXPECT_THAT(TextOf(world.Deploy("one", {{"app.py", App("x")}, {"link", "-> /tmp"}}, settings)),
              HasSubstr("symbolic links are not followed"));
}

TEST(Sandbox, ShowsFurtherPathsOfTheOperatorsChoice) {
  World world;
  std::filesystem::create_directories(world.folder / "models");
  std::ofstream(world.folder / "models" / "m") << "model";
  Settings settings = world.Defaults();
  settings.readable = {(world.folder / "models").string()};
  ASSERT_EQ(TextOf(world.Deploy("one", {{"app.py", App("x")}}, settings)), "done");
  EXPECT_EQ(world.Do("one", "open('" + (world.folder / "models/m").string() + "').read()"), "model");
  EXPECT_EQ(world.Do("one", "os.listdir('" + world.folder.string() + "')"), "['models']");
}

TEST(Sandbox, TakesNoOptionsFromABranchsVariables) {
  World world;
  Settings settings = world.Defaults();
  settings.env = {
      {"A", std::string("x\0--bind\0/\0/host", 16)}, {"", "x"}, {"B=C", "x"}, {"LD_PRELOAD", "/app/evil.so"}};
  ASSERT_EQ(TextOf(world.Deploy("one", {{"app.py", App("x")}}, settings)), "done");
  EXPECT_EQ(world.Get("one", "/env/A"), "x");
  EXPECT_EQ(world.Do("one", "os.path.exists('/host')"), "False");
}

TEST(Sandbox, LimitsMemoryFilesAndProcesses) {
  World world;
  Settings settings = world.Defaults();
  settings.limits.memory = 64 << 20;
  settings.limits.open_files = 50;
  settings.limits.disk = 1 << 20;
  settings.limits.processes = 20;
  ASSERT_EQ(TextOf(world.Deploy("one", {{"app.py", App("x")}}, settings)), "done");
  EXPECT_EQ(world.Do("one", "len(bytearray(100 << 20))"), "MemoryError");
  EXPECT_EQ(world.Do("one", "[os.dup(0) for i in range(100)]"), "OSError");
  EXPECT_EQ(world.Do("one", "[os.posix_spawn('/bin/sleep', ['sleep', '100'], {}) for i in range(100)]"),
            "BlockingIOError");
  EXPECT_EQ(world.Get("one"), "x");
}

TEST(Sandbox, RunsAPersonsCommandInTheEnvironment) {
  World world;
  Settings settings = world.Defaults();
  settings.secrets.emplace("KEY", Secret("sk_test_12345"));
  ASSERT_EQ(TextOf(world.Deploy("one", {{"app.py", App("x")}}, settings)), "done");
  const auto command = world.platform->GuestFor(
      "one", {"/bin/sh", "-c", "test -f /app/app.py && test $KEY = sk_test_12345 && touch /data/here && exit 7"});
  ASSERT_TRUE(command);
  EXPECT_EQ(RunGuest(*command), 7);
  EXPECT_EQ(world.Do("one", "os.path.exists('/data/here')"), "True");
  const auto typing = world.platform->GuestFor(
      "one", {"python3", "-c", "import fcntl\ntry: fcntl.ioctl(0, 0x5412, b'x')\nexcept PermissionError: exit(9)"});
  EXPECT_EQ(RunGuest(*typing), 9);  // without the filter the error would be another: no terminal here
  EXPECT_EQ(world.platform->GuestFor("two", {"true"}).error().kind, ErrorKind::kNotFound);
}

TEST(Sandbox, IsLeftOutForTrustedBranches) {
  World world;
  world.options.trust_branches = true;
  Settings settings = world.Defaults();
  settings.build = Shell("echo built > built");
  settings.seed = Shell("echo seeded > $BUCKET_DIR/file");
  settings.release = Shell("true");
  ASSERT_EQ(TextOf(world.Deploy("one", {{"app.py", App("x")}}, settings)), "done");
  EXPECT_EQ(world.Do("one", "open('built').read() + open(os.environ['BUCKET_DIR'] + '/file').read()"),
            "built\nseeded\n");
  ASSERT_EQ(TextOf(world.Deploy("one", {{"app.py", App("y")}}, settings)), "done") << world.Log("one", Stage::kRelease);
  EXPECT_EQ(world.Get("one"), "y");
}

}  // namespace
}  // namespace perch::local
