#include "web/api.h"

#include "web/test_site.h"

namespace perch::web {
namespace {

using testing::Test;

class ApiTest : public WebTest {
 protected:
  ApiTest() {
    engine::BranchView cart = TestView("feature/cart", "feature-cart", State::kReady);
    cart.serving_commit = cart.commit;
    backend_.Set(cart);
    backend_.Set(TestView("main", "main", State::kFailed));
  }
};

TEST_F(ApiTest, ListsEnvironmentsAsTheContractSays) {
  const net::Response response = Ask(Get("/api/environments"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(HeaderOf(response, "Content-Type"), "application/json");
  EXPECT_EQ(response.body, engine::ToJson(backend_.Views()) + "\n");
}

TEST_F(ApiTest, FindsOneBySlugAndByEncodedBranchName) {
  const std::string json = engine::ToJson(*backend_.FindView("main")) + "\n";
  EXPECT_EQ(Ask(Get("/api/environments/main")).body, json);
  EXPECT_EQ(Ask(Get("/api/environments/feature%2Fcart")).body, Ask(Get("/api/environments/feature-cart")).body);
}

TEST_F(ApiTest, AnUnknownBranchGetsTheNearestName) {
  const net::Response response = Ask(Get("/api/environments/feature-cat"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(
      response.body,
      "{\"error\":{\"kind\":\"not-found\",\"what\":\"there is no such branch\",\"where\":\"feature-cat\",\"why\":\"\","
      "\"hint\":\"did you mean 'feature-cart'?\"}}\n");
}

TEST_F(ApiTest, ShowsThePlan) {
  backend_.SetPlan(Plan{.steps = {{.action = Action::kHold,
                                   .branch = "a\"b",
                                   .slug = "s",
                                   .profile = "p",
                                   .commit = "c",
                                   .generation = 4,
                                   .reason = "no room",
                                   .position = 2}}});
  EXPECT_EQ(Ask(Get("/api/plan")).body,
            "{\"steps\":[{\"action\":\"hold\",\"branch\":\"a\\\"b\",\"slug\":\"s\",\"profile\":\"p\",\"commit\":\"c\","
            "\"settings_hash\":\"\","
            "\"generation\":4,\"reason\":\"no room\",\"position\":2}],\"refusal\":\"\"}\n");
}

TEST_F(ApiTest, APlanThatCannotBeMadeNowSaysWhenToAskAgain) {
  backend_.SetPlan(Fail({.kind = ErrorKind::kUnavailable, .what = "cannot list the branches"}));
  const net::Response response = Ask(Get("/api/plan"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(HeaderOf(response, "Retry-After"), "2");
}

TEST_F(ApiTest, TellsItsStatus) {
  backend_.FailLooks(Error{.kind = ErrorKind::kUnavailable, .what = "cannot list"});
  EXPECT_EQ(
      Ask(Get("/api/status")).body,
      "{\"app\":\"shop\",\"version\":\"0.1.0\",\"protected\":false,\"branches\":2,\"counts\":{\"failed\":1,\"ready\":1}"
      ","
      "\"last_event\":0,\"dashboard_url\":\"http://localhost:7878/"
      "\",\"look_error\":{\"kind\":\"unavailable\",\"what\":\"cannot list\",\"where\":\"\",\"why\":\"\","
      "\"hint\":\"\"}}\n");
}

TEST_F(ApiTest, GivesALogInPieces) {
  backend_.SetLog("main", Stage::kTest, "one\ntwo\n", true);
  const net::Response response = Ask(Get("/api/environments/main/log?stage=test&from=4"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "two\n");
  EXPECT_EQ(HeaderOf(response, "X-Perch-Next"), "8");
  EXPECT_EQ(HeaderOf(response, "X-Perch-Ended"), "1");
  EXPECT_EQ(HeaderOf(response, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(Ask(Get("/api/environments/main/log?stage=nonsense")).status, 400);
  EXPECT_EQ(Ask(Get("/api/environments/main/log?stage=test&from=-1")).status, 400);
  EXPECT_EQ(Ask(Get("/api/environments/main/log?stage=build")).status, 404);
}

TEST_F(ApiTest, TheTokenMayChangeThings) {
  EXPECT_EQ(Ask(PostWithToken("/api/branches/feature-cart/redeploy")).status, 202);
  EXPECT_EQ(Ask(PostWithToken("/api/branches/feature%2Fcart/stop")).body,
            "{\"branch\":\"feature/cart\",\"slug\":\"feature-cart\",\"done\":\"stop\"}\n");
  EXPECT_EQ(Ask(PostWithToken("/api/branches/feature-cart/reset")).status, 202);
  EXPECT_EQ(Ask(PostWithToken("/api/look")).status, 202);
  EXPECT_EQ(Ask(PostWithToken("/api/sweep", R"({"apply":true,"max_deletes":12})")).status, 202);
  EXPECT_EQ(Ask(PostWithToken("/api/sweep")).status, 200);
  EXPECT_EQ(backend_.asked(),
            (std::vector<std::string>{"redeploy feature/cart", "stop feature/cart", "reset feature/cart", "look",
                                      "sweep apply 12", "sweep show default"}));
}

TEST_F(ApiTest, NobodyElseMay) {
  const net::Response nobody = Ask(Post("/api/look"));
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(HeaderOf(nobody, "WWW-Authenticate"), "Bearer realm=\"perch\"");
  net::Request wrong = Post("/api/look");
  wrong.headers.emplace_back("Authorization", "Bearer wrong-token");
  EXPECT_EQ(Ask(wrong).status, 401);
  net::Request basic = Post("/api/look");
  basic.headers.emplace_back("Authorization", "Basic cmlnaHQtdG9rZW4=");
  EXPECT_EQ(Ask(basic).status, 401);
  EXPECT_TRUE(backend_.asked().empty());
}

TEST_F(ApiTest, TheControlSocketMayWithoutAnything) {
  net::Request request = Post("/api/branches/main/redeploy");
  request.trusted = true;
  request.host = "perch";
  EXPECT_EQ(Ask(request).status, 202);
  request.target = "/api/environments/main/guest";
  request.body = "x";
  request.headers = {{"Content-Type", "application/json"}};
  EXPECT_EQ(Ask(request).body, "{\"guest\":\"main\",\"body\":\"x\"}\n");
}

TEST_F(ApiTest, OnlyTheControlSocketEntersABranch) {
  const net::Response response = Ask(PostWithToken("/api/environments/main/guest"));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(
      response.body,
      "{\"error\":{\"kind\":\"refused\",\"what\":\"this is answered over perch's own socket only\",\"where\":\"\","
      "\"why\":\"\",\"hint\":\"Run 'perch exec' on the machine where 'perch serve' runs.\"}}\n");
}

TEST_F(ApiTest, ASignedInBrowserNeedsItsOriginAndItsFormKey) {
  struct Case {
    const char* name;
    const char* origin;
    bool key;
    int status;
  };
  for (const Case& c :
       {Case{"own page", "http://localhost:7878", true, 202}, Case{"no key", "http://localhost:7878", false, 403},
        Case{"a branch's page", "http://demo.localhost:7878", true, 403},
        Case{"another port", "http://localhost:9999", true, 403},
        Case{"another scheme", "https://localhost:7878", true, 403}, Case{"null", "null", true, 403},
        Case{"none", nullptr, true, 403}}) {
    const std::string session = sessions_.Issue("localhost");
    net::Request request = Post("/api/branches/main/redeploy");
    request.headers.emplace_back("Cookie", "a=b; perch_session=" + session);
    if (c.origin != nullptr) request.headers.emplace_back("Origin", c.origin);
    if (c.key) request.headers.emplace_back("X-Perch-Key", sessions_.FormKey(session));
    EXPECT_EQ(Ask(request).status, c.status) << c.name;
  }
}

TEST_F(ApiTest, RefusesWhatItDoesNotUnderstand) {
  const net::Response wrong_method = Ask(Get("/api/look"));
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_EQ(HeaderOf(wrong_method, "Allow"), "POST");
  net::Request put = Get("/api/environments");
  put.method = "PUT";
  EXPECT_EQ(Ask(put).status, 405);
  EXPECT_EQ(Ask(Get("/api/nothing")).status, 404);
  EXPECT_EQ(Ask(Get("/api/environments/%zz")).status, 400);
  EXPECT_EQ(Ask(Get("/api/environments/%00")).status, 400);
  EXPECT_EQ(Ask(PostWithToken("/api/sweep", R"({"apply":1})")).status, 400);
  EXPECT_EQ(Ask(PostWithToken("/api/sweep", R"({"apply":true,"max_deletes":-1})")).status, 400);
  EXPECT_EQ(Ask(PostWithToken("/api/sweep", "[")).status, 400);
  EXPECT_EQ(Ask(PostWithToken("/api/sweep", std::string(70000, ' '))).status, 413);
  net::Request form = PostWithToken("/api/sweep");
  form.body = "apply=1";
  form.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  EXPECT_EQ(Ask(form).status, 415);
  EXPECT_EQ(Ask(Get("/api/events?after=x")).status, 400);
  EXPECT_EQ(Ask(Get("/api/events?format=xml")).status, 400);
  EXPECT_TRUE(backend_.asked().empty());
}

TEST_F(ApiTest, ARefusedChangeSaysWhy) {
  backend_.FailChanges(
      Error{.kind = ErrorKind::kRefused, .what = "'main' is left out", .hint = "Change branches.skip."});
  const net::Response response = Ask(PostWithToken("/api/branches/main/redeploy"));
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(
      response.body,
      "{\"error\":{\"kind\":\"refused\",\"what\":\"'main' is left out\",\"where\":\"\",\"why\":\"\",\"hint\":\"Change "
      "branches.skip.\"}}\n");
}

}  // namespace
}  // namespace perch::web
