#include "cli/aws_check.h"

#include <gtest/gtest.h>

#include "config/schema.h"

namespace perch::cli {
namespace {

constexpr char kGood[] = R"(app: shop
domain: preview.example.com
run: {command: ./serve}
platform: aws
environments: {main: production, "*": branch}
aws:
  region: eu-central-1
  certificate: arn:aws:acm:eu-central-1:111122223333:certificate/0a1b
  hosted_zone: example.com
)";

std::string ProblemsOf(const std::string& text) {
  const Result<config::Project> project = config::Parse(text, "perch.yaml");
  if (!project) return project.error().Text();
  config::Diagnostics diagnostics(project->file, project->text);
  FindAwsProblems(*project, diagnostics);
  return diagnostics.empty() ? "" : diagnostics.ToError().Text();
}

TEST(AwsCheck, FindsNothingWhereNothingIs) {
  EXPECT_EQ(ProblemsOf(kGood), "");
  EXPECT_EQ(ProblemsOf(std::string(config::ExampleText())), "");
}

TEST(AwsCheck, TellsWithLineCaretAndProfile) {
  EXPECT_EQ(ProblemsOf(std::string(kGood) + "instances: {type: m6g.large, min: 3}  # ours\n"
                                            "profiles:\n"
                                            "  branch: {instances: {max: 3, type: \"t33.micro\"}}\n"
                                            "  production: {instances: {min: 5}}\n"
                                            "env: {LONG: \"a\\x1b\"}\n"),
            "perch.yaml:10:19: `instances.type` m6g.large is arm64, but `instances.architecture` is x86_64 (default)\n"
            "  10 | instances: {type: m6g.large, min: 3}  # ours\n"
            "     |                   ^^^^^^^^^\n"
            "  in profile production\n"
            "  hint: Write `architecture: arm64` if the container image is built for it, or take an instance type of "
            "x86_64.\n"
            "perch.yaml:12:38: `instances.type`: there is no family `t33` of instance types\n"
            "  12 |   branch: {instances: {max: 3, type: \"t33.micro\"}}\n"
            "     |                                      ^^^^^^^^^^^\n"
            "  in profile branch\n"
            "  hint: Did you mean 't3'?\n"
            "perch.yaml:13:33: `instances.min` is 5, more than `instances.max`, 4 (perch's production)\n"
            "  13 |   production: {instances: {min: 5}}\n"
            "     |                                 ^\n"
            "  in profile production\n"
            "  hint: Write both, the smaller one as `min`.\n"
            "perch.yaml:14:13: `env.LONG` holds a control character\n"
            "  14 | env: {LONG: \"a\\x1b\"}\n"
            "     |             ^^^^^^^\n"
            "  hint: Beanstalk takes none but tabs and line ends.");
}

TEST(AwsCheck, WhatIsMissingIsToldAtTheMap) {
  EXPECT_EQ(ProblemsOf("app: shop\ndomain: preview.example.com\naws:\n  region: eu-central-1\n"),
            "perch.yaml:3:1: `aws.certificate` is missing\n"
            "  3 | aws:\n"
            "    | ^^^\n"
            "  hint: Request a certificate for *.<domain> in AWS Certificate Manager, and write its ARN below `aws`.\n"
            "perch.yaml:3:1: `aws.hosted_zone` is missing\n"
            "  3 | aws:\n"
            "    | ^^^\n"
            "  hint: Write below `aws` which Route 53 zone the domain is in.");
  EXPECT_EQ(ProblemsOf("app: shop\n"),
            "perch.yaml: `aws.certificate` is missing\n"
            "  hint: Request a certificate for *.<domain> in AWS Certificate Manager, and write its ARN below `aws`.\n"
            "perch.yaml: `aws.hosted_zone` is missing\n"
            "  hint: Write below `aws` which Route 53 zone the domain is in.\n"
            "perch.yaml: `aws.region` is missing\n"
            "  hint: Write below `aws` where the environments are to live, such as `region: eu-central-1`.\n"
            "perch.yaml: `domain` is localhost, which leads nowhere on AWS\n"
            "  hint: Write one that is yours, such as `domain: preview.example.com`.");
}

TEST(AwsCheck, ProfilesThatShareAnApplicationAgreeOnWhatItIs) {
  EXPECT_EQ(
      ProblemsOf(std::string(kGood) + "profiles: {branch: {access: {cidrs: [10.0.0.0/8]}}}\n"),
      "perch.yaml:10:37: `access.cidrs` is 10.0.0.0/8 here, but 0.0.0.0/0, ::/0 in profile staging, and both share "
      "one load balancer and network\n"
      "  10 | profiles: {branch: {access: {cidrs: [10.0.0.0/8]}}}\n"
      "     |                                     ^\n"
      "  in profile branch\n"
      "  hint: Write it once, at the top level, or give the profile another `aws.application`.");
  EXPECT_EQ(ProblemsOf(std::string(kGood) + "profiles: {production: {access: {cidrs: [10.0.0.0/8]}}}\n"), "")
      << "production has an application of its own";
}

TEST(AwsCheck, OfAProfileThatOnlyAnApplicationIsMadeFromTheSharedPartIsChecked) {
  EXPECT_EQ(ProblemsOf(std::string(kGood) + "profiles: {staging: {run: {health_status: 503}, instances: {min: 9}}}\n"),
            "");
  EXPECT_EQ(ProblemsOf(std::string(kGood) + "profiles: {staging: {aws: {account: 12}}, branch: {extends: staging}}\n"),
            "perch.yaml:10:37: `aws.account` is no account number: `12`\n"
            "  10 | profiles: {staging: {aws: {account: 12}}, branch: {extends: staging}}\n"
            "     |                                     ^^\n"
            "  in the profiles branch, staging\n"
            "  hint: It has 12 digits; `aws sts get-caller-identity` prints it.");
}

}  // namespace
}  // namespace perch::cli
