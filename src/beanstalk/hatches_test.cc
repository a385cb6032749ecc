#include "beanstalk/hatches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cfn/expression.h"
#include "cfn/print.h"

namespace perch::beanstalk {
namespace {

using cfn::List;
using cfn::Object;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Value SmallTemplate() {
  const auto setting = [](const char* space, const char* name, const char* value) {
    return Object({{"Namespace", space}, {"OptionName", name}, {"Value", value}});
  };
  return Object({{"Resources",
                  Object({{"Database", Object({{"Type", "AWS::RDS::DBInstance"},
                                               {"Properties", Object({{"MultiAZ", false}, {"Engine", "postgres"}})}})},
                          {"Environment",
                           Object({{"Type", "AWS::ElasticBeanstalk::Environment"},
                                   {"Properties", Object({{"OptionSettings", List({setting("a:b", "X", "1")})}})}})}})},
                 {"Outputs", Object({{"Url", Object({{"Value", "https://x"}})}})}})
      .value();
}

std::string Resource(const Value& document, const char* name) {
  const Value* resource = document.Find("Resources")->Find(name);
  return resource ? cfn::PrintCompactJson(*resource) : "nothing";
}

std::vector<std::string> Texts(const std::vector<Problem>& problems) {
  std::vector<std::string> texts;
  for (const Problem& problem : problems) texts.push_back(problem.text + ". " + problem.hint);
  return texts;
}

std::vector<std::string> Apply(Value& document, const AwsSettings& settings) {
  std::vector<Problem> problems;
  ApplyHatches(document, settings, problems);
  return Texts(problems);
}

TEST(ApplyHatches, ResourcesAndOutputsAreAdded) {
  Value document = SmallTemplate();
  AwsSettings settings;
  settings.resources = Object({{"Queue", Object({{"Type", "AWS::SQS::Queue"}})}}).value();
  settings.outputs = Object({{"QueueUrl", Object({{"Value", Object({{"Ref", "Queue"}})}})}}).value();
  EXPECT_THAT(Apply(document, settings), IsEmpty());
  EXPECT_EQ(Resource(document, "Queue"), R"({"Type":"AWS::SQS::Queue"})");
  EXPECT_NE(document.Find("Outputs")->Find("QueueUrl"), nullptr);
}

TEST(ApplyHatches, PerchsOwnNamesAreTaken) {
  Value document = SmallTemplate();
  AwsSettings settings;
  settings.resources = Object({{"Database", Object({{"Type", "AWS::SQS::Queue"}})}}).value();
  settings.outputs = Object({{"Url", Object({{"Value", "x"}})}}).value();
  EXPECT_THAT(Apply(document, settings),
              ElementsAre("perch's own template already has `Database`. To change it, write it under `override`; else "
                          "choose another name.",
                          "perch's own template already has `Url`. Choose another name."));
  EXPECT_EQ(Resource(document, "Database").find("SQS"), std::string::npos);
}

TEST(ApplyHatches, AnOverrideIsMergedByMapOrByPath) {
  for (const Value& overrides :
       {Object({{"Database", Object({{"Properties", Object({{"MultiAZ", true}, {"MonitoringInterval", 60}})}})}})
            .value(),
        Object({{"Database.Properties.MultiAZ", true}, {"Database.Properties.MonitoringInterval", 60}}).value()}) {
    Value document = SmallTemplate();
    AwsSettings settings;
    settings.overrides = overrides;
    EXPECT_THAT(Apply(document, settings), IsEmpty());
    EXPECT_EQ(Resource(document, "Database"),
              R"({"Type":"AWS::RDS::DBInstance","Properties":{"MultiAZ":true,"Engine":"postgres",)"
              R"("MonitoringInterval":60}})");
  }
}

TEST(ApplyHatches, OptionsAreSetByNamespaceAndName) {
  Value document = SmallTemplate();
  AwsSettings settings;
  settings.overrides =
      Object({{"Environment.Properties.OptionSettings", Object({{"a:b", Object({{"X", "2"}, {"Y", "3"}})}})}}).value();
  EXPECT_THAT(Apply(document, settings), IsEmpty());
  EXPECT_EQ(Resource(document, "Environment"),
            R"({"Type":"AWS::ElasticBeanstalk::Environment","Properties":{"OptionSettings":[)"
            R"({"Namespace":"a:b","OptionName":"X","Value":"2"},{"Namespace":"a:b","OptionName":"Y","Value":"3"}]}})");
}

TEST(ApplyHatches, APathThatMatchesNothingIsAProblem) {
  Value document = SmallTemplate();
  AwsSettings settings;
  settings.overrides =
      Object({{"Databse.Properties.MultiAZ", true}, {"Nowhere", Object({})}, {"Database.Properties", 5}}).value();
  EXPECT_THAT(Apply(document, settings),
              ElementsAre("there is no resource `Databse` to override. Did you mean 'Database'?",
                          "there is no resource `Nowhere` to override. The resources are: Database, Environment.",
                          "`Database.Properties` is a map, and this is not. Name the key in it to change."));
}

TEST(CompleteOwnTemplate, AddsWhatIsMissingAndKeepsWhatIsThere) {
  Value document =
      Object(
          {{"Resources", Object({})},
           {"Outputs", Object({{"Url", Object({{"Value", "https://own"}})}, {"Image", Object({{"Value", "own"}})}})}})
          .value();
  const AwsSettings settings{.app = "shop", .profile = "branch", .domain = "preview.example.com"};
  std::vector<Problem> problems;
  CompleteOwnTemplate(document, settings, {.branch = "cart", .image = "perch's", .commit = "abc", .generation = 2},
                      problems);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(cfn::PrintCompactJson(document),
            R"({"Resources":{},"Outputs":{"Url":{"Value":"https://own"},"Image":{"Value":"own"},)"
            R"("Host":{"Value":"cart.preview.example.com"},"Branch":{"Value":"cart"},"Commit":{"Value":"abc"},)"
            R"("Generation":{"Value":"2"}},"Metadata":{"perch":{"app":"shop","branch":"cart","profile":"branch"}}})");
}

TEST(CompleteOwnTemplate, ItsUrlIsWanted) {
  Value document = Object({{"Resources", Object({})}}).value();
  std::vector<Problem> problems;
  CompleteOwnTemplate(document, {.domain = "d"}, {.branch = "cart"}, problems);
  EXPECT_THAT(Texts(problems), ElementsAre("the template has no output `Url`. Add one with the address that people "
                                           "open: perch shows it and waits until it answers."));
  Value list{.data = Value::List{}};
  problems.clear();
  CompleteOwnTemplate(list, {}, {}, problems);
  EXPECT_THAT(Texts(problems), ElementsAre("the template is not a map. It must be CloudFormation, as JSON or YAML."));
}

}  // namespace
}  // namespace perch::beanstalk
