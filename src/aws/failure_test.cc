#include "aws/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/error_body.h"

namespace perch::aws {
namespace {

struct Case {
  const char* name;
  int status;
  const char* code;
  const char* message;
  Outcome outcome;
  Cause cause;
};
class Classified : public testing::TestWithParam<Case> {};

TEST_P(Classified, AsItIs) {
  Failure failure{.status = GetParam().status, .code = GetParam().code, .message = GetParam().message};
  Classify(failure);
  EXPECT_EQ(failure.outcome, GetParam().outcome);
  EXPECT_EQ(failure.cause, GetParam().cause);
}

INSTANTIATE_TEST_SUITE_P(
    All, Classified,
    testing::Values(
        Case{"Throttling", 400, "Throttling", "Rate exceeded", Outcome::kRetry, Cause::kThrottled},
        Case{"RateInText", 400, "ValidationError", "Rate exceeded for x", Outcome::kRetry, Cause::kThrottled},
        Case{"SlowDown", 503, "SlowDown", "Please reduce", Outcome::kRetry, Cause::kThrottled},
        Case{"Status429", 429, "", "", Outcome::kRetry, Cause::kThrottled},
        Case{"Status500", 500, "", "", Outcome::kRetry, Cause::kServer},
        Case{"Status501", 501, "NotImplemented", "", Outcome::kFatal, Cause::kOther},
        Case{"InternalFailure", 400, "InternalFailure", "", Outcome::kRetry, Cause::kServer},
        Case{"NoStack", 400, "ValidationError", "Stack with id x does not exist", Outcome::kNotFound, Cause::kOther},
        Case{"NoChangeSet", 404, "ChangeSetNotFound", "", Outcome::kNotFound, Cause::kOther},
        Case{"NoKey", 404, "NoSuchKey", "", Outcome::kNotFound, Cause::kOther},
        Case{"NoBucket", 404, "NoSuchBucket", "", Outcome::kNotFound, Cause::kNoBucket},
        Case{"NoEnvironment", 400, "InvalidParameterValue", "No Environment found for EnvironmentName = 'x'.",
             Outcome::kNotFound, Cause::kOther},
        Case{"BadParameter", 400, "ValidationError", "Template format error", Outcome::kFatal, Cause::kOther},
        Case{"InProgress", 400, "ValidationError", "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.",
             Outcome::kConflict, Cause::kOther},
        Case{"CreatedMeanwhile", 400, "ValidationError",
             "Stack [x] already exists and cannot be created again with the changeSet [y].", Outcome::kConflict,
             Cause::kOther},
        Case{"NoTemplate", 400, "ValidationError", "S3 error: The specified key does not exist.", Outcome::kFatal,
             Cause::kOther},
        Case{"ChangeSetUsed", 400, "InvalidChangeSetStatus", "", Outcome::kConflict, Cause::kOther},
        Case{"Exists", 400, "AlreadyExistsException", "", Outcome::kConflict, Cause::kExists},
        Case{"Precondition", 412, "PreconditionFailed", "", Outcome::kConflict, Cause::kPrecondition},
        Case{"Protected", 400, "ValidationError", "Stack [x] cannot be deleted while TerminationProtection is enabled",
             Outcome::kRefused, Cause::kTerminationProtected},
        Case{"Denied", 403, "AccessDenied", "", Outcome::kRefused, Cause::kNoPermission},
        Case{"DeniedUnderAnotherCode", 400, "ValidationError", "User: a is not authorized to perform: b on resource: c",
             Outcome::kRefused, Cause::kNoPermission},
        Case{"BadKey", 403, "InvalidAccessKeyId", "", Outcome::kRefused, Cause::kCredentials},
        Case{"Expired", 400, "ExpiredTokenException", "", Outcome::kRefused, Cause::kExpired},
        Case{"Clock", 403, "RequestTimeTooSkewed", "", Outcome::kRefused, Cause::kClock},
        Case{"Elsewhere", 400, "AuthorizationHeaderMalformed", "the region 'x' is wrong", Outcome::kFatal,
             Cause::kOtherRegion},
        Case{"Unknown", 400, "Whatever", "", Outcome::kFatal, Cause::kOther}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(ReadFailure, KnowsEveryForm) {
  const Failure json =
      ReadFailure(Service::kSsm, {.status = 400,
                                  .headers = {{"x-amzn-requestid", "r1"}},
                                  .body = R"({"__type":"com.amazonaws.ssm#ParameterNotFound","message":"no"})"});
  EXPECT_EQ(json.code, "ParameterNotFound");
  EXPECT_EQ(json.message, "no");
  EXPECT_EQ(json.request_id, "r1");
  EXPECT_EQ(json.outcome, Outcome::kNotFound);

  const Failure header =
      ReadFailure(Service::kEcr, {.status = 400, .headers = {{"x-amzn-ErrorType", "ThrottlingException:http://x"}}});
  EXPECT_EQ(header.cause, Cause::kThrottled);

  const Failure ec2 = ReadFailure(
      Service::kEc2, {.status = 400,
                      .body = "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>m</Message>"
                              "</Error></Errors><RequestID>r2</RequestID></Response>"});
  EXPECT_EQ(ec2.code, "InvalidVpcID.NotFound");
  EXPECT_EQ(ec2.request_id, "r2");

  const Failure head = ReadFailure(Service::kS3, {.status = 404});
  EXPECT_EQ(head.outcome, Outcome::kNotFound);

  // A proxy's or another server's page says nothing about a stack or an object.
  for (const Service service : {Service::kCloudFormation, Service::kLogs, Service::kS3}) {
    const Failure page = ReadFailure(service, {.status = 404, .body = "<html><h1>404 Not Found</h1></html>"});
    EXPECT_EQ(page.outcome, Outcome::kFatal);
    EXPECT_EQ(page.message, "HTTP status 404 without a reason");
  }
  EXPECT_EQ(ReadFailure(Service::kCloudFormation, {.status = 404}).outcome, Outcome::kFatal);

  const Failure nonsense = ReadFailure(Service::kS3, {.status = 400, .body = "<<<"});
  EXPECT_EQ(nonsense.outcome, Outcome::kFatal);
  EXPECT_EQ(nonsense.message, "HTTP status 400 without a reason");
}

TEST(Failure, HostileTextsCannotMoveTheCursor) {
  const Failure failure{.service = "S3", .operation = "GetObject", .where = "h", .code = "A\x1b[2J", .message = "x\ny"};
  EXPECT_EQ(Error(failure).Text(), "S3 did not do GetObject: h: A\\x1b[2J: x\\x0ay");
}

}  // namespace
}  // namespace perch::aws
