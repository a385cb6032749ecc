#include "net/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace perch::net {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Request, FindsHeadersInAnyCase) {
  const Request request{.headers = {{"Content-Type", "text/plain"}, {"X-A", "1"}, {"x-a", "2"}}};
  EXPECT_EQ(request.Header("content-type"), "text/plain");
  EXPECT_EQ(request.Header("X-A"), "1");
  EXPECT_EQ(request.Header("X-B"), std::nullopt);
}

TEST(Request, FindsCookies) {
  const Request request{.headers = {{"Cookie", "a=1;b=2=3 ; aa=4"}, {"cookie", "c="}}};
  EXPECT_EQ(request.Cookie("a"), "1");
  EXPECT_EQ(request.Cookie("b"), "2=3");
  EXPECT_EQ(request.Cookie("c"), "");
  EXPECT_EQ(request.Cookie("A"), std::nullopt);
}

TEST(Request, DecodesItsQuery) {
  const Request request{.target = "/a/b?x=1%2B1&y=a+b&%7A=&bad=%4&x=2&flag"};
  EXPECT_EQ(request.Path(), "/a/b");
  EXPECT_EQ(request.Query("x"), "1+1");
  EXPECT_EQ(request.Query("y"), "a b");
  EXPECT_EQ(request.Query("z"), "");
  EXPECT_EQ(request.Query("flag"), "");
  EXPECT_EQ(request.Query("bad"), std::nullopt);
  EXPECT_EQ(request.Query("none"), std::nullopt);
}

TEST(Form, IsAListOfPairs) {
  EXPECT_THAT(ParseForm("a=1&&b=x%26y&c&d=%zz"), ElementsAre(Pair("a", "1"), Pair("b", "x&y"), Pair("c", "")));
  EXPECT_THAT(ParseForm(""), ElementsAre());
}

TEST(Reasons, AreTheStandardOnes) {
  EXPECT_EQ(ReasonPhrase(404), "Not Found");
  EXPECT_EQ(ReasonPhrase(299), "");
}

}  // namespace
}  // namespace perch::net
