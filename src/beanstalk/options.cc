#include "beanstalk/options.h"

#include <algorithm>

#include "beanstalk/pieces.h"
#include "beanstalk/stack_names.h"

/// The names and values are those of the Beanstalk developer guide, "General options for all environments".
namespace perch::beanstalk {
namespace {

constexpr std::string_view kAsg = "aws:autoscaling:asg";
constexpr std::string_view kLaunch = "aws:autoscaling:launchconfiguration";
constexpr std::string_view kRollingUpdate = "aws:autoscaling:updatepolicy:rollingupdate";
constexpr std::string_view kScheduled = "aws:autoscaling:scheduledaction";
constexpr std::string_view kTrigger = "aws:autoscaling:trigger";
constexpr std::string_view kInstances = "aws:ec2:instances";
constexpr std::string_view kVpc = "aws:ec2:vpc";
constexpr std::string_view kLogs = "aws:elasticbeanstalk:cloudwatch:logs";
constexpr std::string_view kCommand = "aws:elasticbeanstalk:command";
constexpr std::string_view kEnvironment = "aws:elasticbeanstalk:environment";
constexpr std::string_view kProcess = "aws:elasticbeanstalk:environment:process:default";
constexpr std::string_view kHealth = "aws:elasticbeanstalk:healthreporting:system";
constexpr std::string_view kManaged = "aws:elasticbeanstalk:managedactions";
constexpr std::string_view kBalancer = "aws:elbv2:loadbalancer";
constexpr std::string_view kListener = "aws:elbv2:listener:443";
constexpr std::string_view kRule = "aws:elbv2:listenerrule:perch";

// A new version is pulled, migrated and, the first time, seeded within it.
constexpr int kDeploySeconds = 1800;
constexpr int kOnDemandPercent = 70;  // Beanstalk's default where there is no Spot

/// Where it is reached. Fixed once the environment is made.
void SetLoadBalancer(Options& options, const AwsSettings& settings, const OptionParts& parts) {
  options.Set(kEnvironment, "EnvironmentType", "LoadBalanced");
  options.Set(kEnvironment, "LoadBalancerType", "application");
  options.SetFlag(kEnvironment, "LoadBalancerIsShared", true);
  options.Set(kBalancer, "SharedLoadBalancer", Imported(settings, exports::kLoadBalancer));
  options.Set(kListener, "Rules", "perch");
  options.Set(kRule, "HostHeaders", parts.host);
  options.Set(kRule, "PathPatterns", "/*");
  options.Set(kRule, "Process", "default");
  options.SetNumber(kRule, "Priority", 1);
}

void SetHealth(Options& options, const AwsSettings& settings) {
  const std::optional<int> status = settings.health_status;
  options.SetNumber(kProcess, "Port", 80);
  options.Set(kProcess, "Protocol", "HTTP");
  options.Set(kProcess, "HealthCheckPath", settings.health_path);
  options.Set(kProcess, "MatcherHTTPCode", status ? std::to_string(*status) : "200-499");
  options.SetNumber(kProcess, "HealthCheckInterval", 15);
  options.SetNumber(kProcess, "HealthCheckTimeout", 5);
  options.SetNumber(kProcess, "HealthyThresholdCount", 3);
  options.SetNumber(kProcess, "UnhealthyThresholdCount", 5);
  options.SetNumber(kProcess, "DeregistrationDelay", 20);
  options.SetFlag(kProcess, "StickinessEnabled", false);
  options.Set(kHealth, "SystemType", "enhanced");
}

void SetInstances(Options& options, const AwsSettings& settings, const OptionParts& parts) {
  const InstanceSettings& instances = settings.instances;
  options.Set(kInstances, "InstanceTypes", instances.type);
  options.Set(kInstances, "SupportedArchitectures", ArchitectureName(instances.architecture));
  options.SetFlag(kInstances, "EnableSpot", instances.spot);
  options.SetNumber(kInstances, "SpotFleetOnDemandBase", 0);
  options.SetNumber(kInstances, "SpotFleetOnDemandAboveBasePercentage", instances.spot ? 0 : kOnDemandPercent);
  options.Set(kLaunch, "IamInstanceProfile", parts.instance_profile);
  options.Set(kLaunch, "SecurityGroups", parts.security_group);
  options.SetFlag(kLaunch, "DisableDefaultEC2SecurityGroup", true);
  options.SetFlag(kLaunch, "DisableIMDSv1", true);
  options.Set(kLaunch, "RootVolumeType", "gp3");
  options.SetNumber(kLaunch, "RootVolumeSize", instances.disk);
  options.Set(kVpc, "VPCId", Imported(settings, exports::kVpc));
  options.Set(kVpc, "Subnets", Imported(settings, exports::kPublicSubnets));
  options.Set(kVpc, "ELBSubnets", Imported(settings, exports::kPublicSubnets));
  options.Set(kVpc, "ELBScheme", "public");
  options.SetFlag(kVpc, "AssociatePublicIpAddress", true);
}

void SetScaling(Options& options, const AwsSettings& settings) {
  options.SetNumber(kAsg, "MinSize", settings.instances.min);
  options.SetNumber(kAsg, "MaxSize", settings.instances.max);
  options.SetNumber(kAsg, "Cooldown", 360);
  options.Set(kTrigger, "MeasureName", "CPUUtilization");
  options.Set(kTrigger, "Statistic", "Average");
  options.Set(kTrigger, "Unit", "Percent");
  options.SetNumber(kTrigger, "LowerThreshold", 20);
  options.SetNumber(kTrigger, "UpperThreshold", 70);
}

void SetAction(Options& options, const std::string& name, const std::string& cron, int min, int max, int wanted,
               bool suspend) {
  options.SetFor(name, kScheduled, "MinSize", std::to_string(min));
  options.SetFor(name, kScheduled, "MaxSize", std::to_string(max));
  options.SetFor(name, kScheduled, "DesiredCapacity", std::to_string(wanted));
  options.SetFor(name, kScheduled, "Recurrence", cron);
  options.SetFor(name, kScheduled, "Suspend", suspend ? "true" : "false");
}

void SetOfficeHours(Options& options, const AwsSettings& settings, const Facts& facts) {
  const InstanceSettings& instances = settings.instances;
  const std::vector<std::string>& ever = facts.ever_written;
  const bool once = std::find(ever.begin(), ever.end(), kOfficeHoursMark) != ever.end();
  if (!instances.office_hours && !once) return;
  const OfficeHours hours = instances.office_hours.value_or(OfficeHours{.days = "*"});
  const auto cron = [&](int minute) {
    return std::to_string(minute % 60) + " " + std::to_string(minute / 60) + " * * " + hours.days;
  };
  const bool suspend = !instances.office_hours;
  SetAction(options, "OfficeHoursBegin", cron(hours.start_minute), instances.min, instances.max, instances.min,
            suspend);
  SetAction(options, "OfficeHoursEnd", cron(hours.stop_minute), 0, 0, 0, suspend);
}

void SetDeployment(Options& options, const AwsSettings& settings) {
  const Deployment deploy = settings.deploy;
  const bool at_once = deploy == Deployment::kAllAtOnce, immutable = deploy == Deployment::kImmutable;
  options.Set(kCommand, "DeploymentPolicy",
              at_once                                  ? "AllAtOnce"
              : immutable                              ? "Immutable"
              : deploy == Deployment::kAdditionalBatch ? "RollingWithAdditionalBatch"
                                                       : "Rolling");
  options.Set(kCommand, "BatchSizeType", "Percentage");
  options.SetNumber(kCommand, "BatchSize", at_once ? 100 : 50);
  options.SetNumber(kCommand, "Timeout", kDeploySeconds);
  options.SetFlag(kCommand, "IgnoreHealthCheck", false);
  options.SetFlag(kRollingUpdate, "RollingUpdateEnabled", !at_once);
  options.Set(kRollingUpdate, "RollingUpdateType", immutable ? "Immutable" : "Health");
  options.SetNumber(kRollingUpdate, "MaxBatchSize", 1);
  // It must stay below the most instances there may be.
  options.SetNumber(kRollingUpdate, "MinInstancesInService",
                    std::min(settings.instances.min, settings.instances.max - 1));
}

void SetRest(Options& options, const AwsSettings& settings) {
  options.Set(kEnvironment, "ServiceRole", Imported(settings, exports::kServiceRole));
  options.Set("aws:elasticbeanstalk:environment:proxy", "ProxyServer", "nginx");
  // The platform's version is in the template: nothing changes it behind CloudFormation's back.
  options.SetFlag(kManaged, "ManagedActionsEnabled", false);
  options.SetFlag(kLogs, "StreamLogs", true);
  options.SetFlag(kLogs, "DeleteOnTerminate", settings.application != Application::kProduction);
  options.SetNumber(kLogs, "RetentionInDays", settings.logs.keep_days);
}

}  // namespace

void Options::Set(std::string_view option_namespace, std::string_view name, const cfn::Text& value) {
  list_.push_back({.option_namespace = option_namespace, .option_name = name, .value = value});
}

void Options::SetFlag(std::string_view option_namespace, std::string_view name, bool value) {
  Set(option_namespace, name, cfn::Text(value ? "true" : "false"));
}

void Options::SetNumber(std::string_view option_namespace, std::string_view name, int value) {
  Set(option_namespace, name, cfn::Text(std::to_string(value)));
}

void Options::SetFor(std::string_view resource, std::string_view option_namespace, std::string_view name,
                     const cfn::Text& value) {
  list_.push_back(
      {.option_namespace = option_namespace, .option_name = name, .value = value, .resource_name = resource});
}

void SetOptions(Options& options, const AwsSettings& settings, const Facts& facts, const OptionParts& parts) {
  SetLoadBalancer(options, settings, parts);
  SetHealth(options, settings);
  SetInstances(options, settings, parts);
  SetScaling(options, settings);
  SetOfficeHours(options, settings, facts);
  SetDeployment(options, settings);
  SetRest(options, settings);
}

}  // namespace perch::beanstalk
