#include "cfn/template.h"

#include <gtest/gtest.h>

#include "cfn/print.h"
#include "cfn/types/iam.h"
#include "cfn/types/s3.h"

namespace perch::cfn {
namespace {

TEST(Template, ReadsLikeWhatItDescribesAndPrintsTheSameBytes) {
  Template document("A bucket");
  const Handle<s3::Bucket> bucket =
      document.Add("Bucket", s3::Bucket{.versioning = s3::Versioning{.status = "Enabled"}},
                   {.deletion_policy = Keep::kDelete, .update_replace_policy = Keep::kRetain});
  document.Add("Policy",
               s3::BucketPolicy{.bucket = Ref(bucket),
                                .policy_document = Object({{"Resource", GetAtt(bucket, s3::Bucket::kArn)}, {"N", 3}})},
               {.depends_on = {"Bucket"}});
  document.AddOutput("Name", {.description = "Where files go", .value = Ref(bucket), .export_name = "shop:Bucket"});
  EXPECT_EQ(PrintJson(document.Document()), R"({
  "AWSTemplateFormatVersion": "2010-09-09",
  "Description": "A bucket",
  "Resources": {
    "Bucket": {
      "Type": "AWS::S3::Bucket",
      "DeletionPolicy": "Delete",
      "UpdateReplacePolicy": "Retain",
      "Properties": {
        "VersioningConfiguration": {
          "Status": "Enabled"
        }
      }
    },
    "Policy": {
      "Type": "AWS::S3::BucketPolicy",
      "DependsOn": [
        "Bucket"
      ],
      "Properties": {
        "Bucket": {
          "Ref": "Bucket"
        },
        "PolicyDocument": {
          "Resource": {
            "Fn::GetAtt": [
              "Bucket",
              "Arn"
            ]
          },
          "N": 3
        }
      }
    }
  },
  "Outputs": {
    "Name": {
      "Description": "Where files go",
      "Value": {
        "Ref": "Bucket"
      },
      "Export": {
        "Name": "shop:Bucket"
      }
    }
  }
}
)");
}

TEST(Template, UnsetPropertiesAreNotPrinted) {
  Template document("");
  document.Add("Role", iam::Role{.description = "x"});
  EXPECT_EQ(PrintCompactJson(document.Document()),
            R"({"AWSTemplateFormatVersion":"2010-09-09","Resources":{"Role":{"Type":"AWS::IAM::Role",)"
            R"("Properties":{"Description":"x"}}}})");
}

TEST(Template, EachFunctionHasItsLongForm) {
  const auto print = [](const Json& json) { return PrintCompactJson(json.value()); };
  EXPECT_EQ(print(Sub("a ${AWS::Region}")), R"({"Fn::Sub":"a ${AWS::Region}"})");
  EXPECT_EQ(print(Join("-", {"a", Region()})), R"({"Fn::Join":["-",["a",{"Ref":"AWS::Region"}]]})");
  EXPECT_EQ(print(Select(1, AvailabilityZones())), R"({"Fn::Select":[1,{"Fn::GetAZs":""}]})");
  EXPECT_EQ(print(SplitAt(",", Import("x"))), R"({"Fn::Split":[",",{"Fn::ImportValue":"x"}]})");
  EXPECT_EQ(print(If("Big", 2, 1)), R"({"Fn::If":["Big",2,1]})");
  EXPECT_EQ(print(CidrBlocks("10.0.0.0/16", 4, 8)), R"({"Fn::Cidr":["10.0.0.0/16",4,8]})");
  EXPECT_EQ(SecretReference("Secret", "password"), "{{resolve:secretsmanager:${Secret}:SecretString:password}}");
}

TEST(TemplateDeathTest, AnIdIsUsedOnce) {
  Template document("");
  document.Add("Role", iam::Role{});
  EXPECT_DEATH(document.Add("Role", iam::Role{}), "the logical id 'Role' is used twice");
  EXPECT_DEATH(document.Add("a-b", iam::Role{}), "the logical id 'a-b' is not one");
}

}  // namespace
}  // namespace perch::cfn
