#pragma once

#include "cfn/types/tag.h"

/// Elastic Beanstalk, as the CloudFormation registry describes it.
namespace perch::cfn::beanstalk {

struct MaxCountRule {
  Flag enabled, delete_source_from_s3;
  Number max_count;
  Value Properties() const {
    return cfn::Properties()
        .Add("Enabled", enabled)
        .Add("DeleteSourceFromS3", delete_source_from_s3)
        .Add("MaxCount", max_count);
  }
};

struct VersionLifecycle {
  std::optional<MaxCountRule> max_count_rule;
  Value Properties() const { return cfn::Properties().Add("MaxCountRule", max_count_rule); }
};

struct ResourceLifecycle {
  Text service_role;
  std::optional<VersionLifecycle> version_lifecycle;
  Value Properties() const {
    return cfn::Properties().Add("ServiceRole", service_role).Add("VersionLifecycleConfig", version_lifecycle);
  }
};

/// Not taggable. Its name is fixed for ever.
struct Application {
  static constexpr std::string_view kType = "AWS::ElasticBeanstalk::Application";
  Text application_name, description;
  std::optional<ResourceLifecycle> resource_lifecycle;
  Value Properties() const {
    return cfn::Properties()
        .Add("ApplicationName", application_name)
        .Add("Description", description)
        .Add("ResourceLifecycleConfig", resource_lifecycle);
  }
};

struct SourceBundle {
  Text bucket, key;
  Value Properties() const { return cfn::Properties().Add("S3Bucket", bucket).Add("S3Key", key); }
};

/// A new key makes a new version; Ref is its generated label.
struct ApplicationVersion {
  static constexpr std::string_view kType = "AWS::ElasticBeanstalk::ApplicationVersion";
  Text application_name, description;  ///< description: at most 200 characters
  std::optional<SourceBundle> source_bundle;
  Value Properties() const {
    return cfn::Properties()
        .Add("ApplicationName", application_name)
        .Add("Description", description)
        .Add("SourceBundle", source_bundle);
  }
};

/// One setting. Removing it from a template does not reset it: CloudFormation keeps the value.
struct OptionSetting {
  Text option_namespace, option_name, value;
  Text resource_name;  ///< only of scheduled actions
  Value Properties() const {
    return cfn::Properties()
        .Add("Namespace", option_namespace)
        .Add("OptionName", option_name)
        .Add("ResourceName", resource_name)
        .Add("Value", value);
  }
};

struct Environment {
  static constexpr std::string_view kType = "AWS::ElasticBeanstalk::Environment";
  static constexpr Attribute<Environment> kEndpointUrl{"EndpointURL"};
  Text application_name, description, version_label;
  Text platform_arn;  ///< changes in place; a solution stack would replace the environment
  std::vector<OptionSetting> option_settings;
  std::vector<Tag> tags;
  Value Properties() const {
    return cfn::Properties()
        .Add("ApplicationName", application_name)
        .Add("Description", description)
        .Add("PlatformArn", platform_arn)
        .Add("VersionLabel", version_label)
        .Add("OptionSettings", option_settings)
        .Add("Tags", tags);
  }
};

}  // namespace perch::cfn::beanstalk
