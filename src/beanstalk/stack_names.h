#pragma once

#include <string_view>

/// What perch's stacks tell each other and perch itself: the outputs are a contract, also for people's own templates.
namespace perch::beanstalk {

/// Facts that the application's stack exports, as ExportNameFor's last part; environments import them.
namespace exports {
inline constexpr std::string_view kApplication = "Application";
inline constexpr std::string_view kVersionsBucket = "VersionsBucket";
inline constexpr std::string_view kRepositoryUri = "RepositoryUri";
inline constexpr std::string_view kRepositoryArn = "RepositoryArn";
inline constexpr std::string_view kVpc = "Vpc";
inline constexpr std::string_view kPublicSubnets = "PublicSubnets";  ///< joined by commas
inline constexpr std::string_view kDatabaseSubnets = "DatabaseSubnets";
inline constexpr std::string_view kLoadBalancer = "LoadBalancer";
inline constexpr std::string_view kLoadBalancerName = "LoadBalancerName";
inline constexpr std::string_view kLoadBalancerZone = "LoadBalancerZone";
inline constexpr std::string_view kLoadBalancerGroup = "LoadBalancerGroup";
inline constexpr std::string_view kServiceRole = "ServiceRole";
inline constexpr std::string_view kCloudFormationRole = "CloudFormationRole";  ///< ARN of what environments are made by
inline constexpr std::string_view kBoundary = "Boundary";
inline constexpr std::string_view kRemoved = "Removed";  ///< ARN of a parameter for secrets that are no more
}  // namespace exports

/// Outputs of an environment's stack.
namespace outputs {
inline constexpr std::string_view kUrl = "Url";
inline constexpr std::string_view kHost = "Host";
inline constexpr std::string_view kBranch = "Branch";  ///< the full name
inline constexpr std::string_view kEnvironment = "Environment";
inline constexpr std::string_view kEndpoint = "Endpoint";
inline constexpr std::string_view kVersion = "Version";
inline constexpr std::string_view kImage = "Image";
inline constexpr std::string_view kPlatform = "PlatformArn";
inline constexpr std::string_view kSnapshot = "DatabaseSnapshot";
inline constexpr std::string_view kDatabase = "DatabaseEndpoint";
inline constexpr std::string_view kDatabaseSecret = "DatabaseSecret";
inline constexpr std::string_view kBucket = "Bucket";
inline constexpr std::string_view kCommit = "Commit";
inline constexpr std::string_view kTree = "Tree";
inline constexpr std::string_view kSettingsHash = "SettingsHash";
inline constexpr std::string_view kGeneration = "Generation";
inline constexpr std::string_view kEverWritten = "EverWritten";
}  // namespace outputs

}  // namespace perch::beanstalk
