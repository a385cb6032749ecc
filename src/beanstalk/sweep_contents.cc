#include "beanstalk/sweep_contents.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/text.h"

namespace perch::beanstalk {
namespace {

constexpr std::string_view kBucket = "AWS::S3::Bucket";
constexpr std::string_view kStack = "AWS::CloudFormation::Stack";
constexpr std::string_view kDatabase = "AWS::RDS::DBInstance";
constexpr std::string_view kCluster = "AWS::RDS::DBCluster";
constexpr int kDeepest = 5;  // nested stacks in nested stacks

/// Whether a resource is there, and may be the stack's own.
bool IsThere(const aws::StackResource& resource) {
  const std::string_view status = resource.status;
  return !resource.physical_id.empty() && status != "CREATE_FAILED" && status != "DELETE_COMPLETE" &&
         status != "DELETE_SKIPPED" && status != "CREATE_IN_PROGRESS";
}

/// Whether a resource is certainly the stack's own. One whose update or import failed may carry the name of somebody
/// else's; what CloudFormation could not delete was its own.
bool IsCertain(const aws::StackResource& resource) {
  constexpr std::string_view kCertain[] = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE",
                                           "IMPORT_COMPLETE", "DELETE_FAILED"};
  return std::ranges::find(kCertain, resource.status) != std::end(kCertain);
}

bool Exports(const Value& document) {
  const Value* outputs = document.Find("Outputs");
  const Value::Map* map = outputs ? std::get_if<Value::Map>(&outputs->data) : nullptr;
  return map && std::ranges::any_of(*map, [](const auto& output) { return output.value.Find("Export") != nullptr; });
}

class Contents {
 public:
  Contents(const aws::CloudFormation& cloudformation, const TemplateReader& read)
      : cloudformation_(cloudformation), read_(read) {}

  Status Look(const std::string& stack, int depth) {
    found.stacks.insert(stack);
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
    if (Exports(document)) {
      if (const Status unused = NobodyImports(stack); !unused) return unused;
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
  /// CloudFormation deletes no stack whose export is in use; what others use must not be emptied either.
  Status NobodyImports(const std::string& id) const {
    const aws::Answer<aws::Stack> stack = cloudformation_.DescribeStack(id);
    if (!stack) return Fail(Error(stack.error()));
    for (const std::string& name : stack->exports) {
      const aws::Answer<std::vector<std::string>> importers = cloudformation_.ImportersOf(name);
      if (!importers) return Fail(Error(importers.error()));
      if (importers->empty()) continue;
      return Fail({.kind = ErrorKind::kRefused,
                   .what = "the stack cannot be deleted",
                   .why = "its export '" + Printable(name) + "' is used by " + Printable(Join(*importers, ", ")),
                   .hint = "Delete or change that first."});
    }
    return {};
  }

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
      if (goes && IsCertain(resource)) {
        found.buckets.push_back(resource.physical_id);
      } else if (goes) {
        found.left.push_back("bucket " + name + ": it was not emptied, since it is in " + Printable(resource.status) +
                             " and may be another's");
      } else {
        found.left.push_back("bucket " + name +
                             ": it was not emptied, since the template does not tell what is to become of it");
      }
    }
    if (resource.type == kStack && goes) {
      if (depth >= kDeepest) return Fail({.what = "stacks are nested too deep", .where = name});
      if (!found.stacks.contains(resource.physical_id)) return Look(resource.physical_id, depth + 1);
    }
    return {};
  }

  static bool InCluster(const Value& declared) {
    const Value* properties = declared.Find("Properties");
    return properties && properties->Find("DBClusterIdentifier");
  }

  const aws::CloudFormation& cloudformation_;
  const TemplateReader& read_;
};

}  // namespace

Result<StackContents> ContentsOf(const aws::CloudFormation& cloudformation, const std::string& stack_id,
                                 const TemplateReader& read_template) {
  Contents contents(cloudformation, read_template);
  if (Status looked = contents.Look(stack_id, 0); !looked) return Fail(looked.error());
  return std::move(contents.found);
}

aws::Answer<void> StillOfStack(const aws::S3& s3, const std::string& bucket, const StackContents& contents) {
  const aws::Answer<std::string> maker = s3.StackOfBucket(bucket);
  if (!maker && maker.error().cause == aws::Cause::kNoBucket) return {};
  if (!maker) return aws::Failed(maker.error());
  if (maker->empty() || contents.stacks.contains(*maker)) return {};
  return aws::Failed({.service = "S3",
                      .operation = "emptying of a bucket",
                      .where = bucket,
                      .message = "it is another stack's now: " + Printable(*maker)});
}

}  // namespace perch::beanstalk
