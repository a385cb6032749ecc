#pragma once

#include <string>

#include "base/error.h"
#include "base/value.h"
#include "beanstalk/settings.h"
#include "config/project.h"

namespace perch::cli {

/// An application as perch.yaml wants it, before AWS is asked anything.
struct ApplicationInput {
  config::Project project;
  beanstalk::AwsSettings settings;
};

/// Reads the profile that the application is named after. kUsage: perch.yaml is wrong, with every line of it.
Result<ApplicationInput> ReadApplication(const std::filesystem::path& config_file, const std::string& application);

/// Its template, checked. kUsage: a setting makes one that CloudFormation would refuse.
Result<Value> ApplicationDocument(const ApplicationInput& input);

}  // namespace perch::cli
