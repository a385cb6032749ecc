#include "cli/serve/server.h"

#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "cli/guest_json.h"
#include "cli/serve/file_watch.h"
#include "cli/serve/live_project.h"
#include "cli/serve/project_settings.h"
#include "cli/serve/traffic.h"
#include "cli/state_lock.h"
#include "cli/system_clock.h"
#include "git/repository.h"
#include "local/platform.h"
#include "net/server.h"
#include "web/branch_pages.h"
#include "web/engine_backend.h"
#include "web/session_gate.h"
#include "web/site.h"
#include "web/unknown_host.h"

namespace perch::cli {
namespace {

constexpr std::uint64_t kKeptEvents = 200'000;

web::Hosts HostsFor(const Server::Options& options, const config::Project& project) {
  web::Hosts hosts;
  hosts.tls = !options.listen.certificate.empty();
  hosts.port = options.listen.port;
  hosts.branch_domain = ToLower(options.domain.empty() ? project.domain : options.domain);
  // On AWS the branches' domain is the load balancer's.
  const std::string usual = options.open_aws ? "localhost" : hosts.branch_domain;
  const std::string dashboard = ToLower(options.dashboard.empty() ? usual : options.dashboard);
  if (dashboard != "localhost") {
    // Beyond this machine only the one name is the dashboard's; on it, its plain addresses are as good.
    const bool local = options.listen.host.starts_with("127.") || options.listen.host == "::1";
    if (!local) hosts.dashboard.clear();
    hosts.dashboard.insert(hosts.dashboard.begin(), dashboard);
  }
  return hosts;
}

std::string Address(const Listen& listen) {
  const bool six = listen.host.find(':') != std::string::npos;
  return (six ? "[" + listen.host + "]" : listen.host) + ":" + std::to_string(listen.port);
}

}  // namespace

/// In the order of making; ended in the opposite one.
struct Server::Parts {
  explicit Parts(Options given) : options(std::move(given)) {}

  Status Open();
  Status OpenHere();
  Status OpenPlatformHere();
  std::function<std::string(const std::string&)> LinkOnAws() const;
  Status Serve();
  void Begin();
  void ReloadConfig();

  Options options;
  Clock clock = SystemClock();
  std::shared_ptr<Redactor> redactor = std::make_shared<Redactor>();
  UniqueFd lock;
  std::unique_ptr<AwsWorld> world;  // owns the next four on AWS, those named `own_…` do elsewhere
  std::unique_ptr<LiveProject> own_project;
  std::unique_ptr<git::Repository> own_repository;
  std::unique_ptr<ProjectSettings> own_settings;
  LiveProject* project = nullptr;
  engine::BranchSource* branches = nullptr;
  engine::SettingsSource* settings = nullptr;
  engine::Platform* platform = nullptr;
  std::unique_ptr<engine::Journal> journal;
  std::unique_ptr<engine::EventStream> events;
  std::unique_ptr<engine::EventStream::Subscription> printing;
  web::Hosts hosts;
  GatewayTraffic traffic;
  std::unique_ptr<local::LocalPlatform> local;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<web::EngineBackend> backend;
  Secret token;
  std::unique_ptr<web::Sessions> sessions;
  std::unique_ptr<web::Access> access;
  std::unique_ptr<web::Password> password;
  std::unique_ptr<web::Site> site;
  std::unique_ptr<web::BranchPages> pages;
  std::unique_ptr<web::UnknownHost> unknown;
  std::unique_ptr<web::SessionGate> gate;
  std::unique_ptr<gateway::RouteTable> table;
  std::unique_ptr<gateway::Gateway> gateway;
  std::unique_ptr<net::HttpServer> control;
  std::unique_ptr<FileWatch> config_watch;
};

/// perch.yaml and git, for environments on this machine.
Status Server::Parts::OpenHere() {
  auto read = LiveProject::Open(options.config_file, redactor, {.platform = options.platform});
  if (!read) return Fail(read.error());
  own_project = std::move(*read);
  const config::Project& now = own_project->Current()->project;
  for (const std::string& warning : now.warnings) Log(LogLevel::kWarning, warning);
  auto opened =
      git::Repository::Open({.location = now.repository, .folder = options.state_folder / "git", .poll = now.poll});
  if (!opened) return Fail(opened.error());
  own_repository = std::move(*opened);
  own_settings = std::make_unique<ProjectSettings>(*own_project, *own_repository);
  project = own_project.get();
  branches = own_repository.get();
  settings = own_settings.get();
  return {};
}

Status Server::Parts::OpenPlatformHere() {
  const config::Project& now = project->Current()->project;
  auto opened =
      local::LocalPlatform::Open({.state_folder = options.state_folder,
                                  .app = now.app,
                                  .url_for = [this](const std::string& slug) { return hosts.BranchUrl(slug); },
                                  .settings_for = [this](const Branch& branch) { return settings->For(branch); },
                                  .clock = clock,
                                  .redactor = redactor,
                                  .trust_branches = options.trust_branches,
                                  .self_exe = "/proc/self/exe",
                                  .parallel = now.parallel},
                                 *branches, traffic);
  if (!opened) return Fail(opened.error());
  local = std::move(*opened);
  platform = local.get();
  return {};
}

std::function<std::string(const std::string&)> Server::Parts::LinkOnAws() const {
  return [this](const std::string& slug) { return "https://" + slug + "." + project->Current()->project.domain; };
}

/// Afterwards: the state is ours, and everything that looks at the world is open.
Status Server::Parts::Open() {
  auto locked = LockState(options.state_folder);
  if (!locked) return Fail(locked.error());
  lock = std::move(*locked);
  if (options.open_aws) {
    auto opened = options.open_aws();
    if (!opened) return Fail(opened.error());
    world = std::move(*opened);
    redactor = world->redactor();
    project = &world->project();
    branches = &world->branches();
    settings = &world->settings();
    platform = &world->platform();
  } else if (const Status opened = OpenHere(); !opened) {
    return opened;
  }
  SetLogRedactor(redactor);
  auto history = engine::Journal::Open(options.state_folder / "journal.db");
  if (!history) return Fail(history.error());
  journal = std::move(*history);
  if (const Status trimmed = journal->Trim(kKeptEvents); !trimmed) Log(LogLevel::kWarning, trimmed.error().Text());
  events = std::make_unique<engine::EventStream>(clock, redactor, journal->LastId() + 1);
  if (options.on_event) printing = events->Subscribe(options.on_event);

  hosts = HostsFor(options, project->Current()->project);
  if (!world) {
    if (const Status opened = OpenPlatformHere(); !opened) return opened;
  }
  engine = std::make_unique<engine::Engine>(
      engine::Engine::Ports{.branches = *branches,
                            .settings = *settings,
                            .platform = *platform,
                            .events = *events,
                            .journal = *journal,
                            .clock = clock,
                            .policy = [this] { return world ? world->Policy() : project->Policy(); },
                            .url = world ? LinkOnAws() : nullptr},
      engine::Engine::Options{.parallel = project->Current()->project.parallel});
  return {};
}

/// Afterwards: people, browsers and commands get answers.
Status Server::Parts::Serve() {
  backend = std::make_unique<web::EngineBackend>(*engine, *platform, *events, *journal);
  Result<Secret> key = web::LoadOrMakeKey(options.state_folder / "session.key");
  if (!key) return Fail(key.error());
  Result<Secret> machine_token = web::LoadOrMakeKey(options.state_folder / "token");
  if (!machine_token) return Fail(machine_token.error());
  token = *machine_token;
  redactor->Add(token);
  const bool protect = options.listen.password.has_value();
  sessions = std::make_unique<web::Sessions>(*key, clock);
  access = std::make_unique<web::Access>(*sessions,
                                         web::Access::Options{.hosts = hosts, .protect = protect, .token = token});
  if (protect) password = std::make_unique<web::Password>(*options.listen.password);
  const auto guest = [this](const engine::BranchView& view, const std::string& body) -> Result<std::string> {
    if (!local) return Fail({.kind = ErrorKind::kUsage, .what = "environments on AWS are not reached from here"});
    const auto words = ReadWordsJson(body);
    if (!words) return Fail(words.error());
    const auto command = local->GuestFor(view.branch, *words);
    if (!command) return Fail(command.error());
    return GuestJson(*command);
  };
  site = std::make_unique<web::Site>(*backend, *sessions, *access,
                                     web::Site::Options{.app = project->Current()->project.app,
                                                        .version = PERCH_VERSION,
                                                        .clock = clock,
                                                        .password = password.get(),
                                                        .guest = guest,
                                                        .can_stop = local != nullptr});
  pages = std::make_unique<web::BranchPages>(*backend, *access, clock);
  unknown = std::make_unique<web::UnknownHost>(hosts, protect);
  gate = std::make_unique<web::SessionGate>(*sessions, *access, *pages);
  table = std::make_unique<gateway::RouteTable>(
      gateway::RouteTable::Options{.domain = hosts.branch_domain, .pages = pages.get(), .unknown_host = unknown.get()});
  for (const std::string& host : hosts.dashboard) table->AddHost(host, site.get());

  gateway::Gateway::Options listen{
      .listen = {Address(options.listen)}, .router = table.get(), .gate = gate.get(), .clock = clock};
  if (hosts.tls)
    listen.tls = gateway::Gateway::Tls{.certificate = options.listen.certificate, .key = options.listen.key};
  auto listening = gateway::Gateway::Start(listen);
  if (!listening) return Fail(listening.error());
  gateway = std::move(*listening);
  traffic.Connect(table.get(), gateway.get());
  auto controlled = net::HttpServer::Start({.socket = options.state_folder / "control.sock", .clock = clock}, *site);
  if (!controlled) return Fail(controlled.error());
  control = std::move(*controlled);
  return {};
}

/// Afterwards: what a crash left is put right, and every change of a branch or of perch.yaml is noticed.
void Server::Parts::Begin() {
  if (const Status recovered = local ? local->Recover() : Status(); !recovered) {
    events->Emit({.kind = Event::Kind::kNotice, .text = recovered.error().Text()});
  }
  engine->Start();
  config_watch = std::make_unique<FileWatch>(options.config_file, [this] { ReloadConfig(); });
}

void Server::Parts::ReloadConfig() {
  const Result<bool> reloaded = project->ReloadIfChanged();
  if (!reloaded) {
    events->Emit(
        {.kind = Event::Kind::kNotice, .text = "the changed configuration is not used: " + reloaded.error().Text()});
  } else if (*reloaded) {
    events->Emit({.kind = Event::Kind::kNotice, .text = "the configuration changed; it counts from now on"});
    engine->Look();
  }
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Server>> Server::Start(Options options) {
  auto parts = std::make_unique<Parts>(std::move(options));
  if (const Status opened = parts->Open(); !opened) return Fail(opened.error());
  if (const Status serving = parts->Serve(); !serving) return Fail(serving.error());
  parts->Begin();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::~Server() {
  parts_->config_watch.reset();
  parts_->engine->Shutdown();
  if (parts_->local) parts_->local->ShutdownAll();
}

engine::Engine& Server::engine() { return *parts_->engine; }
std::string Server::DashboardUrl() const { return parts_->hosts.DashboardUrl() + "/"; }
std::string Server::SignInUrl() const { return DashboardUrl() + "?token=" + PercentEncode(parts_->token.Reveal()); }
std::uint16_t Server::port() const { return parts_->hosts.port; }

}  // namespace perch::cli
