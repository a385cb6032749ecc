#include "beanstalk/image_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/base64.h"
#include "aws/testing.h"
#include "base/digest.h"

namespace perch::beanstalk {
namespace {

using ::testing::HasSubstr;

const std::string kHost = "111122223333.dkr.ecr.eu-central-1.amazonaws.com";
const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string HeaderIn(const net::RemoteRequest& request, std::string_view name) {
  return aws::HeaderOf(request.headers, name);
}

class ImageRegistryTest : public ::testing::Test {
 protected:
  ImageRegistry registry() { return {aws::Ecr(world_.MakeClient()), web_}; }
  void AddLogin(const std::string& host) {
    world_.transport.Add(200, R"({"authorizationData":[{"authorizationToken":")" + aws::Base64("AWS:pass") +
                                  R"(","expiresAt":1795348800,"proxyEndpoint":"https://)" + host + R"("}]})");
  }

  aws::TestWorld world_;
  aws::FakeTransport web_;
};

TEST_F(ImageRegistryTest, FindsWhatATagNames) {
  world_.transport.Add(200, R"({"images":[{"imageId":{"imageDigest":")" + kDigest + R"(","imageTag":"t1"}}]})");
  const Result<std::optional<std::string>> found = registry().Find("perch/shop/staging", "t1");
  ASSERT_TRUE(found) << found.error().Text();
  EXPECT_EQ(*found, kDigest);
  EXPECT_THAT(world_.transport.requests.at(0).body, HasSubstr(R"("imageIds":[{"imageTag":"t1"}])"));
}

TEST_F(ImageRegistryTest, ATagThatIsNotThereIsNoError) {
  world_.transport.Add(
      200,
      R"({"images":[],"failures":[{"imageId":{"imageTag":"t1"},"failureCode":"ImageNotFound","failureReason":"x"}]})");
  const Result<std::optional<std::string>> found = registry().Find("perch/shop/staging", "t1");
  ASSERT_TRUE(found) << found.error().Text();
  EXPECT_EQ(*found, std::nullopt);
}

TEST_F(ImageRegistryTest, AMissingRepositorySaysThatTheApplicationIsNotThere) {
  world_.transport.Add(400, R"({"__type":"RepositoryNotFoundException","message":"no repository perch/shop/staging"})");
  const Result<std::optional<std::string>> found = registry().Find("perch/shop/staging", "t1");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(found.error().hint, "`perch bootstrap` makes the application with its repository.");
}

TEST_F(ImageRegistryTest, TheLoginNamesTheRegistryAsDockerWantsIt) {
  AddLogin(kHost);
  const Result<image::Login> login = registry().LogIn();
  ASSERT_TRUE(login) << login.error().Text();
  EXPECT_EQ(login->registry, kHost);
  EXPECT_EQ(login->user, "AWS");
  EXPECT_EQ(login->password.Reveal(), "pass");
}

TEST_F(ImageRegistryTest, TellsTheProcessorOfAnImageThatCiMade) {
  const std::string config = R"({"architecture":"arm64","os":"linux"})";
  const std::string manifest = R"({"config":{"digest":"sha256:)" + Sha256Hex(config) + R"("}})";
  AddLogin(kHost);
  AddLogin(kHost);
  const net::Headers basic = {{"WWW-Authenticate", R"(Basic realm="https://x/",service="ecr.amazonaws.com")"}};
  web_.Add(401, "", basic);
  web_.Add(200, manifest);
  web_.Add(401, "", basic);
  web_.Add(307, "", {{"Location", "https://bucket.s3.amazonaws.com/blob?signed"}});
  web_.Add(200, config);
  const Result<std::string> architecture =
      registry().Architecture(kHost + "/perch/shop/staging@sha256:" + Sha256Hex(manifest));
  ASSERT_TRUE(architecture) << architecture.error().Text();
  EXPECT_EQ(*architecture, "arm64");
  EXPECT_EQ(web_.requests.at(1).url,
            "https://" + kHost + "/v2/perch/shop/staging/manifests/sha256:" + Sha256Hex(manifest));
  EXPECT_EQ(HeaderIn(web_.requests.at(1), "Authorization"), "Basic " + aws::Base64("AWS:pass"));
  EXPECT_EQ(HeaderIn(web_.requests.at(4), "Authorization"), "") << "S3 gets no password";
}

TEST_F(ImageRegistryTest, AnotherRegistryGetsNoPasswordOfThisAccount) {
  AddLogin(kHost);
  web_.Add(401, "", {{"WWW-Authenticate", R"(Basic realm="x")"}});
  const Result<std::string> architecture = registry().Architecture("evil.example.com/shop@" + kDigest);
  ASSERT_FALSE(architecture);
  EXPECT_EQ(architecture.error().kind, ErrorKind::kRefused);
  ASSERT_EQ(web_.requests.size(), 1U);
}

}  // namespace
}  // namespace perch::beanstalk
