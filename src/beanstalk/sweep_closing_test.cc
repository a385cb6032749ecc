#include "beanstalk/sweep_closing.h"

#include <gtest/gtest.h>

namespace perch::beanstalk {
namespace {

constexpr char kOurs[] =
    R"({"Sid":"PerchSweep","Effect":"Deny","Principal":"*","Action":["s3:PutObject","s3:ReplicateObject"],)"
    R"("Resource":"arn:aws-cn:s3:::b/*"})";

std::optional<std::string> Closed(std::string_view policy) { return WithoutWrites(policy, "aws-cn", "b"); }

TEST(WithoutWrites, IsAPolicyOfItsOwnWhereThereIsNone) {
  EXPECT_EQ(Closed(""), R"({"Version":"2012-10-17","Statement":[)" + std::string(kOurs) + "]}");
}

TEST(WithoutWrites, KeepsWhatSomebodyElseForbids) {
  const std::string theirs = R"({"Sid":"Keep","Effect":"Deny","Action":"s3:DeleteObjectVersion"})";
  const std::string both = R"({"Version":"2008-10-17","Id":"x","Statement":[)" + theirs + "," + kOurs + "]}";
  EXPECT_EQ(Closed(R"({"Version":"2008-10-17","Id":"x","Statement":[)" + theirs + "]}"), both);
  EXPECT_EQ(Closed(R"({"Version":"2008-10-17","Id":"x","Statement":)" + theirs + "}"), both);
  EXPECT_EQ(Closed(both), both);
}

TEST(WithoutWrites, LeavesAloneWhatItCannotRead) {
  for (const char* policy : {"no", "[]", "{}", R"({"Statement":"x"})", R"({"Statement":[)"})
    EXPECT_EQ(Closed(policy), std::nullopt) << policy;
}

}  // namespace
}  // namespace perch::beanstalk
