#include "beanstalk/sweep_contents.h"

#include <set>
#include <string_view>

#include "base/text.h"

namespace perch::beanstalk {
namespace {

constexpr std::string_view kBucket = "AWS::S3::Bucket";
constexpr std::string_view kStack = "AWS::CloudFormation::Stack";
constexpr std::string_view kDatabase = "AWS::RDS::DBInstance";
constexpr std::string_view kCluster = "AWS::RDS::DBCluster";
constexpr int kDeepest = 5;  // nested stacks in nested stacks

/// Whether a resource is there, and is the stack's own.
bool IsThere(const aws::StackResource& resource) {
  const std::string_view status = resource.status;
  return !resource.physical_id.empty() && status != "CREATE_FAILED" && status != "DELETE_COMPLETE" &&
         status != "DELETE_SKIPPED" && status != "CREATE_IN_PROGRESS";
}

class Contents {
 public:
  Contents(const aws::CloudFormation& cloudformation, const TemplateReader& read)
      : cloudformation_(cloudformation), read_(read) {}

  Status Look(const std::string& stack, int depth) {
    aws::Answer<std::vector<aws::StackResource>> resources = cloudformation_.ListStackResources(stack).All();
    if (!resources) return Fail(Error(resources.error()));
    bool matters = false;
    for (const aws::StackResource& resource : *resources) matters = matters || IsThere(resource);
    if (!matters) return {};
    Value document;
    aws::Answer<std::string> text = cloudformation_.GetTemplate(stack);
    if (!text) return Fail(Error(text.error()));
    if (read_) {
      Result<Value> read = read_(*text, "the template of " + stack);
      if (!read) return Fail(read.error());
      document = std::move(*read);
    }
    const Value* declared = document.Find("Resources");
    for (const aws::StackResource& resource : *resources) {
      if (!IsThere(resource)) continue;
      if (Status seen = Take(resource, declared ? declared->Find(resource.logical_id) : nullptr, depth); !seen)
        return seen;
    }
    return {};
  }

  StackContents found;

 private:
  Status Take(const aws::StackResource& resource, const Value* declared, int depth) {
    const Value* policy = declared ? declared->Find("DeletionPolicy") : nullptr;
    const std::string* word = policy ? policy->AsString() : nullptr;
    const bool goes = declared && (!policy || (word && *word == "Delete"));
    const std::string name = Printable(resource.physical_id);
    if (word && (*word == "Retain" || *word == "RetainExceptOnCreate")) {
      found.left.push_back((resource.type == kBucket ? "bucket " : resource.type + " ") + name +
                           ": its template retains it");
      return {};
    }
    const bool cluster_keeps = resource.type == kDatabase && declared && !policy && !InCluster(*declared);
    if ((word && *word == "Snapshot") || cluster_keeps || (resource.type == kCluster && declared && !policy)) {
      found.left.push_back("a snapshot of " + resource.type + " " + name + ": its template " +
                           (policy ? "keeps one" : "does not say DeletionPolicy: Delete"));
      return {};
    }
    if (resource.type == kBucket) {
      if (goes) {
        found.buckets.push_back(resource.physical_id);
      } else {
        found.left.push_back("bucket " + name +
                             ": it was not emptied, since the template does not tell what is to become of it");
      }
    }
    if (resource.type == kStack && goes) {
      if (depth >= kDeepest) return Fail({.what = "stacks are nested too deep", .where = name});
      if (seen_.insert(resource.physical_id).second) return Look(resource.physical_id, depth + 1);
    }
    return {};
  }

  static bool InCluster(const Value& declared) {
    const Value* properties = declared.Find("Properties");
    return properties && properties->Find("DBClusterIdentifier");
  }

  const aws::CloudFormation& cloudformation_;
  const TemplateReader& read_;
  std::set<std::string> seen_;
};

}  // namespace

Result<StackContents> ContentsOf(const aws::CloudFormation& cloudformation, const std::string& stack_id,
                                 const TemplateReader& read_template) {
  Contents contents(cloudformation, read_template);
  if (Status looked = contents.Look(stack_id, 0); !looked) return Fail(looked.error());
  return std::move(contents.found);
}

}  // namespace perch::beanstalk
