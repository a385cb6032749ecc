#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "aws/cloudformation.h"
#include "aws/s3.h"
#include "base/error.h"
#include "base/value.h"

namespace perch::beanstalk {

/// What deleting a stack takes and leaves.
struct StackContents {
  std::vector<std::string> buckets;  ///< to be emptied: they go with the stack
  std::vector<std::string> left;     ///< what the template's policies leave behind, for people
  std::set<std::string> stacks;      ///< ids: the stack and those nested in it
};

using TemplateReader = std::function<Result<Value>(const std::string& text, const std::string& name)>;

/// Looks through a stack and the stacks nested in it, by their resources and templates. A bucket counts only if the
/// stack certainly made it (one whose creation failed may be somebody else's) and its DeletionPolicy is Delete or not
/// there; what cannot be told is left alone. Errors: a list or template that cannot be read; kRefused when another
/// stack imports what one of these exports.
Result<StackContents> ContentsOf(const aws::CloudFormation& cloudformation, const std::string& stack_id,
                                 const TemplateReader& read_template);

/// Asked right before a bucket is emptied: names of buckets come back, and another stack may have made this one anew
/// after somebody deleted it by hand. kFatal then; a missing bucket is no error.
aws::Answer<void> StillOfStack(const aws::S3& s3, const std::string& bucket, const StackContents& contents);

}  // namespace perch::beanstalk
