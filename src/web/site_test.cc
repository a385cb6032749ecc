#include "web/site.h"

#include "web/assets.h"
#include "web/test_site.h"

namespace perch::web {
namespace {

using SiteTest = WebTest;

bool Has(const net::Response& response, std::string_view part) { return response.body.find(part) != std::string::npos; }

TEST_F(SiteTest, PagesCarryAllProtectiveHeaders) {
  const net::Response response = Ask(Get("/"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(
      response.headers,
      (net::Headers{{"Content-Type", "text/html; charset=utf-8"},
                    {"Cache-Control", "no-store"},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Referrer-Policy", "same-origin"},
                    {"Cross-Origin-Resource-Policy", "same-origin"},
                    {"Content-Security-Policy",
                     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' "
                     "data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"},
                    {"Cross-Origin-Opener-Policy", "same-origin"},
                    {"X-Frame-Options", "DENY"},
                    {"X-Robots-Tag", "noindex"}}));
}

TEST_F(SiteTest, AnEmptyBoardSaysWhatToDo) {
  EXPECT_TRUE(Has(Ask(Get("/")), "Push a branch, and it appears on this page"));
}

TEST_F(SiteTest, TheBoardShowsWhatMattersFirst) {
  engine::BranchView ready = TestView("a-ready", "a-ready", State::kReady);
  ready.serving_commit = ready.commit;
  backend_.Set(ready);
  backend_.Set(TestView("b-skipped", "b-skipped", State::kSkipped));
  backend_.Set(TestView("c-failed", "c-failed", State::kFailed));
  backend_.Set(TestView("d-waiting", "d-waiting", State::kQueued));
  backend_.Set(TestView("e-building", "e-building", State::kBuilding));
  const std::string html = Ask(Get("/")).body;
  std::vector<std::size_t> places;
  for (const char* slug : {"e-building", "d-waiting", "c-failed", "a-ready", "id=\"fold\"", "b-skipped"}) {
    places.push_back(html.find(slug[0] == 'i' ? slug : "id=\"b-" + std::string(slug) + "\""));
  }
  EXPECT_TRUE(std::ranges::is_sorted(places));
  EXPECT_LT(places.back(), html.size());
  EXPECT_NE(html.find("<span>5 branches</span> · <span>2 being worked on</span> · <span>1 failed</span> · <span>1 "
                      "ready</span> · <span>1 left out</span>"),
            std::string::npos);
}

TEST_F(SiteTest, SearchWorksWithoutScript) {
  backend_.Set(TestView("cart", "cart", State::kReady));
  backend_.Set(TestView("photos", "photos", State::kReady));
  const net::Response found = Ask(Get("/?q=PHOTO"));
  EXPECT_TRUE(Has(found, "id=\"b-photos\""));
  EXPECT_FALSE(Has(found, "id=\"b-cart\""));
  EXPECT_TRUE(Has(Ask(Get("/?q=%3Cb%3E")), "No branch fits “&lt;b&gt;”."));
}

TEST_F(SiteTest, HostileNamesStayText) {
  engine::BranchView view = TestView("\"><script>x</script>", "script-x-2abc", State::kFailed);
  view.title = "<img src=x onerror=y>";
  view.author = "<i>";
  view.reason = "</p><script>";
  view.url = "javascript:alert(1)";
  view.serving_commit = view.commit;
  backend_.Set(view);
  backend_.SetLog(view.branch, Stage::kTest, "</pre><script>z</script>", true);
  backend_.events().Emit({.kind = Event::Kind::kStageFailed,
                          .branch = view.branch,
                          .slug = view.slug,
                          .generation = 1,
                          .stage = Stage::kTest,
                          .text = "<script>e</script>"});
  for (const char* target : {"/", "/branches/script-x-2abc", "/branches/none%3Cscript%3E"}) {
    const net::Response response = Ask(Get(target));
    const std::string after_head = response.body.substr(response.body.find("<body"));
    EXPECT_EQ(after_head.find("<script"), std::string::npos) << target;
    EXPECT_EQ(after_head.find("<img"), std::string::npos) << target;
    EXPECT_EQ(after_head.find("javascript:"), std::string::npos) << target;
  }
}

TEST_F(SiteTest, ALookThatFailsIsSaid) {
  backend_.FailLooks(Error{.kind = ErrorKind::kUnavailable, .what = "cannot list", .why = "no route <to> host"});
  EXPECT_TRUE(Has(Ask(Get("/")), "perch cannot see the repository right now"));
  EXPECT_TRUE(Has(Ask(Get("/")), "cannot list: no route &lt;to&gt; host"));
}

TEST_F(SiteTest, ABranchsPageTellsOfTheLastTry) {
  engine::BranchView view = TestView("cart", "cart", State::kFailed);
  view.serving_commit = "2222222bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
  view.last_attempt = Attempt{.generation = 2, .result = Attempt::Result::kFailed, .stage = Stage::kTest};
  backend_.Set(view);
  Event event{.branch = "cart", .slug = "cart", .commit = view.serving_commit, .generation = 1};
  event.kind = Event::Kind::kSwitched;
  backend_.events().Emit(event);
  now_ += std::chrono::hours(2);
  event.generation = 2;
  event.stage = Stage::kTest;
  event.kind = Event::Kind::kStageStarted;
  backend_.events().Emit(event);
  event.kind = Event::Kind::kStageFailed;
  event.took = std::chrono::seconds(8);
  event.text = "2 tests failed";
  backend_.events().Emit(event);
  backend_.SetLog("cart", Stage::kTest, "E assert 1 == 2\n", true);

  const net::Response response = Ask(Get("/branches/cart"));
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(Has(response, "Tests failed — the link still shows the version from 2 hours ago."));
  EXPECT_TRUE(Has(response, "E assert 1 == 2\n</pre>"));
  EXPECT_TRUE(Has(response, "href=\"/api/environments/cart/log?stage=test&amp;generation=2\""));
  EXPECT_TRUE(Has(response, "<span>Tests failed: 2 tests failed</span>"));
  EXPECT_EQ(HeaderOf(Ask(Get("/branches/feature%2Fx")), "Location"), "");
}

TEST_F(SiteTest, ATimeThatNobodyKnowsIsNotShown) {
  engine::BranchView view = TestView("main", "main", State::kQueued);
  view.committed_at = std::nullopt;
  view.updated_at = Time();
  backend_.Set(view);
  const net::Response board = Ask(Get("/"));
  EXPECT_TRUE(board.body.contains(R"(<span class="when"></span>)")) << board.body;
  EXPECT_FALSE(board.body.contains("1970"));
  EXPECT_FALSE(Ask(Get("/branches/main")).body.contains("1970"));
}

TEST_F(SiteTest, ABranchIsAlsoFoundByItsName) {
  backend_.Set(TestView("feature/cart", "feature-cart", State::kReady));
  EXPECT_EQ(HeaderOf(Ask(Get("/branches/feature%2Fcart")), "Location"), "/branches/feature-cart");
  const net::Response unknown = Ask(Get("/branches/feature-cat"));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_TRUE(Has(unknown, "did you mean &#39;feature-cart&#39;?"));
}

TEST_F(SiteTest, ButtonsAreForTheSignedInOnlyAndTheTokenStandsNowhere) {
  backend_.Set(TestView("cart", "cart", State::kReady));
  const net::Response stranger = Ask(Get("/branches/cart"));
  EXPECT_FALSE(Has(stranger, "<form class=\"inline\""));
  EXPECT_TRUE(Has(stranger, "run <code>perch open</code>"));
  const net::Response known = Ask(SignedIn(Get("/branches/cart")));
  EXPECT_TRUE(Has(known, "action=\"/branches/cart/redeploy\""));
  EXPECT_TRUE(Has(known, "action=\"/branches/cart/stop\""));
  EXPECT_FALSE(Has(stranger, "right-token"));
  EXPECT_FALSE(Has(known, "right-token"));
}

TEST_F(SiteTest, WhereNothingCanBeStoppedAndKeptThereIsNoSuchButton) {
  Site elsewhere(backend_, sessions_, access_, {.app = "shop", .version = "0.1.0", .clock = clock_, .can_stop = false});
  backend_.Set(TestView("cart", "cart", State::kReady));
  const net::Response page = elsewhere.Handle(SignedIn(Get("/branches/cart")));
  EXPECT_TRUE(Has(page, "action=\"/branches/cart/redeploy\""));
  EXPECT_FALSE(Has(page, "action=\"/branches/cart/stop\""));
}

TEST_F(SiteTest, TheLinkWithTheTokenSignsInAndForgetsTheToken) {
  const net::Response response = Ask(Get("/?token=right-token"));
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(HeaderOf(response, "Location"), "/");
  const std::string cookie = HeaderOf(response, "Set-Cookie");
  EXPECT_TRUE(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800")) << cookie;
  net::Request next = Get("/");
  next.headers.emplace_back("Cookie", cookie.substr(0, cookie.find(';')));
  EXPECT_TRUE(Has(Ask(next), "Sign out"));

  const net::Response wrong = Ask(Get("/?token=wrong-token"));
  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(HeaderOf(wrong, "Set-Cookie"), "");
  EXPECT_EQ(Ask(Get("/?token=")).status, 403);
}

TEST_F(SiteTest, AFormRedeploysAndComesBack) {
  backend_.Set(TestView("cart", "cart", State::kReady));
  const std::string session = sessions_.Issue("localhost");
  net::Request form = Post("/branches/cart/redeploy", "key=" + sessions_.FormKey(session));
  form.headers = {{"Cookie", "perch_session=" + session}, {"Origin", "http://localhost:7878"}};
  const net::Response response = Ask(form);
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(HeaderOf(response, "Location"), "/branches/cart");
  EXPECT_EQ(backend_.asked(), std::vector<std::string>{"redeploy cart"});

  form.body = "key=" + sessions_.FormKey("another session");
  EXPECT_EQ(Ask(form).status, 403);
  form.headers[1].second = "http://cart.localhost:7878";
  EXPECT_EQ(Ask(form).status, 403);
  EXPECT_EQ(backend_.asked().size(), 1u);
  EXPECT_EQ(Ask(Get("/branches/cart/redeploy")).status, 405);
}

TEST_F(SiteTest, SigningOutTakesTheCookieAway) {
  const std::string session = sessions_.Issue("localhost");
  net::Request form = Post("/logout", "key=" + sessions_.FormKey(session));
  form.headers = {{"Cookie", "perch_session=" + session}, {"Origin", "http://localhost:7878"}};
  EXPECT_EQ(HeaderOf(Ask(form), "Set-Cookie"), "perch_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
  form.body = "";
  EXPECT_EQ(Ask(form).status, 403);
}

TEST_F(SiteTest, OtherHostNamesGetNothing) {
  for (const char* host : {"evil.com", "demo.localhost", "localhost.evil.com", ""}) {
    const net::Response response = Ask(Get("/api/environments", host));
    EXPECT_EQ(response.status, 421) << host;
    EXPECT_EQ(response.body, "perch does not serve the name '" + std::string(host) +
                                 "'.\nThe dashboard is at http://localhost:7878/, a branch at "
                                 "http://<branch>.localhost:7878/.\n");
  }
}

TEST_F(SiteTest, AssetsAreKeptForEverUnderTheirHash) {
  const net::Response css = Ask(Get(AssetPath("perch.css")));
  EXPECT_EQ(css.status, 200);
  EXPECT_EQ(HeaderOf(css, "Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(HeaderOf(css, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(Ask(Get("/assets/000000000000/perch.css")).status, 404);
  EXPECT_EQ(Ask(Get("/assets/x/..%2Fperch.css")).status, 404);
}

TEST_F(SiteTest, UnknownPagesAndMethodsAreRefused) {
  EXPECT_EQ(Ask(Get("/nothing")).status, 404);
  EXPECT_EQ(Ask(Post("/")).status, 405);
  EXPECT_EQ(Ask(Get("/logout")).status, 405);
  EXPECT_EQ(Ask(Get("/%")).status, 400);
}

}  // namespace
}  // namespace perch::web
