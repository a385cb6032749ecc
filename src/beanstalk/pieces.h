#pragma once

#include <string>

#include "beanstalk/settings.h"
#include "cfn/types/s3.h"

/// What both templates are made of.
namespace perch::beanstalk {

/// What the application's stack exports under one of the names in stack_names.h.
cfn::Expression Imported(const AwsSettings& settings, std::string_view fact);

/// A bucket that only its account reaches: no public access, no ACLs, encrypted, with all versions kept for
/// `old_version_days`, and half-finished uploads for one. `expire_days` 0: nothing else goes.
cfn::s3::Bucket PrivateBucket(int old_version_days, int expire_days = 0);

/// Deletion and replacement policy alike.
cfn::Extra Keeping(OnDelete on_delete);

/// "arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE" of this stack's region and account.
cfn::Expression LocalArn(const std::string& service, const std::string& resource);

}  // namespace perch::beanstalk
