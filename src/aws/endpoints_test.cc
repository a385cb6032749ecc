#include "aws/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/credential_chain.h"
#include "aws/testing.h"

namespace perch::aws {
namespace {

using testing::HasSubstr;

class Configured : public testing::Test, public TestWorld {
 protected:
  Configured() {
    surroundings.environment = {{"HOME", "/home/a"}};
    surroundings.read_file = [this](const std::string& path) -> Result<std::string> {
      const auto at = files.find(path);
      if (at == files.end()) return Fail({.kind = ErrorKind::kNotFound, .what = "cannot read", .where = path});
      return at->second;
    };
    surroundings.run = [this](const ProcessOptions& options, std::stop_token) -> Result<ProcessResult> {
      ran.push_back(options.argv);
      return ProcessResult{.exit_code = 0, .out = output};
    };
    surroundings.clock = [this] { return now; };
    surroundings.transport = &transport;
  }
  SharedConfig Config() { return *ReadSharedConfig(surroundings); }

  Surroundings surroundings;
  std::map<std::string, std::string> files;
  std::vector<std::vector<std::string>> ran;
  std::string output;
};

TEST_F(Configured, EndpointsComeFromVariablesThenFromTheProfile) {
  files["/home/a/.aws/config"] =
      "[default]\nservices = mine\nendpoint_url = http://all.example:1/\n"
      "[services mine]\ns3 =\n  endpoint_url = http://s3.example:9000/base/\n  other = x\n";
  Result<Endpoints> endpoints = Endpoints::Read(surroundings, Config());
  ASSERT_TRUE(endpoints) << endpoints.error().Text();
  EXPECT_EQ(endpoints->Of(Service::kS3, "eu-central-1").host, "s3.example:9000");
  EXPECT_EQ(endpoints->Of(Service::kS3, "eu-central-1").prefix, "/base");
  EXPECT_EQ(endpoints->Of(Service::kRds, "eu-central-1").host, "all.example:1");

  surroundings.environment["AWS_ENDPOINT_URL_ELASTIC_BEANSTALK"] = "https://eb.example";
  surroundings.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:5000";
  endpoints = Endpoints::Read(surroundings, Config());
  EXPECT_EQ(endpoints->Of(Service::kElasticBeanstalk, "eu-central-1").host, "eb.example");
  EXPECT_EQ(endpoints->Of(Service::kS3, "eu-central-1").host, "127.0.0.1:5000");

  surroundings.environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  endpoints = Endpoints::Read(surroundings, Config());
  EXPECT_EQ(endpoints->Of(Service::kS3, "eu-central-1").host, "s3.eu-central-1.amazonaws.com");
}

TEST_F(Configured, ABadEndpointIsToldWithItsVariable) {
  surroundings.environment["AWS_ENDPOINT_URL"] = "localhost:5000";
  Result<Endpoints> endpoints = Endpoints::Read(surroundings, Config());
  ASSERT_FALSE(endpoints);
  EXPECT_EQ(endpoints.error().Text(),
            "cannot use AWS's endpoint: AWS_ENDPOINT_URL: 'localhost:5000' is no URL such as https://host:port");
}

TEST_F(Configured, TheRegionHasAnOrder) {
  files["/home/a/.aws/config"] = "[default]\nregion = eu-west-1\n";
  EXPECT_EQ(*FindRegion("", surroundings, Config()), "eu-west-1");
  surroundings.environment["AWS_DEFAULT_REGION"] = "us-east-2";
  EXPECT_EQ(*FindRegion("", surroundings, Config()), "us-east-2");
  surroundings.environment["AWS_REGION"] = "us-west-2";
  EXPECT_EQ(*FindRegion("", surroundings, Config()), "us-west-2");
  EXPECT_EQ(*FindRegion("eu-central-1", surroundings, Config()), "eu-central-1");
  EXPECT_THAT(FindRegion("Frankfurt", surroundings, Config()).error().Text(),
              HasSubstr("'Frankfurt' is no region's name"));
  surroundings.environment = {{"HOME", "/home/b"}};
  EXPECT_THAT(
      FindRegion("", surroundings, Config()).error().Text(),
      HasSubstr("there is no --region, no AWS_REGION and no region in /home/b/.aws/config for profile 'default'"));
}

TEST(Bucket, Names) {
  for (const char* good : {"abc", "a-b.c", "123"}) EXPECT_TRUE(IsBucketName(good)) << good;
  for (const char* bad : {"", "ab", "Abc", "-ab", "ab-", "a..b", "a/b", "a b", "../x"})
    EXPECT_FALSE(IsBucketName(bad)) << bad;
}

std::string ProcessAnswer(const std::string& id, const std::string& expires) {
  return R"({"Version":1,"AccessKeyId":")" + id + R"(","SecretAccessKey":"very-secret","Expiration":")" + expires +
         "\"}";
}

TEST_F(Configured, CredentialsAreKeptUntilFiveMinutesBeforeTheyEnd) {
  files["/home/a/.aws/config"] = "[default]\ncredential_process = /bin/keys 'a b' c\n";
  output = ProcessAnswer("ONE", "2026-11-22T13:00:00Z");
  const std::shared_ptr<CredentialsSource> source = FindCredentials(surroundings, Config(), {}, "eu-central-1");
  EXPECT_EQ(source->Get({})->access_key_id, "ONE");
  output = ProcessAnswer("TWO", "2026-11-22T14:00:00Z");
  now += std::chrono::minutes(54);
  EXPECT_EQ(source->Get({})->access_key_id, "ONE");
  now += std::chrono::minutes(1);
  EXPECT_EQ(source->Get({})->access_key_id, "TWO");
  ASSERT_EQ(ran.size(), 2u);
  EXPECT_EQ(ran[0], (std::vector<std::string>{"/bin/keys", "a b", "c"}));
}

TEST_F(Configured, CredentialsThatStillHoldSurviveAFailedRefresh) {
  files["/home/a/.aws/config"] = "[default]\ncredential_process = keys\n";
  output = ProcessAnswer("ONE", "2026-11-22T13:00:00Z");
  const std::shared_ptr<CredentialsSource> source = FindCredentials(surroundings, Config(), {}, "eu-central-1");
  ASSERT_TRUE(source->Get({}));
  output = "broken";
  now += std::chrono::minutes(57);
  EXPECT_EQ(source->Get({})->access_key_id, "ONE");
  now += std::chrono::minutes(4);
  Result<Credentials> ended = source->Get({});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().Text(),
            "cannot get AWS credentials: credential_process of profile 'default': the program did not write JSON with "
            "\"Version\": 1");
}

TEST_F(Configured, ForgottenCredentialsAreFetchedAnew) {
  files["/home/a/.aws/config"] = "[default]\ncredential_process = keys\n";
  output = ProcessAnswer("ONE", "2026-11-22T13:00:00Z");
  const std::shared_ptr<CredentialsSource> source = FindCredentials(surroundings, Config(), {}, "eu-central-1");
  ASSERT_TRUE(source->Get({}));
  output = ProcessAnswer("TWO", "2026-11-22T13:00:00Z");
  source->Forget("ANOTHER");
  EXPECT_EQ(source->Get({})->access_key_id, "ONE");
  source->Forget("ONE");
  EXPECT_EQ(source->Get({})->access_key_id, "TWO");
}

TEST_F(Configured, WithNothingEveryPlaceIsTold) {
  surroundings.environment["AWS_EC2_METADATA_DISABLED"] = "true";
  Result<Credentials> none = FindCredentials(surroundings, Config(), {}, "eu-central-1")->Get({});
  ASSERT_FALSE(none);
  EXPECT_EQ(
      none.error().Text(),
      "there are no AWS credentials: looked at the environment: AWS_ACCESS_KEY_ID is not set; web identity: "
      "AWS_WEB_IDENTITY_TOKEN_FILE is not set; /home/a/.aws/credentials (profile 'default'): no such file; "
      "/home/a/.aws/config (profile "
      "'default'): no such file; a container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set; instance metadata: "
      "AWS_EC2_METADATA_DISABLED is true\n"
      "  Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`.");
}

TEST_F(Configured, SingleSignOnSaysWhatToDo) {
  files["/home/a/.aws/config"] = "[default]\nsso_account_id = 1\nsso_role_name = r\n";
  Result<Credentials> none = FindCredentials(surroundings, Config(), {}, "eu-central-1")->Get({});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().Text(), HasSubstr("aws sso login --profile default"));
}

TEST_F(Configured, MetadataIsNeverAskedThroughAProxyNorWithoutAToken) {
  transport.Add(200, "the-token");
  transport.Add(200, "role");
  transport.Add(
      200,
      R"({"Code":"Success","AccessKeyId":"I","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-22T18:00:00Z"})");
  Result<Credentials> found = FindCredentials(surroundings, Config(), {}, "eu-central-1")->Get({});
  ASSERT_TRUE(found) << found.error().Text();
  EXPECT_EQ(found->access_key_id, "I");
  EXPECT_EQ(transport.requests[0].method, "PUT");
  for (const net::RemoteRequest& request : transport.requests) {
    EXPECT_FALSE(request.use_proxy);
    EXPECT_THAT(request.url, testing::StartsWith("http://169.254.169.254/latest/"));
  }
  EXPECT_EQ(HeaderOf(transport.requests[2].headers, "X-aws-ec2-metadata-token"), "the-token");
}

}  // namespace
}  // namespace perch::aws
