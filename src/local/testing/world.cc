#include "local/testing/world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "base/digest.h"
#include "base/file.h"
#include "base/glob.h"
#include "base/text.h"
#include "model/names.h"

namespace perch::local::testing {

namespace fs = std::filesystem;

Branch FakeSource::Push(const std::string& branch, const Files& files) {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [path, content] : files) text += path + '\0' + content + '\0';
  Branch head{.name = branch,
              .commit = Sha256Hex(std::to_string(++pushes_) + text).substr(0, 40),
              .tree = Sha256Hex(text).substr(0, 40),
              .subject = "change " + std::to_string(pushes_),
              .author = "Ada"};
  heads_[branch] = head;
  commits_[head.commit] = files;
  return head;
}

int FakeSource::checkouts() const {
  const std::lock_guard lock(mutex_);
  return checkouts_;
}

void FakeSource::BreakCheckOuts(bool broken) {
  const std::lock_guard lock(mutex_);
  broken_ = broken;
}

Result<BranchList> FakeSource::List(std::stop_token) {
  const std::lock_guard lock(mutex_);
  BranchList list;
  for (const auto& [name, head] : heads_) list.branches.push_back(head);
  return list;
}

Result<std::optional<Branch>> FakeSource::Find(const std::string& name, std::stop_token) {
  const std::lock_guard lock(mutex_);
  const auto it = heads_.find(name);
  return it == heads_.end() ? std::nullopt : std::optional(it->second);
}

Result<std::optional<std::string>> FakeSource::ReadFile(const std::string& commit, const std::string& path) {
  const std::lock_guard lock(mutex_);
  const Files& files = commits_[commit];
  const auto it = files.find(path);
  return it == files.end() ? std::nullopt : std::optional(it->second);
}

Result<std::string> FakeSource::FilesDigest(const std::string& commit, const std::vector<std::string>& globs) {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [path, content] : commits_[commit]) {
    for (const std::string& glob : globs) {
      if (GlobMatches(glob, path)) text += path + '\0' + content + '\0';
    }
  }
  return Sha256Hex(text);
}

Status FakeSource::CheckOut(const std::string& commit, const fs::path& folder, std::stop_token) {
  const std::lock_guard lock(mutex_);
  ++checkouts_;
  if (broken_) return Fail({.kind = ErrorKind::kUnavailable, .what = "cannot check out", .why = "the disk is full"});
  for (const auto& [path, content] : commits_[commit]) {
    fs::create_directories((folder / path).parent_path());
    if (content.starts_with("-> ")) {
      fs::create_symlink(content.substr(3), folder / path);
    } else {
      std::ofstream(folder / path) << content;
    }
  }
  return {};
}

Result<std::unique_ptr<engine::Watch>> FakeSource::WatchForChanges(std::function<void()>) {
  return std::unique_ptr<engine::Watch>();
}

void FakeTraffic::Route(const std::string& slug, std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  routes_[slug] = port;
}

void FakeTraffic::Unroute(const std::string& slug) {
  const std::lock_guard lock(mutex_);
  routes_.erase(slug);
}

void FakeTraffic::Drain(std::uint16_t, std::chrono::milliseconds) {}

std::uint16_t FakeTraffic::PortOf(const std::string& slug) const {
  const std::lock_guard lock(mutex_);
  const auto it = routes_.find(slug);
  return it == routes_.end() ? 0 : it->second;
}

World::World() : World(fs::temp_directory_path() / ("perch-local-" + RandomHex(6))) {
  temporary_ = true;
  options.quick_deaths = 3;
}

World::World(fs::path where) : folder(std::move(where)), temporary_(false) {
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
  options = {.state_folder = folder / "state",
             .app = "shop",
             .url_for = [](const std::string& slug) { return "http://" + slug + ".localhost:7878/"; },
             .settings_for = [this](const Branch& branch) -> Result<Settings> { return settings[branch.name]; },
             .clock = [] { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); },
             .restart_delay = std::chrono::milliseconds(10)};
}

World::~World() {
  if (platform) platform->ShutdownAll();
  platform.reset();
  if (temporary_) [[maybe_unused]]
    const Status removed = RemoveTree(folder);
}

Status World::Open() {
  Result<std::unique_ptr<LocalPlatform>> opened = LocalPlatform::Open(options, source, traffic);
  if (!opened) return Fail(opened.error());
  platform = *std::move(opened);
  platform->OnChange([this](const std::string&) {
    const std::lock_guard lock(mutex_);
    ++changes_;
    changed_.notify_all();
  });
  return platform->Recover();
}

Status World::Reopen() {
  platform.reset();
  return Open();
}

Settings World::Defaults() const {
  Settings settings;
  settings.app = "shop";
  settings.profile = "branch";
  settings.run = {.argv = {"python3", "-S", "-E", "app.py"}, .text = "python3 app.py"};
  settings.hash = std::string(64, 'a');
  settings.build_hash = std::string(64, 'b');
  settings.stop_timeout = std::chrono::seconds(2);
  settings.health_timeout = std::chrono::seconds(30);
  return settings;
}

Step World::StepFor(const Branch& head, const Settings& settings) {
  const Environment now = Find(head.name);
  return {.action = now.slug.empty() ? Action::kCreate : Action::kUpdate,
          .branch = head.name,
          .slug = SlugFor(head.name),
          .profile = settings.profile,
          .commit = head.commit,
          .settings_hash = settings.hash,
          .generation = now.generation,
          .reason = "a test"};
}

Status World::Deploy(const std::string& branch, const Files& files, const Settings& with) {
  return Deploy(source.Push(branch, files), with);
}

Status World::Deploy(const Branch& head, const Settings& with, std::stop_token stop) {
  if (!platform) {
    if (const Status opened = Open(); !opened) return opened;
  }
  settings[head.name] = with;
  engine::DeployRequest request{
      .step = StepFor(head, with), .branch = head, .settings = with, .still_wanted = [] { return Status(); }};
  return platform->Deploy(
      request,
      [this](Event event) {
        const std::lock_guard lock(mutex_);
        std::string line = event.stage ? std::string(StageName(*event.stage)) + " " : "";
        line += event.kind == Event::Kind::kStageStarted    ? "started"
                : event.kind == Event::Kind::kStageFinished ? "finished"
                : event.kind == Event::Kind::kStageFailed   ? "failed"
                                                            : EventKindName(event.kind);
        events_.push_back(event.text.empty() ? line : line + ": " + event.text);
      },
      stop);
}

Status World::Delete(const std::string& branch) {
  const Environment now = Find(branch);
  return platform->Delete({.action = Action::kDelete,
                           .branch = branch,
                           .slug = now.slug,
                           .generation = now.generation,
                           .reason = "branch is gone"},
                          {});
}

Status World::Stop(const std::string& branch) {
  const Environment now = Find(branch);
  return platform->Stop({.branch = branch,
                         .slug = now.slug,
                         .commit = now.serving_commit,
                         .generation = now.generation,
                         .reason = "stopped by a test"},
                        {});
}

Environment World::Find(const std::string& branch) {
  if (!platform) return {};
  const auto found = platform->Find(branch);
  return found && *found ? **found : Environment{};
}

std::string World::Log(const std::string& branch, Stage stage, std::uint64_t generation) {
  const auto piece = platform->ReadLog(branch, generation, stage, 0, 64 << 20);
  return piece ? piece->text : piece.error().Text();
}

std::string World::Get(const std::string& branch, const std::string& path) {
  const std::uint16_t port = traffic.PortOf(SlugFor(branch));
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (port == 0 || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return "";
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  char buffer[4096];
  for (ssize_t got; (got = recv(fd.get(), buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, std::size_t(got));
  const std::size_t body = answer.find("\r\n\r\n");
  return body == std::string::npos ? "" : answer.substr(body + 4);
}

std::string World::Do(const std::string& branch, const std::string& python) {
  return Get(branch, "/do/" + Hex(python));
}

std::vector<std::string> World::Events() {
  const std::lock_guard lock(mutex_);
  return events_;
}

void World::ClearEvents() {
  const std::lock_guard lock(mutex_);
  events_.clear();
}

fs::path World::EnvironmentFolder(const std::string& branch) const {
  return options.state_folder / "environments" / SlugFor(branch);
}

bool World::WaitForChanges(int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return changes_ >= count; });
}

std::string App(const std::string& text, const std::string& before) {
  return "import os, socket, sys\n" + before + R"(
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((os.environ['HOST'], int(os.environ['PORT'])))
server.listen(64)
print('listening', flush=True)
while True:
    client, _ = server.accept()
    line = client.recv(65536).decode().split(' ')
    path = line[1] if len(line) > 1 else '/'
    body = ')" +
         text + R"('
    if path.startswith('/env/'): body = os.environ.get(path[5:], 'unset')
    if path.startswith('/do/'):
        try: body = str(eval(bytes.fromhex(path[4:]).decode()))
        except BaseException as error: body = type(error).__name__
    client.sendall(('HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s' % (len(body.encode()), body)).encode())
    client.close()
)";
}

}  // namespace perch::local::testing
