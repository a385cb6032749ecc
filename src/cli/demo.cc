#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <mutex>

#include "base/file.h"
#include "base/text.h"
#include "base/value.h"
#include "cli/commands.h"
#include "cli/demo/demo_repository.h"
#include "cli/output.h"
#include "cli/serve/server.h"
#include "cli/signals.h"
#include "cli/system_clock.h"
#include "net/client.h"

namespace perch::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kPatience(5);

/// Where the demo lives; one of its own making goes with it.
class DemoFolder {
 public:
  static Result<DemoFolder> Make(const fs::path& wanted) {
    if (!wanted.empty()) return DemoFolder(fs::absolute(wanted).lexically_normal(), false);
    std::string name = (fs::temp_directory_path() / "perch-demo-XXXXXX").string();
    if (!mkdtemp(name.data()))
      return Fail({.what = "cannot make a folder for the demo", .where = name, .why = ErrnoText(errno)});
    return DemoFolder(name, true);
  }
  DemoFolder(DemoFolder&& other) noexcept : path_(std::move(other.path_)), own_(std::exchange(other.own_, false)) {}
  ~DemoFolder() {
    if (own_) (void)RemoveTree(path_).has_value();
  }
  const fs::path& path() const { return path_; }

 private:
  DemoFolder(fs::path path, bool own) : path_(std::move(path)), own_(own) {}
  fs::path path_;
  bool own_;
};

Result<demo::DemoRepository> SampleRepository(const fs::path& folder) {
  Result<demo::DemoRepository> found = demo::FindDemoRepository(folder);
  return found ? std::move(found) : demo::MakeDemoRepository(folder, SystemClock()());
}

/// The operator's file: the shop's own, and where its repository is.
Status WriteConfig(const fs::path& file, const demo::DemoRepository& repository) {
  const Result<std::string> shop = ReadFile(repository.work_tree / "perch.yaml", 1 << 20);
  if (!shop) return Fail(shop.error());
  return WriteFileAtomically(file, "repository: " + JsonString(repository.bare.string()) + "\n" + *shop);
}

/// How long each link took, from noticing the branch to showing it.
class Timings {
 public:
  void Note(const Event& event) {
    const std::lock_guard lock(mutex_);
    if (event.kind == Event::Kind::kSwitched) took_[event.branch] = event.took;
  }
  std::string Of(const std::string& branch) const {
    const std::lock_guard lock(mutex_);
    const auto at = took_.find(branch);
    return at == took_.end() ? "" : FormatDuration(at->second);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::chrono::milliseconds> took_;
};

void PrintTable(const std::vector<engine::BranchView>& views, const Timings& timings) {
  std::vector<std::vector<std::string>> rows = {{"branch", "state", "shows", "link", "took"}};
  for (const engine::BranchView& view : views) {
    const bool shows = !view.serving_commit.empty();
    std::string what =
        Lines(shows ? view.title : view.reason).empty() ? "" : Lines(shows ? view.title : view.reason)[0];
    rows.push_back({Printable(view.branch), ColouredState(view.state), Printable(what),
                    view.state == State::kSkipped ? "" : view.url, timings.Of(view.branch)});
  }
  std::printf("\n%s", Table(rows).c_str());
}

/// Asks every branch's link as a browser would, and says what is not as it should be.
int CheckLinks(const demo::DemoRepository& repository, const Server& server,
               const std::vector<engine::BranchView>& views) {
  int wrong = 0;
  for (const demo::DemoBranch& branch : repository.branches) {
    const auto view = std::find_if(views.begin(), views.end(), [&](const auto& v) { return v.branch == branch.name; });
    if (view == views.end() || view->state != branch.expected) {
      std::printf("%s should be %s, but is %s\n", branch.name.c_str(), std::string(StateName(branch.expected)).c_str(),
                  view == views.end() ? "unknown" : std::string(StateName(view->state)).c_str());
      ++wrong;
      continue;
    }
    const std::string host = view->slug + ".localhost:" + std::to_string(server.port());
    const auto answer =
        net::Fetch({.socket = {}, .port = server.port()}, {.host = host}, {.timeout = std::chrono::seconds(20)});
    const bool good = answer && (branch.expected == State::kReady) == (answer->status == 200);
    if (!good) {
      std::printf("%s: %s\n", view->url.c_str(),
                  answer ? ("status " + std::to_string(answer->status)).c_str() : answer.error().Text().c_str());
      ++wrong;
    }
  }
  return wrong;
}

void PrintRecipes(const demo::DemoRepository& repository, const Server& server) {
  std::printf("\nDashboard: %s\n(signed in, with buttons: %s)\n\nTry, in another terminal:\n\n  %s\n",
              server.DashboardUrl().c_str(), server.SignInUrl().c_str(), repository.enter.c_str());
  for (const demo::DemoRecipe& recipe : repository.recipes) {
    std::printf("\n  # %s\n  %s\n  # -> %s\n", recipe.title.c_str(), recipe.command.c_str(), recipe.expect.c_str());
  }
  std::printf("\nCtrl-C ends it.\n\n");
  std::fflush(stdout);
}

/// The port people were promised, or any other when that one is taken.
Result<std::unique_ptr<Server>> StartServer(Server::Options options) {
  auto server = Server::Start(options);
  if (server || options.listen.port != 7878) return server;
  options.listen.port = 0;
  if (Status free = ChooseFreePort(options.listen); !free) return Fail(server.error());
  auto other = Server::Start(options);
  if (!other) return Fail(server.error());  // the port was not the trouble
  std::printf("Port 7878 is taken; using %u.\n", unsigned(options.listen.port));
  return other;
}

}  // namespace

int RunDemo(const Context& context) {
  const Arguments& arguments = context.arguments;
  Result<Listen> listen = ReadListen(arguments);
  if (listen && listen->port == 0) {
    if (const Status free = ChooseFreePort(*listen); !free) return Report(free.error(), arguments.json);
  }
  if (!listen) return Report(listen.error(), arguments.json);
  const Signals signals;
  const Result<DemoFolder> folder = DemoFolder::Make(arguments.demo_folder);
  if (!folder) return Report(folder.error(), arguments.json);
  const Result<demo::DemoRepository> repository = SampleRepository(folder->path());
  if (!repository) return Report(repository.error(), arguments.json);
  const fs::path config = folder->path() / "perch.yaml";
  if (const Status written = WriteConfig(config, *repository); !written) return Report(written.error(), arguments.json);

  Timings timings;
  auto server = StartServer({.config_file = config,
                             .state_folder = folder->path() / ".perch",
                             .listen = std::move(*listen),
                             .domain = "",
                             .dashboard = "",
                             .trust_branches = arguments.trust_branches,
                             .on_event = [&](const Event& event) {
                               timings.Note(event);
                               const std::string line = arguments.json ? engine::ToJson(event) : EventLine(event);
                               if (!line.empty()) std::printf("%s\n", line.c_str());
                               std::fflush(stdout);
                             }});
  if (!server) return Report(server.error(), arguments.json);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!(*server)->engine().WaitUntilIdle(std::chrono::milliseconds(200))) {
    if (signals.Wait(std::chrono::milliseconds(0))) return static_cast<int>(ExitCode::kFailed);
    if (std::chrono::steady_clock::now() > deadline) {
      return Report(
          {.what = "the demo's branches are not up after 5 minutes", .hint = "`perch doctor` looks for the cause."},
          arguments.json);
    }
  }
  const std::vector<engine::BranchView> views = (*server)->engine().Views();
  PrintTable(views, timings);
  if (arguments.once) return CheckLinks(*repository, **server, views) == 0 ? 0 : static_cast<int>(ExitCode::kFailed);
  PrintRecipes(*repository, **server);
  signals.Wait();
  std::printf("Ending all branches' processes.\n");
  return 0;
}

}  // namespace perch::cli
