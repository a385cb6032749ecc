#include "beanstalk/sweep_contents.h"

#include <gtest/gtest.h>

#include "aws/testing.h"
#include "base/text.h"

namespace perch::beanstalk {
namespace {

struct Part {
  std::string logical, type, physical, status = "CREATE_COMPLETE";
};

/// Stacks by id, with their resources; the template of each declares all of them with `policies`.
class Stacks : public net::Transport {
 public:
  std::map<std::string, std::vector<Part>> stacks;
  std::map<std::string, std::string> policies;   // by logical id
  std::map<std::string, std::string> exports;    // of a stack, one
  std::map<std::string, std::string> importers;  // of an export

  Result<net::RemoteResponse> Send(const net::RemoteRequest& request, std::stop_token) override {
    const std::size_t at = request.body.find("StackName=") + 10;
    const std::string id = request.body.substr(at, request.body.find('&', at) - at);
    if (request.body.contains("Action=DescribeStacks")) return Describe(id);
    if (request.body.contains("Action=ListImports")) return Importers(request.body);
    if (!request.body.contains("Action=GetTemplate")) return List(id);
    const bool processed = request.body.contains("TemplateStage=Processed");
    return Answer("GetTemplate",
                  "<TemplateBody>" + std::string(processed ? "" : "as given: ") + id + "</TemplateBody>");
  }
  /// The template whose text is a stack's id.
  Result<Value> Read(const std::string& id) const {
    Value::Map resources;
    for (const Part& part : stacks.at(id)) {
      Value::Map declared;
      const auto policy = policies.find(part.logical);
      if (policy != policies.end()) declared.push_back({.key = "DeletionPolicy", .value = {.data = policy->second}});
      resources.push_back({.key = part.logical, .value = {.data = std::move(declared)}});
    }
    Value::Map document;
    document.push_back({.key = "Resources", .value = {.data = std::move(resources)}});
    if (exports.contains(id)) {
      Value::Map output = {{.key = "Export", .value = {}}};
      Value::Map outputs = {{.key = "Out", .value = {.data = std::move(output)}}};
      document.push_back({.key = "Outputs", .value = {.data = std::move(outputs)}});
    }
    return Value{.data = std::move(document)};
  }

 private:
  net::RemoteResponse List(const std::string& id) const {
    std::string members;
    for (const Part& part : stacks.at(id)) {
      members += "<member><LogicalResourceId>" + part.logical + "</LogicalResourceId><PhysicalResourceId>" +
                 part.physical + "</PhysicalResourceId><ResourceType>" + part.type + "</ResourceType><ResourceStatus>" +
                 part.status + "</ResourceStatus></member>";
    }
    return Answer("ListStackResources", "<StackResourceSummaries>" + members + "</StackResourceSummaries>");
  }
  net::RemoteResponse Describe(const std::string& id) const {
    return Answer("DescribeStacks", "<Stacks><member><StackId>" + id +
                                        "</StackId><Outputs><member><OutputKey>Out</OutputKey><ExportName>" +
                                        exports.at(id) + "</ExportName></member></Outputs></member></Stacks>");
  }
  net::RemoteResponse Importers(const std::string& body) const {
    const std::size_t at = body.find("ExportName=") + 11;
    const std::string name = body.substr(at, body.find('&', at) - at);
    const auto by = importers.find(name);
    if (by != importers.end()) return Answer("ListImports", "<Imports><member>" + by->second + "</member></Imports>");
    return {400,
            {},
            "<ErrorResponse><Error><Code>ValidationError</Code><Message>Export '" + name +
                "' is not imported by any stack.</Message></Error></ErrorResponse>"};
  }
  static net::RemoteResponse Answer(const std::string& action, const std::string& inner) {
    const std::string result = "<" + action + "Result>" + inner + "</" + action + "Result>";
    return {200, {}, "<" + action + "Response>" + result + "</" + action + "Response>"};
  }
};

constexpr char kBucket[] = "AWS::S3::Bucket";
constexpr char kStack[] = "AWS::CloudFormation::Stack";

std::string Told(const Stacks& stacks, const std::string& id = "a") {
  Stacks transport = stacks;
  const aws::CloudFormation cloudformation(
      aws::Client({.transport = &transport,
                   .credentials = aws::FixedCredentials({.access_key_id = "A", .secret_access_key = Secret("s")}),
                   .region = "eu-central-1",
                   .clock = [] { return *ParseTime("2026-11-22T12:00:00Z"); }}));
  const Result<StackContents> found =
      ContentsOf(cloudformation, id, [&](const std::string& text, const std::string&) { return stacks.Read(text); });
  if (!found) return found.error().Text();
  return "buckets: " + Join(found->buckets, " ") + "\nleft: " + Join(found->left, "; ");
}

TEST(StackContents, AreFoundInNestedStacksToo) {
  Stacks world;
  world.stacks["a"] = {{"One", kBucket, "one"}, {"Inner", kStack, "b"}, {"Queue", "AWS::SQS::Queue", "q"}};
  world.stacks["b"] = {{"Two", kBucket, "two"}, {"Deeper", kStack, "c"}};
  world.stacks["c"] = {{"Three", kBucket, "three"}, {"Round", kStack, "b"}};
  EXPECT_EQ(Told(world), "buckets: one two three\nleft: ");
}

TEST(StackContents, ANestedStackThatIsRetainedKeepsItsBuckets) {
  Stacks world;
  world.stacks["a"] = {{"Inner", kStack, "b"}};
  world.stacks["b"] = {{"Two", kBucket, "two"}};
  world.policies["Inner"] = "Retain";
  EXPECT_EQ(Told(world), "buckets: \nleft: AWS::CloudFormation::Stack b: its template retains it");
}

TEST(StackContents, WhatMacrosMadeOfTheTemplateCounts) {
  Stacks world;
  world.stacks["a"] = {{"Kept", kBucket, "kept"}};
  world.stacks["as given: a"] = world.stacks["a"];
  world.policies["Kept"] = "Retain";
  EXPECT_EQ(Told(world), "buckets: \nleft: bucket kept: its template retains it");
}

TEST(StackContents, AnExportThatNobodyImportsKeepsNothing) {
  Stacks world;
  world.stacks["a"] = {{"One", kBucket, "one"}};
  world.exports["a"] = "files";
  EXPECT_EQ(Told(world), "buckets: one\nleft: ");
}

TEST(StackContents, AnExportThatAnotherStackImportsIsRefusedAlsoInANestedStack) {
  Stacks world;
  world.stacks["a"] = {{"One", kBucket, "one"}, {"Inner", kStack, "b"}};
  world.stacks["b"] = {{"Two", kBucket, "two"}};
  world.exports["b"] = "files";
  world.importers["files"] = "other";
  EXPECT_EQ(Told(world),
            "the stack cannot be deleted: its export 'files' is used by other\n  Delete or change that first.");
}

TEST(StackContents, StacksThatAreNestedTooDeepAreAnError) {
  Stacks world;
  for (char id = 'a'; id < 'h'; ++id)
    world.stacks[std::string(1, id)] = {{"Inner", kStack, std::string(1, char(id + 1))}};
  EXPECT_EQ(Told(world), "stacks are nested too deep: g");
}

TEST(StackContents, BucketsWhoseImportOrUpdateFailedMayBeAnothers) {
  Stacks world;
  world.stacks["a"] = {{"Imported", kBucket, "imported", "IMPORT_COMPLETE"},
                       {"Back", kBucket, "back", "UPDATE_ROLLBACK_COMPLETE"},
                       {"NotImported", kBucket, "theirs", "IMPORT_FAILED"},
                       {"Renamed", kBucket, "taken", "UPDATE_FAILED"}};
  EXPECT_EQ(Told(world),
            "buckets: imported back\nleft: bucket theirs: it was not emptied, since it is in IMPORT_FAILED and may be "
            "another's; bucket taken: it was not emptied, since it is in UPDATE_FAILED and may be another's");
}

TEST(StackContents, BucketsThatTheStackMayNotHaveMadeAreLeft) {
  Stacks world;
  world.stacks["a"] = {{"Mine", kBucket, "mine"},
                       {"Failed", kBucket, "somebodys", "CREATE_FAILED"},
                       {"Gone", kBucket, "gone", "DELETE_COMPLETE"},
                       {"Kept", kBucket, "kept"},
                       {"Odd", kBucket, "odd"},
                       {"Stuck", kBucket, "stuck", "DELETE_FAILED"}};
  world.policies = {{"Kept", "RetainExceptOnCreate"}, {"Odd", "Whatever"}, {"Stuck", "Delete"}};
  EXPECT_EQ(
      Told(world),
      "buckets: mine stuck\nleft: bucket kept: its template retains it; bucket odd: it was not emptied, since the "
      "template does not tell what is to become of it");
}

}  // namespace
}  // namespace perch::beanstalk
