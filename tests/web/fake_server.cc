// The dashboard over a made-up world, for the browser tests: `fake_server SOCKET` answers on a Unix socket, which the
// tests reach through a TCP relay of their own, and takes orders from standard input, one a line.

#include <chrono>
#include <iostream>
#include <string>

#include "net/server.h"
#include "web/branch_pages.h"
#include "web/fake_backend.h"
#include "web/session_gate.h"
#include "web/site.h"

namespace perch::web {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Time SystemNow() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

engine::BranchView View(const std::string& branch, const std::string& slug, State state, const std::string& title,
                        const std::string& author, std::chrono::milliseconds ago) {
  return {.branch = branch,
          .slug = slug,
          .profile = "branch",
          .state = state,
          .url = "http://" + slug + ".localhost:7878/",
          .commit = "3f2a91c0aa11bb22cc33dd44ee55ff6677889900",
          .title = title,
          .author = author,
          .committed_at = SystemNow() - ago,
          .updated_at = SystemNow() - ago,
          .generation = 3};
}

Event Of(const engine::BranchView& view, Event::Kind kind) {
  return {.kind = kind, .branch = view.branch, .slug = view.slug, .commit = view.commit, .generation = view.generation};
}

class World {
 public:
  explicit World(FakeBackend& backend) : backend_(backend) {}

  void Fill() {
    engine::BranchView main =
        View("main", "main", State::kReady, "Release 4.2: faster search", "Ada Lovelace", hours(26));
    main.serving_commit = main.commit;
    Put(main);
    engine::BranchView cart = View("feature/cart", "feature-cart", State::kReady, "Show the delivery date in the cart",
                                   "Grace Hopper", minutes(12));
    cart.serving_commit = cart.commit;
    Put(cart);
    engine::BranchView price = View("feature/price-rounding", "feature-price-rounding", State::kFailed,
                                    "Round prices the way the shop does", "Edsger Dijkstra", minutes(47));
    price.serving_commit = "aa11bb22cc33dd44ee55ff66778899003f2a91c0";
    price.reason = "2 of 148 tests failed: test_rounding, test_total";
    price.last_attempt = Attempt{.generation = 3,
                                 .commit = price.commit,
                                 .result = Attempt::Result::kFailed,
                                 .stage = Stage::kTest,
                                 .reason = price.reason};
    Put(price);
    Event switched = Of(price, Event::Kind::kSwitched);
    switched.commit = price.serving_commit;
    switched.generation = 2;
    switched.took = seconds(34);
    backend_.events().Emit(switched);
    Attempted(price, {Stage::kCheckout, Stage::kBuild});
    Event failed = Of(price, Event::Kind::kStageFailed);
    failed.stage = Stage::kTest;
    failed.took = seconds(8);
    failed.text = price.reason;
    backend_.events().Emit(failed);
    backend_.SetLog(price.branch, Stage::kTest, kTestLog, true);
    backend_.SetLog(price.branch, Stage::kBuild, "npm ci\nadded 212 packages in 4s\n", true);

    Build(Stage::kBuild);
    backend_.SetLog("feature/photos", Stage::kBuild, "npm ci\nadded 212 packages in 4s\n", false);
    backend_.SetLog("feature/photos", Stage::kCheckout, "3f2a91c checked out\n", true);
    Put(View("fix/typo", "fix-typo", State::kQueued, "Fix a typo on the front page", "Alan Turing", minutes(1)));
    engine::BranchView held = View("experiment/3d", "experiment-3d-4qmz7abcdefg", State::kHeld,
                                   "Try a 3D view of the shelves", "Barbara Liskov", hours(3));
    held.position = 1;
    held.reason = "10 of 10 environments are in use";
    Put(held);
    Put(View("old/landing", "old-landing", State::kStopped, "The landing page of last spring", "Ada Lovelace",
             hours(24 * 40)));
    engine::BranchView skipped =
        View("terraform-no-infra", "terraform-no-infra", State::kSkipped, "Bump terraform", "Renovate", hours(5));
    skipped.reason = "its name fits '*-no-infra'";
    skipped.url = "";
    Put(skipped);
    engine::BranchView hostile = View("\"><script>alert(1)</script>", "script-alert-1-2222222222", State::kFailed,
                                      "<img src=x onerror=alert(2)> & \xE2\x80\xAE"
                                      "evil {slug} with-a-very-long-word-that-never-ends-" +
                                          std::string(120, 'x'),
                                      "<b>Mallory</b>", hours(2));
    hostile.url = "javascript:alert(3)";
    hostile.reason = "The build failed: <script>alert(4)</script>";
    Put(hostile);
  }

  void Build(Stage stage) {
    engine::BranchView view = View("feature/photos", "feature-photos",
                                   stage == Stage::kBuild  ? State::kBuilding
                                   : stage == Stage::kTest ? State::kTesting
                                                           : State::kStarting,
                                   "Bigger photos on product pages", "Katherine Johnson", minutes(2));
    view.stage = stage;
    view.stage_started_at = SystemNow() - seconds(14);
    Put(view);
    if (stage == Stage::kBuild) Attempted(view, {Stage::kCheckout});
    Event event = Of(view, Event::Kind::kStageStarted);
    event.stage = stage;
    backend_.events().Emit(event);
  }

  void Order(const std::string& order) {
    if (order == "ready") {
      engine::BranchView view = *backend_.FindView("feature-photos");
      view.state = State::kReady;
      view.stage.reset();
      view.serving_commit = view.commit;
      view.updated_at = SystemNow();
      backend_.Set(view);
      Event event = Of(view, Event::Kind::kSwitched);
      event.took = seconds(40);
      backend_.events().Emit(event);
      Announce(view);
    } else if (order == "test") {
      Build(Stage::kTest);
    } else if (order == "log") {
      log_ += "compiled another page\n";
      backend_.SetLog("feature/photos", Stage::kBuild, log_, false);
    } else if (order == "push") {
      Put(View("feature/new", "feature-new", State::kQueued, "A push from just now", "Ada Lovelace", seconds(1)));
    } else if (order == "delete") {
      engine::BranchView view = *backend_.FindView("fix-typo");
      backend_.Remove(view.branch);
      backend_.events().Emit(Of(view, Event::Kind::kDeleted));
    } else if (order == "clear") {
      for (const engine::BranchView& view : backend_.Views()) backend_.Remove(view.branch);
      backend_.events().Emit({.text = "all gone"});
    } else if (order == "blind") {
      backend_.FailLooks(Error{.kind = ErrorKind::kUnavailable,
                               .what = "cannot list the branches",
                               .where = "/srv/git/shop.git",
                               .why = "Permission denied",
                               .hint = "Check who may read the repository."});
      backend_.events().Emit({.text = "cannot list the branches"});
    }
  }

 private:
  void Announce(const engine::BranchView& view) {
    Event event = Of(view, Event::Kind::kState);
    event.state = view.state;
    event.text = view.reason;
    backend_.events().Emit(event);
  }
  void Put(const engine::BranchView& view) {
    backend_.Set(view);
    Announce(view);
  }
  void Attempted(const engine::BranchView& view, const std::vector<Stage>& done) {
    for (const Stage stage : done) {
      Event event = Of(view, Event::Kind::kStageStarted);
      event.stage = stage;
      backend_.events().Emit(event);
      event.kind = Event::Kind::kStageFinished;
      event.took = std::chrono::milliseconds(840 + 5300 * static_cast<int>(stage));
      backend_.events().Emit(event);
    }
  }

  static constexpr const char* kTestLog =
      "Running 148 tests\n....................................................\n"
      "FAIL test_rounding: expected 9.99, got 10.00\n  shop/prices.py:41 in round_price\n"
      "FAIL test_total: expected 29.97, got 30.00\n  shop/cart.py:88 in total\n"
      "\n2 failed, 146 passed in 7.31s <b>not bold</b>\n";
  FakeBackend& backend_;
  std::string log_ = "npm ci\nadded 212 packages in 4s\n";
};

// A browser is no operator, although it comes through the socket here.
class Door : public net::Handler {
 public:
  Door(Site& site, BranchPages& pages, const SessionGate& gate, const Hosts& hosts)
      : site_(site), pages_(pages), gate_(gate), hosts_(hosts) {}
  net::Response Handle(const net::Request& request) override {
    net::Request visitor = request;
    visitor.trusted = false;
    visitor.peer = "127.0.0.1";
    if (!hosts_.SlugOf(visitor.host)) return site_.Handle(visitor);
    if (std::optional<net::Response> answer = gate_.Check(visitor)) return *std::move(answer);
    return pages_.Handle(visitor);
  }

 private:
  Site& site_;
  BranchPages& pages_;
  const SessionGate& gate_;
  const Hosts& hosts_;
};

int Run(const std::string& socket, int port, const std::string& password_text) {
  FakeBackend backend(SystemNow);
  World world(backend);
  Sessions sessions(Secret("a key for tests only"), SystemNow);
  const Hosts hosts{.port = static_cast<std::uint16_t>(port)};
  const Access access(sessions,
                      {.hosts = hosts, .protect = !password_text.empty(), .token = Secret("token-for-tests")});
  const Password password{Secret(password_text)};
  Site site(
      backend, sessions, access,
      {.app = "shop", .version = "0", .clock = SystemNow, .password = password_text.empty() ? nullptr : &password});
  BranchPages pages(backend, access, SystemNow);
  const SessionGate gate(sessions, access, pages);
  Door door(site, pages, gate, hosts);
  const Result<std::unique_ptr<net::HttpServer>> server = net::HttpServer::Start({.socket = socket}, door);
  if (!server) {
    std::cerr << server.error().Text() << "\n";
    return 1;
  }
  world.Fill();
  std::cout << "ready" << std::endl;
  std::string order;
  while (std::getline(std::cin, order)) {
    world.Order(order);
    std::cout << "done" << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace perch::web

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  return perch::web::Run(argv[1], std::stoi(argv[2]), argc > 3 ? argv[3] : "");
}
