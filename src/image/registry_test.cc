#include "image/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/digest.h"

namespace perch::image {
namespace {

using ::testing::ElementsAre;

const std::string kDigest = "sha256:" + std::string(64, 'a');

/// Answers from a list, and remembers what was asked as "METHOD URL [Authorization]".
class FakeWeb : public net::Transport {
 public:
  Result<net::RemoteResponse> Send(const net::RemoteRequest& request, std::stop_token) override {
    std::string line = request.method + " " + request.url;
    for (const auto& [name, value] : request.headers) {
      if (name == "Authorization") line += " " + value;
    }
    asked.push_back(line);
    if (answers.empty()) return Fail({.kind = ErrorKind::kUnavailable, .what = "cannot ask", .why = "a reset"});
    net::RemoteResponse answer = answers.front();
    answers.pop_front();
    return answer;
  }
  std::deque<net::RemoteResponse> answers;
  std::vector<std::string> asked;
};

Registry::LoginPort As(const std::string& user, const std::string& password) {
  return [=]() -> Result<std::optional<Login>> {
    return Login{.registry = "reg.example.com", .user = user, .password = Secret(password)};
  };
}

TEST(Registry, ATagsDigestIsInAHeader) {
  FakeWeb web;
  web.answers = {{.status = 200, .headers = {{"docker-content-digest", kDigest}}}};
  EXPECT_EQ(*Registry(web, "reg.example.com/team/shop", {}).Find("t1"), kDigest);
  EXPECT_THAT(web.asked, ElementsAre("HEAD https://reg.example.com/v2/team/shop/manifests/t1"));
}

TEST(Registry, WithoutThatHeaderTheManifestIsHashed) {
  FakeWeb web;
  web.answers = {{.status = 200}, {.status = 200, .body = "{}"}};
  EXPECT_EQ(*Registry(web, "127.0.0.1:5000/shop", {}).Find("t1"), "sha256:" + Sha256Hex("{}"));
  EXPECT_THAT(web.asked, ElementsAre("HEAD http://127.0.0.1:5000/v2/shop/manifests/t1",
                                     "GET http://127.0.0.1:5000/v2/shop/manifests/t1"));
}

TEST(Registry, OnlyACertainNoIsNothingThere) {
  FakeWeb web;
  web.answers = {{.status = 404}};
  Result<std::optional<std::string>> found = Registry(web, "reg.example.com/shop", {}).Find("t1");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, std::nullopt);
  for (const auto& [status, text] : {std::pair(500, "cannot ask the registry: reg.example.com/shop: it answers 500"),
                                     std::pair(429,
                                               "cannot ask the registry: reg.example.com/shop: it answers 429\n"
                                               "  It asks to slow down: try again later.")}) {
    web.answers = {{.status = status}};
    found = Registry(web, "reg.example.com/shop", {}).Find("t1");
    ASSERT_FALSE(found) << status;
    EXPECT_EQ(found.error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(found.error().Text(), text);
  }
  found = Registry(web, "reg.example.com/shop", {}).Find("t1");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().why, "a reset");
}

TEST(Registry, ATokenIsAskedForWhereTheRegistryWantsOne) {
  FakeWeb web;
  web.answers = {{.status = 401,
                  .headers = {{"WWW-Authenticate",
                               R"(Bearer realm="https://auth.example.com/token",service="reg, one",scope="x")"}}},
                 {.status = 200, .body = R"({"access_token":"abc"})"},
                 {.status = 200, .headers = {{"Docker-Content-Digest", kDigest}}}};
  EXPECT_EQ(*Registry(web, "reg.example.com/shop", As("me", "pw")).Find("t1"), kDigest);
  EXPECT_THAT(web.asked,
              ElementsAre("HEAD https://reg.example.com/v2/shop/manifests/t1",
                          "GET https://auth.example.com/token?service=reg%2C%20one&scope=repository%3Ashop%3A"
                          "pull%2Cpush Basic bWU6cHc=",
                          "HEAD https://reg.example.com/v2/shop/manifests/t1 Bearer abc"));
}

TEST(Registry, APasswordNeverLeavesTheMachineInClear) {
  FakeWeb web;
  web.answers = {{.status = 401, .headers = {{"WWW-Authenticate", R"(Bearer realm="http://auth.example.com/token")"}}}};
  const Result<std::optional<std::string>> found = Registry(web, "reg.example.com/shop", As("me", "pw")).Find("t1");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().Text(),
            "cannot understand the registry's answer: reg.example.com/shop: it gives tokens at "
            "http://auth.example.com");
  EXPECT_EQ(web.asked.size(), 1U);
}

TEST(Registry, ARefusedLoginSaysWhatToDo) {
  FakeWeb web;
  const net::Headers basic = {{"WWW-Authenticate", R"(Basic realm="r")"}};
  web.answers = {{.status = 401, .headers = basic},
                 {.status = 401,
                  .headers = basic,
                  .body = R"({"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]})"}};
  const Result<std::optional<std::string>> found = Registry(web, "reg.example.com/shop", As("me", "pw")).Find("t1");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(found.error().Text(),
            "the registry does not let us read the repository: reg.example.com/shop: authentication required\n"
            "  Log in (`docker login reg.example.com`), with rights to pull and to push.");
}

TEST(Registry, ContentThatIsNotWhatTheDigestSaysIsRefused) {
  FakeWeb web;
  web.answers = {{.status = 200, .body = R"({"config":{}})"}};
  const Result<std::string> architecture = Registry(web, "reg.example.com/shop", {}).Architecture(kDigest);
  ASSERT_FALSE(architecture);
  EXPECT_EQ(architecture.error().why, "its content is not what the digest says");
}

TEST(Registry, AnImageForSeveralProcessorsNamesThemAll) {
  FakeWeb web;
  const std::string list = R"({"manifests":[{"platform":{"architecture":"amd64"}},
    {"platform":{"architecture":"arm64"}},{"platform":{"architecture":"unknown"}}]})";
  web.answers = {{.status = 200, .body = list}};
  EXPECT_EQ(*Registry(web, "reg.example.com/shop", {}).Architecture("sha256:" + Sha256Hex(list)), "amd64,arm64");
}

TEST(Registry, DockersOwnHasNamesOfItsOwn) {
  FakeWeb web;
  web.answers = {{.status = 404}, {.status = 404}};
  EXPECT_TRUE(Registry(web, "nginx", {}).Find("1"));
  EXPECT_TRUE(Registry(web, "me/shop", {}).Find("1"));
  EXPECT_THAT(web.asked, ElementsAre("HEAD https://registry-1.docker.io/v2/library/nginx/manifests/1",
                                     "HEAD https://registry-1.docker.io/v2/me/shop/manifests/1"));
}

TEST(ChallengeValue, ReadsQuotedAndBareValues) {
  EXPECT_EQ(ChallengeValue(R"(Bearer realm="a,b", service=x,scope="y")", "realm"), "a,b");
  EXPECT_EQ(ChallengeValue(R"(Bearer realm="a,b", service=x,scope="y")", "Service"), "x");
  EXPECT_EQ(ChallengeValue(R"(Bearer realm="a,b", service=x,scope="y")", "scope"), "y");
  for (const char* none : {"", "Bearer", "Bearer ", "Bearer realm", "Bearer realm=", "Bearer realm=\""}) {
    EXPECT_EQ(ChallengeValue(none, "realm"), "") << none;
  }
}

TEST(ImageReference, IsByDigestOnly) {
  const std::string digest = "@sha256:" + std::string(64, '0');
  for (const std::string name : {"shop", "ab/c.d-e_f", "localhost/x", "127.0.0.1:5000/perch/shop",
                                 "111122223333.dkr.ecr.eu-central-1.amazonaws.com/perch/shop/staging"}) {
    const Result<ImageReference> plain = ParseImageReference(name + digest);
    ASSERT_TRUE(plain) << name << ": " << plain.error().Text();
    EXPECT_EQ(plain->Text(), name + digest);
    const Result<ImageReference> tagged = ParseImageReference(name + ":v1" + digest);
    ASSERT_TRUE(tagged) << name;
    EXPECT_EQ(tagged->Text(), name + digest) << "a tag beside a digest counts for nothing";
  }
  EXPECT_EQ(ParseImageReference("127.0.0.1:5000/shop:v1").error().Text(),
            "cannot deploy the image 127.0.0.1:5000/shop:v1: it has no digest, and what a tag names can change\n"
            "  Write REPOSITORY@sha256:…; `docker push` tells the digest in its last line.");
  for (const std::string& wrong :
       {std::string(), digest, "Shop" + digest, "a//b" + digest, "-a" + digest, "a b" + digest, "--x" + digest,
        std::string("x@sha256:123"), "x" + digest + "0", "x@sha512:" + std::string(64, '0'), "x:y/z" + digest,
        "$(id)" + digest, std::string(300, 'a') + digest, "a\n" + digest}) {
    const Result<ImageReference> parsed = ParseImageReference(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace perch::image
