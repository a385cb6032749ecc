#include "web/session_gate.h"

#include "base/text.h"
#include "web/test_site.h"

namespace perch::web {
namespace {

const Hosts kTeam{.tls = true, .port = 443, .dashboard = {"perch.example.com"}, .branch_domain = "preview.example.com"};

class TeamServerTest : public WebTest {
 protected:
  TeamServerTest() : WebTest(kTeam, true) { backend_.Set(TestView("demo", "demo", State::kReady)); }

  net::Request Page(const std::string& target, const std::string& host) const {
    net::Request request = Get(target, host);
    request.headers.emplace_back("Sec-Fetch-Mode", "navigate");
    request.headers.emplace_back("Accept", "text/html,*/*");
    return request;
  }
  net::Request LoginPost(const std::string& password, const std::string& next) const {
    net::Request request = Get("/login", "perch.example.com");
    request.method = "POST";
    request.body = "next=" + PercentEncode(next) + "&password=" + PercentEncode(password);
    return request;
  }
};

TEST_F(TeamServerTest, AVisitorIsLedThroughTheSignInBackToThePage) {
  const std::optional<net::Response> turned_away = gate_.Check(Page("/cart?x=1", "demo.preview.example.com"));
  ASSERT_TRUE(turned_away);
  EXPECT_EQ(turned_away->status, 303);
  const std::string login = HeaderOf(*turned_away, "Location");
  EXPECT_EQ(login, "https://perch.example.com/login?next=https%3A%2F%2Fdemo.preview.example.com%2Fcart%3Fx%3D1");

  net::Request form = Page(login.substr(25), "perch.example.com");
  form.headers.emplace_back("Sec-Fetch-Site", "cross-site");
  const net::Response bounce = Ask(form);
  EXPECT_EQ(bounce.status, 200);
  EXPECT_NE(bounce.body.find("0; url=/login?again=1&amp;next=https%3A%2F%2Fdemo.preview.example.com%2Fcart%3Fx%3D1"),
            std::string::npos);
  form.target += "&again=1";
  const net::Response shown = Ask(form);
  EXPECT_EQ(shown.status, 200);
  EXPECT_NE(shown.body.find("<label for=\"password\">Password</label>"), std::string::npos);
  EXPECT_NE(HeaderOf(shown, "Content-Security-Policy").find("form-action 'self' https://demo.preview.example.com"),
            std::string::npos);

  const net::Response signed_in = Ask(LoginPost("open sesame", "https://demo.preview.example.com/cart?x=1"));
  EXPECT_EQ(signed_in.status, 303);
  EXPECT_TRUE(
      HeaderOf(signed_in, "Set-Cookie").ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=604800"));
  const std::string ticket = HeaderOf(signed_in, "Location");
  EXPECT_TRUE(ticket.starts_with("https://demo.preview.example.com/.perch/session?ticket=")) << ticket;

  const std::optional<net::Response> let_in = gate_.Check(Page(ticket.substr(32), "demo.preview.example.com"));
  ASSERT_TRUE(let_in);
  EXPECT_EQ(HeaderOf(*let_in, "Location"), "https://demo.preview.example.com/cart?x=1");
  const std::string cookie = HeaderOf(*let_in, "Set-Cookie");
  EXPECT_TRUE(cookie.starts_with("__Host-perch_session=")) << cookie;
  EXPECT_TRUE(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=604800")) << cookie;

  net::Request again = Page("/cart?x=1", "demo.preview.example.com");
  again.headers.emplace_back("Cookie", cookie.substr(0, cookie.find(';')));
  EXPECT_FALSE(gate_.Check(again));
  again.host = "other.preview.example.com";
  EXPECT_TRUE(gate_.Check(again)) << "a branch's cookie must not open another branch";
  EXPECT_EQ(Ask([&] {
              net::Request dashboard = again;
              dashboard.host = "perch.example.com";
              dashboard.target = "/api/environments";
              return dashboard;
            }())
                .status,
            401)
      << "a branch's cookie must not open the dashboard";

  const std::optional<net::Response> reused = gate_.Check(Page(ticket.substr(32), "demo.preview.example.com"));
  EXPECT_EQ(HeaderOf(*reused, "Set-Cookie"), "");
}

TEST_F(TeamServerTest, ASignedInPersonPassesTheSignInUnseen) {
  const net::Response response =
      Ask(SignedIn(Page("/login?next=https%3A%2F%2Fdemo.preview.example.com%2F", "perch.example.com")));
  EXPECT_EQ(response.status, 303);
  EXPECT_TRUE(HeaderOf(response, "Location").starts_with("https://demo.preview.example.com/.perch/session?ticket="));
}

TEST_F(TeamServerTest, ScriptsAndFormsAreRefusedInPlainText) {
  net::Request script = Get("/api", "demo.preview.example.com");
  script.headers.emplace_back("Sec-Fetch-Mode", "cors");
  script.headers.emplace_back("Accept", "text/html");
  net::Request post = Page("/", "demo.preview.example.com");
  post.method = "POST";
  net::Request socket = Get("/ws", "demo.preview.example.com");
  socket.headers.emplace_back("Upgrade", "websocket");
  for (const net::Request& request : {script, post, socket}) {
    const std::optional<net::Response> response = gate_.Check(request);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 401);
    EXPECT_EQ(response->body, "Sign in on perch's dashboard to see this.\n");
  }
}

TEST_F(TeamServerTest, TheSignInLeadsNowhereElse) {
  for (const char* next :
       {"https://evil.com/", "//evil.com", "/\\evil.com", "https://demo.preview.example.com.evil.com/",
        "https://evil.com/.preview.example.com", "javascript:alert(1)", "https://a@demo.preview.example.com/",
        "https://a.b.preview.example.com/", ""}) {
    const net::Response response = Ask(LoginPost("open sesame", next));
    EXPECT_EQ(HeaderOf(response, "Location"), "/") << next;
  }
  // A path with two slashes stays on its host.
  const net::Response response = Ask(LoginPost("open sesame", "https://demo.preview.example.com//evil.com"));
  const std::optional<net::Response> let_in =
      gate_.Check(Page(HeaderOf(response, "Location").substr(32), "demo.preview.example.com"));
  EXPECT_EQ(HeaderOf(*let_in, "Location"), "https://demo.preview.example.com//evil.com");
}

TEST_F(TeamServerTest, GuessingIsSlowedDown) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Ask(LoginPost("guess", "/")).status, 403);
  const net::Response locked = Ask(LoginPost("open sesame", "/"));
  EXPECT_EQ(locked.status, 429);
  EXPECT_EQ(HeaderOf(locked, "Retry-After"), "2");
  EXPECT_EQ(HeaderOf(locked, "Set-Cookie"), "");
  now_ += std::chrono::seconds(2);
  EXPECT_EQ(Ask(LoginPost("open sesame", "/")).status, 303);
}

TEST_F(TeamServerTest, NothingIsShownWithoutASession) {
  for (const char* target : {"/", "/branches/demo", "/branches/none"}) {
    const net::Response response = Ask(Page(target, "perch.example.com"));
    EXPECT_EQ(response.status, 303) << target;
    EXPECT_EQ(HeaderOf(response, "Location"), "/login?next=" + PercentEncode(target));
  }
  for (const char* target : {"/api/environments", "/api/plan", "/api/events", "/api/status", "/api/environments/demo",
                             "/api/environments/demo/log", "/api/nothing"}) {
    EXPECT_EQ(Ask(Get(target, "perch.example.com")).status, 401) << target;
  }
  EXPECT_EQ(pages_.Handle(Page("/", "demo.preview.example.com")).status, 401);
  EXPECT_EQ(Ask(SignedIn(Page("/", "perch.example.com"))).status, 200);
}

TEST_F(TeamServerTest, PerchsOwnPathsNeverReachTheApp) {
  const std::optional<net::Response> status = gate_.Check(SignedIn(Get("/.perch/status", "demo.preview.example.com")));
  ASSERT_TRUE(status);
  EXPECT_EQ(HeaderOf(*status, "Content-Type"), "application/json");
  EXPECT_EQ(gate_.Check(Get("/.perch/status", "demo.preview.example.com"))->status, 401);
}

class OpenGateTest : public WebTest {};

TEST_F(OpenGateTest, WithoutProtectionOnlyPerchsOwnPathsAreAnswered) {
  backend_.Set(TestView("demo", "demo", State::kReady));
  EXPECT_FALSE(gate_.Check(Get("/", "demo.localhost")));
  EXPECT_TRUE(gate_.Check(Get("/.perch/status", "demo.localhost")));
  EXPECT_EQ(gate_.Check(Get("/", "evil.com"))->status, 421);
}

}  // namespace
}  // namespace perch::web
