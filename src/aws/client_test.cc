#include "aws/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/cloudformation.h"
#include "aws/s3.h"
#include "aws/sts.h"
#include "aws/testing.h"
#include "aws/times.h"

namespace perch::aws {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kIdentity =
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:a</Arn><UserId>U</UserId><Account>123456789012</"
    "Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>";

class Calls : public testing::Test, public TestWorld {
 protected:
  Answer<CallerIdentity> Ask() {
    if (!client_) client_ = MakeClient();
    return Sts(*client_).GetCallerIdentity();
  }
  std::optional<Client> client_;
};

TEST_F(Calls, AskAndRead) {
  transport.Add(200, kIdentity);
  Answer<CallerIdentity> identity = Ask();
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->account, "123456789012");
  ASSERT_EQ(transport.requests.size(), 1u);
  EXPECT_EQ(transport.requests[0].url, "https://sts.eu-central-1.amazonaws.com/");
  EXPECT_EQ(transport.requests[0].body, "Action=GetCallerIdentity&Version=2011-06-15");
  EXPECT_THAT(HeaderOf(transport.requests[0].headers, "Authorization"),
              HasSubstr("Credential=KEY1/20261122/eu-central-1/sts/aws4_request"));
  EXPECT_EQ(records[0].operation, "GetCallerIdentity");
}

TEST_F(Calls, WaitLongerBeforeEachRetry) {
  for (int i = 0; i < 3; ++i) transport.Add(503, "");
  transport.AddError(ErrorKind::kUnavailable, "connection reset");
  transport.Add(200, kIdentity);
  ASSERT_TRUE(Ask());
  EXPECT_THAT(waits, ElementsAre(milliseconds(200), milliseconds(400), milliseconds(800), milliseconds(1600)));
}

TEST_F(Calls, AreGivenUpAfterTheLastAttempt) {
  retry.max_attempts = 3;
  for (int i = 0; i < 3; ++i) transport.AddError(ErrorKind::kUnavailable, "connection reset");
  Answer<CallerIdentity> identity = Ask();
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().outcome, Outcome::kRetry);
  EXPECT_EQ(transport.requests.size(), 3u);
  EXPECT_EQ(Error(identity.error()).Text(),
            "STS did not do GetCallerIdentity: sts.eu-central-1.amazonaws.com: connection reset (tried 3 times)\n"
            "  Run it again; if it stays, look at AWS's health page and at this machine's network.");
  EXPECT_EQ(Error(identity.error()).kind, ErrorKind::kUnavailable);
}

TEST_F(Calls, AreGivenUpAtTheDeadline) {
  retry.deadline = milliseconds(1000);
  for (int i = 0; i < 6; ++i) transport.Add(500, "");
  ASSERT_FALSE(Ask());
  EXPECT_EQ(transport.requests.size(), 3u);  // 200 + 400, and 800 more would be too late
}

TEST_F(Calls, ShareABudgetForRetries) {
  retry.budget = 20;
  retry.retry_cost = 5;
  for (int i = 0; i < 20; ++i) transport.Add(500, "");
  ASSERT_FALSE(Ask());
  EXPECT_EQ(transport.requests.size(), 5u);
  ASSERT_FALSE(Ask());
  EXPECT_EQ(transport.requests.size(), 6u) << "the budget is used up";
}

TEST_F(Calls, GiveTheBudgetBackWhenTheyGoWell) {
  retry.budget = 20;
  retry.retry_cost = 5;
  for (int call = 0; call < 5; ++call) {
    for (int i = 0; i < 4; ++i) transport.Add(500, "");
    transport.Add(200, kIdentity);
    ASSERT_TRUE(Ask()) << call;
  }
}

TEST_F(Calls, SlowDownWhenAsked) {
  transport.Add(400, QueryError("Throttling", "Rate exceeded"));
  transport.Add(400, QueryError("Throttling", "Rate exceeded"), {{"Retry-After", "7"}});
  transport.Add(200, kIdentity);
  ASSERT_TRUE(Ask());
  EXPECT_THAT(waits, ElementsAre(milliseconds(1000), milliseconds(7000)));
}

TEST_F(Calls, DoNotRetryWhatWillNotHelp) {
  transport.Add(
      403, QueryError(
               "AccessDenied",
               "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: "
               "cloudformation:DescribeStacks on resource: arn:aws:cloudformation:eu-central-1:123456789012:stack/a/* "
               "because no identity-based policy allows the action"));
  Answer<CallerIdentity> identity = Ask();
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().outcome, Outcome::kRefused);
  EXPECT_EQ(identity.error().cause, Cause::kNoPermission);
  EXPECT_EQ(identity.error().action, "cloudformation:DescribeStacks");
  EXPECT_EQ(identity.error().resource, "arn:aws:cloudformation:eu-central-1:123456789012:stack/a/*");
  EXPECT_EQ(identity.error().request_id, "req-1");
  EXPECT_THAT(Error(identity.error()).hint, HasSubstr("Allow cloudformation:DescribeStacks on arn:aws:cloudformation"));
  EXPECT_EQ(transport.requests.size(), 1u);
}

TEST_F(Calls, CorrectTheClockOnceAndRemember) {
  transport.Add(403, QueryError("SignatureDoesNotMatch", "Signature expired"),
                {{"Date", "Sun, 22 Nov 2026 13:00:00 GMT"}});
  transport.Add(200, kIdentity);
  transport.Add(200, kIdentity);
  ASSERT_TRUE(Ask());
  EXPECT_TRUE(waits.empty());
  EXPECT_EQ(HeaderOf(transport.requests[0].headers, "X-Amz-Date"), "20261122T120000Z");
  EXPECT_EQ(HeaderOf(transport.requests[1].headers, "X-Amz-Date"), "20261122T130000Z");
  ASSERT_TRUE(Ask());
  EXPECT_EQ(HeaderOf(transport.requests[2].headers, "X-Amz-Date"), "20261122T130000Z");
  EXPECT_EQ(client_->Now(), *ParseTime("2026-11-22T13:00:00Z"));
}

TEST_F(Calls, AWrongSecretIsNoWrongClock) {
  transport.Add(403, QueryError("SignatureDoesNotMatch", "no"), {{"Date", "Sun, 22 Nov 2026 12:00:30 GMT"}});
  Answer<CallerIdentity> identity = Ask();
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().cause, Cause::kCredentials);
  EXPECT_EQ(transport.requests.size(), 1u);
}

TEST_F(Calls, AClockThatStaysWrongIsToldAfterOneCorrection) {
  for (int i = 0; i < 2; ++i) {
    transport.Add(403, QueryError("RequestTimeTooSkewed", "no"), {{"Date", "Sun, 22 Nov 2026 13:00:00 GMT"}});
  }
  Answer<CallerIdentity> identity = Ask();
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().cause, Cause::kClock);
  EXPECT_EQ(transport.requests.size(), 2u);
}

TEST_F(Calls, RefreshExpiredCredentialsOnce) {
  transport.Add(403, QueryError("ExpiredToken", "The security token included in the request is expired"));
  transport.Add(200, kIdentity);
  ASSERT_TRUE(Ask());
  EXPECT_THAT(HeaderOf(transport.requests[1].headers, "Authorization"), HasSubstr("Credential=KEY2/"));

  for (int i = 0; i < 2; ++i) transport.Add(403, QueryError("ExpiredToken", "expired"));
  Answer<CallerIdentity> identity = Ask();
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().cause, Cause::kExpired);
  EXPECT_EQ(transport.requests.size(), 4u);
}

TEST_F(Calls, ACutAnswerIsAskedForAgain) {
  transport.Add(200, kIdentity.substr(0, 60));
  transport.Add(200, "<GetCallerIdentityResponse/>");
  transport.Add(200, "");
  transport.Add(200, "<html><body>Welcome to the hotel's network</body></html>");
  transport.Add(200, kIdentity);
  ASSERT_TRUE(Ask());
  EXPECT_EQ(transport.requests.size(), 5u);
}

TEST_F(Calls, StopAtOnce) {
  std::stop_source stop;
  client_ = MakeClient().With(stop.get_token());
  transport.replies.push_back([&](const net::RemoteRequest&) -> Result<net::RemoteResponse> {
    stop.request_stop();
    return net::RemoteResponse{.status = 500};
  });
  Answer<CallerIdentity> identity = Ask();
  ASSERT_FALSE(identity);
  EXPECT_EQ(Error(identity.error()).kind, ErrorKind::kCancelled);
  EXPECT_EQ(transport.requests.size(), 1u);
}

TEST_F(Calls, NoCredentialsIsRefusedWithoutAsking) {
  class None : public CredentialsSource {
    Result<Credentials> Get(std::stop_token) override {
      return Fail({.what = "there are no AWS credentials", .why = "looked at the moon", .hint = "Set AWS_PROFILE."});
    }
    void Forget(const std::string&) override {}
  };
  Client client(
      {.transport = &transport, .credentials = std::make_shared<None>(), .region = "eu-central-1", .clock = [this] {
         return now;
       }});
  Answer<CallerIdentity> identity = Sts(client).GetCallerIdentity();
  ASSERT_FALSE(identity);
  EXPECT_EQ(Error(identity.error()).Text(),
            "STS did not do GetCallerIdentity: eu-central-1: there are no AWS credentials: looked at the moon\n  Set "
            "AWS_PROFILE.");
  EXPECT_TRUE(transport.requests.empty());
}

TEST_F(Calls, ARegionCannotBecomeAnotherHost) {
  Answer<CallerIdentity> identity = Sts(MakeClient().In("evil.example/")).GetCallerIdentity();
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().message, "'evil.example/' is no region's name");
  EXPECT_TRUE(transport.requests.empty());
}

TEST_F(Calls, SecretsAreNowhereInAFailure) {
  transport.Add(403, QueryError("InvalidClientTokenId", "The security token included in the request is invalid."));
  Answer<CallerIdentity> identity = Ask();
  ASSERT_FALSE(identity);
  EXPECT_THAT(Error(identity.error()).Text(), testing::Not(HasSubstr("the-secret")));
}

TEST_F(Calls, BucketsWithDotsGoIntoThePath) {
  transport.Add(200, "x", {{"ETag", "\"e\""}});
  transport.Add(200, "x");
  const S3 s3(MakeClient());
  EXPECT_EQ(s3.GetObject("plain-bucket", "a b/../c//ü+")->body, "x");
  EXPECT_EQ(s3.GetObject("dotted.bucket", "k")->body, "x");
  EXPECT_EQ(transport.requests[0].url, "https://plain-bucket.s3.eu-central-1.amazonaws.com/a%20b/../c//%C3%BC%2B");
  EXPECT_EQ(transport.requests[1].url, "https://s3.eu-central-1.amazonaws.com/dotted.bucket/k");
}

TEST_F(Calls, ABucketInAnotherRegionIsTold) {
  transport.Add(301, "<Error><Code>PermanentRedirect</Code><Message>no</Message></Error>",
                {{"x-amz-bucket-region", "us-west-2"}});
  Answer<Object> object = S3(MakeClient()).GetObject("bucket", "k");
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().cause, Cause::kOtherRegion);
  EXPECT_EQ(object.error().region, "us-west-2");
}

TEST_F(Calls, AnS3ErrorWithStatus200IsAnError) {
  transport.Add(200, "<Error><Code>InternalError</Code><Message>no</Message></Error>",
                {{"Content-Type", "application/xml"}});
  transport.Add(200, "<DeleteResult/>", {{"Content-Type", "application/xml"}});
  Answer<std::vector<DeleteError>> left = S3(MakeClient()).DeleteObjects("bucket", {{.key = "a"}});
  ASSERT_TRUE(left);
  EXPECT_EQ(transport.requests.size(), 2u);
}

TEST_F(Calls, AConditionalPutWhoseAnswerWasLostFindsItsOwnContent) {
  transport.AddError(ErrorKind::kUnavailable, "reset");
  transport.Add(412, "<Error><Code>PreconditionFailed</Code></Error>");
  transport.Add(200, "mine", {{"ETag", "\"1\""}});
  Answer<std::string> etag = S3(MakeClient()).PutObject("bucket", "k", "mine", {.only_if_absent = true});
  ASSERT_TRUE(etag);
  EXPECT_EQ(*etag, "\"1\"");

  transport.Add(412, "<Error><Code>PreconditionFailed</Code></Error>");
  etag = S3(MakeClient()).PutObject("bucket", "k", "mine", {.only_if_absent = true});
  ASSERT_FALSE(etag);
  EXPECT_EQ(etag.error().outcome, Outcome::kConflict);
  EXPECT_EQ(etag.error().cause, Cause::kPrecondition);
}

TEST(HttpDate, IsReadStrictly) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), ParseTime("1994-11-06T08:49:37Z"));
  for (const char* bad : {"", "now", "Sun, 06 Nvo 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT", "1994-11-06"}) {
    EXPECT_EQ(ParseHttpDate(bad), std::nullopt) << bad;
  }
}

TEST(AwsTime, HasAnyNumberOfDecimalsAndOffsets) {
  const Time second = *ParseTime("2026-11-22T12:00:00Z");
  EXPECT_EQ(ParseAwsTime("2026-11-22T12:00:00Z"), second);
  EXPECT_EQ(ParseAwsTime("2026-11-22T12:00:00.5Z"), second + milliseconds(500));
  EXPECT_EQ(ParseAwsTime("2026-11-22T12:00:00.123456Z"), second + milliseconds(123));
  EXPECT_EQ(ParseAwsTime("2026-11-22T14:00:00+02:00"), second);
  EXPECT_EQ(ParseAwsTime("2026-11-22T12:00:00.123456+00:00"), second + milliseconds(123));
  for (const char* bad : {"", "2026-11-22", "2026-11-22T12:00:00", "2026-11-22T12:00:00.Z", "2026-11-22T12:00:00+2",
                          "2026-13-22T12:00:00Z"}) {
    EXPECT_EQ(ParseAwsTime(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace perch::aws
