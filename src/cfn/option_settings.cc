#include "cfn/option_settings.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace perch::cfn {
namespace {

using enum Option::Kind;
constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view kDays = "0|1|3|5|7|14|30|60|90|120|150|180|365|400|545|731|1827|3653";
constexpr std::string_view kListener = "aws:elbv2:listener:*";
constexpr std::string_view kClassicListener = "aws:elb:listener:*";
constexpr std::string_view kRule = "aws:elbv2:listenerrule:*";
constexpr std::string_view kProcess = "aws:elasticbeanstalk:environment:process:*";
constexpr std::string_view kAction = "aws:autoscaling:scheduledaction";
constexpr std::string_view kGroup = "aws:autoscaling:asg";
constexpr std::string_view kLaunch = "aws:autoscaling:launchconfiguration";
constexpr std::string_view kTrigger = "aws:autoscaling:trigger";
constexpr std::string_view kRolling = "aws:autoscaling:updatepolicy:rollingupdate";
constexpr std::string_view kInstances = "aws:ec2:instances";
constexpr std::string_view kNetwork = "aws:ec2:vpc";
constexpr std::string_view kCommand = "aws:elasticbeanstalk:command";
constexpr std::string_view kEnvironment = "aws:elasticbeanstalk:environment";
constexpr std::string_view kLogs = "aws:elasticbeanstalk:cloudwatch:logs";
constexpr std::string_view kHealthLogs = "aws:elasticbeanstalk:cloudwatch:logs:health";
constexpr std::string_view kBalancer = "aws:elbv2:loadbalancer";
constexpr std::string_view kClassic = "aws:elb:loadbalancer";
constexpr std::string_view kManaged = "aws:elasticbeanstalk:managedactions";
constexpr std::string_view kUpdate = "aws:elasticbeanstalk:managedactions:platformupdate";
constexpr std::string_view kTopics = "aws:elasticbeanstalk:sns:topics";
constexpr std::string_view kSplitting = "aws:elasticbeanstalk:trafficsplitting";
constexpr std::string_view kHealth = "aws:elasticbeanstalk:healthreporting:system";

constexpr Option kOptions[] = {
    {kGroup, "Availability Zones", kChoice, "Any|Any 1|Any 2|Any 3", 0, 0, "Any"},
    {kGroup, "Cooldown", kWhole, "", 0, 10000, "360"},
    {kGroup, "Custom Availability Zones"},
    {kGroup, "EnableCapacityRebalancing", kTruth, "", 0, 0, "false"},
    {kGroup, "MaxSize", kWhole, "", 0, 10000, "4"},
    {kGroup, "MinSize", kWhole, "", 0, 10000, "1"},

    {kLaunch, "BlockDeviceMappings"},
    {kLaunch, "DisableDefaultEC2SecurityGroup", kTruth, "", 0, 0, "false"},
    {kLaunch, "DisableIMDSv1", kTruth, "", 0, 0, "false"},
    {kLaunch, "EC2KeyName"},
    {kLaunch, "IamInstanceProfile"},
    {kLaunch, "ImageId"},
    {kLaunch, "InstanceType"},
    {kLaunch, "LaunchTemplateTagPropagationEnabled", kTruth, "", 0, 0, "false"},
    {kLaunch, "MonitoringInterval", kChoice, "1 minute|5 minute", 0, 0, "5 minute"},
    {kLaunch, "RootVolumeIOPS", kWhole, "", 100, 64000},
    {kLaunch, "RootVolumeSize", kWhole, "", 8, 16384},
    {kLaunch, "RootVolumeThroughput", kWhole, "", 125, 1000},
    {kLaunch, "RootVolumeType", kChoice, "standard|gp2|gp3|io1|io2"},
    {kLaunch, "SSHSourceRestriction", kText, "", 0, 0, "tcp,22,22,0.0.0.0/0"},
    {kLaunch, "SecurityGroups"},

    {kAction, "DesiredCapacity", kWhole, "", 0, 10000},
    {kAction, "EndTime"},
    {kAction, "MaxSize", kWhole, "", 0, 10000},
    {kAction, "MinSize", kWhole, "", 0, 10000},
    {kAction, "Recurrence"},
    {kAction, "StartTime"},
    {kAction, "Suspend", kTruth, "", 0, 0, "false"},

    {kTrigger, "BreachDuration", kWhole, "", 1, 600, "5"},
    {kTrigger, "EvaluationPeriods", kWhole, "", 1, 600, "1"},
    {kTrigger, "LowerBreachScaleIncrement", kWhole, "", -10000, 10000, "-1"},
    {kTrigger, "LowerThreshold", kWhole, "", 0, 20000000, "2000000"},
    {kTrigger, "MeasureName", kChoice,
     "CPUUtilization|DiskReadBytes|DiskReadOps|DiskWriteBytes|DiskWriteOps|EstimatedALCUs|HealthyHostCount|Latency|"
     "NetworkIn|NetworkOut|RequestCount|StatusCheckFailed|TargetResponseTime|UnhealthyHostCount",
     0, 0, "NetworkOut"},
    {kTrigger, "Period", kWhole, "", 1, 600, "5"},
    {kTrigger, "Statistic", kChoice, "Average|Maximum|Minimum|Sum", 0, 0, "Average"},
    {kTrigger, "Unit", kChoice,
     "Bits|Bits/Second|Bytes|Bytes/Second|Count|Count/Second|Microseconds|Milliseconds|None|Percent|Seconds", 0, 0,
     "Bytes"},
    {kTrigger, "UpperBreachScaleIncrement", kWhole, "", -10000, 10000, "1"},
    {kTrigger, "UpperThreshold", kWhole, "", 0, 20000000, "6000000"},

    {kRolling, "MaxBatchSize", kWhole, "", 1, 10000},
    {kRolling, "MinInstancesInService", kWhole, "", 0, 9999},
    {kRolling, "PauseTime"},
    {kRolling, "RollingUpdateEnabled", kTruth, "", 0, 0, "false"},
    {kRolling, "RollingUpdateType", kChoice, "Time|Health|Immutable", 0, 0, "Time"},
    {kRolling, "Timeout", kText, "", 0, 0, "PT30M"},

    {"aws:cloudformation:template:parameter", "*"},

    {kInstances, "EnableSpot", kTruth, "", 0, 0, "false"},
    {kInstances, "InstanceTypes"},
    {kInstances, "SpotAllocationStrategy", kChoice,
     "capacity-optimized|capacity-optimized-prioritized|lowest-price|price-capacity-optimized", 0, 0,
     "capacity-optimized"},
    {kInstances, "SpotFleetOnDemandAboveBasePercentage", kWhole, "", 0, 100},
    {kInstances, "SpotFleetOnDemandBase", kWhole, "", 0, kAny, "0"},
    {kInstances, "SpotMaxPrice"},
    {kInstances, "SupportedArchitectures", kChoices, "arm64|x86_64|i386"},

    {kNetwork, "AssociatePublicIpAddress", kTruth},
    {kNetwork, "DBSubnets"},
    {kNetwork, "ELBScheme", kChoice, "public|internal|internet facing", 0, 0, "public"},
    {kNetwork, "ELBSubnets"},
    {kNetwork, "Subnets"},
    {kNetwork, "VPCId"},

    {"aws:elasticbeanstalk:application", "Application Healthcheck URL"},
    {kVariables, "*"},
    {"aws:elasticbeanstalk:application:environmentsecrets", "*"},

    {kLogs, "DeleteOnTerminate", kTruth, "", 0, 0, "false"},
    {kLogs, "RetentionInDays", kChoice, kDays.substr(2), 0, 0, "7"},
    {kLogs, "StreamLogs", kTruth, "", 0, 0, "false"},
    {kHealthLogs, "DeleteOnTerminate", kTruth, "", 0, 0, "false"},
    {kHealthLogs, "HealthStreamingEnabled", kTruth, "", 0, 0, "false"},
    {kHealthLogs, "RetentionInDays", kChoice, kDays.substr(2), 0, 0, "7"},

    {kCommand, "BatchSize", kWhole, "", 1, 10000, "100"},
    {kCommand, "BatchSizeType", kChoice, "Percentage|Fixed", 0, 0, "Percentage"},
    {kCommand, "DeploymentPolicy", kChoice, "AllAtOnce|Rolling|RollingWithAdditionalBatch|Immutable|TrafficSplitting",
     0, 0, "AllAtOnce"},
    {kCommand, "IgnoreHealthCheck", kTruth, "", 0, 0, "false"},
    {kCommand, "Timeout", kWhole, "", 1, 3600, "600"},

    {"aws:elasticbeanstalk:control", "DefaultSSHPort", kWhole, "", 1, 65535, "22"},
    {"aws:elasticbeanstalk:control", "LaunchTimeout"},
    {"aws:elasticbeanstalk:control", "LaunchType"},
    {"aws:elasticbeanstalk:control", "RollbackLaunchOnFailure", kTruth, "", 0, 0, "false"},

    {kEnvironment, "EnvironmentType", kChoice, "SingleInstance|LoadBalanced", 0, 0, "LoadBalanced"},
    {kEnvironment, "ExternalExtensionsS3Bucket"},
    {kEnvironment, "ExternalExtensionsS3Key"},
    {kEnvironment, "LoadBalancerIsShared", kTruth, "", 0, 0, "false", true},
    {kEnvironment, "LoadBalancerType", kChoice, "classic|application|network", 0, 0, "classic", true},
    {kEnvironment, "ServiceRole"},

    {kProcess, "DeregistrationDelay", kWhole, "", 0, 3600, "20"},
    {kProcess, "HealthCheckInterval", kWhole, "", 5, 300, "15"},
    {kProcess, "HealthCheckPath", kText, "", 0, 0, "/"},
    {kProcess, "HealthCheckTimeout", kWhole, "", 1, 60, "5"},
    {kProcess, "HealthyThresholdCount", kWhole, "", 2, 10, "3"},
    {kProcess, "MatcherHTTPCode", kText, "", 0, 0, "200"},
    {kProcess, "Port", kWhole, "", 1, 65535, "80"},
    {kProcess, "Protocol", kChoice, "HTTP|HTTPS|TCP", 0, 0, "HTTP"},
    {kProcess, "StickinessEnabled", kTruth, "", 0, 0, "false"},
    {kProcess, "StickinessLBCookieDuration", kWhole, "", 1, 604800, "86400"},
    {kProcess, "StickinessType", kChoice, "lb_cookie", 0, 0, "lb_cookie"},
    {kProcess, "UnhealthyThresholdCount", kWhole, "", 2, 10, "5"},

    {"aws:elasticbeanstalk:environment:proxy", "GzipCompression", kTruth},
    {"aws:elasticbeanstalk:environment:proxy", "ProxyServer", kChoice, "nginx|apache|none", 0, 0, "nginx"},
    {"aws:elasticbeanstalk:environment:proxy:staticfiles", "*"},

    {kHealth, "ConfigDocument"},
    {kHealth, "EnhancedHealthAuthEnabled", kTruth, "", 0, 0, "true"},
    {kHealth, "HealthCheckSuccessThreshold", kChoice, "Ok|Warning|Degraded|Severe", 0, 0, "Ok"},
    {kHealth, "SystemType", kChoice, "basic|enhanced", 0, 0, "basic"},

    {"aws:elasticbeanstalk:hostmanager", "LogPublicationControl", kTruth, "", 0, 0, "false"},

    {kManaged, "ManagedActionsEnabled", kTruth, "", 0, 0, "false"},
    {kManaged, "PreferredStartTime"},
    {kManaged, "ServiceRoleForManagedUpdates"},
    {kUpdate, "InstanceRefreshEnabled", kTruth, "", 0, 0, "false"},
    {kUpdate, "UpdateLevel", kChoice, "patch|minor"},

    {"aws:elasticbeanstalk:monitoring", "Automatically Terminate Unhealthy Instances", kTruth, "", 0, 0, "true"},

    {kTopics, "Notification Endpoint"},
    {kTopics, "Notification Protocol", kChoice, "http|https|email|email-json|sqs", 0, 0, "email"},
    {kTopics, "Notification Topic ARN"},
    {kTopics, "Notification Topic Name"},

    {"aws:elasticbeanstalk:sqsd", "ConnectTimeout", kWhole, "", 1, 60, "5"},
    {"aws:elasticbeanstalk:sqsd", "ErrorVisibilityTimeout", kWhole, "", 0, 43200, "2"},
    {"aws:elasticbeanstalk:sqsd", "HttpConnections", kWhole, "", 1, 100, "50"},
    {"aws:elasticbeanstalk:sqsd", "HttpPath", kText, "", 0, 0, "/"},
    {"aws:elasticbeanstalk:sqsd", "InactivityTimeout", kWhole, "", 1, 36000, "299"},
    {"aws:elasticbeanstalk:sqsd", "MaxRetries", kWhole, "", 1, 100, "10"},
    {"aws:elasticbeanstalk:sqsd", "MimeType", kText, "", 0, 0, "application/json"},
    {"aws:elasticbeanstalk:sqsd", "RetentionPeriod", kWhole, "", 60, 1209600, "345600"},
    {"aws:elasticbeanstalk:sqsd", "VisibilityTimeout", kWhole, "", 0, 43200, "300"},
    {"aws:elasticbeanstalk:sqsd", "WorkerQueueURL"},

    {kSplitting, "EvaluationTime", kWhole, "", 3, 600, "5"},
    {kSplitting, "NewVersionPercent", kWhole, "", 1, 100, "10"},

    {"aws:elasticbeanstalk:xray", "XRayEnabled", kTruth, "", 0, 0, "false"},

    {"aws:elb:healthcheck", "HealthyThreshold", kWhole, "", 2, 10, "3"},
    {"aws:elb:healthcheck", "Interval", kWhole, "", 5, 300, "10"},
    {"aws:elb:healthcheck", "Target"},
    {"aws:elb:healthcheck", "Timeout", kWhole, "", 2, 60, "5"},
    {"aws:elb:healthcheck", "UnhealthyThreshold", kWhole, "", 2, 10, "5"},
    {"aws:elb:listener", "InstancePort", kWhole, "", 1, 65535, "80"},
    {"aws:elb:listener", "InstanceProtocol", kChoice, "HTTP|HTTPS|TCP|SSL"},
    {"aws:elb:listener", "ListenerEnabled", kTruth},
    {"aws:elb:listener", "ListenerProtocol", kChoice, "HTTP|HTTPS|TCP|SSL", 0, 0, "HTTP"},
    {"aws:elb:listener", "PolicyNames"},
    {"aws:elb:listener", "SSLCertificateId"},
    {kClassicListener, "InstancePort", kWhole, "", 1, 65535},
    {kClassicListener, "InstanceProtocol", kChoice, "HTTP|HTTPS|TCP|SSL"},
    {kClassicListener, "ListenerEnabled", kTruth},
    {kClassicListener, "ListenerProtocol", kChoice, "HTTP|HTTPS|TCP|SSL", 0, 0, "HTTP"},
    {kClassicListener, "PolicyNames"},
    {kClassicListener, "SSLCertificateId"},
    {kClassic, "CrossZone", kTruth, "", 0, 0, "false"},
    {kClassic, "LoadBalancerHTTPPort", kChoice, "OFF|80|443", 0, 0, "80"},
    {kClassic, "LoadBalancerHTTPSPort", kChoice, "OFF|443|8443", 0, 0, "OFF"},
    {kClassic, "LoadBalancerPortProtocol", kChoice, "HTTP|TCP", 0, 0, "HTTP"},
    {kClassic, "LoadBalancerSSLPortProtocol", kChoice, "HTTPS|SSL", 0, 0, "HTTPS"},
    {kClassic, "ManagedSecurityGroup"},
    {kClassic, "SSLCertificateId"},
    {kClassic, "SecurityGroups"},
    {"aws:elb:policies", "ConnectionDrainingEnabled", kTruth, "", 0, 0, "false"},
    {"aws:elb:policies", "ConnectionDrainingTimeout", kWhole, "", 1, 3600, "20"},
    {"aws:elb:policies", "ConnectionSettingIdleTimeout", kWhole, "", 1, 3600, "60"},
    {"aws:elb:policies", "LoadBalancerPorts"},
    {"aws:elb:policies", "Stickiness Cookie Expiration", kWhole, "", 0, 1000000, "0"},
    {"aws:elb:policies", "Stickiness Policy", kTruth, "", 0, 0, "false"},
    {"aws:elb:policies:*", "*"},

    {kListener, "DefaultProcess", kText, "", 0, 0, "default"},
    {kListener, "ListenerEnabled", kTruth, "", 0, 0, "true"},
    {kListener, "Protocol", kChoice, "HTTP|HTTPS|TCP", 0, 0, "HTTP"},
    {kListener, "Rules"},
    {kListener, "SSLCertificateArns"},
    {kListener, "SSLPolicy"},

    {kRule, "HostHeaders"},
    {kRule, "PathPatterns"},
    {kRule, "Priority", kWhole, "", 1, 1000, "1"},
    {kRule, "Process", kText, "", 0, 0, "default"},

    {kBalancer, "AccessLogsS3Bucket"},
    {kBalancer, "AccessLogsS3Enabled", kTruth, "", 0, 0, "false"},
    {kBalancer, "AccessLogsS3Prefix"},
    {kBalancer, "IdleTimeout", kWhole, "", 1, 3600},
    {kBalancer, "IpAddressType", kChoice, "ipv4|dualstack", 0, 0, "ipv4"},
    {kBalancer, "ManagedSecurityGroup"},
    {kBalancer, "SecurityGroups"},
    {kBalancer, "SharedLoadBalancer", kText, "", 0, 0, "", true},

    {"aws:rds:dbinstance", "*"},
};

bool FitsSpace(std::string_view pattern, std::string_view space) {
  if (!pattern.ends_with('*')) return pattern == space;
  pattern.remove_suffix(1);
  return space.starts_with(pattern) && space.size() > pattern.size() &&
         space.find(':', pattern.size()) == std::string_view::npos;
}

bool Among(std::string_view choices, std::string_view value) {
  while (!choices.empty()) {
    const std::string_view choice = choices.substr(0, choices.find('|'));
    if (choice == value) return true;
    choices.remove_prefix(std::min(choices.size(), choice.size() + 1));
  }
  return false;
}

std::optional<std::int64_t> Whole(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::optional<std::uint64_t> number = ParseNumber(negative ? text.substr(1) : text);
  if (!number || *number > std::uint64_t(kAny)) return std::nullopt;
  return negative ? -std::int64_t(*number) : std::int64_t(*number);
}

std::string Shown(std::string_view value) {
  return "`" + Printable(value.substr(0, 60)) + (value.size() > 60 ? "…`" : "`");
}

}  // namespace

std::span<const Option> Options() { return kOptions; }

const Option* FindOption(std::string_view space, std::string_view option) {
  const auto* found = std::find_if(std::begin(kOptions), std::end(kOptions), [&](const Option& o) {
    return (o.name == option || o.name == "*") && FitsSpace(o.space, space);
  });
  return found == std::end(kOptions) ? nullptr : found;
}

bool IsOptionSpace(std::string_view space) {
  return std::any_of(std::begin(kOptions), std::end(kOptions),
                     [&](const Option& o) { return FitsSpace(o.space, space); });
}

std::string OptionValueProblem(const Option& option, std::string_view value) {
  switch (option.kind) {
    case kText:
      return "";
    case kTruth:
      return EqualsIgnoreCase(value, "true") || EqualsIgnoreCase(value, "false")
                 ? ""
                 : Shown(value) + " is neither `true` nor `false`";
    case kWhole: {
      const std::optional<std::int64_t> number = Whole(value);
      if (!number) return Shown(value) + " is no whole number";
      if (*number >= option.least && *number <= option.most) return "";
      return option.most == kAny
                 ? Shown(value) + " is below " + std::to_string(option.least)
                 : Shown(value) + " is not from " + std::to_string(option.least) + " to " + std::to_string(option.most);
    }
    case kChoice:
      return Among(option.choices, value) ? "" : Shown(value) + " is not among its values";
    case kChoices:
      for (const std::string& part : Split(value, ',')) {
        if (!Among(option.choices, Trim(part))) return Shown(Trim(part)) + " is not among its values";
      }
      return "";
  }
  return "";
}

}  // namespace perch::cfn
