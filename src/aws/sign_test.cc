#include "aws/sign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace perch::aws {
namespace {

std::string Authorization(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (name == "Authorization") return value;
  }
  return "";
}

std::string Signature(const HttpRequest& request) {
  const std::string text = Authorization(request);
  return text.substr(text.rfind('=') + 1);
}

const Credentials kExample = {.access_key_id = "AKIDEXAMPLE",
                              .secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")};
const Credentials kS3Example = {.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                                .secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};
const Time k2015 = *ParseTime("2015-08-30T12:36:00Z");
const Time k2013 = *ParseTime("2013-05-24T00:00:00Z");
const SigningScope kS3 = {.region = "us-east-1", .service = "s3", .s3 = true};

// The examples of AWS's own guides to Signature Version 4.

TEST(Sign, IamListUsersOfTheGuide) {
  HttpRequest request = {
      .host = "iam.amazonaws.com",
      .query = {{"Action", "ListUsers"}, {"Version", "2010-05-08"}},
      .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
  };
  Sign(request, kExample, {.region = "us-east-1", .service = "iam"}, k2015);
  EXPECT_EQ(Authorization(request),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
  EXPECT_EQ(CanonicalRequest(request, {}),
            "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
            "content-type:application/x-www-form-urlencoded; charset=utf-8\nhost:iam.amazonaws.com\n"
            "x-amz-date:20150830T123600Z\n\ncontent-type;host;x-amz-date\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sign, GetVanillaOfTheTestSuite) {
  HttpRequest request = {.host = "example.amazonaws.com"};
  Sign(request, kExample, {.region = "us-east-1", .service = "service"}, k2015);
  EXPECT_EQ(Signature(request), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(Sign, S3GetObjectOfTheGuide) {
  HttpRequest request = {
      .host = "examplebucket.s3.amazonaws.com", .path = "/test.txt", .headers = {{"Range", "bytes=0-9"}}};
  Sign(request, kS3Example, kS3, k2013);
  EXPECT_EQ(Signature(request), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(Sign, S3PutObjectOfTheGuide) {
  HttpRequest request = {
      .method = "PUT",
      .host = "examplebucket.s3.amazonaws.com",
      .path = "/" + EscapePath("test$file.text"),
      .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
      .body = "Welcome to Amazon S3.",
  };
  Sign(request, kS3Example, kS3, k2013);
  EXPECT_EQ(Signature(request), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(Sign, S3QueriesOfTheGuide) {
  HttpRequest lifecycle = {.host = "examplebucket.s3.amazonaws.com", .query = {{"lifecycle", ""}}};
  Sign(lifecycle, kS3Example, kS3, k2013);
  EXPECT_EQ(Signature(lifecycle), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");

  HttpRequest list = {.host = "examplebucket.s3.amazonaws.com", .query = {{"prefix", "J"}, {"max-keys", "2"}}};
  Sign(list, kS3Example, kS3, k2013);
  EXPECT_EQ(Signature(list), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(Sign, TokensAreSigned) {
  Credentials session = kExample;
  session.session_token = Secret("TOKEN");
  HttpRequest request = {.host = "example.amazonaws.com"};
  Sign(request, session, {.region = "us-east-1", .service = "service"}, k2015);
  EXPECT_THAT(Authorization(request), testing::HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token"));
}

TEST(Sign, AgainReplacesTheFirst) {
  HttpRequest once = {.host = "example.amazonaws.com"};
  Sign(once, kExample, kS3, k2015);
  HttpRequest twice = {.host = "example.amazonaws.com"};
  Sign(twice, kS3Example, kS3, k2013);
  Sign(twice, kExample, kS3, k2015);
  EXPECT_EQ(twice.headers, once.headers);
}

TEST(EscapePath, KeepsSlashesOnly) {
  EXPECT_EQ(EscapePath("a b/ü+&=*:~%/../"), "a%20b/%C3%BC%2B%26%3D%2A%3A~%25/../");
  EXPECT_EQ(EscapePath(""), "");
  EXPECT_EQ(EscapePath("//"), "//");
}

TEST(HttpRequest, UrlEscapesTheQuery) {
  const HttpRequest request = {.host = "h:1", .path = "/p", .query = {{"a b", "c&d"}, {"e", ""}}};
  EXPECT_EQ(request.Url(), "https://h:1/p?a%20b=c%26d&e=");
}

}  // namespace
}  // namespace perch::aws
